/// How often the state is saved, besides where it must be.
package enum SnapshotFrequency: String, CaseIterable, Sendable {
    /// In proportion to events: `SnapshotPlan`.
    case auto
    /// At every epoch: nothing has to be read again.
    case always
    /// Nowhere else.
    case rare
}

/// Which epochs get a snapshot of the state.
///
/// A snapshot costs its bytes, an epoch its events: of a large state not every epoch has one, and after a crash the
/// events since the newest are read and scored again (`Replay`). So snapshots cost at most `bytesPerEvent` an event, and going on
/// takes at most the time of `snapshot bytes / bytesPerEvent` events. A new database has one of the state before its first event, and every
/// epoch one that takes in label changes of people or ends the inputs: what events alone do not bring back is never older than the newest snapshot.
struct SnapshotPlan {
    let frequency: SnapshotFrequency
    /// Events since the last snapshot.
    var events = 0

    init(_ frequency: SnapshotFrequency, events: Int = 0) {
        self.frequency = frequency
        self.events = events
    }

    private static let bytesPerEvent = 128
    /// A state this small is saved at every epoch.
    private static let smallBytes = 64 << 20
    /// A larger state is not copied: the stream waits while it is written (about 0.6 s a GiB), and mostly the epoch before is still
    /// being committed then. A copy would take as much memory again, and fresh memory is dearer than the writing.
    static let maximumCopyBytes = smallBytes

    /// - Parameters:
    ///   - bytes: of the snapshot, about.
    ///   - isForced: the epoch must have one.
    func isDue(_ bytes: Int, isForced: Bool) -> Bool {
        if isForced { return true }
        return switch frequency {
        case .always: true
        case .rare: false
        case .auto: bytes <= Self.smallBytes || bytes <= events * Self.bytesPerEvent
        }
    }

    /// Whether the snapshot at the end of this epoch, so many events on, will be a copy.
    func willCopy(_ bytes: Int, more: Int) -> Bool {
        bytes <= Self.maximumCopyBytes && SnapshotPlan(frequency, events: events + more).isDue(bytes, isForced: false)
    }
}

internal import Glibc
internal import Synchronization

/// Named points of a commit at which a test can end the process or make a step fail.
///
/// `FRAUD_FAULT=NAME:COUNT` kills the process (SIGKILL) when the point is reached for the COUNT-th time, which is right after
/// the step it is named for; `FRAUD_FAULT=NAME:COUNT:ENOSPC` (or `EIO`, `EROFS`) makes that step fail instead, once. Without the
/// variable a point is one comparison with nil. A text that is not of this form is ignored.
///
///     verdicts-flushed   the epoch's verdict lines are on disk           Pipeline
///     archive-staged     its archive files are on disk, unpublished      Pipeline
///     snapshot-created   the snapshot's temporary file is open           Storage
///     snapshot-written   header and payload are in it                    Storage
///     snapshot-synced    and on the disk                                 Storage
///     snapshot-renamed   and under the snapshot's name                   Storage
///     snapshot-saved     and the folder is synced                        Pipeline
///     rows-ahead         rows are in a transaction that goes on          Storage
///     rows-staged        the transaction lacks its COMMIT                Storage
///     epoch-committed    the transaction is committed                    Pipeline
///     archive-published  the archive files have their names              Pipeline
///     batch-staged       a reconciliation's transaction lacks its COMMIT Storage
///     archive-written    a former champion's copy is on disk, unnamed    Storage
///     archive-renamed    and has its name                                Storage
///     champion-archived  and its folder is synced                        FraudCommands
///     promotion-begun    a promotion is announced on its trail           FraudCommands
///     champion-written   the new champion's file is on disk, unnamed     Storage
///     champion-renamed   and has its name                                Storage
///     champion-swapped   and its folder is synced                        FraudCommands
package enum FaultPoint {
    /// What is to happen where. A test sets one for its own task; everybody else has the process's, from the environment.
    @TaskLocal package static var plan: FaultPlan? = FaultPlan(getenv("FRAUD_FAULT").map { String(cString: $0) } ?? "")

    /// Runs a step that says by −1 and `errno` that it failed; or lets it fail so without running it.
    static func step(_ name: String, _ body: () -> Int32) -> Int32 {
        guard let plan, plan.name == name else { return body() }
        guard plan.isDue() else { return body() }
        if let error = plan.error {
            errno = error
            return -1
        }
        let result = body()
        if result >= 0 { kill(getpid(), SIGKILL) }
        return result
    }

    /// A point between two steps, that can fail by itself.
    package static func pass(_ name: String, path: String, operation: String) throws(StorageError) {
        guard step(name, { 0 }) != 0 else { return }
        throw .io(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}

/// One point, when, and what then.
package final class FaultPlan: Sendable {
    let name: String
    private let count: Int
    /// What the step fails with; nil to end the process.
    let error: Int32?
    private let reached = Atomic<Int>(0)

    private static let errors: [Substring: Int32] = ["ENOSPC": ENOSPC, "EIO": EIO, "EROFS": EROFS]

    /// From `NAME`, `NAME:COUNT` or `NAME:COUNT:ERROR`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard 1...3 ~= parts.count, !parts[0].isEmpty, let count = parts.count > 1 ? Int(parts[1]) : 1, count > 0 else { return nil }
        if parts.count == 3 {
            guard let error = Self.errors[parts[2]] else { return nil }
            self.error = error
        } else {
            error = nil
        }
        name = String(parts[0])
        self.count = count
    }

    /// Whether this reaching is the one.
    func isDue() -> Bool { reached.add(1, ordering: .relaxed).newValue == count }
}

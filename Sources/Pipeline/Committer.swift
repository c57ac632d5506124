package import ClickModel
internal import Foundation
internal import Storage

/// Makes epochs durable on a thread of its own, one at a time, while the scorer goes on.
///
/// An epoch is committed in two steps. First what it needs is put on disk and synchronised: its archive files (staged) and its
/// state snapshot, written beside the database. Then one database transaction makes rows, offset and epoch number visible. What
/// a crash between the two leaves is named by no epoch, and is written over or removed. Last, the archive files get their names. Whoever owns the warehouse calls `stop` before letting go of it.
final class Committer: @unchecked Sendable {
    private let work = BoundedQueue<PendingEpoch>(limit: 1)
    private let done = BoundedQueue<(any Error)?>(limit: 1)
    private let ended = BoundedQueue<Bool>(limit: 1)
    private var isBusy = false

    init(warehouse: Warehouse, snapshots: SnapshotFile, archive: ArchiveThread?) {
        // The thread must not keep the database open: a close that runs while the process exits crashes in DuckDB. Its owner
        // outlives the thread, for it ends with `stop`.
        let thread = Thread { [unowned warehouse, work, done, ended] in
            while let epoch = work.pop() { done.push(Self.commit(epoch, warehouse, snapshots, archive)) }
            ended.push(true)
        }
        thread.name = "fraud-commit"
        thread.start()
    }

    private static func commit(
        _ epoch: PendingEpoch, _ warehouse: Warehouse, _ snapshots: SnapshotFile, _ archive: ArchiveThread?
    ) -> (any Error)? {
        do {
            try archive?.waitUntilStaged()
            FaultPoint.reach("archive-staged")
            try epoch.state.withBytes { try snapshots.save(epoch: epoch.rows.epoch, payload: $0) }
            FaultPoint.reach("snapshot-saved")
            try warehouse.commit(epoch.rows.commit)
            FaultPoint.reach("epoch-committed")
            try archive?.publish(epoch: epoch.rows.epoch)
            FaultPoint.reach("archive-published")
            snapshots.removeOlder(than: epoch.rows.epoch)
            return nil
        } catch {
            return error
        }
    }

    /// Hands over an epoch once the one before it is durable.
    /// - Throws: why the one before could not be committed.
    func submit(_ epoch: PendingEpoch) throws {
        try finish()
        isBusy = true
        work.push(epoch)
    }

    /// Waits until everything handed over is durable.
    func finish() throws {
        guard isBusy else { return }
        let error = done.pop() ?? nil
        isBusy = false
        if let error { throw error }
    }

    /// Ends the thread and waits for it. Call it once, last.
    func stop() {
        work.close()
        _ = ended.pop()
    }
}

/// An epoch that is complete in memory.
struct PendingEpoch: @unchecked Sendable {
    let rows: EpochRows
    let state: StateBuffer
}

/// The bytes of a snapshot, in memory that is used again: fresh pages would cost the scorer more than the copy.
package final class StateBuffer: @unchecked Sendable {
    private var bytes: [UInt8] = []

    package init() {}

    package var count: Int { bytes.count }

    /// Fills it anew. `body` appends.
    /// - Parameter capacity: about how many bytes it will take; when it has to grow, it grows by a quarter more.
    package func fill(reserving capacity: Int, _ body: (inout StateWriter) -> Void) {
        let isEnough = bytes.capacity >= capacity
        var writer = StateWriter(reusing: bytes)
        bytes = []
        if !isEnough { writer.reserve(capacity + capacity / 4) }
        body(&writer)
        bytes = writer.finish()
    }

    func withBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows { try bytes.withUnsafeBytes(body) }
}

internal import Foundation
internal import Storage

/// Makes epochs durable on a thread of its own, one at a time, while the scorer goes on.
///
/// An epoch is committed in two steps: its state snapshot is written beside the database and synchronised; then one database
/// transaction makes rows, offset and epoch number visible. A crash between the two leaves a snapshot that no epoch
/// names, which is written over. Whoever owns the warehouse calls `stop` before letting go of it.
final class Committer: @unchecked Sendable {
    private let warehouse: Warehouse
    private let snapshots: SnapshotFile
    private let work = BoundedQueue<PendingEpoch>(limit: 1)
    private let done = BoundedQueue<(any Error)?>(limit: 1)
    private let ended = BoundedQueue<Bool>(limit: 1)
    private var isBusy = false

    init(warehouse: Warehouse, snapshots: SnapshotFile) {
        self.warehouse = warehouse
        self.snapshots = snapshots
        // The thread must not keep the database open: a close that runs while the process exits crashes in DuckDB. Its owner
        // outlives the thread, for it ends with `stop`.
        let thread = Thread { [unowned warehouse, snapshots, work, done, ended] in
            while let epoch = work.pop() { done.push(Self.commit(epoch, warehouse, snapshots)) }
            ended.push(true)
        }
        thread.name = "fraud-commit"
        thread.start()
    }

    private static func commit(_ epoch: PendingEpoch, _ warehouse: Warehouse, _ snapshots: SnapshotFile) -> (any Error)? {
        do {
            try snapshots.save(epoch: epoch.rows.epoch, payload: epoch.snapshot)
            FaultPoint.reach("snapshot-saved")
            try warehouse.commit(epoch.rows.commit)
            FaultPoint.reach("epoch-committed")
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
    let snapshot: [UInt8]
}

/// A named point of a commit at which a test can end the process: `FRAUD_FAULT=snapshot-saved:3` kills it when that point is
/// reached for the third time. Off unless the variable is set.
enum FaultPoint {
    private static let target: (name: String, count: Int)? = {
        guard let text = ProcessInfo.processInfo.environment["FRAUD_FAULT"] else { return nil }
        let parts = text.split(separator: ":")
        return parts.isEmpty ? nil : (String(parts[0]), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }()
    nonisolated(unsafe) private static var reached = 0

    static func reach(_ name: String) {
        guard let target, target.name == name else { return }
        reached += 1
        if reached == target.count { kill(getpid(), SIGKILL) }
    }
}

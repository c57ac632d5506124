package import ClickModel
internal import Foundation
internal import Storage

/// Makes epochs durable on a thread of its own, one at a time, while the scorer goes on.
///
/// The many rows of an epoch come ahead of it, by portions, into the transaction that its commit ends: so the end of an epoch, and of
/// a run, has little left to write, and the memory of a portion is used again.
///
/// An epoch is committed in two steps. First what it needs is put on disk and synchronised: its archive files (staged) and, when
/// one is due, its state snapshot, written beside the database. Then one database transaction makes rows, offset and epoch number visible. What
/// a crash between the two leaves is named by no epoch, and is written over or removed. Last, the archive files get their names. Whoever owns the warehouse calls `stop` before letting go of it.
final class Committer: @unchecked Sendable {
    private enum Work {
        case rows(ArrowTableBuilder, WarehouseTable, epoch: Int64)
        case commit(PendingEpoch)
        case prepare(StateBuffer, bytes: Int)
    }

    /// Full portions of each table that may wait: then who fills them waits.
    private static let portionsAtOnce = 4

    private let work = BoundedQueue<Work>(limit: 12)
    /// Empty builders of each table.
    private let free: [WarehouseTable: BoundedQueue<ArrowTableBuilder>]
    private let done = BoundedQueue<(any Error)?>(limit: 2)
    private let ended = BoundedQueue<Bool>(limit: 1)
    /// Pieces of work handed over whose end was not waited for.
    private var pending = 0

    init(warehouse: Warehouse, snapshots: SnapshotFile, archive: ArchiveThread?) {
        let free = Dictionary(
            uniqueKeysWithValues: EpochCommit.portionedTables.map { table in
                let builders = BoundedQueue<ArrowTableBuilder>(limit: Self.portionsAtOnce + 2)
                for _ in 0..<Self.portionsAtOnce { builders.push(table.builder()) }
                return (table, builders)
            })
        self.free = free
        // The thread must not keep the database open: a close that runs while the process exits crashes in DuckDB. Its owner
        // outlives the thread, for it ends with `stop`.
        let thread = Thread { [unowned warehouse, weak archive, work, done, ended] in
            // Once rows could not be written, no epoch can be committed whole.
            var failure: (any Error)?
            while let next = work.pop() {
                switch next {
                case .rows(let rows, let table, let epoch):
                    do { if failure == nil { try warehouse.append(rows, to: table, ahead: epoch) } } catch { failure = error }
                    rows.removeAll()
                    free[table]?.push(rows)
                case .commit(let epoch): done.push(failure ?? Self.commit(epoch, warehouse, snapshots, archive))
                case .prepare(let buffer, let bytes):
                    buffer.prepare(bytes)
                    done.push(nil)
                }
            }
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
            try FaultPoint.pass("archive-staged", path: warehouse.path, operation: "archive clicks of")
            if case .copied(let state, let number) = epoch.state {
                try state.withBytes { bytes in try snapshots.save(epoch: number) { $0.append(raw: bytes) } }
                try FaultPoint.pass("snapshot-saved", path: snapshots.folder, operation: "save to")
            }
            try warehouse.commit(epoch.rows.commit) { () throws(StorageError) in
                if case .underWay(let saving) = epoch.state { try saving.wait() }
            }
            try FaultPoint.pass("epoch-committed", path: warehouse.path, operation: "go on with")
            try archive?.publish(epoch: epoch.rows.epoch)
            try FaultPoint.pass("archive-published", path: warehouse.path, operation: "publish the archive of")
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
        pending += 1
        work.push(.commit(epoch))
    }

    /// Takes a portion of the rows of the epoch that comes next, to be written before it is handed over; one thread a table at a time.
    /// A failure comes up with the epoch.
    ///
    /// - Returns: an empty builder of the same table, once there is one.
    func write(_ rows: ArrowTableBuilder, of table: WarehouseTable, ahead epoch: Int64) -> ArrowTableBuilder {
        work.push(.rows(rows, table, epoch: epoch))
        guard let next = free[table]?.pop() else { preconditionFailure("rows of \(table.name) are not written ahead") }
        return next
    }

    /// Has memory made ready for a snapshot that will be taken soon, so that taking it does not wait for fresh pages. The
    /// buffer may be used again after `finish`.
    func prepare(_ buffer: StateBuffer, bytes: Int) {
        guard pending < 2 else { return }
        pending += 1
        work.push(.prepare(buffer, bytes: bytes))
    }

    /// Waits until everything handed over is durable.
    func finish() throws {
        var failure: (any Error)?
        while pending > 0 {
            pending -= 1
            if let error = done.pop() ?? nil { failure = failure ?? error }
        }
        if let failure { throw failure }
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
    let state: PendingState
}

/// Where an epoch's snapshot comes from.
enum PendingState {
    /// The epoch has none: after a crash its events are read again.
    case none
    /// A copy, to be saved: the stream goes on. Of the state at the end of an epoch: this one, or 0.
    case copied(StateBuffer, epoch: Int64)
    /// The stream saves it itself meanwhile; what it fails with comes up with the epoch.
    case underWay(Saving)
}

/// The saving of a snapshot on one thread that another waits for.
final class Saving: Sendable {
    private let ended = BoundedQueue<StorageError?>(limit: 1)

    /// - Parameter body: saves it.
    func run(_ body: () throws(StorageError) -> Void) {
        do throws(StorageError) {
            try body()
            ended.push(nil)
        } catch {
            ended.push(error)
        }
    }

    /// - Throws: what the saving failed with.
    func wait() throws(StorageError) {
        if let error = ended.pop() ?? nil { throw error }
    }
}

/// The bytes of a snapshot, in memory that is used again.
package final class StateBuffer: @unchecked Sendable {
    private var writer = StateWriter()
    /// Bytes from the start that have been written to once: their pages are there.
    private var touched = 0

    package init() {}

    package var count: Int { writer.count }

    /// Fills it anew. `body` appends.
    /// - Parameter capacity: about how many bytes it will take.
    package func fill(reserving capacity: Int, _ body: (inout StateWriter) -> Void) {
        writer.removeAll()
        writer.reserve(capacity)
        body(&writer)
    }

    /// Makes room for a filling of so many bytes and has the system find pages for what is new of it.
    func prepare(_ bytes: Int) {
        writer.removeAll()
        if writer.reserve(bytes) { touched = 0 }
        writer.append(atMost: bytes) { memory in
            for byte in stride(from: touched, to: bytes, by: 4096) { memory.storeBytes(of: 0, toByteOffset: byte, as: UInt8.self) }
            return 0
        }
        touched = max(touched, bytes)
    }

    func withBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows { try writer.withUnsafeBytes(body) }
}

internal import Foundation
internal import Windows

/// Counts scored batches on a thread of its own, in their order, while the next ones are scored.
///
/// At most `depth` batches are under way: then the scorer waits. What it hears of a batch it hears when the batch `depth − 1` after it was
/// handed over, neither sooner nor later, so that no decision depends on which thread was faster.
///
/// The scorer may look at the counter, or at the rows that are filled, between `finish` and the next `push` only. Call `stop` before
/// either goes.
final class CountingThread: @unchecked Sendable {
    static let depth = 6

    private struct Work {
        let scored: ScoredBatch
        let rows: EpochRows
        /// False for events that are read again: verdict lines and archive have them.
        let isNew: Bool
        /// Whether the epoch may end here when there are many live cells.
        let isLongEnough: Bool
    }

    private struct Outcome {
        var isEpochFull = false
        var failure: (any Error)?
    }

    private let work = BoundedQueue<Work>(limit: depth)
    private let done = BoundedQueue<Outcome>(limit: depth)
    private let ended = BoundedQueue<Bool>(limit: 1)
    private let free: BoundedQueue<ScoredBatch>
    private var pending = 0
    /// Whether a batch that was heard of filled the epoch's rows, or its cells.
    private(set) var isEpochFull = false

    /// - Parameters:
    ///   - counter: counted by this thread alone while anything is under way.
    ///   - maximumCells: live cells of the windows that end a long enough epoch, for its end may free some.
    ///   - free: where batches come from and go back to; `depth` of them, and those that the archive may hold.
    init(
        _ counter: UnsafeMutablePointer<ClickCounter>, maximumCells: Int, verdictWriter: VerdictWriter?, archive: ArchiveThread?,
        free: BoundedQueue<ScoredBatch>
    ) {
        self.free = free
        let state = StateElsewhere(pointer: counter)
        // The archive has a connection to the database, which no thread may be the last to hold.
        let thread = Thread { [work, done, ended, weak archive] in
            while let next = work.pop() {
                var outcome = Outcome()
                do {
                    outcome.isEpochFull = try Self.count(next, state.pointer, maximumCells, next.isNew ? verdictWriter : nil)
                } catch {
                    outcome.failure = error
                }
                if let archive, next.isNew, outcome.failure == nil {
                    archive.push(next.scored)
                } else {
                    next.scored.releaseEvents()
                    free.push(next.scored)
                }
                done.push(outcome)
            }
            ended.push(true)
        }
        thread.name = "fraud-count"
        thread.start()
    }

    /// - Returns: whether the epoch is full with this batch.
    private static func count(
        _ work: Work, _ counter: UnsafeMutablePointer<ClickCounter>, _ maximumCells: Int, _ verdictWriter: VerdictWriter?
    ) throws -> Bool {
        guard let batch = work.scored.merged?.batch else { return false }
        try counter.pointee.count(batch, work.scored, into: work.rows, verdictWriter: verdictWriter)
        return work.rows.isFull || (work.isLongEnough && counter.pointee.windows.cellCount >= maximumCells)
    }

    // MARK: The scorer's side

    /// Memory for what is said of the next batch.
    func take() -> ScoredBatch { free.pop()! }

    /// Hands over a scored batch, and waits until another may follow.
    ///
    /// - Parameters:
    ///   - isNew: false for events that are read again: verdict lines and archive have them.
    ///   - isLongEnough: the epoch may end here when there are many live cells.
    /// - Throws: what counting an earlier batch failed with.
    func push(_ scored: ScoredBatch, into rows: EpochRows, isNew: Bool, isLongEnough: Bool) throws {
        pending += 1
        work.push(Work(scored: scored, rows: rows, isNew: isNew, isLongEnough: isLongEnough))
        if pending == Self.depth { try hear() }
    }

    private func hear() throws {
        guard let outcome = done.pop() else { return }
        pending -= 1
        if let failure = outcome.failure { throw failure }
        if outcome.isEpochFull { isEpochFull = true }
    }

    /// Waits until everything handed over is counted.
    /// - Throws: what counting failed with.
    func finish() throws {
        while pending > 0 { try hear() }
    }

    /// A new epoch begins.
    func beginEpoch() { isEpochFull = false }

    /// Ends the thread and waits for it. Call it once, last.
    func stop() {
        work.close()
        _ = ended.pop()
    }
}

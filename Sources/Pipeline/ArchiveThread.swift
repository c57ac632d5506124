internal import Foundation
internal import Storage

/// Writes every labelled click, duplicate and late click to the archive, epoch by epoch, on two threads: one turns scored
/// batches into rows, the other has full sets of rows encoded.
///
/// Bounded: at most `depth` batches wait, and two sets of rows are in use; then the scorer waits. The first failure of an epoch stays
/// until its end is asked for; what comes after it in the epoch is dropped, for the epoch will not be committed.
final class ArchiveThread: @unchecked Sendable {
    static let depth = 6

    private enum Work {
        case begin(epoch: Int64)
        case batch(ScoredBatch)
        case end
    }

    private enum Step {
        case begin(epoch: Int64)
        case rows(ArrowTableBuilder)
        case end
    }

    private let archive: ClickArchive
    private let work = BoundedQueue<Work>(limit: depth + 2)
    /// Where a batch goes when its rows are made.
    private let free: BoundedQueue<ScoredBatch>
    private let staged = BoundedQueue<(any Error)?>(limit: 2)
    private let ended = BoundedQueue<Bool>(limit: 2)

    init(_ archive: ClickArchive, rows: ArchiveRows, free: BoundedQueue<ScoredBatch>) {
        self.archive = archive
        self.free = free
        let steps = BoundedQueue<Step>(limit: 2)
        let builders = BoundedQueue<ArrowTableBuilder>(limit: 2)
        for _ in 0..<2 { builders.push(archive.makeBuilder()) }
        let gather = Thread { [work, free, ended] in
            Self.gather(rows, work, free, steps, builders)
            steps.close()
            ended.push(true)
        }
        gather.name = "fraud-archive"
        // As the commit thread, it must not be the last to hold what has a connection to the database.
        let encode = Thread { [unowned archive, staged, ended] in
            Self.encode(archive, steps, builders, staged)
            ended.push(true)
        }
        encode.name = "fraud-encode"
        gather.start()
        encode.start()
    }

    private static func gather(
        _ rows: ArchiveRows, _ work: BoundedQueue<Work>, _ free: BoundedQueue<ScoredBatch>, _ steps: BoundedQueue<Step>,
        _ builders: BoundedQueue<ArrowTableBuilder>
    ) {
        guard var builder = builders.pop() else { return }
        func handOver() {
            steps.push(.rows(builder))
            if let next = builders.pop() { builder = next }
        }
        while let next = work.pop() {
            switch next {
            case .begin(let epoch):
                rows.epoch = epoch
                steps.push(.begin(epoch: epoch))
            case .batch(let scored):
                rows.append(scored, to: builder)
                scored.releaseEvents()
                free.push(scored)
                if builder.isFull { handOver() }
            case .end:
                handOver()
                steps.push(.end)
            }
        }
    }

    private static func encode(
        _ archive: ClickArchive, _ steps: BoundedQueue<Step>, _ builders: BoundedQueue<ArrowTableBuilder>, _ staged: BoundedQueue<(any Error)?>
    ) {
        var failure: (any Error)?
        func attempt(_ step: () throws -> Void) {
            guard failure == nil else { return }
            do { try step() } catch { failure = error }
        }
        while let next = steps.pop() {
            switch next {
            case .begin(let epoch): attempt { try archive.begin(epoch: epoch) }
            case .rows(let builder):
                attempt { try archive.flush(builder) }
                if failure != nil { builder.removeAll() }
                builders.push(builder)
            case .end:
                staged.push(failure)
                failure = nil
            }
        }
    }

    // MARK: The stream's side

    func begin(epoch: Int64) { work.push(.begin(epoch: epoch)) }

    /// Hands over a batch that was counted; it goes home from here.
    func push(_ scored: ScoredBatch) { work.push(.batch(scored)) }

    /// Says that the epoch has no more rows.
    func end() { work.push(.end) }

    // MARK: The committer's side

    /// Waits until the epoch that was ended is staged on disk.
    func waitUntilStaged() throws {
        if let failure = staged.pop() ?? nil { throw failure }
    }

    /// Gives the files of a committed epoch their names.
    func publish(epoch: Int64) throws { try archive.publish(epoch: epoch) }

    /// Ends the threads and waits for them.
    func stop() {
        work.close()
        for _ in 0..<2 { _ = ended.pop() }
    }
}

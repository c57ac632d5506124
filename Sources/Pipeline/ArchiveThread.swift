internal import CClickRecord
internal import ClickModel
internal import Foundation
internal import Storage
internal import Windows

/// What the archive is told of one batch: the events, and where each ended. Copied from the engine, whose own is gone with the
/// next batch; reused.
package final class ScoredBatch: @unchecked Sendable {
    fileprivate var merged: MergedBatch?
    /// Of the clicks that were scored, whose indices are in `selected`.
    fileprivate var verdicts: [Verdict] = []
    fileprivate var selected: [Int32] = []
    fileprivate var statuses: [EventStatus] = []
    fileprivate var conflicts: [Bool] = []
    fileprivate var watermarks: [Int64] = []
    fileprivate var sequence: Int64 = 0
    /// Keys of the sources by slot.
    fileprivate var sources: [String] = []

    init() {
        verdicts.reserveCapacity(ClickBatch.defaultCapacity)
        selected.reserveCapacity(ClickBatch.defaultCapacity)
        statuses.reserveCapacity(ClickBatch.defaultCapacity)
        conflicts.reserveCapacity(ClickBatch.defaultCapacity)
        watermarks.reserveCapacity(ClickBatch.defaultCapacity)
    }

    /// - Parameter sequence: number of the batch's first event.
    func take(_ batch: ClickBatch, _ admission: borrowing Admission, _ verdicts: UnsafeBufferPointer<Verdict>, sequence: Int64) {
        self.sequence = sequence
        self.verdicts.removeAll(keepingCapacity: true)
        self.verdicts.append(contentsOf: verdicts)
        selected.removeAll(keepingCapacity: true)
        selected.append(contentsOf: UnsafeBufferPointer(start: admission.selected, count: verdicts.count))
        statuses.removeAll(keepingCapacity: true)
        statuses.append(contentsOf: UnsafeBufferPointer(start: admission.statuses, count: batch.count))
        conflicts.removeAll(keepingCapacity: true)
        conflicts.append(contentsOf: UnsafeBufferPointer(start: admission.conflicts, count: batch.count))
        watermarks.removeAll(keepingCapacity: true)
        watermarks.append(contentsOf: UnsafeBufferPointer(start: admission.watermarks, count: batch.count))
    }
}

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
    private let free = BoundedQueue<ScoredBatch>(limit: depth)
    private let staged = BoundedQueue<(any Error)?>(limit: 2)
    private let ended = BoundedQueue<Bool>(limit: 2)

    init(_ archive: ClickArchive, rows: ArchiveRows) {
        self.archive = archive
        for _ in 0..<Self.depth { free.push(ScoredBatch()) }
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
                append(scored, rows, to: builder)
                if let merged = scored.merged { merged.home.push(merged.batch) }
                scored.merged = nil
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

    private static func append(_ scored: ScoredBatch, _ rows: ArchiveRows, to builder: ArrowTableBuilder) {
        guard let batch = scored.merged?.batch else { return }
        var k = 0
        for i in 0..<batch.count {
            let isScored = k < scored.selected.count && Int(scored.selected[k]) == i
            defer { if isScored { k += 1 } }
            let status = scored.statuses[i]
            guard status == .counted || status == .duplicate || status == .late else { continue }
            // What was scored and then found no room in the windows is late, and has no label.
            rows.append(
                batch.records + i, batch, source: scored.sources[Int(batch.records[i].partition)], status: status, isConflict: scored.conflicts[i],
                verdict: status == .counted ? scored.verdicts[k] : nil, watermark: scored.watermarks[i],
                sequence: scored.sequence + Int64(i), to: builder)
        }
    }

    // MARK: The scorer's side

    func begin(epoch: Int64) { work.push(.begin(epoch: epoch)) }

    /// A set to fill for a batch that is about to be scored.
    func take() -> ScoredBatch { free.pop()! }

    /// Hands over a scored batch; it goes home from here.
    /// - Parameter sources: keys of the sources its records came from, by slot.
    func push(_ scored: ScoredBatch, of merged: MergedBatch, sources: [String]) {
        scored.merged = merged
        scored.sources = sources
        work.push(.batch(scored))
    }

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

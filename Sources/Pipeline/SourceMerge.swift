internal import ClickCodec
internal import ClickModel
internal import Windows

/// A batch of events, and the queue it goes back to when everyone is done with it.
struct MergedBatch: @unchecked Sendable {
    let batch: ClickBatch
    let home: BoundedQueue<ClickBatch>
}

/// The open sources as one stream of batches, event by event in order of event time.
///
/// The next event is that of the source whose next event stands earliest (`Watermark.standing`: a clock far ahead does not
/// hold its source back); of equals, that of the input named first. What comes out depends on the sources' content
/// and places alone, so a run that goes on after a crash cuts the same batches. A batch also ends where a source does.
/// A source that is read alone is not copied: its batches go through as they are.
final class SourceMerge {
    /// In the order in which they were named.
    private(set) var open: [OpenSource] = []
    private let isAlone: Bool
    /// Batches for copies, at rest.
    private let pool: BoundedQueue<ClickBatch>

    /// - Parameter isAlone: the job has one input.
    init(isAlone: Bool) {
        self.isAlone = isAlone
        pool = BoundedQueue(limit: Self.copies)
        for _ in 0..<Self.copies { pool.push(ClickBatch()) }
    }

    /// Merged batches that may be in use at once, by the scorer and by the archive.
    private static let copies = 8

    /// Batches for one of so many sources to decode into.
    static func batches(sources: Int, threads: Int) -> [ClickBatch] {
        let shared = max(3, DecodeThread.depth / max(1, sources)), each = Self.threads(sources: sources, threads: threads)
        return (0..<max(shared, each > 1 ? 3 * (each + 1) + 4 : 0)).map { _ in ClickBatch() }
    }

    /// Threads for one of so many sources to decode with.
    static func threads(sources: Int, threads: Int) -> Int { max(1, threads / max(1, sources)) }

    /// Whether one more source may be opened; at the limit inputs wait, in the order in which they were named.
    var hasRoom: Bool { open.count < StreamWatermark.maximumOpen }

    func add(_ source: OpenSource) { open.append(source) }

    /// Removes and returns the sources that have ended; every other one then has its next event at hand.
    /// - Throws: what a source failed with, once every event before the fault was given.
    func takeEnded() throws(SourceError) -> [OpenSource] {
        var ended: [OpenSource] = []
        for source in open where try !source.refill() { ended.append(source) }
        if !ended.isEmpty { open.removeAll { source in ended.contains { $0 === source } } }
        return ended
    }

    /// The next events of the open sources; call `takeEnded` before. Nil when every one is held at its limit.
    func next() -> MergedBatch? {
        if isAlone, open[0].isWhole { return MergedBatch(batch: open[0].takeBatch(), home: open[0].home) }
        guard let batch = pool.pop() else { preconditionFailure("the pool is never closed") }
        batch.removeAll()
        while let source = earliest() {
            // A fault of the source comes up with the next `takeEnded`, after what stands before it.
            guard source.moveNext(to: batch), !(isAlone && source.isBetweenBatches), (try? source.refill()) == true else { break }
        }
        guard batch.count == 0 else { return MergedBatch(batch: batch, home: pool) }
        pool.push(batch)
        return nil
    }

    private func earliest() -> OpenSource? {
        if open.count == 1 { return open[0].isHeld ? nil : open[0] }
        var best: OpenSource?
        var time = Int64.max
        for source in open where !source.isHeld {
            let other = source.mergeTime
            if best == nil || other < time { (best, time) = (source, other) }
        }
        return best
    }

    func abandon() {
        for source in open { source.abandon() }
    }
}

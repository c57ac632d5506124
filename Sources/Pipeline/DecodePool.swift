internal import ClickCodec
internal import ClickModel
internal import Foundation

/// Decodes the cells of one source on several threads, and gives the batches out in the order of the source.
///
///     reader thread ──cells──► work ──► decoder threads ──batches──► outputs, one a cell ──► next()
///
/// A batch never spans two cells, and within a cell batches are cut where they are full, so they are the same for any
/// number of threads. Memory is bounded by the chunks and batches it is given. The cell that is given out next may take any
/// free batch; those after it hold a few each at most, so it never waits for a batch that waits for it.
final class DecodePool: @unchecked Sendable {
    private struct Output {
        var batches: [DecodedBatch] = []
        var isFinished = false
    }

    private struct Cell: @unchecked Sendable {
        let number: Int
        let chunk: Chunk
    }

    private let stream: ClickStream
    private let free: BoundedQueue<ClickBatch>
    private let chunks: BoundedQueue<Chunk>
    private let work: BoundedQueue<Cell>
    /// Cells that may be under way or wait to be given out, the next one included.
    private let window: Int
    /// Batches that a cell may hold while it is not its turn.
    private let ahead: Int

    private let condition = NSCondition()
    // Under the condition's lock.
    private var outputs: [Int: Output] = [:]
    /// The cell whose batches are given out now.
    private var head = 0
    /// Cells there are; nil as long as the reader goes on.
    private var cellCount: Int?
    private var failure: SourceError?
    private var isClosed = false

    init(_ stream: ClickStream, free: BoundedQueue<ClickBatch>, batchCount: Int, threads: Int) {
        precondition(batchCount >= 3, "a batch to fill, one to be read, and one ahead")
        self.stream = stream
        self.free = free
        window = min(threads + 1, batchCount - 1)
        ahead = (batchCount - 2) / (window - 1)
        chunks = BoundedQueue(limit: threads + 2)
        work = BoundedQueue(limit: threads + 2)
        for _ in 0..<threads + 2 { chunks.push(stream.makeChunk()) }
        Self.start("fraud-read") { [self] in read() }
        for _ in 0..<threads { Self.start("fraud-decode") { [self] in decode() } }
    }

    private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.start()
    }

    private func read() {
        var count = 0
        var failure: SourceError?
        do throws(SourceError) {
            while let chunk = chunks.pop() {
                guard try stream.readCell(into: chunk), work.push(Cell(number: count, chunk: chunk)) else { break }
                count += 1
            }
        } catch {
            failure = error
        }
        condition.lock()
        cellCount = count
        self.failure = failure
        condition.broadcast()
        condition.unlock()
        work.close()
    }

    private func decode() {
        var decoder = stream.makeDecoder()
        while let cell = work.pop(), wait(until: { cell.number < $0.head + $0.window }) {
            var isFinished = false
            while !isFinished {
                guard wait(until: { $0.mayTake(cell.number) }), let batch = free.pop() else { return }
                batch.removeAll()
                isFinished = decoder.decode(cell.chunk, into: batch)
                if batch.count > 0 { put(DecodedBatch(batch: batch, end: cell.chunk.next), of: cell.number) } else { free.push(batch) }
            }
            finish(cell.number)
            chunks.push(cell.chunk)
        }
    }

    private func mayTake(_ cell: Int) -> Bool { cell == head || (outputs[cell]?.batches.count ?? 0) < ahead }

    /// - Returns: false when the pool is closed.
    private func wait(until isTrue: (DecodePool) -> Bool) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !isClosed, !isTrue(self) { condition.wait() }
        return !isClosed
    }

    private func put(_ batch: DecodedBatch, of cell: Int) {
        condition.lock()
        outputs[cell, default: Output()].batches.append(batch)
        if cell == head { condition.broadcast() }
        condition.unlock()
    }

    private func finish(_ cell: Int) {
        condition.lock()
        outputs[cell, default: Output()].isFinished = true
        if cell == head { condition.broadcast() }
        condition.unlock()
    }

    /// The next batch, or nil at the end.
    /// - Throws: what the source failed with, after every event before the fault.
    func next() throws(SourceError) -> DecodedBatch? {
        condition.lock()
        defer { condition.unlock() }
        while !isClosed {
            if outputs[head]?.batches.isEmpty == false { return outputs[head]?.batches.removeFirst() }
            if outputs[head]?.isFinished == true {
                outputs[head] = nil
                head += 1
                condition.broadcast()
            } else if head == cellCount {
                if let failure { throw failure }
                return nil
            } else {
                condition.wait()
            }
        }
        return nil
    }

    /// Stops without waiting: a thread may be in a read. The threads keep what they use.
    func abandon() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
        free.close()
        chunks.close()
        work.close()
    }
}

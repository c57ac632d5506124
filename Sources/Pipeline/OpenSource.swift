internal import CClickRecord
internal import ClickCodec
internal import ClickModel
internal import Windows

/// An input that is being read: its decoded events one after the other, and how far they were taken.
final class OpenSource {
    /// As the person named it.
    let input: String
    /// Its key in the ledger.
    let key: String
    /// Its place among the watermark's partitions.
    let slot: Int
    /// A regular file that is not compressed: what stands before a resume point can be looked at again.
    let isPlain: Bool
    /// Where this run began to read it.
    let start: SourcePosition
    /// Events that begin at this byte or later are not taken for now; nil for no limit.
    var limit: Int64?
    /// Events taken in this run.
    private(set) var eventsTaken = 0

    private let decoder: DecodeThread
    /// The partition's watermark as of the last event taken: the engine's own follows a batch later.
    private var clock: Watermark
    private var head: DecodedBatch?
    private var next = 0
    private var hasEnded = false
    private var end: SourcePosition

    init(input: String, key: String, slot: Int, decoder: DecodeThread, head: DecodedBatch, start: SourcePosition, clock: Watermark) {
        self.input = input
        self.key = key
        self.slot = slot
        self.decoder = decoder
        self.head = head
        self.start = start
        self.clock = clock
        end = start
        isPlain = decoder.stream.compression == .none && decoder.stream.inputSize != nil
    }

    /// Bytes of the file read so far, compressed as they are.
    var bytesConsumed: Int64 { decoder.stream.bytesConsumedOfInput }

    /// The place of the next event, or the place after the last one when the next is not at hand.
    var position: SourcePosition {
        guard let head, next < head.batch.count else { return end }
        let record = head.batch.records[next]
        return SourcePosition(offset: record.source_offset, line: record.source_line)
    }

    /// Makes sure that the next event is at hand; waits for the decoder.
    ///
    /// - Returns: false at the end of the source.
    /// - Throws: what reading failed with, once every event before the fault was taken.
    func refill() throws(SourceError) -> Bool {
        while true {
            if let current = head {
                if next < current.batch.count { return true }
                decoder.free.push(current.batch)
                head = nil
            }
            guard !hasEnded, let decoded = try decoder.next() else {
                hasEnded = true
                return false
            }
            head = decoded
            next = 0
        }
    }

    /// Whether the next event is behind the limit. Only after `refill` said true.
    var isHeld: Bool {
        guard let limit else { return false }
        return position.offset >= limit
    }

    /// Where the next event stands in time among those of other sources. Only after `refill` said true.
    ///
    /// The watermark does not follow events that are no clicks, so one whose clock is ahead must not hold up the clicks behind it: it
    /// stands no further ahead of them than disorder goes.
    var mergeTime: Int64 {
        let record = head.unsafelyUnwrapped.batch.records + next
        let time = record.pointee.ts_ms
        guard Int(record.pointee.event) != FRAUD_EVENT_CLICK, clock.current != .min else { return clock.standing(of: time) }
        return min(time, clock.current + 2 * clock.outOfOrdernessMilliseconds)
    }

    /// Whether the batch at hand is untouched and ends before the limit.
    var isWhole: Bool {
        guard next == 0, let batch = head?.batch, batch.count > 0 else { return false }
        return limit.map { batch.records[batch.count - 1].source_offset < $0 } ?? true
    }

    /// Whether the batch at hand is used up.
    var isBetweenBatches: Bool { head.map { next == $0.batch.count } ?? true }

    /// Copies the next event to the batch; false when there is no room.
    func moveNext(to batch: ClickBatch) -> Bool {
        let current = head.unsafelyUnwrapped
        let record = UnsafePointer(current.batch.records + next)
        guard batch.append(copyOf: record, from: current.batch, partition: UInt16(slot)) else { return false }
        if Int(record.pointee.event) == FRAUD_EVENT_CLICK { clock.observe(record.pointee.ts_ms) }
        next += 1
        eventsTaken += 1
        end = current.end
        return true
    }

    /// Hands over the whole batch at hand, to go back to `home`: for a source that is read alone.
    func takeBatch() -> ClickBatch {
        let current = head.unsafelyUnwrapped
        precondition(next == 0, "a batch that was begun is not handed over")
        head = nil
        if slot != 0 { for i in 0..<current.batch.count { current.batch.records[i].partition = UInt16(slot) } }
        eventsTaken += current.batch.count
        end = current.end
        return current.batch
    }

    /// Where its batches go when they are done with.
    var home: BoundedQueue<ClickBatch> { decoder.free }

    /// Stops reading without waiting for it.
    func abandon() { decoder.abandon() }
}

internal import CClickRecord
package import ClickModel
package import Windows

/// The gate before scoring: gives each received event its end (counted, duplicate, late, rejected) in input order.
///
/// The one place where watermark, deduplication and lateness meet, used by scoring and by the replay that training reads.
package struct Admission: ~Copyable {
    package private(set) var watermark = StreamWatermark()
    private var deduplicator = Deduplicator()

    /// Indices of the batch's counted clicks, ascending; the first `count` are of the batch admitted last.
    package let selected: UnsafeMutablePointer<Int32>
    package let statuses: UnsafeMutablePointer<EventStatus>
    /// For each event of the batch: the stream's watermark once it had come; `Int64.min` before any.
    package let watermarks: UnsafeMutablePointer<Int64>
    /// For each event of the batch: whether it is a duplicate that says something else than its first.
    let conflicts: UnsafeMutablePointer<Bool>

    package init() {
        selected = .allocate(capacity: ClickBatch.defaultCapacity)
        statuses = .allocate(capacity: ClickBatch.defaultCapacity)
        watermarks = .allocate(capacity: ClickBatch.defaultCapacity)
        conflicts = .allocate(capacity: ClickBatch.defaultCapacity)
    }

    deinit {
        selected.deallocate()
        statuses.deallocate()
        watermarks.deallocate()
        conflicts.deallocate()
    }

    /// Takes up a source partition, new or known by its number; its first batch tells where its time begins.
    /// - Returns: the slot that its records are to carry.
    package mutating func open(source: UInt64, first batch: ClickBatch) -> Int {
        let slot = watermark.open(source: source)
        var times: [Int64] = []
        for i in 0..<batch.count where times.count < Self.seedEvents && Int(batch.records[i].event) == FRAUD_EVENT_CLICK {
            times.append(batch.records[i].ts_ms)
        }
        times.withUnsafeBufferPointer { watermark.seed(slot, times: $0) }
        return slot
    }

    /// First events of a source that tell where its time begins: its least, so that a few clocks far ahead do no harm.
    private static let seedEvents = 64

    /// The partition's own watermark.
    func clock(_ slot: Int) -> Watermark { watermark.partition(slot) }

    /// The source has ended, and holds the stream's watermark no longer.
    mutating func close(_ slot: Int) { watermark.close(slot) }

    /// Ends the partitions of an earlier run whose sources this one does not read: they must not hold the others back.
    mutating func closeAll(except slots: [Int]) {
        for slot in 0..<StreamWatermark.maximumOpen where watermark.source(slot) != nil && !slots.contains(slot) { watermark.close(slot) }
    }

    /// Event time before which no click will be counted any more; far in the past before the first event.
    ///
    /// - Parameter lateness: how far the watermark may pass a minute's end, ms: that of the windows.
    package func horizon(allowedLateness lateness: Int64) -> Int64 {
        // By what the watermark cannot fall below: state that is dropped does not come back with a watermark that is taken back.
        watermark.floor == Int64.min ? Int64.min / 2 : watermark.floor - lateness - EventTime.millisecondsPerMinute
    }

    /// Bytes held by deduplication.
    package var byteCount: Int { deduplicator.byteCount }
    /// Ids in the deduplication table, expired ones included.
    package var entryCount: Int { deduplicator.entryCount }
    /// Ids forgotten before their hour was over, because of a limit.
    var forgottenEarly: Int { deduplicator.forgottenEarly }

    /// Decides on every event of a batch, in `statuses`, `watermarks` and `conflicts`.
    ///
    /// - Returns: how many clicks are to be counted: their indices are in `selected`.
    /// - Complexity: O(events × open partitions).
    package mutating func admit(_ batch: ClickBatch, isLate: (Int64, Int64) -> Bool) -> Int {
        precondition(batch.capacity <= ClickBatch.defaultCapacity)
        var chosen = 0
        for i in 0..<batch.count {
            if i % WindowStore.warmGroup == 0 {
                deduplicator.warm(UnsafePointer(batch.records), from: i, count: batch.count)
            }
            conflicts[i] = false
            let status = status(of: UnsafePointer(batch.records + i), i, isLate)
            statuses[i] = status
            watermarks[i] = watermark.current
            if status == .counted {
                selected[chosen] = Int32(truncatingIfNeeded: i)
                chosen += 1
            }
        }
        return chosen
    }

    @inline(__always)
    private mutating func status(of record: UnsafePointer<ClickRecord>, _ index: Int, _ isLate: (Int64, Int64) -> Bool) -> EventStatus {
        let event = Int(record.pointee.event)
        if event == FRAUD_EVENT_REJECTED { return .rejected }
        if event != FRAUD_EVENT_CLICK { return .notAClick }
        let ts = record.pointee.ts_ms
        watermark.observe(Int(record.pointee.partition), ts)
        let id = (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1)
        switch deduplicator.admit(id, content: fraud_content_fingerprint(record), ts: ts, watermark: watermark.current) {
        case .new: return isLate(ts, watermark.current) ? .late : .counted
        case .duplicate: return .duplicate
        case .conflict:
            conflicts[index] = true
            return .duplicate
        }
    }

    borrowing func write(to writer: inout StateWriter) {
        watermark.write(to: &writer)
        deduplicator.write(to: &writer)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        watermark = try StreamWatermark(from: &reader)
        deduplicator = try Deduplicator(from: &reader)
    }
}

internal import CClickRecord
internal import ClickModel
internal import Windows

/// The gate before scoring: gives each received event its end (counted, duplicate, late, rejected) in input order.
///
/// The one place where watermark, deduplication and lateness meet, used by scoring and by the replay that training reads.
struct Admission: ~Copyable {
    private(set) var watermark = Watermark()
    private var deduplicator = Deduplicator()

    /// Indices of the batch's counted clicks, ascending; the first `count` are of the batch admitted last.
    let selected: UnsafeMutablePointer<Int32>
    let statuses: UnsafeMutablePointer<EventStatus>

    init() {
        selected = .allocate(capacity: ClickBatch.defaultCapacity)
        statuses = .allocate(capacity: ClickBatch.defaultCapacity)
    }

    deinit {
        selected.deallocate()
        statuses.deallocate()
    }

    /// Event time before which no click will be counted any more; far in the past before the first event.
    ///
    /// - Parameter lateness: how far the watermark may pass a minute's end, ms: that of the windows.
    func horizon(allowedLateness lateness: Int64) -> Int64 {
        watermark.current == Int64.min ? Int64.min / 2 : watermark.current - lateness - EventTime.millisecondsPerMinute
    }

    /// Bytes held by deduplication.
    var byteCount: Int { deduplicator.byteCount }

    /// Decides on every event of a batch; `ended` hears of each that will not be counted.
    ///
    /// - Returns: how many clicks are to be counted: their indices are in `selected`.
    /// - Complexity: O(events).
    mutating func admit(
        _ batch: ClickBatch, isLate: (Int64, Int64) -> Bool,
        ended: (EventStatus, UnsafePointer<ClickRecord>, _ watermark: Int64) -> Void
    ) -> Int {
        precondition(batch.capacity <= ClickBatch.defaultCapacity)
        var chosen = 0
        for i in 0..<batch.count {
            if i % WindowStore.warmGroup == 0 {
                deduplicator.warm(UnsafePointer(batch.records + i), count: min(WindowStore.warmGroup, batch.count - i))
            }
            let record = UnsafePointer(batch.records + i)
            let status = status(of: record, isLate)
            statuses[i] = status
            if status == .counted {
                selected[chosen] = Int32(truncatingIfNeeded: i)
                chosen += 1
            } else {
                ended(status, record, watermark.current)
            }
        }
        return chosen
    }

    @inline(__always)
    private mutating func status(of record: UnsafePointer<ClickRecord>, _ isLate: (Int64, Int64) -> Bool) -> EventStatus {
        let event = Int(record.pointee.event)
        if event == FRAUD_EVENT_REJECTED { return .rejected }
        if event != FRAUD_EVENT_CLICK { return .notAClick }
        let ts = record.pointee.ts_ms
        watermark.observe(ts)
        let id = (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1)
        if deduplicator.isDuplicate(id, ts: ts, watermark: watermark.current) { return .duplicate }
        return isLate(ts, watermark.current) ? .late : .counted
    }

    borrowing func write(to writer: inout StateWriter) {
        watermark.write(to: &writer)
        deduplicator.write(to: &writer)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        watermark = try Watermark(from: &reader)
        deduplicator = try Deduplicator(from: &reader)
    }
}

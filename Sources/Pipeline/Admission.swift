internal import CClickRecord
package import ClickModel
package import Windows

/// The gate before scoring: gives each received event its end (counted, duplicate, late, rejected) in input order.
///
/// The one place where watermark, deduplication and lateness meet, used by scoring and by the replay that training reads.
package struct Admission: ~Copyable {
    package private(set) var watermark = StreamWatermark()
    private var deduplicator = Deduplicator()

    package init() {}

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
    /// - Parameter lateness: as `admit` has it.
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

    /// Decides on every event of a batch.
    ///
    /// - Parameter allowedLateness: how far the watermark may pass a minute's end, ms: that of the windows.
    /// - Complexity: O(events × open partitions).
    package mutating func admit(_ batch: ClickBatch, allowedLateness: Int64, into out: BatchOutcomes) {
        precondition(batch.capacity <= ClickBatch.defaultCapacity)
        var chosen = 0
        for i in 0..<batch.count {
            if i % WindowStore.warmGroup == 0 {
                deduplicator.warm(UnsafePointer(batch.records), from: i, count: batch.count)
            }
            out.conflicts[i] = false
            let status = status(of: UnsafePointer(batch.records + i), allowedLateness, isConflict: &out.conflicts[i])
            out.statuses[i] = status
            out.watermarks[i] = watermark.current
            if status == .counted {
                out.indices[chosen] = Int32(truncatingIfNeeded: i)
                chosen += 1
            }
        }
        out.countedClicks = chosen
        out.floor = watermark.floor
    }

    @inline(__always)
    private mutating func status(of record: UnsafePointer<ClickRecord>, _ lateness: Int64, isConflict: inout Bool) -> EventStatus {
        let event = Int(record.pointee.event)
        if event == FRAUD_EVENT_REJECTED { return .rejected }
        if event != FRAUD_EVENT_CLICK { return .notAClick }
        let ts = record.pointee.ts_ms
        watermark.observe(Int(record.pointee.partition), ts)
        let id = (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1)
        switch deduplicator.admit(id, content: fraud_content_fingerprint(record), ts: ts, watermark: watermark.current) {
        case .new: return WindowStore.isLate(ts, watermark: watermark.current, allowedLateness: lateness) ? .late : .counted
        case .duplicate: return .duplicate
        case .conflict:
            isConflict = true
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

package import ClickModel
internal import CClickRecord
internal import Sketches

extension WindowStore {
    /// Records that one call of `warm` should cover: enough to hide memory latency, few enough to stay in the cache.
    package static let warmGroup = 32

    /// Asks for the cells that the next clicks will touch; changes nothing anyone can see.
    ///
    /// Finding a cell is a chain of three far memory accesses. One click waits for each in turn; here those of up to
    /// `warmGroup` clicks wait together. Call it with a group of records, then `add` them. Any record will do, even a
    /// rejected one.
    package borrowing func warm(_ records: UnsafePointer<ClickRecord>, count: Int) {
        var numbers = InlineArray<32, UInt32>(repeating: CellTable.none)
        let group = min(count, Self.warmGroup)
        for i in 0..<group {
            cells.prefetchIndex(.minute, key: records[i].ad_hash, start: Self.minute(records[i].ts_ms))
        }
        for i in 0..<group {
            numbers[i] = cells.prefetchLikely(.minute, key: records[i].ad_hash, start: Self.minute(records[i].ts_ms))
        }
        for i in 0..<group where numbers[i] != CellTable.none {
            let minute = cells.cell(numbers[i])
            // The tag may have led to a cell of another level, which links to none.
            guard minute.pointee.level == .minute else { continue }
            cells.prefetch(minute.pointee.hour)
            cells.prefetch(minute.pointee.day)
            minute.pointee.sketch.prefetch(records[i].visitor_hash)
        }
    }

    @inline(__always)
    private static func minute(_ ts: Int64) -> Int64 {
        EventBounds.windowStart(EventBounds.clamp(ts), size: EventTime.millisecondsPerMinute)
    }
}

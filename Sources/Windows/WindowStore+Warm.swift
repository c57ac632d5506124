package import ClickModel
internal import CClickRecord
internal import Sketches

extension WindowStore {
    /// Records between two calls of `warm`: enough to hide memory latency, few enough to stay in the cache.
    package static let warmGroup = 16

    /// The records that a call of `warm` before the one at `place` takes one step on, of those that step leads ahead.
    ///
    /// Each group passes one step a call, so that what it asked for has come before the next step looks at it. The first
    /// call takes the first groups through all steps.
    @inline(__always)
    package static func warmed(_ place: Int, ahead groups: Int, of count: Int) -> Range<Int> {
        let first = place == 0 ? 0 : min(count, place + groups * warmGroup)
        return first..<max(first, min(count, place + (groups + 1) * warmGroup))
    }

    /// Asks for the cells that the clicks after a place in a batch will touch; changes nothing anyone can see.
    ///
    /// Finding a cell is a chain of far memory accesses. One click waits for each in turn; here those of some tens
    /// of clicks wait together, while others are added. Call it before the record of each place that is a multiple of `warmGroup`
    /// is added. Any record will do, even a rejected one.
    package borrowing func warm(_ records: UnsafePointer<ClickRecord>, from place: Int, count: Int) {
        for i in Self.warmed(place, ahead: 3, of: count) {
            cells.prefetchIndex(.minute, key: records[i].ad_hash, start: Self.minute(records[i].ts_ms))
        }
        for i in Self.warmed(place, ahead: 2, of: count) {
            let number = likely(records + i)
            if number != CellTable.none { cells.prefetch(number) }
        }
        for i in Self.warmed(place, ahead: 1, of: count) {
            let number = likely(records + i)
            guard number != CellTable.none else { continue }
            let minute = cells.cell(number)
            // The tag may have led to a cell of another level, which links to none.
            guard minute.pointee.level == .minute else { continue }
            cells.prefetch(minute.pointee.hour)
            cells.prefetch(minute.pointee.day)
            minute.pointee.sketch.prefetch(records[i].visitor_hash)
        }
    }

    @inline(__always)
    private borrowing func likely(_ record: UnsafePointer<ClickRecord>) -> UInt32 {
        cells.likely(.minute, key: record.pointee.ad_hash, start: Self.minute(record.pointee.ts_ms))
    }

    @inline(__always)
    private static func minute(_ ts: Int64) -> Int64 {
        EventBounds.windowStart(EventBounds.clamp(ts), size: EventTime.millisecondsPerMinute)
    }
}

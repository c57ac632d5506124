internal import CClickRecord
package import ClickModel
internal import Sketches

/// Tumbling one-minute, hourly and daily totals of counted clicks, in event time.
///
/// | level | key | window |
/// |---|---|---|
/// | minute, hour | ad | the row's campaign and advertiser are those of the first click counted in it |
/// | day | ad, campaign, advertiser | |
///
/// Keys are compared by 64-bit hash. Each click updates one cell a level; a cell is emitted by `drain` as absolute totals, and
/// dropped once no click can reach it. A minute cell links to its hour and day, so most clicks take one lookup. Visitors
/// are counted in the minute's sketch alone; `drain` merges it into those of hour and day, which is the same set and
/// spares each click two far memory accesses. (A minute that several triples share counts its visitors by day at once.)
///
/// Counted clicks are remembered for some minutes (`remember`), so that a short engagement can turn one to fraud (`engage`).
///
/// Limits: `maximumCells` cells, and no new cell once sketches hold `maximumSketchBytes` (living sketches may still grow,
/// to 16 KiB each). At a limit `add` refuses the click and changes nothing; see there. Of more than `maximumRecentClicks`
/// clicks or `maximumWaitingEngagements` engagements the oldest is forgotten and counted. Sums of cost stay at `Int64.max`
/// instead of overflowing. One thread uses a store at a time.
package struct WindowStore: ~Copyable, @unchecked Sendable {
    package static let defaultAllowedLatenessMilliseconds: Int64 = 300_000
    package static let defaultMaximumCells = 4 << 20
    package static let defaultMaximumSketchBytes = 4 << 30
    package static let defaultMaximumRecentClicks = 8 << 20
    package static let defaultMaximumWaitingEngagements = 1 << 18

    /// How far the watermark may pass the end of a minute before its clicks are late, ms.
    package let allowedLatenessMilliseconds: Int64
    package let maximumCells: Int
    package let maximumSketchBytes: Int

    let sketches: SketchMemory
    var cells: CellTable
    var dimensions: DimensionTable
    /// Counted clicks that an engagement may still turn to fraud.
    var recent: RecentClicks
    /// Engagements that came before their click.
    var waiting: WaitingEngagements
    /// Day cell of the click added last.
    var lastDay: UInt32
    /// The watermark that `remember` or `engage` was last given.
    var latestWatermark: Int64
    /// Cells changed since they were last emitted, in the order they changed.
    var dirty: [UInt32]
    /// Live cells of each level, in order of creation.
    var live: [[UInt32]]
    /// No later than the end of any live cell of the level.
    var earliestEnd: [Int64]
    var nextSequence: UInt64
    var ready: [DrainEntry]
    /// Of a drain: minutes with visitors to give up, by hour.
    var pending: [UInt64]
    var scratch: [UInt8]

    package init(
        allowedLatenessMilliseconds: Int64 = Self.defaultAllowedLatenessMilliseconds, maximumCells: Int = Self.defaultMaximumCells,
        maximumSketchBytes: Int = Self.defaultMaximumSketchBytes, maximumRecentClicks: Int = Self.defaultMaximumRecentClicks,
        maximumWaitingEngagements: Int = Self.defaultMaximumWaitingEngagements
    ) {
        precondition(allowedLatenessMilliseconds >= 0 && maximumSketchBytes >= 0)
        let lateness = min(allowedLatenessMilliseconds, EventBounds.greatest)
        self.allowedLatenessMilliseconds = lateness
        self.maximumCells = maximumCells
        self.maximumSketchBytes = maximumSketchBytes
        sketches = SketchMemory()
        cells = CellTable(maximumCells: maximumCells)
        dimensions = DimensionTable()
        recent = RecentClicks(maximum: maximumRecentClicks, expiry: EngagementExpiry(allowedLateness: lateness))
        waiting = WaitingEngagements(maximum: maximumWaitingEngagements)
        lastDay = CellTable.none
        latestWatermark = .min
        dirty = []
        live = [[], [], []]
        earliestEnd = [.max, .max, .max]
        nextSequence = 0
        ready = []
        pending = []
        scratch = []
    }

    /// Live cells of all levels.
    package var cellCount: Int { cells.count }
    /// Bytes of sketches that outgrew their cell.
    package var sketchBytes: Int { sketches.bytesInUse }
    /// Bytes held for cells, sketches, texts and remembered clicks.
    package var byteCount: Int {
        cells.byteCount + sketches.bytesReserved + dimensions.arena.capacity + recent.byteCount + waiting.byteCount
    }
    /// Texts held: triples of ad, campaign and advertiser in use.
    package var dimensionCount: Int { dimensions.count }

    /// Whether a click of this time comes too late to be counted: its minute's end + allowed lateness ≤ watermark.
    @inline(__always)
    package func isLate(_ ts: Int64, watermark: Int64) -> Bool {
        Self.isLate(ts, watermark: watermark, allowedLateness: allowedLatenessMilliseconds)
    }

    /// The same for windows of such a lateness, ms, wherever they are.
    @inline(__always)
    package static func isLate(_ ts: Int64, watermark: Int64, allowedLateness: Int64) -> Bool {
        let start = EventBounds.windowStart(EventBounds.clamp(ts), size: EventTime.millisecondsPerMinute)
        return start + EventTime.millisecondsPerMinute + allowedLateness <= watermark
    }

    /// Counts a click that is neither duplicate nor late.
    ///
    /// - Parameters:
    ///   - record: the click; its texts are read from `arena` only when its triple is new.
    ///   - label: valid clicks are billable, fraud is not.
    /// - Returns: false at a limit, with nothing changed: drain the store and try again; if there is still no room, the click
    ///   belongs with the late ones, in the daily batch.
    /// - Complexity: O(1) amortized; no allocation in a steady state.
    package mutating func add(record: UnsafePointer<ClickRecord>, arena: UnsafeRawPointer, label: Label) -> Bool {
        let ts = EventBounds.clamp(record.pointee.ts_ms)
        let key = record.pointee.ad_hash
        let triple = DimensionTable.mix(key, record.pointee.campaign_hash, record.pointee.advertiser_hash)
        var minuteNumber = cells.find(.minute, key: key, start: EventBounds.windowStart(ts, size: EventTime.millisecondsPerMinute))
        if minuteNumber == CellTable.none {
            minuteNumber = openMinute(record, arena, ts, triple)
            guard minuteNumber != CellTable.none else { return false }
        }
        let minute = cells.cell(minuteNumber)
        var dayNumber = minute.pointee.day
        if cells.cell(dayNumber).pointee.key != triple {
            dayNumber = openDay(record, arena, ts, triple)
            guard dayNumber != CellTable.none else { return false }
            if !minute.pointee.flags.contains(.mixed) {
                giveVisitorsUp(minuteNumber)
                minute.pointee.flags.insert(.mixed)
            }
        }
        lastDay = dayNumber
        let hourNumber = minute.pointee.hour
        let hour = cells.cell(hourNumber)
        let day = cells.cell(dayNumber)
        let cost = record.pointee.cost_e4
        count(minute, minuteNumber, label, cost)
        count(hour, hourNumber, label, cost)
        count(day, dayNumber, label, cost)
        let visitor = record.pointee.visitor_hash
        guard visitor != 0 else { return true }
        if minute.pointee.sketch.add(visitor, sketches) { minute.pointee.flags.insert(.pending) }
        if minute.pointee.flags.contains(.mixed) { day.pointee.sketch.add(visitor, sketches) }
        return true
    }
}

extension WindowStore {
    @inline(__always)
    private mutating func count(_ cell: UnsafeMutablePointer<WindowCell>, _ number: UInt32, _ label: Label, _ cost: Int64) {
        cell.pointee.clicks += 1
        cell.pointee.cost = EventBounds.saturatingSum(cell.pointee.cost, cost)
        if label == .valid {
            cell.pointee.valid += 1
            cell.pointee.validCost = EventBounds.saturatingSum(cell.pointee.validCost, cost)
        }
        markDirty(cell, number)
    }

    /// Lists a changed cell to be emitted. One that was shown early is listed already, but has to be shown again.
    @inline(__always)
    mutating func markDirty(_ cell: UnsafeMutablePointer<WindowCell>, _ number: UInt32) {
        guard cell.pointee.flags.intersection([.dirty, .shown]) != .dirty else { return }
        cell.pointee.flags.remove(.shown)
        guard !cell.pointee.flags.contains(.dirty) else { return }
        cell.pointee.flags.insert(.dirty)
        dirty.append(number)
    }

    /// Makes the minute cell of a click, and its hour and day if they are missing; `none` at a limit.
    private mutating func openMinute(
        _ record: UnsafePointer<ClickRecord>, _ arena: UnsafeRawPointer, _ ts: Int64, _ triple: UInt64
    ) -> UInt32 {
        let key = record.pointee.ad_hash
        let hourStart = EventBounds.windowStart(ts, size: EventTime.millisecondsPerHour)
        let dayStart = EventBounds.windowStart(ts, size: EventTime.millisecondsPerDay)
        var hour = cells.find(.hour, key: key, start: hourStart)
        var day = cells.find(.day, key: triple, start: dayStart)
        let missing = 1 + (hour == CellTable.none ? 1 : 0) + (day == CellTable.none ? 1 : 0)
        guard hasRoom(for: missing) else { return CellTable.none }
        let dimension = dimensions.retain(record, arena)
        if hour == CellTable.none {
            dimensions.retain(dimension)
            hour = open(.hour, key, hourStart, dimension)
        }
        if day == CellTable.none {
            dimensions.retain(dimension)
            day = open(.day, triple, dayStart, dimension)
        }
        let minute = open(.minute, key, EventBounds.windowStart(ts, size: EventTime.millisecondsPerMinute), dimension)
        cells.cell(minute).pointee.hour = hour
        cells.cell(minute).pointee.day = day
        return minute
    }

    /// The day cell of a click whose minute belongs to another triple; `none` at a limit.
    private mutating func openDay(
        _ record: UnsafePointer<ClickRecord>, _ arena: UnsafeRawPointer, _ ts: Int64, _ triple: UInt64
    ) -> UInt32 {
        let start = EventBounds.windowStart(ts, size: EventTime.millisecondsPerDay)
        let known = cells.find(.day, key: triple, start: start)
        guard known == CellTable.none else { return known }
        guard hasRoom(for: 1) else { return CellTable.none }
        return open(.day, triple, start, dimensions.retain(record, arena))
    }

    private func hasRoom(for missing: Int) -> Bool {
        cells.count + missing <= maximumCells && sketches.bytesInUse <= maximumSketchBytes
    }

    private mutating func open(_ level: WindowLevel, _ key: UInt64, _ start: Int64, _ dimension: UInt32) -> UInt32 {
        let cell = WindowCell(key: key, start: start, dimension: dimension, level: level, sequence: nextSequence)
        nextSequence += 1
        let number = cells.insert(cell)
        live[Int(level.rawValue)].append(number)
        earliestEnd[Int(level.rawValue)] = min(earliestEnd[Int(level.rawValue)], cell.end)
        return number
    }
}

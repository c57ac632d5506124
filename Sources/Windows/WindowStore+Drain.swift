internal import ClickModel
internal import Sketches

/// A row that is to be emitted, by its place in the order.
struct DrainEntry: BitwiseCopyable, Comparable {
    var level: UInt8
    var start: Int64
    var sequence: UInt64
    var number: UInt32

    static func < (a: DrainEntry, b: DrainEntry) -> Bool {
        if a.level != b.level { return a.level < b.level }
        if a.start != b.start { return a.start < b.start }
        return a.sequence < b.sequence
    }
}

extension WindowStore {
    /// Emits every row that changed, then drops the cells that no click can reach, and the clicks no engagement can.
    ///
    /// A minute row is emitted *on time* once its end ≤ watermark, and again, *late*, when a late click within bounds or a
    /// relabelling changed it. With `early` or `final`, minutes that are still open and changed are emitted too, *early*; the
    /// row on time comes all the same, even if nothing changed in between. Hour and day rows are emitted whenever they
    /// changed and never otherwise: a last early row may stay as it is. Order: level, start of the window, order of creation.
    ///
    /// - Parameters:
    ///   - floor: what the watermark will never fall below; `watermark` itself when nil. Cells are dropped by this: a watermark that
    ///     is taken back finds them, and their rows are not written anew from nothing.
    ///   - final: the input has ended: emit minutes that are still open, too.
    ///   - early: the same, while the input goes on.
    ///   - emit: gets each row; the row is valid only during the call.
    /// - Complexity: O(d log d + bytes of sketches) for d changed rows and open minutes; O(clicks that are forgotten); and
    ///   O(cells of a level) once a window of it expired.
    package mutating func drain(
        watermark: Int64, floor: Int64? = nil, final: Bool = false, early: Bool = false, _ emit: (borrowing WindowRow) -> Void
    ) {
        giveVisitorsUp()
        collectReady(watermark, early: final || early)
        ready.sort()
        for entry in ready { emitRow(entry.number, watermark, emit) }
        ready.removeAll(keepingCapacity: true)
        for level in WindowLevel.allCases { dropExpired(level, min(watermark, floor ?? watermark)) }
        recent.expire(watermark, &dimensions)
        waiting.expire(watermark)
        dimensions.compactIfWorthwhile()
    }

    /// Moves the changed cells that may be shown from `dirty` to `ready`; a minute shown early stays in both.
    private mutating func collectReady(_ watermark: Int64, early: Bool) {
        var kept = 0
        for number in dirty {
            let cell = cells.cell(number)
            let isOpen = cell.pointee.level == .minute && cell.pointee.end > watermark
            // A watermark that was taken back opens a minute again that has fired: its next row is late, whenever it comes.
            let isOwedOnTime = isOpen && !cell.pointee.flags.contains(.fired)
            if isOwedOnTime || (isOpen && !early) {
                dirty[kept] = number
                kept += 1
                guard early, !cell.pointee.flags.contains(.shown) else { continue }
                cell.pointee.flags.insert(.shown)
            } else {
                cell.pointee.flags.remove([.dirty, .shown])
            }
            let order = cell.pointee
            ready.append(DrainEntry(level: order.level.rawValue, start: order.start, sequence: order.sequence, number: number))
        }
        dirty.removeLast(dirty.count - kept)
    }

    /// Gives the visitors of all changed minutes up, those of one hour after each other: their sketches stay near.
    private mutating func giveVisitorsUp() {
        for number in dirty where cells.cell(number).pointee.flags.contains(.pending) {
            pending.append(UInt64(cells.cell(number).pointee.hour) << 32 | UInt64(number))
        }
        pending.sort()
        for minute in pending { giveVisitorsUp(UInt32(truncatingIfNeeded: minute)) }
        pending.removeAll(keepingCapacity: true)
    }

    /// Gives the visitors of a minute to its hour, and to its day unless other triples share the minute.
    mutating func giveVisitorsUp(_ number: UInt32) {
        let minute = cells.cell(number)
        guard minute.pointee.flags.contains(.pending) else { return }
        minute.pointee.flags.remove(.pending)
        cells.cell(minute.pointee.hour).pointee.sketch.merge(minute.pointee.sketch, sketches)
        if !minute.pointee.flags.contains(.mixed) {
            cells.cell(minute.pointee.day).pointee.sketch.merge(minute.pointee.sketch, sketches)
        }
    }

    private mutating func emitRow(_ number: UInt32, _ watermark: Int64, _ emit: (borrowing WindowRow) -> Void) {
        let cell = cells.cell(number)
        let firing: WindowFiring =
            cell.pointee.flags.contains(.fired) ? .late : cell.pointee.end <= watermark ? .onTime : .early
        if firing == .onTime { cell.pointee.flags.insert(.fired) }
        let isNew = !cell.pointee.flags.contains(.hasRow)
        cell.pointee.flags.insert(.hasRow)
        scratch.removeAll(keepingCapacity: true)
        cell.pointee.sketch.append(serializedTo: &scratch)
        dimensions.withTexts(cell.pointee.dimension) { ad, campaign, advertiser in
            scratch.withUnsafeBytes { sketch in
                emit(
                    WindowRow(
                        level: cell.pointee.level, firing: firing, isNew: isNew, adID: ad, campaignID: campaign, advertiserID: advertiser,
                        startMilliseconds: cell.pointee.start, endMilliseconds: cell.pointee.end,
                        clickCount: cell.pointee.clicks, validClicks: cell.pointee.valid,
                        totalCost: Money(e4: cell.pointee.cost), billableCost: Money(e4: cell.pointee.validCost),
                        uniqueUsers: cell.pointee.sketch.roundedEstimate, uniqueUsersSketch: sketch))
            }
        }
    }

    /// Drops the cells of a level whose end + lateness ≤ watermark. They have been emitted: they ended before it.
    private mutating func dropExpired(_ level: WindowLevel, _ watermark: Int64) {
        let at = Int(level.rawValue)
        guard earliestEnd[at] != .max, earliestEnd[at] + allowedLatenessMilliseconds <= watermark else { return }
        var kept = 0
        var earliest = Int64.max
        for i in live[at].indices {
            let number = live[at][i]
            let cell = cells.cell(number)
            let end = cell.pointee.end
            if end + allowedLatenessMilliseconds <= watermark {
                cell.pointee.sketch.release(sketches)
                dimensions.release(cell.pointee.dimension)
                cells.remove(number)
            } else {
                live[at][kept] = number
                kept += 1
                earliest = min(earliest, end)
            }
        }
        live[at].removeLast(live[at].count - kept)
        earliestEnd[at] = earliest
    }
}

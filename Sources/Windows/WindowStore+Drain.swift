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
    /// Emits every row that changed, then drops the cells that no click can reach any more.
    ///
    /// A minute row is emitted once its end ≤ watermark, and again when a late click within bounds or a retraction changed it; hour
    /// and day rows whenever they changed. Order: level, start of the window, order of creation.
    ///
    /// - Parameters:
    ///   - final: the input has ended: emit minutes that are still open, too.
    ///   - emit: gets each row; the row is valid only during the call.
    /// - Complexity: O(d log d + bytes of sketches) for d changed rows; and O(cells of a level) once a window of it expired.
    package mutating func drain(watermark: Int64, final: Bool = false, _ emit: (borrowing WindowRow) -> Void) {
        for number in dirty { giveVisitorsUp(number) }
        collectReady(watermark, final)
        ready.sort()
        for entry in ready { emitRow(entry.number, emit) }
        ready.removeAll(keepingCapacity: true)
        for level in WindowLevel.allCases { dropExpired(level, watermark) }
        dimensions.compactIfWorthwhile()
    }

    /// Moves the changed cells that may be shown from `dirty` to `ready`.
    private mutating func collectReady(_ watermark: Int64, _ final: Bool) {
        var waiting = 0
        for number in dirty {
            let cell = cells.cell(number)
            if cell.pointee.level == .minute && !final && cell.pointee.end > watermark {
                dirty[waiting] = number
                waiting += 1
            } else {
                cell.pointee.flags.remove(.dirty)
                let order = cell.pointee
                ready.append(DrainEntry(level: order.level.rawValue, start: order.start, sequence: order.sequence, number: number))
            }
        }
        dirty.removeLast(dirty.count - waiting)
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

    private mutating func emitRow(_ number: UInt32, _ emit: (borrowing WindowRow) -> Void) {
        let cell = cells.cell(number)
        let entry = dimensions.entries[Int(cell.pointee.dimension)]
        scratch.removeAll(keepingCapacity: true)
        cell.pointee.sketch.append(serializedTo: &scratch)
        dimensions.arena.withUnsafeBytes { arena in
            scratch.withUnsafeBytes { sketch in
                let (ad, campaign) = (Int(entry.adLength), Int(entry.campaignLength))
                let texts = UnsafeRawBufferPointer(rebasing: arena[entry.offset..<entry.offset + entry.byteCount])
                emit(
                    WindowRow(
                        level: cell.pointee.level, adID: UnsafeRawBufferPointer(rebasing: texts[..<ad]),
                        campaignID: UnsafeRawBufferPointer(rebasing: texts[ad..<ad + campaign]),
                        advertiserID: UnsafeRawBufferPointer(rebasing: texts[(ad + campaign)...]),
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

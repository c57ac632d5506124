internal import ClickModel

/// Place of a row in the order of emission.
struct SessionOrder: BitwiseCopyable, Comparable {
    var start: Int64
    var sequence: UInt32
    /// The cell; none of a removal.
    var number = SessionCell.none
    /// Whether the session has no row yet.
    var isNew = false

    static func < (a: SessionOrder, b: SessionOrder) -> Bool {
        a.start != b.start ? a.start < b.start : a.sequence < b.sequence
    }
}

/// A row that was emitted and is wrong now. The session that holds its clicks is live, and so is its visitor's text.
///
/// No session will have that key again: a session covers its former starts for ever, and those of one visitor never
/// overlap. So a key is not both removed and written by one drain.
struct SessionRemoval: BitwiseCopyable {
    var order: SessionOrder
    /// `visitor_hash`.
    var key: UInt64
}

extension SessionStore {
    /// Emits what the table of sessions lacks, then drops the sessions that no click can reach any more.
    ///
    /// A session is emitted first once its end + gap ≤ watermark; from then on, with those it absorbs or is absorbed by, whenever
    /// it changed. A row whose session begins earlier now, or became part of another, is emitted as removed. So the rows
    /// written and not removed are, after every drain, the present state of the sessions emitted so far.
    /// Order: removed rows, then others; each by start, then by order of creation.
    ///
    /// The bound of dropping: a click of time t is late when the end of its minute + lateness ≤ watermark, so the later t, the
    /// later it is late. It reaches a session when t < end + gap; the last such moment is end + gap − 1 ms. Once that
    /// is late all are, and the watermark does not fall; a session dropped then can have no further click. It is no earlier
    /// than end + gap + lateness, and up to a minute later: until then the minute of that moment still takes clicks.
    /// (Should the watermark be taken back, see `Watermark`, sessions already dropped stay as they are in the table, and
    /// a click that would have extended one begins another.)
    ///
    /// - Parameters:
    ///   - final: the input has ended: emit sessions that are still open, too.
    ///   - emit: gets each row; the row is valid only during the call.
    /// - Complexity: O(d log d) for d rows and sessions to look at; O(sessions) when final.
    package mutating func drain(watermark: Int64, final: Bool = false, _ emit: (borrowing SessionRow) -> Void) {
        collectReady(watermark, final)
        removals.sort { $0.order < $1.order }
        for removal in removals { emitRemoval(removal, emit) }
        removals.removeAll(keepingCapacity: true)
        ready.sort()
        for (i, order) in ready.enumerated() {
            // Rows are by start, cells and texts where there was room: each is a far access.
            if i + 16 < ready.count { cells.prefetch(ready[i + 16].number) }
            if i + 8 < ready.count { texts.prefetch(cells.cell(ready[i + 8].number).pointee.textOffset) }
            emitRow(order, emit)
        }
        ready.removeAll(keepingCapacity: true)
        for (i, number) in taken.enumerated() {
            if i + 8 < taken.count { cells.prefetch(taken[i + 8]) }
            let cell = cells.cell(number)
            if unreachableFrom(cell.pointee.end) <= watermark {
                drop(number)
            } else {
                let isShown = cell.pointee.flags.contains(.shown)
                wheel.schedule(number, at: isShown ? unreachableFrom(cell.pointee.end) : cell.pointee.end + gapMilliseconds, cells)
            }
        }
        taken.removeAll(keepingCapacity: true)
        if texts.isMostlyDead { compactTexts() }
    }

    /// The watermark from which on a session that ends then can have no further click.
    @inline(__always)
    private func unreachableFrom(_ end: Int64) -> Int64 {
        let minute = EventTime.millisecondsPerMinute
        return EventBounds.windowStart(end + gapMilliseconds - 1, size: minute) + minute + allowedLatenessMilliseconds
    }

    /// Collects the sessions to show, marked clean already so that each is taken once.
    private mutating func collectReady(_ watermark: Int64, _ final: Bool) {
        for number in changed where cells.cell(number).pointee.isLive && cells.cell(number).pointee.isShownAndDirty {
            makeReady(number)
        }
        changed.removeAll(keepingCapacity: true)
        wheel.advance(to: watermark, cells, into: &taken)
        ready.reserveCapacity(ready.count + taken.count)
        for (i, number) in taken.enumerated() {
            if i + 8 < taken.count { cells.prefetch(taken[i + 8]) }
            let cell = cells.cell(number)
            if cell.pointee.flags.contains(.dirty) && cell.pointee.end + gapMilliseconds <= watermark { makeReady(number) }
        }
        guard final else { return }
        for number in 0..<UInt32(cells.used) {
            let flags = cells.cell(number).pointee.flags
            if flags.isSuperset(of: [.live, .dirty]) { makeReady(number) }
        }
    }

    private mutating func makeReady(_ number: UInt32) {
        let cell = cells.cell(number)
        let isNew = !cell.pointee.flags.contains(.hasRow)
        cell.pointee.flags.remove(.dirty)
        cell.pointee.flags.formUnion([.shown, .hasRow])
        ready.append(SessionOrder(start: cell.pointee.start, sequence: cell.pointee.sequence, number: number, isNew: isNew))
    }

    private func emitRow(_ order: SessionOrder, _ emit: (borrowing SessionRow) -> Void) {
        let cell = cells.cell(order.number).pointee
        emit(
            SessionRow(
                visitor: texts.text(cell.textOffset, cell.textLength), startMilliseconds: cell.start, isRemoved: false, isNew: order.isNew,
                endMilliseconds: cell.end, clickCount: cell.clicks, distinctAds: cell.ads.distinct, totalCost: Money(e4: cell.cost)))
    }

    private func emitRemoval(_ removal: SessionRemoval, _ emit: (borrowing SessionRow) -> Void) {
        let cell = cells.cell(cells.newest(removal.key)).pointee
        emit(
            SessionRow(
                visitor: texts.text(cell.textOffset, cell.textLength), startMilliseconds: removal.order.start, isRemoved: true, isNew: false,
                endMilliseconds: 0, clickCount: 0, distinctAds: 0, totalCost: .zero))
    }

    private mutating func drop(_ number: UInt32) {
        let cell = cells.cell(number)
        cell.pointee.ads.release(&ads, sketches)
        let newer = cells.newer(than: number)
        if newer == SessionCell.none && cell.pointee.older == SessionCell.none { texts.release(length: cell.pointee.textLength) }
        cells.remove(number, newer: newer)
    }

    private mutating func compactTexts() {
        let used = UInt32(cells.used)
        // The texts and the cells are apart: only the latter are read and changed while the former move.
        var moved = SessionTexts()
        swap(&moved, &texts)
        moved.compact { move, prefetch in
            for number in 0..<used {
                // Texts lie in the order visitors came, cells where one was free: each text is a far access.
                if number + 32 < used { prefetch(cells.cell(number + 32).pointee.textOffset) }
                guard cells.cell(number).pointee.flags.isSuperset(of: [.live, .newest]) else { continue }
                let cell = cells.cell(number).pointee
                let offset = move(cell.textOffset, cell.textLength)
                var at = number
                while at != SessionCell.none {
                    cells.cell(at).pointee.textOffset = offset
                    at = cells.cell(at).pointee.older
                }
            }
        }
        swap(&moved, &texts)
    }
}

internal import CClickRecord
package import ClickModel
internal import Sketches

/// Session windows of visitors in event time: runs of counted clicks with no gap in them.
///
/// Two clicks of a visitor (`visitor_hash`) belong to one session when their times differ by *less* than the gap, or when a
/// chain of such pairs leads from one to the other. So a click is a window [time, time + gap), and windows that overlap
/// are merged: Apache Beam's rule (`IntervalWindow.isDisjoint`: windows that only touch are apart). Flink's
/// `TimeWindow.intersects` merges those too. Here equality separates, because the watermark says that times *before* it
/// have come: a watermark of end + gap then completes a session, but for late clicks. A late click within bounds may
/// extend a session at either end, or join two.
///
/// A session is emitted by `drain` as absolute totals, and dropped once no click can reach it; see there. The usual click
/// takes two lookups, of the visitor and of the ad, and the two cache lines of its cell.
///
/// Limits: `maximumSessions`; `sessionsPerVisitor` live ones of one visitor; no new visitor once texts hold
/// `maximumTextBytes`; no new session once sketches hold `maximumSketchBytes` (living sketches may still grow, to 16 KiB
/// each). A click that needs a new session at a limit is not taken, and counted in `refused`. Sums of cost stay at
/// `Int64.max`. Visitors are compared by 64-bit hash: two with one hash are one, under the text of the first.
/// One thread uses a store at a time.
package struct SessionStore: ~Copyable, @unchecked Sendable {
    package static let defaultGapMilliseconds: Int64 = 1_800_000
    package static let defaultMaximumSessions = 4 << 20
    package static let defaultMaximumTextBytes = 512 << 20
    package static let defaultMaximumSketchBytes = 1 << 30
    package static let defaultSessionsPerVisitor = 64
    /// Live texts are at least half of those kept, whose offsets have 32 bits.
    static let greatestMaximumTextBytes = 1 << 30

    /// Clicks of a visitor this far apart belong to two sessions, ms.
    package let gapMilliseconds: Int64
    /// How far the watermark may pass the end of a click's minute before the click is late, ms: as in `WindowStore`.
    package let allowedLatenessMilliseconds: Int64
    /// Live sessions of one visitor. In a stream in order it is 2 + lateness / gap; corrupt times ahead make more.
    package let sessionsPerVisitor: Int
    package let maximumTextBytes: Int
    package let maximumSketchBytes: Int
    /// Clicks that were not taken because of a limit.
    package internal(set) var refused: Int

    let sketches: SketchMemory
    var cells: SessionTable
    var ads: AdNumbers
    var texts: SessionTexts
    var wheel: SessionWheel
    /// Rows to delete, in the order they became wrong.
    var removals: [SessionRemoval]
    /// Every session that is shown and changed is here; so may be numbers that stand for others by now.
    var changed: [UInt32]
    var nextSequence: UInt32
    var ready: [SessionOrder]
    var taken: [UInt32]

    package init(
        gapMilliseconds: Int64 = Self.defaultGapMilliseconds, allowedLatenessMilliseconds: Int64 = 300_000,
        maximumSessions: Int = Self.defaultMaximumSessions, sessionsPerVisitor: Int = Self.defaultSessionsPerVisitor,
        maximumTextBytes: Int = Self.defaultMaximumTextBytes, maximumSketchBytes: Int = Self.defaultMaximumSketchBytes
    ) {
        precondition(gapMilliseconds > 0 && allowedLatenessMilliseconds >= 0, "a session has a gap")
        precondition((1...1 << 30).contains(maximumSessions), "maximumSessions out of range")
        precondition((1...1 << 30).contains(sessionsPerVisitor), "sessionsPerVisitor out of range")
        precondition((0...Self.greatestMaximumTextBytes).contains(maximumTextBytes) && maximumSketchBytes >= 0)
        self.gapMilliseconds = min(gapMilliseconds, EventBounds.greatest)
        self.allowedLatenessMilliseconds = min(allowedLatenessMilliseconds, EventBounds.greatest)
        self.sessionsPerVisitor = sessionsPerVisitor
        self.maximumTextBytes = maximumTextBytes
        self.maximumSketchBytes = maximumSketchBytes
        refused = 0
        sketches = SketchMemory()
        cells = SessionTable(maximumCells: maximumSessions)
        ads = AdNumbers()
        texts = SessionTexts()
        wheel = SessionWheel()
        removals = []
        changed = []
        nextSequence = 0
        ready = []
        taken = []
    }

    package var maximumSessions: Int { cells.maximumCells }
    /// Live sessions.
    package var count: Int { cells.count }
    /// Bytes held for sessions, sketches and texts.
    package var byteCount: Int { cells.byteCount + ads.byteCount + sketches.bytesReserved + texts.byteCount }
    /// Bytes of texts of visitors with live sessions.
    package var textBytes: Int { texts.liveBytes }

    /// Takes a counted click into the session of its visitor; nothing when its visitor is unknown.
    ///
    /// - Parameters:
    ///   - record: neither duplicate nor late.
    ///   - arena: its texts; read when the visitor has no live session.
    /// - Complexity: O(1) amortized, O(`sessionsPerVisitor`) when a click comes between sessions; no allocation in a steady
    ///   state.
    package mutating func add(record: UnsafePointer<ClickRecord>, arena: UnsafeRawPointer) {
        let key = record.pointee.visitor_hash
        guard key != 0 else { return }
        let ts = EventBounds.clamp(record.pointee.ts_ms)
        var number = cells.newest(key)
        if number == SessionCell.none || !isWithin(cells.cell(number), ts) {
            number = place(record, arena, ts, newest: number)
            guard number != SessionCell.none else {
                refused += 1
                return
            }
        }
        let cell = cells.cell(number)
        cell.pointee.end = max(cell.pointee.end, ts)
        cell.pointee.clicks += 1
        cell.pointee.cost = EventBounds.saturatingSum(cell.pointee.cost, record.pointee.cost_e4)
        if record.pointee.ad_hash != 0 { cell.pointee.ads.add(record.pointee.ad_hash, &ads, sketches) }
        markDirty(cell, number)
    }

    /// Asks for the cells that the clicks after a place in a batch will touch; changes nothing anyone can see. As `WindowStore.warm`.
    package borrowing func warm(_ records: UnsafePointer<ClickRecord>, from place: Int, count: Int) {
        for i in WindowStore.warmed(place, ahead: 3, of: count) { cells.prefetchIndex(records[i].visitor_hash) }
        for i in WindowStore.warmed(place, ahead: 2, of: count) {
            let number = cells.likely(records[i].visitor_hash)
            if number != SessionCell.none { cells.prefetch(number) }
        }
        for i in WindowStore.warmed(place, ahead: 1, of: count) {
            let number = cells.likely(records[i].visitor_hash)
            if number != SessionCell.none { cells.cell(number).pointee.ads.prefetch(records[i].ad_hash) }
        }
    }
}

extension SessionStore {
    /// No earlier than the session's start and not a gap after its end: it cannot touch any other session.
    @inline(__always)
    private func isWithin(_ cell: UnsafeMutablePointer<SessionCell>, _ ts: Int64) -> Bool {
        ts >= cell.pointee.start && ts - cell.pointee.end < gapMilliseconds
    }

    @inline(__always)
    private mutating func markDirty(_ cell: UnsafeMutablePointer<SessionCell>, _ number: UInt32) {
        guard !cell.pointee.flags.contains(.dirty) else { return }
        cell.pointee.flags.insert(.dirty)
        if cell.pointee.flags.contains(.shown) { changed.append(number) }
    }

    /// The session a click belongs to, extended at its start, joined with the one before, or made; `none` at a limit.
    private mutating func place(
        _ record: UnsafePointer<ClickRecord>, _ arena: UnsafeRawPointer, _ ts: Int64, newest: UInt32
    ) -> UInt32 {
        var newer = SessionCell.none
        var at = newest
        while at != SessionCell.none {
            let cell = cells.cell(at)
            guard ts - cell.pointee.end < gapMilliseconds else { break }
            if cell.pointee.start - ts < gapMilliseconds {
                if ts < cell.pointee.start { moveStart(cell, to: ts) }
                let older = cell.pointee.older
                if older != SessionCell.none && ts - cells.cell(older).pointee.end < gapMilliseconds { absorb(older, into: at) }
                return at
            }
            newer = at
            at = cell.pointee.older
        }
        return open(record, arena, ts, newer: newer, older: at, newest: newest)
    }

    /// A row under the old start is wrong from now on.
    private mutating func moveStart(_ cell: UnsafeMutablePointer<SessionCell>, to start: Int64) {
        if cell.pointee.flags.contains(.hasRow) {
            removals.append(
                SessionRemoval(order: SessionOrder(start: cell.pointee.start, sequence: cell.pointee.sequence), key: cell.pointee.key))
            cell.pointee.flags.remove(.hasRow)
        }
        cell.pointee.start = start
    }

    /// Joins a session with the one before it in time, whose cell is freed.
    private mutating func absorb(_ olderNumber: UInt32, into number: UInt32) {
        let cell = cells.cell(number)
        let older = cells.cell(olderNumber)
        moveStart(cell, to: older.pointee.start)
        cell.pointee.sequence = older.pointee.sequence
        cell.pointee.clicks += older.pointee.clicks
        cell.pointee.cost = EventBounds.saturatingSum(cell.pointee.cost, older.pointee.cost)
        cell.pointee.ads.absorb(&older.pointee.ads, &ads, sketches)
        let wasListed = cell.pointee.isShownAndDirty
        cell.pointee.flags.formUnion(older.pointee.flags.intersection([.shown, .hasRow]).union(.dirty))
        if cell.pointee.isShownAndDirty && !wasListed { changed.append(number) }
        wheel.unlink(olderNumber, cells)
        cells.remove(olderNumber, newer: number)
    }

    /// Makes a session of no click yet at a place in its visitor's chain; `none` at a limit.
    private mutating func open(
        _ record: UnsafePointer<ClickRecord>, _ arena: UnsafeRawPointer, _ ts: Int64, newer: UInt32, older: UInt32, newest: UInt32
    ) -> UInt32 {
        guard cells.count < maximumSessions, sketches.bytesInUse <= maximumSketchBytes else { return SessionCell.none }
        var (offset, length) = (UInt32(0), UInt8(0))
        if newest != SessionCell.none {
            guard chainLength(newest) < sessionsPerVisitor else { return SessionCell.none }
            (offset, length) = (cells.cell(newest).pointee.textOffset, cells.cell(newest).pointee.textLength)
        } else {
            guard texts.liveBytes + SessionTexts.longest <= maximumTextBytes else { return SessionCell.none }
            (offset, length) = texts.append(record, arena)
        }
        let cell = SessionCell(
            key: record.pointee.visitor_hash, time: ts, textOffset: offset, textLength: length, sequence: nextSequence)
        nextSequence &+= 1
        let number = cells.insert(cell, newer: newer, older: older)
        wheel.schedule(number, at: ts + gapMilliseconds, cells)
        return number
    }

    private func chainLength(_ newest: UInt32) -> Int {
        var length = 0
        var at = newest
        while at != SessionCell.none {
            length += 1
            at = cells.cell(at).pointee.older
        }
        return length
    }
}

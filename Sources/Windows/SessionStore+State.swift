package import ClickModel
internal import Sketches

extension SessionStore {
    private static let tag: StaticString = "SES3"

    /// Appends the whole state, settings included: sessions, sketches, texts, and the rows yet to be removed.
    ///
    /// - Complexity: O(bytes); 96 bytes a session, its visitor's text, and the sketches of those with more than fourteen ads.
    package borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        for value in [gapMilliseconds, allowedLatenessMilliseconds, wheel.position] { writer.append(value) }
        for value in [maximumSessions, sessionsPerVisitor, maximumTextBytes, maximumSketchBytes, refused] { writer.append(value) }
        writer.append(nextSequence)
        texts.write(to: &writer)
        ads.write(to: &writer)
        writer.append(removals.count)
        for removal in removals {
            writer.append(removal.order.start)
            writer.append(removal.order.sequence)
            writer.append(removal.key)
        }
        writer.append(cells.count)
        let stride = MemoryLayout<SessionCell>.stride
        cells.forEachRun { run in
            writer.append(atMost: run.count * stride) { to in
                var count = 0
                for cell in run where cell.isLive {
                    to.storeBytes(of: cell.kept, toByteOffset: count * stride, as: SessionCell.self)
                    count += 1
                }
                return count * stride
            }
        }
        cells.forEachRun { run in
            for cell in run where cell.isLive {
                if let block = cell.ads.outOfLineBytes { writer.append(block.assumingMemoryBound(to: UInt8.self)) }
            }
        }
    }

    /// Reads what `write` wrote; the store then goes on as the one that wrote it.
    ///
    /// - Throws: `StateError` when the bytes are none of it.
    package init(from reader: inout StateReader) throws(StateError) {
        self = try Self.restored(&reader)
    }

    private static func restored(_ reader: inout StateReader) throws(StateError) -> SessionStore {
        try reader.expect(tag: Self.tag)
        let gap = try reader.read(Int64.self)
        let lateness = try reader.read(Int64.self)
        let position = try reader.read(Int64.self)
        let sessionLimit = try reader.read(Int.self)
        let visitorLimit = try reader.read(Int.self)
        let textLimit = try reader.read(Int.self)
        let sketchLimit = try reader.read(Int.self)
        let refused = try reader.read(Int.self)
        guard (1...EventBounds.greatest).contains(gap), (0...EventBounds.greatest).contains(lateness),
            (1...1 << 30).contains(sessionLimit), (1...1 << 30).contains(visitorLimit),
            (0...greatestMaximumTextBytes).contains(textLimit), sketchLimit >= 0, refused >= 0, SessionWheel.positions.contains(position)
        else { throw StateError("session settings out of range") }
        var store = SessionStore(
            gapMilliseconds: gap, allowedLatenessMilliseconds: lateness, maximumSessions: sessionLimit,
            sessionsPerVisitor: visitorLimit, maximumTextBytes: textLimit, maximumSketchBytes: sketchLimit)
        store.refused = refused
        store.wheel = SessionWheel(position: position)
        store.nextSequence = try reader.read(UInt32.self)
        store.texts = try SessionTexts.read(&reader)
        store.ads = try AdNumbers.read(&reader)
        try store.readRemovals(&reader)
        try store.readCells(&reader)
        for removal in store.removals where store.cells.newest(removal.key) == SessionCell.none {
            throw StateError("a session row to remove at \(removal.order.start) has no visitor")
        }
        return store
    }

    private mutating func readRemovals(_ reader: inout StateReader) throws(StateError) {
        let count = try reader.read(Int.self)
        guard count >= 0 else { throw StateError("a negative number of session rows to remove") }
        for _ in 0..<count {
            let order = SessionOrder(start: try reader.read(Int64.self), sequence: try reader.read(UInt32.self))
            removals.append(SessionRemoval(order: order, key: try reader.read(UInt64.self)))
        }
    }

    private mutating func readCells(_ reader: inout StateReader) throws(StateError) {
        let count = try reader.read(Int.self)
        guard (0...maximumSessions).contains(count) else { throw StateError("more sessions than the limit") }
        var withBlocks: [UInt32] = []
        for _ in 0..<count {
            let cell = try reader.read(SessionCell.self)
            guard cell.key != 0, cell.isLive, SessionCell.Flags.kept.isSuperset(of: cell.flags), cell.list == SessionWheel.unlisted,
                EventBounds.clamp(cell.start) == cell.start, EventBounds.clamp(cell.end) == cell.end, cell.start <= cell.end,
                cell.clicks > 0, let expected = cell.ads.claim(&ads), let number = restore(cell)
            else { throw StateError("a session is malformed, or inconsistent with others") }
            if expected > 0 { withBlocks.append(number) }
        }
        guard ads.finish() else { throw StateError("an ad of no session has a number") }
        for number in withBlocks {
            let block = try reader.readArray(UInt8.self)
            guard block.withUnsafeBytes({ cells.cell(number).pointee.ads.attach($0, sketches) }) else {
                throw StateError("a session's sketch is malformed")
            }
        }
    }

    /// Puts a session that was read into the chain of its visitor, its sketch yet without its block; returns its number, nil
    /// when it touches another or has not its text.
    private mutating func restore(_ cell: SessionCell) -> UInt32? {
        var newer = SessionCell.none
        var at = cells.newest(cell.key)
        if at != SessionCell.none {
            let known = cells.cell(at).pointee
            guard known.textOffset == cell.textOffset, known.textLength == cell.textLength else { return nil }
        } else {
            guard texts.claim(offset: cell.textOffset, length: cell.textLength) else { return nil }
        }
        while at != SessionCell.none && cells.cell(at).pointee.start > cell.start {
            newer = at
            at = cells.cell(at).pointee.older
        }
        guard newer == SessionCell.none || cells.cell(newer).pointee.start - cell.end >= gapMilliseconds,
            at == SessionCell.none || cell.start - cells.cell(at).pointee.end >= gapMilliseconds
        else { return nil }
        let number = cells.insert(cell, newer: newer, older: at)
        wheel.schedule(number, at: cell.end + gapMilliseconds, cells)
        if cell.isShownAndDirty { changed.append(number) }
        return number
    }
}

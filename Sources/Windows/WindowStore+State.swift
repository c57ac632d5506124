package import ClickModel
internal import Sketches

extension WindowStore {
    private static let tag: StaticString = "WIN2"

    /// Appends the whole state, settings included: cells, sketches, texts, what is yet to be emitted, remembered clicks and
    /// waiting engagements.
    package borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(allowedLatenessMilliseconds)
        writer.append(maximumCells)
        writer.append(maximumSketchBytes)
        writer.append(nextSequence)
        dimensions.entries.withUnsafeBufferPointer { writer.append($0) }
        dimensions.arena.withUnsafeBufferPointer { writer.append($0) }
        writer.append(cells.used)
        for number in 0..<UInt32(cells.used) {
            var cell = cells.cell(number).pointee
            let block = cell.isLive ? cell.sketch.outOfLineBytes : nil
            cell.sketch = cell.isLive ? cell.sketch.detached : HyperLogLog()
            writer.append(cell)
            if let block { writer.append(block.assumingMemoryBound(to: UInt8.self)) }
        }
        cells.free.withUnsafeBufferPointer { writer.append($0) }
        dirty.withUnsafeBufferPointer { writer.append($0) }
        for level in live { level.withUnsafeBufferPointer { writer.append($0) } }
        writer.append(latestWatermark)
        recent.write(to: &writer)
        waiting.write(to: &writer)
    }

    /// Reads what `write` wrote; the store then goes on as the one that wrote it.
    ///
    /// - Throws: `StateError` when the bytes are none of it.
    package init(from reader: inout StateReader) throws(StateError) {
        self = try Self.restored(&reader)
    }

    private static func restored(_ reader: inout StateReader) throws(StateError) -> WindowStore {
        try reader.expect(tag: Self.tag)
        let lateness = try reader.read(Int64.self)
        let cellLimit = try reader.read(Int.self)
        let byteLimit = try reader.read(Int.self)
        guard (0...EventBounds.greatest).contains(lateness), (3...1 << 30).contains(cellLimit), byteLimit >= 0 else {
            throw StateError("window settings out of range")
        }
        var store = WindowStore(allowedLatenessMilliseconds: lateness, maximumCells: cellLimit, maximumSketchBytes: byteLimit)
        store.nextSequence = try reader.read(UInt64.self)
        guard store.dimensions.restore(try reader.readArray(DimensionTable.Entry.self), try reader.readArray(UInt8.self)) else {
            throw StateError("window texts are inconsistent")
        }
        try store.readCells(&reader)
        let free = try reader.readArray(UInt32.self)
        let changed = try reader.readArray(UInt32.self)
        var lists: [[UInt32]] = []
        for _ in WindowLevel.allCases { lists.append(try reader.readArray(UInt32.self)) }
        guard store.checkLists(free, changed, lists) else { throw StateError("window cells are inconsistent") }
        store.cells.restoreFree(free)
        store.dirty = changed
        store.live = lists
        for at in lists.indices {
            for number in lists[at] { store.earliestEnd[at] = min(store.earliestEnd[at], store.cells.cell(number).pointee.end) }
        }
        store.latestWatermark = try reader.read(Int64.self)
        store.recent = try RecentClicks.read(&reader, expiry: store.recent.expiry)
        store.waiting = try WaitingEngagements.read(&reader)
        guard store.checkLinks() else { throw StateError("window links are inconsistent") }
        return store
    }

    private mutating func readCells(_ reader: inout StateReader) throws(StateError) {
        let used = try reader.read(Int.self)
        guard (0...maximumCells).contains(used) else { throw StateError("more window cells than the limit") }
        for _ in 0..<used {
            // The level is checked as a byte first: a value that is no case must never be made.
            let raw = try reader.read(InlineArray<16, UInt64>.self)
            guard var cell = Self.cell(raw), EventBounds.clamp(cell.start) == cell.start,
                let expected = cell.sketch.detachedByteCount
            else { throw StateError("a window cell is malformed") }
            if expected > 0 {
                let block = try reader.readArray(UInt8.self)
                guard block.withUnsafeBytes({ cell.sketch.attach($0, sketches) }) else { throw StateError("a window sketch is malformed") }
            }
            cells.restore(cell)
        }
    }

    /// The cell of 128 bytes; nil when its level is none.
    private static func cell(_ raw: InlineArray<16, UInt64>) -> WindowCell? {
        withUnsafeBytes(of: raw) { bytes in
            let level = MemoryLayout<WindowCell>.offset(of: \.level).unsafelyUnwrapped
            guard bytes.count == MemoryLayout<WindowCell>.size, WindowLevel(rawValue: bytes[level]) != nil else { return nil }
            return bytes.loadUnaligned(as: WindowCell.self)
        }
    }

    /// Every number is in exactly one list: free, or that of its level; changed cells are live and marked, once each.
    private func checkLists(_ free: [UInt32], _ changed: [UInt32], _ lists: [[UInt32]]) -> Bool {
        var seen = [Bool](repeating: false, count: cells.used)
        func takes(_ number: UInt32, _ condition: (WindowCell) -> Bool) -> Bool {
            guard number < UInt32(cells.used), !seen[Int(number)], condition(cells.cell(number).pointee) else { return false }
            seen[Int(number)] = true
            return true
        }
        for number in free where !takes(number, { !$0.isLive }) { return false }
        for (level, list) in lists.enumerated() {
            for number in list where !takes(number, { $0.isLive && $0.level.rawValue == UInt8(level) }) { return false }
        }
        guard !seen.contains(false) else { return false }
        seen = [Bool](repeating: false, count: cells.used)
        for number in changed where !takes(number, { $0.isLive && $0.flags.contains(.dirty) }) { return false }
        return seen.indices.allSatisfy { number in
            let flags = cells.cell(UInt32(number)).pointee.flags
            return flags.contains(.dirty) == seen[number] && (seen[number] || !flags.contains(.shown))
        }
    }

    /// Every triple has as many uses as live cells and remembered clicks name it, and every minute has its hour and day.
    private func checkLinks() -> Bool {
        var uses = [UInt32](repeating: 0, count: dimensions.entries.count)
        func takes(_ dimension: UInt32) -> Bool {
            guard Int(dimension) < uses.count else { return false }
            uses[Int(dimension)] += 1
            return true
        }
        for number in 0..<UInt32(cells.used) {
            let cell = cells.cell(number).pointee
            guard cell.isLive else { continue }
            guard takes(cell.dimension) else { return false }
            guard cell.level == .minute else { continue }
            for (link, level) in [(cell.hour, WindowLevel.hour), (cell.day, .day)] {
                guard link < UInt32(cells.used) else { return false }
                let linked = cells.cell(link).pointee
                guard linked.isLive, linked.level == level else { return false }
            }
        }
        for place in recent.tail..<recent.head where !takes(recent.entry(place).pointee.dimension) { return false }
        return uses.indices.allSatisfy { dimensions.entries[$0].uses == uses[$0] }
    }
}

internal import ClickModel

extension RecentClicks {
    private static let tag: StaticString = "RCL2"

    /// Appends the entries, oldest first, a chunk at a time; the index is built again when it is needed.
    borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(maximum)
        writer.append(forgotten)
        wides.write(to: &writer)
        writer.append(tail)
        writer.append(count)
        var place = tail
        while place < head {
            let length = min(chunkEntries - place & (chunkEntries - 1), head - place)
            writer.append(UnsafeBufferPointer(start: entry(place), count: length))
            place += length
        }
    }

    /// Reads what `write` wrote. The caller checks the entries' triples.
    ///
    /// - Throws: `StateError` when the bytes are none of it.
    static func read(_ reader: inout StateReader, expiry: EngagementExpiry) throws(StateError) -> RecentClicks {
        try reader.expect(tag: tag)
        let maximum = try reader.read(Int.self)
        guard (1...1 << 30).contains(maximum) else { throw StateError("the limit of remembered clicks is out of range") }
        var recent = RecentClicks(maximum: maximum, expiry: expiry)
        recent.forgotten = try reader.read(Int.self)
        recent.wides = try WideClicks.read(&reader)
        let tail = try reader.read(Int.self)
        let count = try reader.read(Int.self)
        guard recent.forgotten >= 0, (0..<recent.chunkEntries).contains(tail), (0...maximum).contains(count) else {
            throw StateError("remembered clicks are out of range")
        }
        recent.restore(tail: tail)
        var wide: [Int] = []
        while recent.count < count {
            let entries = try reader.readArray(Entry.self)
            for entry in entries where entry.isWide { wide.append(entry.time) }
            guard !entries.isEmpty, entries.count <= count - recent.count, recent.canHold(entries) else {
                throw StateError("a remembered click is malformed")
            }
            entries.withUnsafeBufferPointer { recent.restore($0) }
        }
        guard recent.wides.isUsed(by: wide) else { throw StateError("remembered clicks are inconsistent") }
        return recent
    }

    /// Whether what entries refer to is there.
    private borrowing func canHold(_ entries: [Entry]) -> Bool {
        entries.allSatisfy { $0.isWide ? wides.hasDetails($0.time) : $0.source < wides.sourceCount }
    }
}

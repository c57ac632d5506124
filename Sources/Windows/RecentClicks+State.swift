internal import ClickModel

extension RecentClicks {
    private static let tag: StaticString = "RCL1"

    /// Appends the entries, oldest first, a chunk at a time; the index is built again when it is needed.
    borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(maximum)
        writer.append(forgotten)
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
        let tail = try reader.read(Int.self)
        let count = try reader.read(Int.self)
        guard recent.forgotten >= 0, (0..<recent.chunkEntries).contains(tail), (0...maximum).contains(count) else {
            throw StateError("remembered clicks are out of range")
        }
        recent.restore(tail: tail)
        while recent.count < count {
            let entries = try reader.readArray(Entry.self)
            guard !entries.isEmpty, entries.count <= count - recent.count, entries.allSatisfy(isSound) else {
                throw StateError("a remembered click is malformed")
            }
            entries.withUnsafeBufferPointer { recent.restore($0) }
        }
        return recent
    }

    private static func isSound(_ entry: Entry) -> Bool {
        EventBounds.clamp(entry.ts) == entry.ts && Label(rawValue: entry.labelCode) != nil && entry.isDecided <= 1 && entry.cost >= 0
    }
}

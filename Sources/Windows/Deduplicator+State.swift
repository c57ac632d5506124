package import ClickModel

extension Deduplicator {
    private static let tag: StaticString = "DUP3"

    /// Appends every entry, live or not, a chunk at a time; the index is made again when they are read back.
    ///
    /// - Complexity: O(entries); 24 bytes each.
    package borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(maximumEntries)
        writer.append(forgottenEarly)
        writer.append(log.tail & (ClickLog.chunkEntries - 1))
        writer.append(log.count)
        var place = log.tail
        while place < log.head {
            let run = log.run(from: place)
            writer.append(run)
            place += run.count
        }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `StateError` when the bytes are none of it.
    package init(from reader: inout StateReader) throws(StateError) {
        self = try Self.restored(&reader)
    }

    private static func restored(_ reader: inout StateReader) throws(StateError) -> Deduplicator {
        try reader.expect(tag: tag)
        let maximum = try reader.read(Int.self)
        let forgotten = try reader.read(Int.self)
        let tail = try reader.read(Int.self)
        let count = try reader.read(Int.self)
        guard (16...greatestMaximumEntries).contains(maximum), forgotten >= 0, (0..<ClickLog.chunkEntries).contains(tail),
            (0..<maximum).contains(count)
        else { throw StateError("deduplicator sizes out of range") }
        var restored = Deduplicator(maximumEntries: maximum, from: tail)
        restored.forgottenEarly = forgotten
        try restored.readEntries(count, &reader)
        return restored
    }

    private mutating func readEntries(_ count: Int, _ reader: inout StateReader) throws(StateError) {
        while log.count < count {
            let run = try reader.readArray(Entry.self)
            guard !run.isEmpty, run.count <= count - log.count else { throw StateError("deduplicator entries out of count") }
            for entry in run {
                guard EventBounds.clamp(entry.ts) == entry.ts else { throw StateError("deduplicator entry out of range") }
                _ = log.append(entry)
            }
        }
        indexAll()
    }
}

package import ClickModel

extension Deduplicator {
    private static let tag: StaticString = "DUP1"

    /// Appends every entry, live or not, and the capacity, so that limits strike at the same events after a restore.
    package borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(maximumEntries)
        writer.append(capacity)
        writer.append(forgottenEarly)
        writer.append(entryCount)
        for i in 0..<capacity where entries[i].ts != Self.free {
            writer.append(entries[i].key.0)
            writer.append(entries[i].key.1)
            writer.append(entries[i].ts)
        }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `StateError` when the bytes are none of it.
    package init(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: Self.tag)
        let maximum = try reader.read(Int.self)
        let slots = try reader.read(Int.self)
        let forgotten = try reader.read(Int.self)
        let count = try reader.read(Int.self)
        guard maximum >= 16, slots >= Self.leastCapacity, slots & (slots - 1) == 0, slots <= 1 << 30, forgotten >= 0,
            count >= 0, count < maximum, count * 4 <= slots * 3
        else { throw StateError("deduplicator sizes out of range") }
        var kept: [Entry] = []
        for _ in 0..<count {
            let entry = Entry(key: (try reader.read(UInt64.self), try reader.read(UInt64.self)), ts: try reader.read(Int64.self))
            guard EventBounds.clamp(entry.ts) == entry.ts else { throw StateError("deduplicator entry out of range") }
            kept.append(entry)
        }
        self.init(maximumEntries: maximum, capacity: Self.leastCapacity)
        rebuild(kept, capacity: slots)
        forgottenEarly = forgotten
    }
}

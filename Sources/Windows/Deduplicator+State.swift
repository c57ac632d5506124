package import ClickModel

extension Deduplicator {
    private static let tag: StaticString = "DUP2"
    private static let entriesPerRun = 4096

    /// Appends every entry, live or not, and the capacity: the table that is read back is the same, slot for slot.
    ///
    /// Entries are packed in runs, without the free slots: the table is a quarter to five eighths free, and the bytes
    /// that are not written need no checksum and no disk either.
    ///
    /// - Complexity: O(capacity), one pass over the table.
    package borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(maximumEntries)
        writer.append(doublingsLeft)
        writer.append(capacity)
        writer.append(forgottenEarly)
        writer.append(entryCount)
        let run = UnsafeMutableBufferPointer<Entry>.allocate(capacity: Self.entriesPerRun)
        defer { run.deallocate() }
        var filled = 0
        let start = firstFree
        for slots in [start..<capacity, 0..<start] {
            for slot in slots {
                // Written in any case and kept if it is an entry: a branch here would be mispredicted half the time.
                run[filled] = entries[slot]
                filled += entries[slot].ts != Entry.free ? 1 : 0
                if filled == run.count {
                    writer.append(UnsafeBufferPointer(run))
                    filled = 0
                }
            }
        }
        if filled > 0 { writer.append(UnsafeBufferPointer(rebasing: run[..<filled])) }
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
        let doublings = try reader.read(Int.self)
        let slots = try reader.read(Int.self)
        let forgotten = try reader.read(Int.self)
        let count = try reader.read(Int.self)
        guard (16...greatestMaximumEntries).contains(maximum), (0...mostDoublings(maximum)).contains(doublings),
            slots == capacity(maximum, doublingsLeft: doublings), forgotten >= 0, count >= 0, count < maximum,
            count * 4 <= slots * 3
        else { throw StateError("deduplicator sizes out of range") }
        var restored = Deduplicator(maximumEntries: maximum, doublingsLeft: doublings)
        restored.forgottenEarly = forgotten
        while restored.entryCount < count {
            let run = try reader.readArray(Entry.self)
            guard !run.isEmpty, run.count <= count - restored.entryCount else { throw StateError("deduplicator entries out of count") }
            for entry in run {
                guard EventBounds.clamp(entry.ts) == entry.ts else { throw StateError("deduplicator entry out of range") }
                restored.place(entry)
            }
        }
        return restored
    }
}

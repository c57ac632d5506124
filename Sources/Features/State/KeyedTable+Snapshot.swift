package import ClickModel

extension KeyedTable {
    /// Writes all states as one run; the index is built again from it, with the same keys in perhaps other places of their
    /// lines. (So who goes from sixteen full lines may differ after a restart; hashes that are not chosen never fill them.)
    package func write(to writer: inout StateWriter) {
        let c = core.pointee
        writer.append(tag: "KTAB")
        writer.append(c.evicted)
        writer.append(c.hand)
        writer.append(c.earliest)
        writer.append(c.earliestOfRound)
        writer.append(UnsafeBufferPointer(start: states, count: c.used))
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "KTAB")
        let (evicted, hand) = (try reader.read(Int.self), try reader.read(Int.self))
        let (earliest, earliestOfRound) = (try reader.read(Int64.self), try reader.read(Int64.self))
        let saved = try reader.readArray(State.self)
        guard (0...saved.count).contains(hand) else {
            throw StateError("snapshot of a keyed table is at slot \(hand) of \(saved.count)")
        }
        removeAll()
        let kept = newest(of: saved)
        useIndex(bits: bits(for: kept.count))
        (core.pointee.evicted, core.pointee.hand) = (evicted + saved.count - kept.count, min(hand, kept.count))
        (core.pointee.earliest, core.pointee.earliestOfRound) = (earliest, earliestOfRound)
        core.pointee.used = kept.count
        for slot in kept.indices {
            states[slot] = kept[slot]
            guard kept[slot].key != 0 else { continue }
            core.pointee.count += 1
            enter(kept[slot].key, slot, .min)
        }
    }

    /// As many as fit, the oldest being forgotten; all of them unless the limit has been lowered.
    private func newest(of saved: [State]) -> [State] {
        guard saved.count > maximumSlots else { return saved }
        let order = saved.indices.sorted { (saved[$0].lastSeen, $0) > (saved[$1].lastSeen, $1) }
        return order[..<maximumSlots].sorted().map { saved[$0] }
    }

    private func bits(for entries: Int) -> Int {
        var bits = min(KeyIndex.firstBits, maximumBits)
        while bits < maximumBits, entries >= Self.fullness << bits { bits += 1 }
        return bits
    }
}

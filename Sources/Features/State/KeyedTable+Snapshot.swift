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

    package func restore(from reader: inout StateReader) throws(StateError) { take(try SavedTable(from: &reader)) }

    /// Restores the tables of a split table, one a shard, from the runs it was written in.
    ///
    /// As many runs as there are tables are theirs. Else each state goes to the table of its key's shard, and the sweep begins
    /// anew: which slots are taken again, and when, changes no answer before a table is at its limit.
    static func restore(_ tables: [KeyedTable], runs: Int, from reader: inout StateReader) throws(StateError) {
        guard runs != tables.count else {
            for table in tables { try table.restore(from: &reader) }
            return
        }
        var parts = [SavedTable<State>](repeating: SavedTable(), count: tables.count)
        for _ in 0..<runs {
            let run = try SavedTable<State>(from: &reader)
            parts[0].evicted += run.evicted
            for state in run.states where state.key != 0 {
                let shard = Shards.shard(of: state.key, among: tables.count)
                parts[shard].earliest = min(parts[shard].earliest, state.lastSeen)
                parts[shard].states.append(state)
            }
        }
        for (table, part) in zip(tables, parts) { table.take(part) }
    }

    private func take(_ saved: SavedTable<State>) {
        removeAll()
        let kept = newest(of: saved.states)
        useIndex(bits: bits(for: kept.count))
        (core.pointee.evicted, core.pointee.hand) = (saved.evicted + saved.states.count - kept.count, min(saved.hand, kept.count))
        (core.pointee.earliest, core.pointee.earliestOfRound) = (saved.earliest, saved.earliestOfRound)
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

/// What a table wrote.
private struct SavedTable<State: KeyState> {
    var evicted = 0
    var hand = 0
    var earliest = Int64.max
    var earliestOfRound = Int64.max
    var states: [State] = []

    init() {}

    init(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "KTAB")
        (evicted, hand) = (try reader.read(Int.self), try reader.read(Int.self))
        (earliest, earliestOfRound) = (try reader.read(Int64.self), try reader.read(Int64.self))
        states = try reader.readArray(State.self)
        guard (0...states.count).contains(hand) else {
            throw StateError("snapshot of a keyed table is at slot \(hand) of \(states.count)")
        }
    }
}

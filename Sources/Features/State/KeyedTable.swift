internal import CClickRecord
package import ClickModel
internal import Sketches

/// State of one key: plain bytes that a snapshot copies and that a stream engine could hold as keyed state.
package protocol KeyState: BitwiseCopyable {
    /// The state of a key never seen.
    init()
    /// Largest event time seen for the key, ms. Decides expiry and eviction.
    var lastSeen: Int64 { get set }
}

/// A flat hash table from 64-bit key hashes to fixed-size states, with a limit, a time to live and an eviction rule.
///
///     keys    [ k k k k k k k k ][ k k … ]   sets of 8 keys: one 64-byte cache line a lookup
///     states  [ s s s s s s s s ][ s s … ]   the state of keys[i] is states[i]
///
/// A key lives in its home set or, when that is full, in one of the next three. A key of 0 is an empty slot. Entries are
/// never removed one by one, so a set that is not full ends a search.
///
/// - Time to live: an entry whose `lastSeen` is `timeToLive` or more behind the click reads as never seen.
/// - Growth: twofold, when 4 of 5 slots are taken; entries that can only read as expired are dropped first.
/// - At the limit: the entry of the four sets' first with the oldest `lastSeen` is overwritten and counted in `evicted`.
/// - Complexity: O(1); one or two cache misses a lookup; allocates only when it grows.
package final class KeyedTable<State: KeyState> {
    /// The memory `keys` and `states` point into.
    private var memory: Memory
    private var keys: UnsafeMutablePointer<UInt64>
    private var states: UnsafeMutablePointer<State>
    private var setCount: Int
    private let maximumSets: Int
    private let timeToLive: Int64
    package private(set) var count = 0
    /// Entries overwritten before they expired because the table was at its limit.
    package private(set) var evicted = 0

    private static var ways: Int { 8 }
    private static var probes: Int { 4 }

    /// - Parameters:
    ///   - maximumBytes: bound of keys and states together.
    ///   - timeToLive: ms of event time after which an untouched entry is forgotten.
    package init(maximumBytes: Int, timeToLive: Int64) {
        let perSet = Self.ways * (8 + MemoryLayout<State>.stride)
        maximumSets = max(Self.probes, maximumBytes / perSet)
        self.timeToLive = timeToLive
        setCount = min(maximumSets, 1024)
        memory = Memory(sets: setCount)
        (keys, states) = (memory.keys, memory.states)
    }

    /// Zeroed keys and states, on huge pages where they are large: a lookup is then one cache miss and no page walk.
    private struct Memory {
        private let keyBytes: AlignedMemory
        private let stateBytes: AlignedMemory
        let keys: UnsafeMutablePointer<UInt64>
        let states: UnsafeMutablePointer<State>

        init(sets: Int) {
            let slots = sets * ways
            keyBytes = AlignedMemory(byteCount: slots * 8)
            stateBytes = AlignedMemory(byteCount: slots * MemoryLayout<State>.stride)
            keys = keyBytes.base.bindMemory(to: UInt64.self, capacity: slots)
            states = stateBytes.base.bindMemory(to: State.self, capacity: slots)
        }
    }

    private func use(_ new: Memory) {
        memory = new
        (keys, states) = (new.keys, new.states)
    }

    /// Bytes held now.
    package var byteCount: Int { setCount * Self.ways * (8 + MemoryLayout<State>.stride) }

    @inline(__always)
    private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: key.multipliedFullWidth(by: UInt64(truncatingIfNeeded: setCount)).high)
    }

    /// Asks for the cache line of the key's home set.
    @inline(__always)
    func prefetchKeys(_ key: UInt64) { fraud_prefetch(keys + home(key) * Self.ways) }

    /// Asks for the state of the key, if its home set has it.
    @inline(__always)
    func prefetchState(_ key: UInt64) {
        let base = home(key) * Self.ways
        for way in 0..<Self.ways where keys[base + way] == key {
            fraud_prefetch(states + base + way)
            if MemoryLayout<State>.stride > 64 {
                fraud_prefetch(UnsafeRawPointer(states + base + way) + 64)
            }
            return
        }
    }

    /// The state of a key at event time `now`, made or reset when it was never seen or has expired.
    ///
    /// - Parameters:
    ///   - key: not 0.
    ///   - horizon: event time before which no click will be scored again; lets growth drop what has expired.
    /// - Returns: the state, valid until the next call, and whether it is fresh.
    @inline(__always)
    func state(of key: UInt64, now: Int64, horizon: Int64) -> (UnsafeMutablePointer<State>, fresh: Bool) {
        let first = home(key)
        for probe in 0..<Self.probes {
            var set = first + probe
            if set >= setCount { set -= setCount }
            let base = set * Self.ways
            for way in 0..<Self.ways {
                let slot = base + way
                if keys[slot] == key {
                    let found = states + slot
                    if found.pointee.lastSeen &+ timeToLive <= now {
                        found.pointee = State()
                        return (found, true)
                    }
                    return (found, false)
                }
                if keys[slot] == 0 { return (insert(key, at: slot, horizon: horizon), true) }
            }
        }
        return (makeRoom(for: key, horizon: horizon), true)
    }

    private func insert(_ key: UInt64, at slot: Int, horizon: Int64) -> UnsafeMutablePointer<State> {
        if count &* 5 >= setCount &* Self.ways &* 4, setCount < maximumSets {
            grow(horizon: horizon)
            return makeRoom(for: key, horizon: horizon)
        }
        keys[slot] = key
        states[slot] = State()
        count += 1
        return states + slot
    }

    /// Places a key that has no free slot yet: grows while allowed, else evicts the oldest of its home set.
    private func makeRoom(for key: UInt64, horizon: Int64) -> UnsafeMutablePointer<State> {
        while true {
            if let slot = freeSlot(for: key) {
                keys[slot] = key
                states[slot] = State()
                count += 1
                return states + slot
            }
            guard setCount < maximumSets else { break }
            grow(horizon: horizon)
        }
        let base = home(key) * Self.ways
        var oldest = base
        for slot in base + 1..<base + Self.ways where states[slot].lastSeen < states[oldest].lastSeen { oldest = slot }
        if states[oldest].lastSeen &+ timeToLive > horizon { evicted += 1 }
        keys[oldest] = key
        states[oldest] = State()
        return states + oldest
    }

    private func freeSlot(for key: UInt64) -> Int? {
        let first = home(key)
        for probe in 0..<Self.probes {
            let base = (first + probe) % setCount * Self.ways
            for slot in base..<base + Self.ways where keys[slot] == 0 { return slot }
        }
        return nil
    }

    private func grow(horizon: Int64) {
        var live = 0
        for slot in 0..<setCount * Self.ways where keys[slot] != 0 && states[slot].lastSeen &+ timeToLive > horizon { live += 1 }
        // Mostly expired: a rebuild of the same size is enough.
        let wanted = live * 2 < count ? setCount : min(maximumSets, setCount * 2)
        rebuild(sets: wanted, horizon: horizon)
    }

    private func rebuild(sets wanted: Int, horizon: Int64) {
        // Holds the old keys and states until everything is in the new ones.
        let old = memory
        let (oldKeys, oldStates, oldSlots) = (old.keys, old.states, setCount * Self.ways)
        var sets = wanted
        retry: while true {
            setCount = sets
            use(Memory(sets: sets))
            count = 0
            for slot in 0..<oldSlots where oldKeys[slot] != 0 && oldStates[slot].lastSeen &+ timeToLive > horizon {
                guard let free = freeSlot(for: oldKeys[slot]) else {
                    if sets < maximumSets {
                        sets = min(maximumSets, sets * 2)
                        continue retry
                    }
                    evicted += 1
                    continue
                }
                keys[free] = oldKeys[slot]
                states[free] = oldStates[slot]
                count += 1
            }
            break
        }
        withExtendedLifetime(old) {}
    }

    /// Changes every state in place.
    package func forEach(_ change: (inout State) -> Void) {
        for slot in 0..<setCount * Self.ways where keys[slot] != 0 { change(&states[slot]) }
    }

    package func removeAll() {
        keys.update(repeating: 0, count: setCount * Self.ways)
        count = 0
    }

    // MARK: Snapshot

    package func write(to writer: inout StateWriter) {
        writer.append(tag: "KTAB")
        writer.append(setCount)
        writer.append(count)
        writer.append(evicted)
        writer.append(UnsafeBufferPointer(start: keys, count: setCount * Self.ways))
        // Only occupied slots: a table is rarely full, and unused slots were never written.
        writer.append(atMost: count * MemoryLayout<State>.stride) { memory in
            // Nothing in a snapshot is aligned.
            var out = memory
            for slot in 0..<setCount * Self.ways where keys[slot] != 0 {
                out.copyMemory(from: states + slot, byteCount: MemoryLayout<State>.stride)
                out += MemoryLayout<State>.stride
            }
            return out - memory
        }
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "KTAB")
        let sets = try reader.read(Int.self)
        let entries = try reader.read(Int.self)
        let evictedBefore = try reader.read(Int.self)
        let savedKeys = try reader.readArray(UInt64.self)
        guard sets > 0, savedKeys.count == sets * Self.ways, savedKeys.count(where: { $0 != 0 }) == entries else {
            throw StateError("snapshot of a keyed table has \(savedKeys.count) keys for \(sets) sets")
        }
        let new = Memory(sets: sets)
        for slot in 0..<savedKeys.count {
            new.keys[slot] = savedKeys[slot]
            // Padding after a state was written with it.
            if savedKeys[slot] != 0 { new.states[slot] = try reader.readStrided(State.self) }
        }
        use(new)
        (setCount, count, evicted) = (sets, entries, evictedBefore)
    }
}

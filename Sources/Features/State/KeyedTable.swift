internal import CClickRecord
internal import Sketches

/// State of one key: plain bytes that a snapshot copies and that a stream engine could hold as keyed state.
package protocol KeyState: BitwiseCopyable {
    /// The state of a key never seen.
    init()
    /// The key it belongs to; 0 marks a slot whose key was forgotten.
    var key: UInt64 { get set }
    /// Largest event time seen for the key, ms. Decides expiry and eviction.
    var lastSeen: Int64 { get set }
}

/// A hash table from 64-bit key hashes to fixed-size states, with a limit, a time to live and an eviction rule.
///
///     states  [ s0 s1 s2 s3 … ]        in order of arrival, never moved, at addresses reserved for the limit
///     index   [ line ][ line ] …       slots by key: one cache line a lookup (`KeyIndex`)
///
/// - Time to live: an entry whose `lastSeen` is `timeToLive` or more behind the click reads as never seen.
/// - Room: a new key takes the slot of an entry that can only read as expired, found by a sweep that looks at four slots
///   for each new key, else a new slot.
/// - Growth: no state is ever copied. The index is doubled by moving one line of it for each new key; so the worst insertion
///   costs little more than the mean one.
/// - At the limit: of the next eight slots of the sweep the one with the oldest `lastSeen` is overwritten, and counted in
///   `evicted`. Should sixteen lines of the index be full, by bad luck or ill will, the oldest of the first goes the same way.
/// - Complexity: O(1); one or two cache misses a lookup; allocates nothing after `init`.
package final class KeyedTable<State: KeyState> {
    private let pool: AlignedMemory
    let states: UnsafeMutablePointer<State>
    let maximumSlots: Int
    let maximumBits: Int
    let slotBits: Int
    let timeToLive: Int64

    /// Where indexes of an even and of an odd power of two stand in turn: doubling allocates nothing. Those up to `smallIndexBits`
    /// stand on small pages, larger ones on huge pages from their first byte: an index is hit everywhere at once.
    private let smallIndexes, indexes: (even: AlignedMemory, odd: AlignedMemory)
    private static var smallIndexBits: Int { 12 }
    let core: UnsafeMutablePointer<Core>

    /// What changes from click to click. Apart from the object: the run time checks each access to a class's variables.
    struct Core {
        var index: KeyIndex
        var indexBits: Int
        /// Keys that are too many for it; as many as can be when it cannot grow any more.
        var doublesAt: Int
        /// The index before the last doubling, while keys are still in it: those of the lines from `moved` on.
        var old: KeyIndex
        var moved = 0
        /// 0 when it is not doubling.
        var oldLines = 0
        /// Slots in use, from the first on.
        var used = 0
        /// Where the sweep goes on.
        var hand = 0
        /// No `lastSeen` is before this.
        var earliest = Int64.max
        /// The same for what this round of the sweep has seen.
        var earliestOfRound = Int64.max
        var count = 0
        var evicted = 0
    }

    package var count: Int { core.pointee.count }
    /// Entries overwritten before they expired because the table was at its limit.
    package var evicted: Int { core.pointee.evicted }

    /// Slots asked for ahead, by click: see `prefetchState`.
    let candidates: UnsafeMutablePointer<UInt32>

    /// Entries in a line on average when the index begins to double, and when it cannot any more.
    static var fullness: Int { 9 }
    private static var limitFullness: Int { 10 }

    /// - Parameters:
    ///   - maximumBytes: bound of states and index together.
    ///   - timeToLive: ms of event time after which an untouched entry is forgotten.
    package init(maximumBytes: Int, timeToLive: Int64) {
        (maximumSlots, maximumBits) = Self.limits(maximumBytes)
        slotBits = Int.bitWidth - maximumSlots.leadingZeroBitCount
        self.timeToLive = timeToLive
        pool = AlignedMemory(reserving: maximumSlots * MemoryLayout<State>.stride)
        states = pool.base.bindMemory(to: State.self, capacity: maximumSlots)
        let bits = min(KeyIndex.firstBits, maximumBits)
        smallIndexes = Self.indexMemories(bits: min(maximumBits, Self.smallIndexBits))
        indexes = maximumBits <= Self.smallIndexBits ? smallIndexes : Self.indexMemories(bits: maximumBits)
        let index = KeyIndex(bits % 2 == 0 ? smallIndexes.even : smallIndexes.odd, bits: bits, slotBits: slotBits)
        core = .allocate(capacity: 1)
        core.initialize(to: Core(
            index: index, indexBits: bits, doublesAt: bits < maximumBits ? Self.fullness << bits : .max, old: index))
        candidates = .allocate(capacity: Prefetch.state)
        candidates.initialize(repeating: 0, count: Prefetch.state)
    }

    deinit {
        candidates.deallocate()
        core.deallocate()
    }

    /// As many slots as fit beside the index they need, which is held one and a half times while it doubles.
    private static func limits(_ maximumBytes: Int) -> (slots: Int, bits: Int) {
        var best = (slots: 16, bits: 2)
        for bits in 2...26 {
            let room = maximumBytes - KeyIndex.byteCount(bits: bits) * 3 / 2
            let slots = min(limitFullness << bits, room / MemoryLayout<State>.stride)
            if slots > best.slots { best = (slots, bits) }
        }
        return best
    }

    /// Room for indexes of up to so many bits.
    private static func indexMemories(bits: Int) -> (even: AlignedMemory, odd: AlignedMemory) {
        func memory(_ bits: Int) -> AlignedMemory {
            let bytes = KeyIndex.byteCount(bits: bits)
            return AlignedMemory(reserving: bytes, smallBytes: bits <= smallIndexBits ? min(bytes, 256 << 10) / 4096 * 4096 : 0)
        }
        return (memory(bits & ~1), memory((bits - 1) | 1))
    }

    /// Where an index of so many bits stands.
    func indexMemory(_ bits: Int) -> AlignedMemory {
        let memories = bits <= Self.smallIndexBits ? smallIndexes : indexes
        return bits % 2 == 0 ? memories.even : memories.odd
    }

    /// Gives the memory of all indexes back.
    func discardIndexes() {
        for memory in [smallIndexes.even, smallIndexes.odd, indexes.even, indexes.odd] { memory.discard(first: memory.byteCount) }
    }

    /// Takes memory for keys to come: up to `bytes` of states, and an index that is wanted soon. Any thread may do so while
    /// another uses the table.
    func makeReady(bytes: Int) {
        func field(_ path: KeyPath<Core, Int>) -> Int {
            fraud_load_word((UnsafeRawPointer(core) + MemoryLayout<Core>.offset(of: path).unsafelyUnwrapped).assumingMemoryBound(to: Int.self))
        }
        let taken = field(\.used) * MemoryLayout<State>.stride
        // A table of few keys stays on its small pages.
        let ahead = taken < pool.smallBytes / 2 ? pool.smallBytes : taken + bytes
        pool.populate(from: taken, to: min(ahead, pool.byteCount))
        let bits = field(\.indexBits)
        if field(\.oldLines) != 0 {
            indexMemory(bits).populate(from: 0, to: KeyIndex.byteCount(bits: bits))
        } else if bits < maximumBits, field(\.count) > Self.fullness << bits / 2 {
            indexMemory(bits + 1).populate(from: 0, to: KeyIndex.byteCount(bits: bits + 1))
        }
    }

    /// Bytes of memory taken now, by whole pages.
    package var byteCount: Int {
        let c = core.pointee
        let lines = c.oldLines == 0 ? c.index.lineCount : min(c.moved * 2 + KeyIndex.probes, c.index.lineCount)
        return pool.touchedBytes(first: c.used * MemoryLayout<State>.stride)
            + indexMemory(c.indexBits).touchedBytes(first: lines * 64) + indexMemory(c.indexBits - 1).touchedBytes(first: c.oldLines * 64)
    }

    // MARK: Lookup

    /// The index that has the key, if any has it.
    @inline(__always)
    func index(of key: UInt64) -> KeyIndex {
        // True while the index doubles, and then only for the lines that were not moved yet.
        if core.pointee.oldLines != 0, core.pointee.old.home(key) >= core.pointee.moved { return core.pointee.old }
        return core.pointee.index
    }

    /// Asks for the line of the index where the key is looked up.
    @inline(__always)
    func prefetchIndex(_ key: UInt64) {
        let index = index(of: key)
        fraud_prefetch(index.homeLine(key))
    }

    /// Asks for the state that is likely the key's, and remembers it for the click's turn.
    @inline(__always)
    func prefetchState(_ key: UInt64, row: Int) {
        let index = index(of: key)
        let line = index.homeLine(key)
        // Without a branch, which would wait for the line: where nothing matches it reads the line's last word, a small number,
        // and any slot will do.
        let way = (index.matches(key, in: line) | 1 &<< UInt32(KeyIndex.ways)).trailingZeroBitCount
        let slot = max(0, index.slot(line[way]))
        candidates[row & (Prefetch.state - 1)] = UInt32(truncatingIfNeeded: slot)
        let state = UnsafeRawPointer(states + slot)
        fraud_prefetch(state)
        if MemoryLayout<State>.stride > 64 { fraud_prefetch(state + MemoryLayout<State>.stride - 8) }
    }

    /// The slot that `prefetchState` found for a row.
    @inline(__always)
    func candidate(_ row: Int) -> Int { Int(candidates[row & (Prefetch.state - 1)]) }

    /// The state of a key at event time `now`, made or reset when it was never seen or has expired.
    ///
    /// - Parameters:
    ///   - key: not 0.
    ///   - candidate: a slot that may be the key's.
    ///   - horizon: event time before which no click will be scored again: who is older may be overwritten.
    /// - Returns: the state, valid until the next call, and whether it is fresh.
    @inline(__always)
    func state(of key: UInt64, candidate: Int, now: Int64, horizon: Int64) -> (UnsafeMutablePointer<State>, fresh: Bool) {
        var slot = candidate
        if states[slot].key != key {
            slot = find(key)
            if slot < 0 { return (insert(key, now: now, horizon: horizon), true) }
        }
        let found = states + slot
        guard found.pointee.lastSeen &+ timeToLive <= now else { return (found, false) }
        reset(found, key)
        return (found, true)
    }

    /// The same for a key whose lines were not asked for ahead.
    package func state(of key: UInt64, now: Int64, horizon: Int64) -> (state: UnsafeMutablePointer<State>, fresh: Bool) {
        state(of: key, candidate: 0, now: now, horizon: horizon)
    }

    @inline(__always)
    func reset(_ state: UnsafeMutablePointer<State>, _ key: UInt64) {
        state.initialize(to: State())
        state.pointee.key = key
    }

    private func find(_ key: UInt64) -> Int {
        let index = index(of: key)
        let home = index.home(key)
        for probe in 0..<KeyIndex.probes {
            let line = index.line(home &+ probe)
            var matches = index.matches(key, in: line)
            while matches != 0 {
                let slot = index.slot(line[matches.trailingZeroBitCount])
                if slot >= 0, states[slot].key == key { return slot }
                matches &= matches &- 1
            }
            if index.ends(line) { return -1 }
        }
        return -1
    }

    // MARK: All of it

    /// Changes every state in place.
    package func forEach(_ change: (inout State) -> Void) {
        for slot in 0..<core.pointee.used where states[slot].key != 0 { change(&states[slot]) }
    }

    package func removeAll() {
        (core.pointee.count, core.pointee.used, core.pointee.hand) = (0, 0, 0)
        (core.pointee.earliest, core.pointee.earliestOfRound) = (.max, .max)
        // A slot asked for ahead may be looked at though no key has it.
        states[0].key = 0
        candidates.update(repeating: 0, count: Prefetch.state)
        useIndex(bits: min(KeyIndex.firstBits, maximumBits))
    }
}

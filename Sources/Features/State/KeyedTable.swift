internal import CClickRecord
package import ClickModel
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
/// - Complexity: O(1); one or two cache misses a lookup; allocates an index when it begins to double.
package final class KeyedTable<State: KeyState> {
    private let pool: AlignedMemory
    let states: UnsafeMutablePointer<State>
    private let maximumSlots: Int
    private let maximumBits: Int
    private let slotBits: Int
    private let timeToLive: Int64

    private var indexMemory: AlignedMemory
    private var index: KeyIndex
    private var indexBits: Int
    /// The index before the last doubling, while keys are still in it: those of the lines from `moved` on.
    private var oldMemory: AlignedMemory?
    private var old: KeyIndex
    private var moved = 0
    private var oldLines = 0

    /// Slots in use, from the first on.
    private var used = 0
    /// Where the sweep goes on.
    private var hand = 0
    /// No `lastSeen` is before this.
    private var earliest = Int64.max
    /// The same for what this round of the sweep has seen.
    private var earliestOfRound = Int64.max
    package private(set) var count = 0
    /// Entries overwritten before they expired because the table was at its limit.
    package private(set) var evicted = 0

    /// Slots asked for ahead, by click: see `prefetchState`.
    private let candidates: UnsafeMutablePointer<UInt32>

    private static var sweepSteps: Int { 4 }
    private static var evictionChoices: Int { 8 }
    /// Entries in a line on average when the index begins to double, and when it cannot any more.
    private static var fullness: Int { 9 }
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
        indexBits = min(KeyIndex.firstBits, maximumBits)
        indexMemory = Self.indexMemory(bits: indexBits)
        index = KeyIndex(indexMemory, bits: indexBits, slotBits: slotBits)
        old = index
        candidates = .allocate(capacity: Prefetch.state)
        candidates.initialize(repeating: 0, count: Prefetch.state)
    }

    deinit { candidates.deallocate() }

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

    private static func indexMemory(bits: Int) -> AlignedMemory {
        let bytes = KeyIndex.byteCount(bits: bits)
        return AlignedMemory(reserving: bytes, smallBytes: bytes < AlignedMemory.hugePageBytes ? min(bytes, 256 << 10) / 4096 * 4096 : 0)
    }

    /// Bytes of memory taken now, by whole pages.
    package var byteCount: Int {
        let index = oldLines == 0 ? indexMemory.byteCount : indexMemory.touchedBytes(first: min(moved * 2 + 8, oldLines * 2) * 64)
        return pool.touchedBytes(first: used * MemoryLayout<State>.stride) + index + (oldMemory?.byteCount ?? 0)
    }

    // MARK: Lookup

    /// The index that has the key, if any has it.
    @inline(__always)
    private func index(of key: UInt64) -> KeyIndex {
        // True while the index doubles, and then only for the lines that were not moved yet.
        if oldLines != 0, old.home(key) >= moved { return old }
        return index
    }

    /// Asks for the line of the index where the key is looked up.
    @inline(__always)
    func prefetchIndex(_ key: UInt64) {
        let index = index(of: key)
        fraud_prefetch(index.line(index.home(key)))
    }

    /// Asks for the state that is likely the key's, and remembers it for the click's turn.
    @inline(__always)
    func prefetchState(_ key: UInt64, row: Int) {
        let index = index(of: key)
        let line = index.line(index.home(key))
        let matches = index.matches(key, in: line)
        let slot = matches == 0 ? -1 : index.slot(line[matches.trailingZeroBitCount])
        candidates[row & (Prefetch.state - 1)] = UInt32(truncatingIfNeeded: max(0, slot))
        guard slot >= 0 else { return }
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

    @inline(__always)
    private func reset(_ state: UnsafeMutablePointer<State>, _ key: UInt64) {
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

    // MARK: New keys

    @inline(never)
    private func insert(_ key: UInt64, now: Int64, horizon: Int64) -> UnsafeMutablePointer<State> {
        if oldLines != 0 {
            moveLine(horizon)
        } else if count >= Self.fullness << indexBits, indexBits < maximumBits {
            startDoubling()
        }
        let slot = freeSlot(horizon)
        reset(states + slot, key)
        earliest = min(earliest, now)
        earliestOfRound = min(earliestOfRound, now)
        count += 1
        enter(key, slot, horizon)
        return states + slot
    }

    private func enter(_ key: UInt64, _ slot: Int, _ horizon: Int64) {
        let index = index(of: key)
        if index.enter(key, slot: slot) { return }
        let line = index.line(index.home(key))
        var oldest = index.slot(line[0])
        for way in 1..<KeyIndex.ways {
            let other = index.slot(line[way])
            if states[other].lastSeen < states[oldest].lastSeen { oldest = other }
        }
        forget(oldest, horizon)
        // The sweep takes it next time.
        states[oldest].lastSeen = .min
        earliest = .min
        _ = index.enter(key, slot: slot)
    }

    /// Takes a slot's key out of the table; its state is left to whom the slot is given.
    private func forget(_ slot: Int, _ horizon: Int64) {
        let state = states + slot
        guard state.pointee.key != 0 else { return }
        index(of: state.pointee.key).erase(state.pointee.key, slot: slot)
        if state.pointee.lastSeen &+ timeToLive > horizon { evicted += 1 }
        state.pointee.key = 0
        count -= 1
    }

    /// A slot for a new key: of an entry that can only read as expired, a new one, or of the oldest of a few.
    private func freeSlot(_ horizon: Int64) -> Int {
        let expired = horizon &- timeToLive
        if earliest <= expired {
            for _ in 0..<min(used, Self.sweepSteps) {
                let slot = advanceHand()
                if states[slot].lastSeen <= expired {
                    forget(slot, horizon)
                    return slot
                }
                earliestOfRound = min(earliestOfRound, states[slot].lastSeen)
            }
        }
        if used < maximumSlots {
            used += 1
            return used - 1
        }
        var oldest = advanceHand()
        for _ in 1..<Self.evictionChoices {
            let slot = advanceHand()
            let isOlder = states[slot].lastSeen < states[oldest].lastSeen
            earliestOfRound = min(earliestOfRound, states[isOlder ? oldest : slot].lastSeen)
            if isOlder { oldest = slot }
        }
        forget(oldest, horizon)
        return oldest
    }

    private func advanceHand() -> Int {
        if hand >= used {
            hand = 0
            earliest = earliestOfRound
            earliestOfRound = .max
        }
        fraud_prefetch(states + min(hand &+ 2 &* Self.evictionChoices, maximumSlots - 1))
        hand += 1
        return hand - 1
    }

    // MARK: Growth of the index

    private func startDoubling() {
        (old, oldMemory, oldLines, moved) = (index, indexMemory, index.lineCount, 0)
        indexBits += 1
        indexMemory = Self.indexMemory(bits: indexBits)
        index = KeyIndex(indexMemory, bits: indexBits, slotBits: slotBits)
    }

    /// Moves the keys whose home is the next line of the old index.
    private func moveLine(_ horizon: Int64) {
        let home = moved
        // Their keys are wanted two calls from now.
        let ahead = old.line(min(home + 2, oldLines - 1))
        for way in 0..<KeyIndex.ways where ahead[way] != 0 { fraud_prefetch(states + old.slot(ahead[way])) }
        moved += 1
        for probe in 0..<KeyIndex.probes {
            let line = old.line(home + probe)
            let isLast = old.ends(line)
            for way in 0..<KeyIndex.ways where line[way] != 0 {
                let slot = old.slot(line[way])
                let key = states[slot].key
                guard old.home(key) == home else { continue }
                line[way] = 0
                enter(key, slot, horizon)
            }
            if isLast { break }
        }
        if moved == oldLines { (oldMemory, old, oldLines) = (nil, index, 0) }
    }

    // MARK: All of it

    /// Changes every state in place.
    package func forEach(_ change: (inout State) -> Void) {
        for slot in 0..<used where states[slot].key != 0 { change(&states[slot]) }
    }

    package func removeAll() {
        (count, used, hand, earliest, earliestOfRound) = (0, 0, 0, .max, .max)
        // What a state was ahead of its click is none any more.
        states.withMemoryRebound(to: State.self, capacity: 1) { $0.pointee.key = 0 }
        candidates.update(repeating: 0, count: Prefetch.state)
        useIndex(bits: min(KeyIndex.firstBits, maximumBits))
    }

    private func useIndex(bits: Int) {
        indexBits = bits
        indexMemory = Self.indexMemory(bits: bits)
        index = KeyIndex(indexMemory, bits: bits, slotBits: slotBits)
        (oldMemory, old, oldLines, moved) = (nil, index, 0, 0)
    }

    // MARK: Snapshot

    package func write(to writer: inout StateWriter) {
        writer.append(tag: "KTAB")
        writer.append(evicted)
        writer.append(hand)
        writer.append(earliest)
        writer.append(earliestOfRound)
        writer.append(UnsafeBufferPointer(start: states, count: used))
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "KTAB")
        let before = (evicted: try reader.read(Int.self), hand: try reader.read(Int.self))
        let oldest = (all: try reader.read(Int64.self), round: try reader.read(Int64.self))
        let saved = try reader.readArray(State.self)
        guard (0...saved.count).contains(before.hand) else {
            throw StateError("snapshot of a keyed table is at slot \(before.hand) of \(saved.count)")
        }
        removeAll()
        evicted = before.evicted
        (earliest, earliestOfRound) = oldest
        let kept = newest(of: saved)
        hand = min(before.hand, kept.count)
        useIndex(bits: bits(for: kept.count))
        used = kept.count
        for slot in 0..<used {
            states[slot] = kept[slot]
            guard kept[slot].key != 0 else { continue }
            count += 1
            enter(kept[slot].key, slot, .min)
        }
    }

    /// As many as fit, the oldest being forgotten; all of them unless the limit has been lowered.
    private func newest(of saved: [State]) -> [State] {
        guard saved.count > maximumSlots else { return saved }
        let order = saved.indices.sorted { (saved[$0].lastSeen, $0) > (saved[$1].lastSeen, $1) }
        evicted += saved.count - maximumSlots
        return order[..<maximumSlots].sorted().map { saved[$0] }
    }

    private func bits(for entries: Int) -> Int {
        var bits = min(KeyIndex.firstBits, maximumBits)
        while bits < maximumBits, entries >= Self.fullness << bits { bits += 1 }
        return bits
    }
}

internal import CClickRecord
internal import Sketches

extension KeyedTable {
    private static var sweepSteps: Int { 4 }
    private static var evictionChoices: Int { 8 }
    /// How far ahead of the sweep a slot is looked at, so that the line it may be erased from is near by then; and is asked for itself.
    private static var lookAhead: Int { 4 * evictionChoices }
    private static var askAhead: Int { 6 * evictionChoices }

    // MARK: A new key

    @inline(never)
    func insert(_ key: UInt64, now: Int64, horizon: Int64) -> UnsafeMutablePointer<State> {
        if core.pointee.oldLines != 0 {
            moveLine(horizon)
        } else if core.pointee.count >= core.pointee.doublesAt {
            startDoubling()
        }
        let slot = freeSlot(horizon)
        reset(states + slot, key)
        core.pointee.earliest = min(core.pointee.earliest, now)
        core.pointee.earliestOfRound = min(core.pointee.earliestOfRound, now)
        core.pointee.count &+= 1
        enter(key, slot, horizon)
        return states + slot
    }

    @inline(__always)
    func enter(_ key: UInt64, _ slot: Int, _ horizon: Int64) {
        if !index(of: key).enter(key, slot: slot) { enterFull(key, slot, horizon) }
    }

    /// Enters a key in the place of the oldest of its home line.
    private func enterFull(_ key: UInt64, _ slot: Int, _ horizon: Int64) {
        let index = index(of: key)
        let line = index.homeLine(key)
        var oldest = index.slot(line[0])
        for way in 1..<KeyIndex.ways {
            let other = index.slot(line[way])
            if states[other].lastSeen < states[oldest].lastSeen { oldest = other }
        }
        forget(oldest, horizon)
        // The sweep takes it next time.
        states[oldest].lastSeen = .min
        core.pointee.earliest = .min
        _ = index.enter(key, slot: slot)
    }

    /// Takes a slot's key out of the table; its state is left to whom the slot is given.
    private func forget(_ slot: Int, _ horizon: Int64) {
        let state = states + slot
        guard state.pointee.key != 0 else { return }
        index(of: state.pointee.key).erase(state.pointee.key, slot: slot)
        if state.pointee.lastSeen &+ timeToLive > horizon { core.pointee.evicted += 1 }
        state.pointee.key = 0
        core.pointee.count -= 1
    }

    // MARK: A slot for it

    /// That of an entry that can only read as expired, a new one, or that of the oldest of a few.
    @inline(__always)
    private func freeSlot(_ horizon: Int64) -> Int {
        if core.pointee.earliest <= horizon &- timeToLive, let slot = expiredSlot(horizon) { return slot }
        guard core.pointee.used < maximumSlots else { return oldestSlot(horizon) }
        core.pointee.used &+= 1
        // New states come one after the other, but so far apart in time that the processor does not see it.
        fraud_prefetch(states + min(core.pointee.used &+ 4, maximumSlots &- 1))
        return core.pointee.used &- 1
    }

    private func expiredSlot(_ horizon: Int64) -> Int? {
        for _ in 0..<min(core.pointee.used, Self.sweepSteps) {
            let slot = nextOfSweep()
            prefetchExpired(slot &+ Self.lookAhead, horizon)
            if states[slot].lastSeen <= horizon &- timeToLive {
                forget(slot, horizon)
                return slot
            }
            core.pointee.earliestOfRound = min(core.pointee.earliestOfRound, states[slot].lastSeen)
        }
        return nil
    }

    /// Asks for the line of the index that the sweep will erase from when it comes to a slot, should that have expired.
    @inline(__always)
    private func prefetchExpired(_ slot: Int, _ horizon: Int64) {
        guard slot < core.pointee.used, states[slot].lastSeen <= horizon &- timeToLive else { return }
        prefetchIndex(states[slot].key)
    }

    private func oldestSlot(_ horizon: Int64) -> Int {
        var oldest = nextOfSweep()
        for _ in 1..<Self.evictionChoices {
            let slot = nextOfSweep()
            let isOlder = states[slot].lastSeen < states[oldest].lastSeen
            core.pointee.earliestOfRound = min(core.pointee.earliestOfRound, states[isOlder ? oldest : slot].lastSeen)
            if isOlder { oldest = slot }
        }
        forget(oldest, horizon)
        prefetchVictim()
        return oldest
    }

    /// Asks for the line of the index that an eviction soon will likely erase from: it will choose among these.
    private func prefetchVictim() {
        let first = core.pointee.hand &+ Self.lookAhead
        guard first &+ Self.evictionChoices <= core.pointee.used else { return }
        var oldest = first
        for slot in first &+ 1..<first &+ Self.evictionChoices where states[slot].lastSeen < states[oldest].lastSeen { oldest = slot }
        prefetchIndex(states[oldest].key)
    }

    private func nextOfSweep() -> Int {
        if core.pointee.hand >= core.pointee.used {
            core.pointee.hand = 0
            core.pointee.earliest = core.pointee.earliestOfRound
            core.pointee.earliestOfRound = .max
        }
        fraud_prefetch(states + min(core.pointee.hand &+ Self.askAhead, maximumSlots - 1))
        core.pointee.hand += 1
        return core.pointee.hand - 1
    }

    // MARK: Growth of the index

    private func startDoubling() {
        let old = core.pointee.index
        setIndex(bits: core.pointee.indexBits + 1)
        (core.pointee.old, core.pointee.oldLines) = (old, old.lineCount)
    }

    /// Moves the keys whose home is the next line of the old index.
    private func moveLine(_ horizon: Int64) {
        let old = core.pointee.old
        let home = core.pointee.moved
        // What is wanted some calls from now: an old line, the two new ones of the next, and the keys of the one after.
        fraud_prefetch(old.line(min(home + 4, old.lineCount - 1)))
        fraud_prefetch(core.pointee.index.line(home * 2 + 2))
        fraud_prefetch(core.pointee.index.line(home * 2 + 3))
        let ahead = old.line(min(home + 2, old.lineCount - 1))
        for way in 0..<KeyIndex.ways where ahead[way] != 0 { fraud_prefetch(states + old.slot(ahead[way])) }
        if home * 2 % KeyIndex.pageLines == 0 { core.pointee.index.touchPage(ofLine: home * 2 + KeyIndex.pageLines) }
        // From here on they are looked up in the new index, where two lines take the place of this one.
        core.pointee.moved += 1
        var places = KeyIndex.Pair(core.pointee.index, home * 2)
        for probe in 0..<KeyIndex.probes {
            let line = old.line(home + probe)
            let isLast = old.ends(line)
            for way in 0..<KeyIndex.ways where line[way] != 0 {
                let slot = old.slot(line[way])
                let key = states[slot].key
                guard old.home(key) == home else { continue }
                if !places.take(line[way], key) { enter(key, slot, horizon) }
                line[way] = 0
            }
            if isLast { break }
        }
        guard core.pointee.moved == old.lineCount else { return }
        core.pointee.oldLines = 0
        indexMemory(core.pointee.indexBits - 1).discard(first: KeyIndex.byteCount(bits: core.pointee.indexBits - 1))
    }

    /// Starts with an empty index.
    func useIndex(bits: Int) {
        discardIndexes()
        setIndex(bits: bits)
    }

    /// Uses an index whose memory is zero.
    private func setIndex(bits: Int) {
        core.pointee.index = KeyIndex(indexMemory(bits), bits: bits, slotBits: slotBits)
        core.pointee.index.touchPage(ofLine: 0)
        core.pointee.indexBits = bits
        core.pointee.doublesAt = bits < maximumBits ? Self.fullness << bits : .max
        (core.pointee.oldLines, core.pointee.moved) = (0, 0)
    }
}

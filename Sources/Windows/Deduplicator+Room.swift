internal import Sketches

extension Deduplicator {
    private static let leastBlocks = 16
    private static let slotsPerBlock = BlockedBloomFilter.blockBytes

    /// Blocks of 64 slots that hold the most entries when ¾ full.
    private static func mostBlocks(_ maximumEntries: Int) -> Int {
        let slots = (maximumEntries * 4 + 2) / 3
        return max(leastBlocks, (slots + slotsPerBlock - 1) / slotsPerBlock)
    }

    /// Doublings from the least table to the one that holds the most entries.
    static func mostDoublings(_ maximumEntries: Int) -> Int {
        let blocks = mostBlocks(maximumEntries)
        var doublings = 0
        while blocks >> (doublings + 1) >= leastBlocks { doublings += 1 }
        return doublings
    }

    /// Slots of a table that can still double so often. Sizes are counted from the greatest one down, so that the last
    /// doubling too is a whole one.
    static func capacity(_ maximumEntries: Int, doublingsLeft doublings: Int) -> Int {
        (mostBlocks(maximumEntries) + (1 << doublings) - 1) >> doublings * slotsPerBlock
    }

    /// What an entry is ordered by when the oldest are to be forgotten: time, then key, most significant word first. The
    /// order must not depend on where entries happen to stand.
    private struct Age: Equatable {
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

        init() {}

        init(_ entry: Entry) {
            words = (UInt64(bitPattern: entry.ts) ^ 1 << 63, entry.key.high, UInt64(entry.key.low) << 32)
        }

        subscript(_ at: Int) -> UInt64 {
            get { at == 0 ? words.0 : at == 1 ? words.1 : words.2 }
            set {
                switch at {
                case 0: words.0 = newValue
                case 1: words.1 = newValue
                default: words.2 = newValue
                }
            }
        }

        static func == (a: Age, b: Age) -> Bool { a.words == b.words }

        /// Equal in all digits of 16 bits before the one at `shift` of word `at`.
        func agrees(with other: Age, before at: Int, _ shift: UInt64) -> Bool {
            for word in 0..<at where self[word] != other[word] { return false }
            return self[at] >> (shift + 16) == other[at] >> (shift + 16)
        }
    }

    /// Which entries stay: those that live and are no older than a bound.
    private struct Keeping {
        var watermark: Int64
        var oldest = Age()

        @inline(__always)
        func callAsFunction(_ entry: Entry) -> Bool {
            entry.ts != Entry.free && entry.ts + retentionMilliseconds > watermark
                && (oldest.words.0 == 0 || Age(entry).words >= oldest.words)
        }
    }

    /// Drops what has expired; forgets the oldest at the limit; doubles the table unless half of it became free.
    ///
    /// - Complexity: O(capacity), once in capacity × 3/8 new ids at least, or in `maximumEntries` / 8 at the limit.
    mutating func makeRoom(_ watermark: Int64) {
        var keeps = Keeping(watermark: watermark)
        var kept = 0
        for i in 0..<capacity where keeps(entries[i]) { kept += 1 }
        let limit = maximumEntries - maximumEntries / 8
        if kept > limit {
            keeps.oldest = age(atRank: kept - limit, keeps)
            forgottenEarly += kept - limit
            kept = limit
        }
        if kept * 8 > capacity * 3 && doublingsLeft > 0 { grow(keeps) } else { sweep(keeps) }
    }

    /// The age that so many of the entries to keep are older than. Radix selection, 16 bits a pass, ten passes at most:
    /// it needs no copy of the entries.
    private borrowing func age(atRank rank: Int, _ keeps: Keeping) -> Age {
        var age = Age()
        var rank = rank
        var counts = [Int](repeating: 0, count: 1 << 16)
        for word in 0..<3 {
            for shift: UInt64 in [48, 32, 16, 0] {
                for digit in counts.indices { counts[digit] = 0 }
                for i in 0..<capacity where keeps(entries[i]) {
                    let other = Age(entries[i])
                    if other.agrees(with: age, before: word, shift) { counts[Int((other[word] >> shift) & 0xffff)] += 1 }
                }
                var digit = 0
                while rank >= counts[digit] {
                    rank -= counts[digit]
                    digit += 1
                }
                age[word] |= UInt64(digit) << shift
                // Nothing younger has to go: the remaining digits may be zero.
                if rank == 0 { return age }
            }
        }
        return age
    }

    /// Drops entries in place.
    ///
    /// Entries are taken out and put back in the order they stand in, from after a free slot on. A slot that one is put
    /// back to therefore never lies behind the one it was taken from, and entries of one id keep their order.
    private mutating func sweep(_ keeps: Keeping) {
        filter.removeAll()
        entryCount = 0
        let start = firstFree
        for slots in [start..<capacity, 0..<start] {
            for slot in slots where entries[slot].ts != Entry.free {
                let entry = entries[slot]
                entries[slot].ts = Entry.free
                if keeps(entry) { place(entry) }
            }
        }
    }

    private mutating func grow(_ keeps: Keeping) {
        var larger = Deduplicator(maximumEntries: maximumEntries, doublingsLeft: doublingsLeft - 1)
        larger.forgottenEarly = forgottenEarly
        let start = firstFree
        for slots in [start..<capacity, 0..<start] {
            for slot in slots where keeps(entries[slot]) { larger.place(entries[slot]) }
        }
        self = larger
    }

    /// The first free slot. Placing entries in the order from here on, round the end, rebuilds the table as it stands.
    var firstFree: Int {
        var slot = 0
        while entries[slot].ts != Entry.free { slot += 1 }
        return slot
    }

    /// Puts an entry where it belongs.
    @inline(__always)
    mutating func place(_ entry: Entry) {
        let place = entry.key.place
        _ = filter.insert((place, entry.key.bits))
        var slot = home(place)
        while entries[slot].ts != Entry.free { slot = after(slot) }
        entries[slot] = entry
        entryCount += 1
    }
}

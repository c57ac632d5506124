internal import ClickModel

extension Deduplicator {
    /// Drops up to two of the oldest entries that have expired.
    @inline(__always)
    mutating func dropExpired(_ watermark: Int64) {
        for _ in 0..<2 {
            let place = log.tail
            let oldest = log.entry(place).pointee
            if oldest.ts + Self.retentionMilliseconds <= watermark {
                // The one that will be the oldest soon, so that its slot is near by then.
                index.prefetch(log.entry(place + Self.entriesThatStay / 32).pointee.key.place)
                index.remove(oldest.key.place, ClickLog.number(place))
                log.dropOldest()
            } else {
                // Each new entry asks another one, near or far.
                let other = place + 1 &<< (log.head & 31)
                guard other < log.head,
                    log.entry(other).pointee.ts + Self.retentionMilliseconds + Self.moveAfterMilliseconds <= watermark
                else { return }
                index.renumber(oldest.key.place, ClickLog.number(place), to: log.append(oldest))
                log.dropOldest()
            }
        }
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
            entry.ts + retentionMilliseconds > watermark
                && (oldest.words.0 == 0 || Age(entry).words >= oldest.words)
        }
    }

    /// At the limit: drops what has expired, and forgets the oldest.
    ///
    /// - Complexity: O(entries), once in `maximumEntries` / 8 new ids at least.
    mutating func makeRoom(_ watermark: Int64) {
        var keeps = Keeping(watermark: watermark)
        var kept = 0
        for place in log.tail..<log.head where keeps(log.entry(place).pointee) { kept += 1 }
        let limit = maximumEntries - maximumEntries / 8
        if kept > limit {
            keeps.oldest = age(atRank: kept - limit, keeps)
            forgottenEarly += kept - limit
        }
        log.keep { keeps($0) }
        indexAll()
    }

    /// Makes the index anew.
    mutating func indexAll() {
        index.removeAll(reserving: log.count)
        for place in log.tail..<log.head {
            if place + 32 < log.head { index.prefetch(log.entry(place + 32).pointee.key.place) }
            index.insert(log.entry(place).pointee.key.place, ClickLog.number(place))
        }
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
                for place in log.tail..<log.head where keeps(log.entry(place).pointee) {
                    let other = Age(log.entry(place).pointee)
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
}

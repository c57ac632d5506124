import ClickModel
import Testing
import Windows

@Suite("Deduplicator")
struct DeduplicatorTests {
    private static let hour: Int64 = 3_600_000
    /// An hour, a minute and the allowed lateness.
    private static let retention: Int64 = 3_960_000
    private static let t0: Int64 = 1_790_000_000_000

    private func restored(_ deduplicator: borrowing Deduplicator) throws -> Deduplicator {
        var writer = StateWriter()
        deduplicator.write(to: &writer)
        var reader = StateReader(writer.bytes)
        let copy = try Deduplicator(from: &reader)
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
        return copy
    }

    private func isDuplicate(_ d: inout Deduplicator, _ id: (UInt64, UInt64), ts: Int64, watermark: Int64) -> Bool {
        d.admit(id, content: 0, ts: ts, watermark: watermark) != .new
    }

    @Test("an id counts once within an hour of its time, again after it")
    func basics() {
        var d = Deduplicator()
        let id: (UInt64, UInt64) = (1, 2)
        let answers = [0, 0, Self.hour - 1, -(Self.hour - 1), Self.hour, Self.hour + 5].map {
            isDuplicate(&d, id, ts: Self.t0 + $0, watermark: Self.t0 - 5000)
        }
        #expect(answers == [false, true, true, true, false, true])
        let sameHalf = isDuplicate(&d, (1, 3), ts: Self.t0, watermark: Self.t0)
        let expired = isDuplicate(&d, id, ts: Self.t0 + 100, watermark: Self.t0 + 3 * Self.hour)
        #expect(!sameHalf, "both halves of the hash count")
        #expect(!expired, "an expired entry makes no duplicates")
    }

    @Test("a repeat within the hour is found at every watermark at which it is not late; an hour away it is new", arguments: 0..<20)
    func repeatsThatAreNotLate(seed: UInt64) {
        var random = SplitMix(seed &* 101 &+ 9)
        var d = Deduplicator(maximumEntries: 300)
        let store = WindowStore()
        for at in 0..<500 as Range<Int64> {
            let first = Self.t0 + at * 6 * Self.hour + Int64(random.next() % 120_000)
            let id = (random.next(), random.next())
            let isNew = !isDuplicate(&d, id, ts: first, watermark: first - 5000)
            // At the ends of the hour, and anywhere in it.
            let near = Int64(random.next() % 3) - 1
            let distance = [Self.hour + near, -Self.hour + near, Int64(random.next() % UInt64(2 * Self.hour)) - Self.hour][Int(random.next() % 3)]
            let second = first + distance
            // The last watermark at which it is not late, or one before.
            let last = second - second % 60_000 + 60_000 + 300_000 - 1
            let watermark = max(first - 5000, last - Int64(random.next() % 2) * Int64(random.next() % 600_000))
            let isInTime = !store.isLate(second, watermark: watermark)
            if !isInTime { continue }
            let found = isDuplicate(&d, id, ts: second, watermark: watermark)
            #expect(isNew && found == (abs(distance) < Self.hour), "\(distance) ms away at \(watermark - first), seed \(seed)")
        }
        let forgotten = d.forgottenEarly
        #expect(forgotten == 0)
    }

    @Test("a corrupt time of an id does not let its true clicks through again")
    func corruptTimeOfID() {
        var d = Deduplicator()
        let answers = [Self.t0 + 1000 * Self.hour, Self.t0, Self.t0, Self.t0 + 1000 * Self.hour].map {
            isDuplicate(&d, (7, 7), ts: $0, watermark: Self.t0)
        }
        #expect(answers == [false, false, true, true])
    }

    @Test("a repeat that says something else is a conflict, unless one of what it repeats says the same")
    func conflicts() {
        var d = Deduplicator()
        func end(_ content: UInt32, _ offset: Int64) -> Deduplicator.Admission {
            d.admit((7, 7), content: content, ts: Self.t0 + offset, watermark: Self.t0)
        }
        #expect([end(1, 0), end(1, 5), end(2, 5), end(2, 5)] == [.new, .duplicate, .conflict, .conflict])
        // Two live entries, an hour and more apart, with different content: what lies between repeats both.
        #expect(end(2, Self.hour + 500_000) == .new)
        #expect([end(1, 1_000_000), end(2, 1_000_000), end(3, 1_000_000)] == [.duplicate, .duplicate, .conflict])
        // The entry of an expired click takes over the content of the one that replaces it.
        let replaced = [4, 4, 1].map { d.admit((7, 7), content: $0, ts: Self.t0 + 9 * Self.hour, watermark: Self.t0 + 9 * Self.hour) }
        #expect(replaced == [.new, .duplicate, .conflict])
    }

    /// The rule and the limits over plain lists. Expired entries count as entries until the limit is reached.
    private struct Model {
        struct Entry {
            var ts: Int64
            var content: UInt32
        }

        let maximumEntries: Int
        var entries: [UInt64: [Entry]] = [:]
        var count = 0
        var forgotten = 0

        mutating func admit(_ id: UInt64, _ content: UInt32, _ ts: Int64, _ watermark: Int64) -> Deduplicator.Admission {
            var list = entries[id, default: []]
            let live = list.filter { $0.ts + retention > watermark }
            let repeated = live.filter { abs($0.ts - ts) < hour }
            if !repeated.isEmpty { return repeated.contains { $0.content == content } ? .duplicate : .conflict }
            if live.count >= 8 {
                let farthest = live.max { (abs($0.ts - watermark), $0.ts) < (abs($1.ts - watermark), $1.ts) }!
                list.removeAll { $0.ts == farthest.ts }
                forgotten += 1
            } else if let expired = list.firstIndex(where: { $0.ts + retention <= watermark }) {
                list.remove(at: expired)
            } else {
                count += 1
            }
            list.append(Entry(ts: ts, content: content))
            entries[id] = list
            if count >= maximumEntries { makeRoom(watermark) }
            return .new
        }

        private mutating func makeRoom(_ watermark: Int64) {
            var all = entries.flatMap { id, list in list.map { (ts: $0.ts, id: id, content: $0.content) } }
            all = all.filter { $0.ts + retention > watermark }.sorted { ($0.ts, $0.id &* golden) > ($1.ts, $1.id &* golden) }
            let limit = maximumEntries - maximumEntries / 8
            forgotten += max(0, all.count - limit)
            all = Array(all.prefix(limit))
            entries = [:]
            for entry in all { entries[entry.id, default: []].append(Entry(ts: entry.ts, content: entry.content)) }
            count = all.count
        }
    }

    private static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

    @Test("rule, conflicts and limits equal plain lists, whatever the physical state, snapshots between", arguments: 0..<1000)
    func againstModel(seed: UInt64) throws {
        var random = SplitMix(seed &* 131 &+ 3)
        // Of up to 1,024 entries none is dropped but at the limit.
        let maximum = [Deduplicator.defaultMaximumEntries, 300, 768][Int(random.next() % 3)]
        var d = Deduplicator(maximumEntries: maximum)
        var model = Model(maximumEntries: maximum)
        var watermark = Int64.min
        var now = Self.t0
        let ids = [3, 20, 300, 3000, 1 << 40][Int(random.next() % 5)]
        let step = [10, 1000, 60_000][Int(random.next() % 3)]
        let contents = 1 + UInt64(random.next() % 3)
        var ends: [Deduplicator.Admission: Int] = [:]
        for at in 0..<2000 {
            now += Int64(random.next() % UInt64(step))
            if random.next() % 1000 == 0 { now += 5 * Self.hour }
            var ts = now - Int64(random.next() % 20_000)
            switch random.next() % 50 {
            case 0: ts -= Int64(random.next() % 4) * Self.hour + Int64(random.next() % 15) * 60_000
            case 1: ts += Int64(random.next() % 4) * Self.hour
            case 2: ts += Int64(random.next() % 40) * Self.hour
            default: watermark = max(watermark, ts - 5000)
            }
            let id = random.next() % UInt64(ids)
            let content = UInt32(random.next() % contents)
            let expected = model.admit(id, content, ts, watermark)
            let got = d.admit((id &* Self.golden, id), content: content, ts: ts, watermark: watermark)
            guard got == expected, d.forgottenEarly == model.forgotten else {
                Issue.record("event \(at), id \(id), ts \(ts), watermark \(watermark): \(got), the rule says \(expected), seed \(seed)")
                return
            }
            ends[got, default: 0] += 1
            if random.next() % 1000 == 0 { d = try restored(d) }
        }
        if ids <= 20 && maximum > 768 { #expect(ends[.duplicate, default: 0] > 50, "the stream must test something, seed \(seed)") }
        if ids <= 20 && maximum > 768 && contents > 1 { #expect(ends[.conflict, default: 0] > 50, "seed \(seed)") }
    }

    @Test("a restored one is the same, byte for byte, and goes on the same")
    func sameTable() throws {
        var random = SplitMix(23)
        var d = Deduplicator(maximumEntries: 768)
        for i in 0..<20_000 {
            let ts = Self.t0 + Int64(i) * 6000
            _ = d.admit((random.next() % 50_000 &* Self.golden, 5), content: 1, ts: ts, watermark: ts - 5000)
            guard i % 97 == 0 else { continue }
            let copy = try restored(d)
            var a = StateWriter()
            var b = StateWriter()
            d.write(to: &a)
            copy.write(to: &b)
            let isEqual = a.bytes == b.bytes
            #expect(isEqual, "event \(i)")
            d = copy
        }
    }

    @Test("a million live ids take 42 bytes each at most")
    func memory() {
        var d = Deduplicator()
        var random = SplitMix(41)
        for i in 0..<1_000_000 {
            let isRepeated = isDuplicate(&d, (random.next(), random.next()), ts: Self.t0 + Int64(i), watermark: Self.t0 + Int64(i) - 5000)
            if isRepeated { Issue.record("a new id was called a duplicate") }
        }
        let (bytes, count) = (d.byteCount, d.entryCount)
        #expect(count == 1_000_000 && bytes <= 42_000_000, "\(bytes) bytes")
    }

    @Test("times far ahead do not hold up what expired behind them, and stay known", arguments: [1, 2, 5, 10, 100])
    func timesAhead(every: Int) {
        var d = Deduplicator()
        var random = SplitMix(UInt64(every))
        let ahead = 10_000 * Self.hour
        for i in 0..<1_000_000 {
            // 39,600 live ids of true times at most; a thousand are ahead.
            let now = Self.t0 + Int64(i) * 100
            let isAhead = i < 1000 * every && i % every == 0
            let id = isAhead ? (UInt64(i), 1) : (random.next(), random.next())
            let isRepeated = isDuplicate(&d, id, ts: now + (isAhead ? ahead : 0), watermark: now - 5000)
            if isRepeated { Issue.record("event \(i): a new id was called a duplicate") }
        }
        let count = d.entryCount
        #expect(count < 1000 + 39_600 + 1000, "\(count) entries")
        for i in 0..<1000 {
            let isKnown = isDuplicate(&d, (UInt64(i * every), 1), ts: Self.t0 + Int64(i * every) * 100 + ahead, watermark: Self.t0 + 100_000_000)
            #expect(isKnown, "id \(i)")
        }
    }

    @Test("expired ids are dropped: a steady stream does not grow the table")
    func steadyState() {
        var d = Deduplicator()
        var random = SplitMix(1)
        var bytes = 0
        for i in 0..<2_000_000 {
            // 36,000 live ids.
            let ts = Self.t0 + Int64(i) * 100
            let duplicate = isDuplicate(&d, (random.next(), random.next()), ts: ts, watermark: ts - 5000)
            if duplicate { Issue.record("a new id was called a duplicate") }
            if i == 500_000 { bytes = d.byteCount }
        }
        let (after, forgotten) = (d.byteCount, d.forgottenEarly)
        #expect(after == bytes)
        #expect(after < 8 << 20)
        #expect(forgotten == 0)
    }

    @Test("at its limit it forgets the oldest and counts them; a restored one forgets the same")
    func limit() throws {
        var d = Deduplicator(maximumEntries: 4096)
        var random = SplitMix(2)
        let ids = (0..<10_000).map { _ in (random.next(), random.next()) }
        // Equal times: ties must not depend on where an entry stands.
        func time(_ i: Int) -> Int64 { Self.t0 + Int64(i / 100) }
        for i in 0..<6000 { _ = isDuplicate(&d, ids[i], ts: time(i), watermark: Self.t0) }
        var copy = try restored(d)
        for i in 6000..<10_000 {
            let (a, b) = (isDuplicate(&d, ids[i], ts: time(i), watermark: Self.t0), isDuplicate(&copy, ids[i], ts: time(i), watermark: Self.t0))
            #expect(a == b)
        }
        let (entries, forgotten, copied) = (d.entryCount, d.forgottenEarly, copy.forgottenEarly)
        #expect(entries < 4096)
        #expect(forgotten == 10_000 - entries)
        #expect(copied == forgotten)
        for i in (9000..<10_000) {
            let known = isDuplicate(&d, ids[i], ts: time(i), watermark: Self.t0)
            #expect(known, "the newest are remembered")
        }
        for i in 0..<10_000 {
            let (a, b) = (isDuplicate(&d, ids[i], ts: time(i), watermark: Self.t0), isDuplicate(&copy, ids[i], ts: time(i), watermark: Self.t0))
            if i >= 9000 || i < 100 { #expect(a == b, "id \(i)") }
        }
    }

    @Test("one id at very many times takes eight entries, and keeps those near the watermark")
    func floodOfOneID() {
        var d = Deduplicator()
        for i in 0..<100_000 { _ = isDuplicate(&d, (5, 5), ts: Self.t0 + Int64(i + 10) * 2 * Self.hour, watermark: Self.t0) }
        let first = isDuplicate(&d, (5, 5), ts: Self.t0, watermark: Self.t0)
        _ = isDuplicate(&d, (5, 5), ts: Self.t0 + 5000 * Self.hour, watermark: Self.t0)
        let again = isDuplicate(&d, (5, 5), ts: Self.t0, watermark: Self.t0)
        let count = d.entryCount
        #expect(!first)
        #expect(again)
        #expect(count == 8)
    }

    @Test("times at the ends of Int64 and broken snapshots do not crash it")
    func hostile() throws {
        var d = Deduplicator()
        var random = SplitMix(3)
        for time in [Int64.min, .max, .min + 1, .max - 1, 0] {
            for mark in [Int64.min, .max, 0] {
                let first = isDuplicate(&d, (random.next(), random.next()), ts: time, watermark: mark)
                #expect(!first)
            }
        }
        for _ in 0..<5000 { _ = isDuplicate(&d, (random.next(), random.next()), ts: Self.t0, watermark: .min) }
        var writer = StateWriter()
        d.write(to: &writer)
        for _ in 0..<300 {
            var bytes = writer.bytes
            bytes[Int(random.next() % 60)] = UInt8(truncatingIfNeeded: random.next())
            if random.next() % 2 == 0 { bytes.removeLast(Int(random.next() % 100)) }
            var reader = StateReader(bytes)
            _ = try? Deduplicator(from: &reader)
        }
    }
}

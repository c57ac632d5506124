import ClickModel
import Testing
import Windows

@Suite("Deduplicator")
struct DeduplicatorTests {
    private static let hour: Int64 = 3_600_000
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

    @Test("an id counts once within an hour of its time, again after it")
    func basics() {
        var d = Deduplicator()
        let id: (UInt64, UInt64) = (1, 2)
        let answers = [0, 0, Self.hour - 1, -(Self.hour - 1), Self.hour, Self.hour + 5].map {
            d.isDuplicate(id, ts: Self.t0 + $0, watermark: Self.t0 - 5000)
        }
        #expect(answers == [false, true, true, true, false, true])
        let sameHalf = d.isDuplicate((1, 3), ts: Self.t0, watermark: Self.t0)
        let expired = d.isDuplicate(id, ts: Self.t0 + 100, watermark: Self.t0 + 2 * Self.hour)
        #expect(!sameHalf, "both halves of the hash count")
        #expect(!expired, "an expired entry makes no duplicates")
    }

    @Test("a corrupt time of an id does not let its true clicks through again")
    func corruptTimeOfID() {
        var d = Deduplicator()
        let answers = [Self.t0 + 1000 * Self.hour, Self.t0, Self.t0, Self.t0 + 1000 * Self.hour].map {
            d.isDuplicate((7, 7), ts: $0, watermark: Self.t0)
        }
        #expect(answers == [false, false, true, true])
    }

    @Test("the rule holds whatever the physical state, on random streams, snapshots between", arguments: 0..<300)
    func againstModel(seed: UInt64) throws {
        var random = SplitMix(seed &* 131 &+ 3)
        var d = Deduplicator()
        var accepted: [UInt64: [Int64]] = [:]
        var watermark = Watermark()
        var now = Self.t0
        let ids = [20, 300, 3000, 1 << 40][Int(random.next() % 4)]
        let step = [10, 1000, 60_000][Int(random.next() % 3)]
        var duplicates = 0
        for at in 0..<4000 {
            now += Int64(random.next() % UInt64(step))
            if random.next() % 1000 == 0 { now += 5 * Self.hour }
            var ts = now - Int64(random.next() % 20_000)
            if at > 0 {
                switch random.next() % 50 {
                case 0: ts -= Int64(random.next() % 4) * Self.hour
                case 1: ts += Int64(random.next() % 4) * Self.hour
                default: break
                }
            }
            let id = random.next() % UInt64(ids)
            let mark = watermark.current
            let expected = accepted[id, default: []].contains { abs(ts - $0) < Self.hour && $0 + Self.hour > mark }
            let got = d.isDuplicate((id &* 0x9e37_79b9_7f4a_7c15, id), ts: ts, watermark: mark)
            guard got == expected else {
                Issue.record("event \(at), id \(id), ts \(ts), watermark \(mark): \(got), the rule says \(expected), seed \(seed)")
                return
            }
            if expected { duplicates += 1 } else { accepted[id, default: []].append(ts) }
            watermark.observe(ts)
            if random.next() % 1500 == 0 { d = try restored(d) }
        }
        #expect(d.forgottenEarly == 0)
        if ids <= 300 { #expect(duplicates > 50, "the stream must test something, seed \(seed)") }
    }

    @Test("expired ids are dropped: a steady stream does not grow the table")
    func steadyState() {
        var d = Deduplicator()
        var random = SplitMix(1)
        var bytes = 0
        for i in 0..<2_000_000 {
            // 36,000 live ids.
            let ts = Self.t0 + Int64(i) * 100
            let duplicate = d.isDuplicate((random.next(), random.next()), ts: ts, watermark: ts - 5000)
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
        for i in 0..<6000 { _ = d.isDuplicate(ids[i], ts: time(i), watermark: Self.t0) }
        var copy = try restored(d)
        for i in 6000..<10_000 {
            let (a, b) = (d.isDuplicate(ids[i], ts: time(i), watermark: Self.t0), copy.isDuplicate(ids[i], ts: time(i), watermark: Self.t0))
            #expect(a == b)
        }
        let (entries, forgotten, copied) = (d.entryCount, d.forgottenEarly, copy.forgottenEarly)
        #expect(entries < 4096)
        #expect(forgotten == 10_000 - entries)
        #expect(copied == forgotten)
        for i in (9000..<10_000) {
            let known = d.isDuplicate(ids[i], ts: time(i), watermark: Self.t0)
            #expect(known, "the newest are remembered")
        }
        for i in 0..<10_000 {
            let (a, b) = (d.isDuplicate(ids[i], ts: time(i), watermark: Self.t0), copy.isDuplicate(ids[i], ts: time(i), watermark: Self.t0))
            if i >= 9000 || i < 100 { #expect(a == b, "id \(i)") }
        }
    }

    @Test("one id at very many times takes eight entries, and keeps those near the watermark")
    func floodOfOneID() {
        var d = Deduplicator()
        for i in 0..<100_000 { _ = d.isDuplicate((5, 5), ts: Self.t0 + Int64(i + 10) * 2 * Self.hour, watermark: Self.t0) }
        let first = d.isDuplicate((5, 5), ts: Self.t0, watermark: Self.t0)
        _ = d.isDuplicate((5, 5), ts: Self.t0 + 5000 * Self.hour, watermark: Self.t0)
        let again = d.isDuplicate((5, 5), ts: Self.t0, watermark: Self.t0)
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
                let first = d.isDuplicate((random.next(), random.next()), ts: time, watermark: mark)
                #expect(!first)
            }
        }
        for _ in 0..<5000 { _ = d.isDuplicate((random.next(), random.next()), ts: Self.t0, watermark: .min) }
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

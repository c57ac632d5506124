import ClickModel
import Features
import Testing

/// A state whose number says which click made it.
private struct NumberState: KeyState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var number: Int64 = 0
    private var room: (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
}

/// The table a dictionary would be, without a limit.
private struct SlowTable {
    private var states: [UInt64: (lastSeen: Int64, number: Int64)] = [:]

    mutating func visit(_ key: UInt64, now: Int64, timeToLive: Int64, number: Int64) -> (number: Int64, fresh: Bool) {
        if let state = states[key], state.lastSeen + timeToLive > now {
            states[key]!.lastSeen = max(state.lastSeen, now)
            return (state.number, false)
        }
        states[key] = (now, number)
        return (number, true)
    }
}

@Suite("Keyed table")
struct KeyedTableTests {
    private static let timeToLive: Int64 = 1000

    private func visit(_ table: KeyedTable<NumberState>, _ key: UInt64, now: Int64, horizon: Int64, number: Int64) -> (number: Int64, fresh: Bool) {
        let (state, fresh) = table.state(of: key, now: now, horizon: horizon)
        if fresh { state.pointee.number = number }
        state.pointee.lastSeen = fresh ? now : max(state.pointee.lastSeen, now)
        return (state.pointee.number, fresh)
    }

    private func key(_ random: inout SplitMix64, of keys: Int, seed: Int) -> UInt64 {
        var one = SplitMix64(state: UInt64.random(in: 1...UInt64(keys), using: &random) &+ UInt64(seed) << 32)
        return one.next() | 1
    }

    @Test("answers as a dictionary does while it grows, expires and doubles its index", arguments: 1...8)
    func equalsDictionary(seed: Int) {
        var random = SplitMix64(state: UInt64(seed))
        let table = KeyedTable<NumberState>(maximumBytes: 16 << 20, timeToLive: Self.timeToLive)
        var slow = SlowTable()
        var now: Int64 = 1_790_000_000_000
        for i in 0..<120_000 {
            // Fewer and fewer of the keys live at one time, from tens of thousands to hundreds.
            now += Int64.random(in: 0...(i < 60_000 ? 0 : 20), using: &random)
            let key = key(&random, of: 40_000, seed: seed)
            let ts = now - Int64.random(in: 0..<50, using: &random)
            let got = visit(table, key, now: ts, horizon: now - 100, number: Int64(i))
            let expected = slow.visit(key, now: ts, timeToLive: Self.timeToLive, number: Int64(i))
            #expect(got == expected, "seed \(seed), visit \(i)")
            if got != expected { return }
        }
        #expect(table.evicted == 0, "seed \(seed)")
        #expect(table.count < 40_000, "seed \(seed): slots of the expired are taken again")
    }

    @Test("takes the slots of the expired: a stream of new keys for ever needs no more memory than its live ones")
    func memoryOfAnEndlessStream() {
        let table = KeyedTable<NumberState>(maximumBytes: 64 << 20, timeToLive: Self.timeToLive)
        var random = SplitMix64(state: 5)
        var bytes = 0
        for i in 0..<400_000 {
            let now = 1_790_000_000_000 + Int64(i) / 10
            _ = visit(table, random.next() | 1, now: now, horizon: now, number: 0)
            if i == 50_000 { bytes = table.byteCount }
        }
        #expect(table.byteCount <= bytes * 2 && table.count < 30_000, "\(table.byteCount) bytes, then \(bytes); \(table.count) keys")
        #expect(table.evicted == 0)
    }

    @Test("at its limit it stays within its bytes, and forgets who was not seen for longest among a few")
    func limit() {
        let limit = 1 << 20
        let table = KeyedTable<NumberState>(maximumBytes: limit, timeToLive: 1 << 40)
        var random = SplitMix64(state: 9)
        let keys = (0..<60_000).map { _ in random.next() | 1 }
        let faithful = keys[0]
        for (i, key) in keys.enumerated() {
            _ = visit(table, key, now: Int64(i), horizon: 0, number: Int64(i))
            // Seen all the time, never forgotten.
            #expect(visit(table, faithful, now: Int64(i), horizon: 0, number: -1).number == 0, "key \(i)")
        }
        #expect(table.byteCount <= limit)
        #expect(table.count > 10_000 && table.count + table.evicted == keys.count, "\(table.count) kept, \(table.evicted) forgotten")
        let kept = keys.indices.filter { !visit(table, keys[$0], now: 60_000, horizon: 0, number: 0).fresh }.count
        #expect(kept > 0)
    }

    @Test("keys made to meet in one line cost others nothing but their own places")
    func crowdedLine() {
        let table = KeyedTable<NumberState>(maximumBytes: 16 << 20, timeToLive: 1 << 40)
        for i in 1...UInt64(5000) { _ = visit(table, i, now: Int64(i), horizon: 0, number: Int64(i)) }
        #expect(table.count + table.evicted == 5000 && table.count > 200)
        #expect(!visit(table, 5000, now: 5000, horizon: 0, number: 0).fresh, "the newest is there")
    }

    @Test("goes on from a snapshot in the middle of anything as if never stopped", arguments: 1...6)
    func snapshot(seed: Int) throws {
        var random = SplitMix64(state: UInt64(seed) &+ 70)
        let bytes = seed % 2 == 0 ? 1 << 20 : 16 << 20
        var table = KeyedTable<NumberState>(maximumBytes: bytes, timeToLive: Self.timeToLive)
        let undisturbed = KeyedTable<NumberState>(maximumBytes: bytes, timeToLive: Self.timeToLive)
        var now: Int64 = 1_790_000_000_000
        for i in 0..<60_000 {
            now += Int64.random(in: 0...1, using: &random) * Int64(i / 30_000)
            let key = key(&random, of: 30_000, seed: seed)
            let got = visit(table, key, now: now, horizon: now - 100, number: Int64(i))
            let expected = visit(undisturbed, key, now: now, horizon: now - 100, number: Int64(i))
            #expect(got == expected, "seed \(seed), visit \(i)")
            if got != expected { return }
            guard i % 7001 == 0 else { continue }
            var writer = StateWriter()
            table.write(to: &writer)
            table = KeyedTable<NumberState>(maximumBytes: bytes, timeToLive: Self.timeToLive)
            var reader = StateReader(writer.bytes)
            try table.restore(from: &reader)
        }
        #expect(table.count == undisturbed.count && table.evicted == undisturbed.evicted, "seed \(seed)")
    }

    @Test("a snapshot is read with a lower limit: the oldest are forgotten")
    func lowerLimit() throws {
        let large = KeyedTable<NumberState>(maximumBytes: 16 << 20, timeToLive: 1 << 40)
        for i in 1...UInt64(50_000) { _ = visit(large, i &* 0x9e37_79b9_7f4a_7c15, now: Int64(i), horizon: 0, number: Int64(i)) }
        var writer = StateWriter()
        large.write(to: &writer)
        let small = KeyedTable<NumberState>(maximumBytes: 1 << 20, timeToLive: 1 << 40)
        var reader = StateReader(writer.bytes)
        try small.restore(from: &reader)
        #expect(small.byteCount <= 1 << 20)
        #expect(small.count + small.evicted == 50_000 && small.count > 5000)
        let newest = UInt64(50_000)
        #expect(!visit(small, newest &* 0x9e37_79b9_7f4a_7c15, now: 50_001, horizon: 0, number: 0).fresh)
        #expect(visit(small, 0x9e37_79b9_7f4a_7c15, now: 50_001, horizon: 0, number: 0).fresh)
    }
}

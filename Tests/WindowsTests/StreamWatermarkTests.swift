import ClickModel
import Testing
import Windows

@Suite("Watermark of several partitions")
struct StreamWatermarkTests {
    private static let hour: Int64 = 3_600_000
    private static let t0: Int64 = 1_790_000_000_000
    private static let corrupt: Int64 = 4_070_908_800_000

    private func restored(_ watermark: borrowing StreamWatermark) throws -> StreamWatermark {
        var writer = StateWriter()
        watermark.write(to: &writer)
        var reader = StateReader(writer.bytes)
        let copy = try StreamWatermark(from: &reader)
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
        return copy
    }

    private func seed(_ watermark: inout StreamWatermark, _ slot: Int, _ times: [Int64]) {
        times.withUnsafeBufferPointer { watermark.seed(slot, times: $0) }
    }

    // MARK: Against the model

    /// A source of the random streams: where its clock stands, and what it does next.
    private struct Source {
        var now: Int64
        var upcoming: [Int64] = []
        var slot: Int?
    }

    private struct Stream {
        var random: SplitMix
        var sources: [Source]
        let chaos: UInt64

        init(_ seed: UInt64) {
            random = SplitMix(seed &* 7919 &+ 11)
            chaos = [0, 2, 20, 60][Int(random.next() % 4)]
            let count = random.next() % 20 == 0 ? 70 : 1 + random.next() % 6
            sources = []
            for _ in 0..<count { sources.append(Source(now: t0 + Int64(random.next() % 4) * 40_000)) }
        }

        mutating func nextTime(_ at: Int) -> Int64 {
            sources[at].now += Int64(random.next() % 3000)
            if random.next() % 150 == 0 { sources[at].now += Int64(random.next() % 50) * hour }
            var ts = sources[at].now - Int64(random.next() % 9000)
            if random.next() % 100 < chaos { ts += (Int64(random.next() % 9) - 4) * 2 * hour }
            if chaos > 0 && random.next() % 300 == 0 { ts = [corrupt, 0, .max, .min + 1, corrupt + 5][Int(random.next() % 5)] }
            return ts
        }

        mutating func upcoming(_ at: Int) -> [Int64] {
            while sources[at].upcoming.count < 1 + Int(random.next() % 12) { sources[at].upcoming.append(nextTime(at)) }
            return sources[at].upcoming
        }

        mutating func take(_ at: Int) -> Int64 {
            sources[at].upcoming.isEmpty ? nextTime(at) : sources[at].upcoming.removeFirst()
        }
    }

    private static func bounded(_ time: Int64) -> Int64 { min(max(time, -9_000_000_000_000_000), 9_000_000_000_000_000) }

    @Test("equals its definition on random streams of many partitions, snapshots between", arguments: 0..<1500)
    func againstModel(seed number: UInt64) throws {
        var stream = Stream(number)
        let disorder: Int64 = [5000, 0, 30_000][Int(stream.random.next() % 3)]
        let jump: Int64 = [Self.hour, 600_000][Int(stream.random.next() % 2)]
        let idle: Int64 = [60_000, 10_000, 0][Int(stream.random.next() % 3)]
        var real = StreamWatermark(outOfOrdernessMilliseconds: disorder, jumpBoundMilliseconds: jump, idleMilliseconds: idle)
        var model = StreamWatermarkModel(disorder: disorder, jumpBound: jump, idle: idle)
        for step in 0..<600 {
            let at = Int(stream.random.next() % UInt64(stream.sources.count))
            let action = stream.random.next() % 100
            if let slot = stream.sources[at].slot {
                if action < 2 {
                    real.close(slot)
                    model.close(slot)
                    stream.sources[at].slot = nil
                } else {
                    let ts = stream.take(at)
                    let (a, b) = (real.mergeTime(slot, ts), model.mergeTime(slot, ts))
                    if a != b { Issue.record("merge time \(a), the model says \(b), step \(step), seed \(number)") }
                    real.observe(slot, ts)
                    model.observe(slot, Self.bounded(ts))
                }
            } else if action < 30, model.slots.count < 64 {
                let (a, b) = (real.open(source: UInt64(at)), model.open(UInt64(at)))
                if a != b { Issue.record("slot \(a), the model says \(b), step \(step), seed \(number)") }
                stream.sources[at].slot = a
                // A first clock far ahead, with honest ones after it.
                if action >= 20 && stream.random.next() % 2 == 0 { stream.sources[at].upcoming.insert(Self.corrupt + Int64(at), at: 0) }
                if action < 20 {
                    let times = stream.upcoming(at)
                    seed(&real, a, times)
                    model.seed(b, times.map(Self.bounded))
                }
            }
            if stream.random.next() % 100 == 0 { real = try restored(real) }
            guard real.current == model.current, real.openCount == model.slots.count else {
                Issue.record("step \(step), seed \(number): \(real.current), the definition says \(model.current)")
                return
            }
        }
    }

    @Test("one partition without a seed is its own watermark, on random streams", arguments: 0..<100)
    func onePartition(seed number: UInt64) {
        var stream = Stream(number)
        var real = StreamWatermark()
        var single = Watermark()
        let slot = real.open(source: 9)
        for step in 0..<1000 {
            let ts = stream.take(0)
            real.observe(slot, ts)
            single.observe(ts)
            guard real.current == single.current else {
                Issue.record("step \(step), seed \(number): \(real.current), alone \(single.current)")
                return
            }
        }
    }

    // MARK: What it is for

    /// Partitions of times at most five seconds out of order, with gaps of hours; in every other stream some clocks are
    /// decades ahead or behind.
    private func partitions(_ random: inout SplitMix) -> [[Int64]] {
        let isHonest = random.next() % 2 == 0
        return (0..<(2 + random.next() % 4)).map { _ in
            var now = Self.t0 + Int64(random.next() % 3) * Self.hour * Int64(random.next() % 2)
            return (0..<(50 + random.next() % 400)).map { _ in
                now += Int64(random.next() % 4000)
                if random.next() % 60 == 0 { now += Int64(random.next() % 40) * 600_000 }
                let isCorrupt = !isHonest && random.next() % 30 == 0
                return isCorrupt ? [Self.corrupt, 0, Self.corrupt + 5 * Self.hour][Int(random.next() % 3)] : now - Int64(random.next() % 5000)
            }
        }
    }

    @Test("partitions merged by time make nothing late, whatever their gaps and however long they are", arguments: 0..<1500)
    func mergedInOrder(seed number: UInt64) {
        var random = SplitMix(number &* 104_729 &+ 5)
        let times = partitions(&random)
        var watermark = StreamWatermark()
        let slots = times.indices.map { watermark.open(source: UInt64($0)) }
        for (slot, list) in zip(slots, times) { seed(&watermark, slot, Array(list.prefix(64))) }
        var next = times.map { _ in 0 }
        while true {
            var (first, least) = (-1, Int64.max)
            for at in times.indices where next[at] < times[at].count {
                let time = watermark.mergeTime(slots[at], times[at][next[at]])
                if time < least { (first, least) = (at, time) }
            }
            if first < 0 { break }
            let ts = times[first][next[first]]
            watermark.observe(slots[first], ts)
            // A click is late five minutes after its minute; here none is even a minute behind.
            guard ts == 0 || ts + 60_000 > watermark.current else {
                Issue.record("\(watermark.current - ts) ms behind in partition \(first) at \(next[first]), seed \(number)")
                return
            }
            next[first] += 1
            if next[first] == times[first].count { watermark.close(slots[first]) }
        }
        let greatest = times.joined().filter { $0 < Self.corrupt }.max()!
        #expect(watermark.current <= greatest - 5000)
    }

    @Test("a lone click years ahead in one file does not make the next file late; closed windows stay closed")
    func filesInTurn() throws {
        var watermark = StreamWatermark()
        let x = watermark.open(source: 1)
        seed(&watermark, x, [Self.corrupt])
        watermark.observe(x, Self.corrupt)
        watermark.close(x)
        #expect(watermark.current == Self.corrupt - 5000)
        watermark = try restored(watermark)
        let y = watermark.open(source: 2)
        #expect(watermark.current == Self.corrupt - 5000, "opening alone moves nothing")
        seed(&watermark, y, [Self.t0, Self.t0 + 10])
        #expect(watermark.current == Self.corrupt - 5000, "nor does a seed")
        watermark.observe(y, Self.t0)
        #expect(watermark.current == Self.t0 - 5000 && watermark.floor <= Self.t0 - 5000)
        for i in 0..<10 { watermark.observe(y, Self.t0 + Int64(i) * 1000) }
        watermark.close(y)
        #expect(watermark.current == Self.t0 + 9000 - 5000)
        let z = watermark.open(source: 3)
        seed(&watermark, z, [Self.t0 - Self.hour / 2])
        watermark.observe(z, Self.t0 - Self.hour / 2)
        #expect(watermark.current == Self.t0 + 9000 - 5000, "a later file does not take it back")
        // The first file goes on with honest clicks: its lone click is not believed against them.
        watermark.close(z)
        let again = watermark.open(source: 1)
        seed(&watermark, again, [Self.t0 + 20_000, Self.t0 + 21_000])
        watermark.observe(again, Self.t0 + 20_000)
        #expect(watermark.current == Self.t0 + 20_000 - 5000)
    }

    @Test("the least partition holds it back; a silent one does not for longer than the idle time")
    func minimumAndIdle() {
        var watermark = StreamWatermark()
        let (a, b) = (watermark.open(source: 1), watermark.open(source: 2))
        for slot in [a, b] { for _ in 0..<2 { watermark.observe(slot, Self.t0) } }
        for i in 1...60 { watermark.observe(a, Self.t0 + Int64(i) * 1000) }
        #expect(watermark.current == Self.t0 - 5000, "a minute of silence")
        watermark.observe(a, Self.t0 + 61_000)
        #expect(watermark.current == Self.t0 + 61_000 - 5000, "more than a minute")
        watermark.observe(b, Self.t0 + 50_000)
        #expect(watermark.current == Self.t0 + 61_000 - 5000, "it does not go back")
        for i in 62...100 { watermark.observe(a, Self.t0 + Int64(i) * 1000) }
        #expect(watermark.current == Self.t0 + 61_000 - 5000, "the other one delivers again")
        // One step of most of an hour, then a jump of years that is believed: the other partition is not idle for that.
        watermark.observe(b, Self.t0 + 100_000)
        watermark.observe(a, Self.t0 + Self.hour)
        for _ in 0..<8 { watermark.observe(a, Self.corrupt) }
        #expect(watermark.current == Self.t0 + 100_000 - 5000)
        for _ in 0..<9 { watermark.observe(a, Self.corrupt) }
        #expect(watermark.current == Self.t0 + 100_000 - 5000)
        watermark.close(a)
        #expect(watermark.current == Self.t0 + 100_000 - 5000)
    }

    @Test("clocks far ahead or behind at the start of a partition do no harm")
    func seeds() {
        for first in [[Self.corrupt, Self.corrupt + 5], [0], [.min, .max], []] {
            var watermark = StreamWatermark()
            let slot = watermark.open(source: 1)
            let honest = (0..<62).map { Self.t0 + Int64($0) * 1000 }
            let times = first + honest
            seed(&watermark, slot, times)
            for time in times {
                watermark.observe(slot, time)
                if time >= Self.t0 && time < Self.corrupt { #expect(time >= watermark.current, "after \(first)") }
            }
            #expect(watermark.current == Self.t0 + 61_000 - 5000)
        }
        var watermark = StreamWatermark()
        let slot = watermark.open(source: 1)
        seed(&watermark, slot, [])
        seed(&watermark, slot, [.min])
        watermark.observe(slot, .min)
        #expect(watermark.current == .min)
        #expect(watermark.mergeTime(slot, .min) == .min)
    }

    @Test("sources come back as they were; of many closed ones the longest closed is forgotten; open ones keep their slot")
    func closedSources() throws {
        var watermark = StreamWatermark()
        for source in 0..<1025 as Range<UInt64> {
            let slot = watermark.open(source: source)
            #expect(slot == 0)
            watermark.observe(slot, Self.t0)
            watermark.close(slot)
        }
        watermark = try restored(watermark)
        let far = Self.t0 + 5 * Self.hour
        let slots = [watermark.open(source: 0), watermark.open(source: 1), watermark.open(source: 1024)]
        #expect(slots == [0, 1, 2])
        #expect(watermark.open(source: 1) == 1)
        #expect(slots.map { watermark.mergeTime($0, far) } == [far, Self.t0, Self.t0])
        watermark.close(1)
        #expect(watermark.open(source: 77_777) == 1)
        #expect((0...3).map { watermark.source($0) } == [0, 77_777, 1024, nil])
        for source in 5000..<5061 as Range<UInt64> { _ = watermark.open(source: source) }
        #expect(watermark.openCount == StreamWatermark.maximumOpen)
        watermark = try restored(watermark)
        #expect(watermark.openCount == StreamWatermark.maximumOpen)
    }

    @Test("a broken snapshot is refused or makes a watermark that works")
    func brokenSnapshots() throws {
        var random = SplitMix(4)
        var watermark = StreamWatermark()
        for source in 0..<5 as Range<UInt64> {
            let slot = watermark.open(source: source)
            for _ in 0..<5 { watermark.observe(slot, Self.t0 + Int64(random.next() % 10_000)) }
            if source % 2 == 0 { watermark.close(slot) }
        }
        var writer = StateWriter()
        watermark.write(to: &writer)
        var refused = 0
        for _ in 0..<5000 {
            var bytes = writer.bytes
            bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            if random.next() % 2 == 0 { bytes.removeLast(Int(random.next() % 100)) }
            var reader = StateReader(bytes)
            guard var copy = try? StreamWatermark(from: &reader) else {
                refused += 1
                continue
            }
            for slot in 0..<StreamWatermark.maximumOpen where copy.source(slot) != nil {
                copy.observe(slot, Int64(bitPattern: random.next()))
                copy.close(slot)
            }
        }
        #expect(refused > 3000)
    }
}

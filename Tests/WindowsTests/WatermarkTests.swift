import ClickModel
import Testing
import Windows

@Suite("Watermark")
struct WatermarkTests {
    private static let hour: Int64 = 3_600_000
    private static let t0: Int64 = 1_790_000_000_000
    private static let corrupt: Int64 = 4_070_908_800_000

    private func watermark(after times: [Int64]) -> Int64 {
        var watermark = Watermark()
        for time in times { watermark.observe(time) }
        return watermark.current
    }

    @Test("before the first event it is Int64.min; then the greatest time less five seconds")
    func basics() {
        #expect(watermark(after: []) == .min)
        #expect(watermark(after: [Self.t0]) == Self.t0 - 5000)
        #expect(watermark(after: [Self.t0, Self.t0 + 10, Self.t0 - 500_000]) == Self.t0 + 10 - 5000)
        #expect(watermark(after: [Self.t0, Self.t0 + Self.hour]) == Self.t0 + Self.hour - 5000)
    }

    @Test("one corrupt far-future time, first or in the middle, does not move it for long")
    func corruptTimes() {
        let honest = (1...20).map { Self.t0 + $0 * 1000 }
        #expect(watermark(after: honest + [Self.corrupt] + honest.map { $0 + 20_000 }) == Self.t0 + 40_000 - 5000)
        #expect(watermark(after: [Self.corrupt] + honest.prefix(7)) == Self.corrupt - 5000)
        #expect(watermark(after: [Self.corrupt] + honest.prefix(8)) == Self.t0 + 8000 - 5000)
        #expect(watermark(after: [Self.corrupt] + honest) == Self.t0 + 20_000 - 5000)
        // Two corrupt times of two different years, then honest ones.
        #expect(watermark(after: [Self.corrupt, Self.corrupt - 100 * 24 * Self.hour] + honest + honest) == Self.t0 + 20_000 - 5000)
        for extreme in [Int64.max, .min, .max - 1, .min + 1] {
            #expect(watermark(after: [extreme] + honest) == Self.t0 + 20_000 - 5000)
            #expect(watermark(after: honest + [extreme] + honest) == Self.t0 + 20_000 - 5000)
        }
    }

    @Test("a gap is believed after 8 events in a row, at the least of their times; any other event ends the run")
    func gaps() {
        let after = (1...8).map { Self.t0 + 50 * Self.hour + $0 * 1000 }
        let start = [Self.t0, Self.t0 + 1]
        #expect(watermark(after: start + after.prefix(7)) == Self.t0 + 1 - 5000)
        #expect(watermark(after: start + after) == after[0] - 5000)
        #expect(watermark(after: start + [Self.corrupt] + after.prefix(7)) == after[0] - 5000)
        #expect(watermark(after: start + after.prefix(7) + [Self.t0 + 2] + after.prefix(7)) == Self.t0 + 2 - 5000)
        #expect(watermark(after: start + after + [after[7]]) == after[7] - 5000)
    }

    @Test("once two events vouch for it, it never goes back")
    func neverBack() {
        let ahead = [Self.corrupt, Self.corrupt + 1000]
        #expect(watermark(after: ahead + (1...100).map { Self.t0 + $0 }) == Self.corrupt + 1000 - 5000)
    }

    /// The rules, over the list of all events since the maximum last changed its mind.
    private struct Model {
        var maximum: Int64?
        var supporters = 0
        var recent: [Int64] = []

        mutating func observe(_ ts: Int64) {
            guard let top = maximum else {
                maximum = ts
                supporters = 1
                return
            }
            let bound: Int64 = 3_600_000
            if abs(ts - top) <= bound {
                supporters += 1
                maximum = max(top, ts)
                recent = []
                return
            }
            recent.append(ts)
            let last = recent.suffix(8)
            guard last.count == 8 else { return }
            if last.allSatisfy({ $0 > top + bound }) {
                maximum = last.min()
                supporters = 8
                recent = []
            } else if supporters == 1, last.allSatisfy({ $0 < top - bound }) {
                maximum = last.max()
                recent = []
            }
        }
    }

    @Test("equals the rules applied to the list of events, on random streams, snapshots between", arguments: 0..<60)
    func againstModel(seed: UInt64) throws {
        var random = SplitMix(seed &* 31 &+ 7)
        var watermark = Watermark()
        var model = Model()
        var now = Self.t0
        let chaos = random.next() % 100
        for step in 0..<2000 {
            now += Int64(random.next() % 2000)
            if random.next() % 200 == 0 { now += Int64(random.next() % 30) * Self.hour }
            var ts = now - Int64(random.next() % 10_000)
            if random.next() % 100 < chaos { ts += (Int64(random.next() % 9) - 4) * 2 * Self.hour }
            watermark.observe(ts)
            model.observe(ts)
            if random.next() % 300 == 0 {
                var writer = StateWriter()
                watermark.write(to: &writer)
                var reader = StateReader(writer.bytes)
                watermark = try Watermark(from: &reader)
                let isAtEnd = reader.isAtEnd
                #expect(isAtEnd)
            }
            guard watermark.current == model.maximum! - 5000 else {
                Issue.record("step \(step), seed \(seed): \(watermark.current + 5000), the rules say \(model.maximum!)")
                return
            }
        }
    }
}

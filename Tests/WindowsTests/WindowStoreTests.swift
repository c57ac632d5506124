import ClickModel
import Testing
import Windows

@Suite("Window store")
struct WindowStoreTests {
    private static let t0: Int64 = 1_790_000_040_000 / 86_400_000 * 86_400_000

    private func click(_ offset: Int64, ad: String = "a", campaign: String = "c", cost: Int64 = 100, visitor: UInt64 = 1, label: Label = .valid)
        -> TestClick
    {
        TestClick(id: 0, ts: Self.t0 + offset, ad: ad, campaign: campaign, advertiser: "v", cost: cost, visitor: visitor, label: label)
    }

    @Test("a minute is emitted when the watermark reaches its end, and again when a late click changes it")
    func emission() {
        var store = WindowStore()
        _ = store.add(click(59_999, label: .fraud))
        let early = store.drainRows(watermark: Self.t0 + 59_999)
        #expect(early.map(\.level) == [.hour, .day], "hour and day are emitted whenever they changed")
        let first = store.drainRows(watermark: Self.t0 + 60_000)
        #expect(first.map(\.level) == [.minute])
        #expect(first[0].end == Self.t0 + 60_000)
        #expect(first[0].fraud == 1 && first[0].cost == 100 && first[0].billable == 0)
        let nothing = store.drainRows(watermark: Self.t0 + 100_000)
        #expect(nothing.isEmpty)
        _ = store.add(click(0, visitor: 2))
        let again = store.drainRows(watermark: Self.t0 + 100_000)
        #expect(again.map(\.clicks) == [2, 2, 2])
        #expect(again.map(\.users) == [2, 2, 2])
        #expect(again.map(\.billable) == [100, 100, 100])
    }

    @Test("a row says whether it is early, on time or late, and an early one does not stand for the one on time")
    func firings() {
        var store = WindowStore()
        func drain(_ offset: Int64, final: Bool = false, early: Bool = false) -> [WindowFiring] {
            store.drainRows(watermark: Self.t0 + offset, final: final, early: early).filter { $0.level == .minute }.map(\.firing)
        }
        _ = store.add(click(0))
        #expect(drain(10_000) == [])
        #expect(drain(10_000, early: true) == [.early])
        #expect(drain(20_000, early: true) == [], "nothing changed")
        _ = store.add(click(1))
        #expect(drain(30_000, final: true) == [.early])
        #expect(drain(60_000) == [.onTime], "nothing changed since the early row")
        #expect(drain(70_000) == [])
        _ = store.add(click(2))
        #expect(drain(70_000, early: true) == [.late])
        _ = store.add(click(3))
        #expect(drain(30_000) == [], "a watermark that was taken back opens the minute again")
        #expect(drain(30_000, early: true) == [.late])
        #expect(drain(3_600_000) == [])
        _ = store.add(click(1))
        let rows = store.drainRows(watermark: Self.t0 + 3_600_000)
        #expect(rows.map(\.level) == [.minute, .hour, .day])
        #expect(rows.map(\.firing) == [.onTime, .onTime, .early], "a minute that is first seen after its end is on time; hours say it, too")
        #expect(WindowFiring.allCases.map(\.name) == ["early", "on_time", "late"])
    }

    @Test("a click is late from five minutes after the end of its minute on")
    func lateness() {
        let store = WindowStore()
        let answers = [359_999, 360_000].map { store.isLate(Self.t0, watermark: Self.t0 + $0) }
        #expect(answers == [false, true])
        let before = store.isLate(Self.t0, watermark: .min)
        let last = store.isLate(Self.t0 + 59_999, watermark: Self.t0 + 359_999)
        #expect(!before && !last)
    }

    @Test("rows of ads that share a minute with other campaigns: the minute names the first, days are apart")
    func dimensions() {
        var store = WindowStore()
        for campaign in ["x", "y", "x", "y", "y"] { _ = store.add(click(1, campaign: campaign, visitor: campaign == "x" ? 7 : 9)) }
        let rows = store.drainRows(watermark: .min, final: true)
        #expect(rows.map(\.texts) == [["a", "x", "v"], ["a", "x", "v"], ["a", "x", "v"], ["a", "y", "v"]])
        #expect(rows.map(\.clicks) == [5, 5, 2, 3])
        #expect(rows.map(\.users) == [2, 2, 1, 1])
    }

    @Test("at the limit of cells a click is refused and nothing changes; expired cells make room")
    func limits() {
        var store = WindowStore(maximumCells: 5)
        let fits = [click(0), click(60_000), click(120_000)].map { store.add($0) }
        #expect(fits == [true, true, true])
        let refused = [store.add(click(180_000)), store.add(click(0, campaign: "z")), store.add(click(0, ad: "b"))]
        #expect(refused == [false, false, false])
        let known = store.add(click(1))
        #expect(known)
        let rows = store.drainRows(watermark: Self.t0 + 360_000)
        #expect(rows.filter { $0.level == .day }.map(\.clicks) == [4])
        let cellCount = store.cellCount
        #expect(cellCount == 4)
        let now = store.add(click(180_000))
        #expect(now)
    }

    @Test("no new cell once sketches reach their limit; known cells go on counting")
    func sketchLimit() {
        var store = WindowStore(maximumSketchBytes: 1 << 16)
        var i: UInt64 = 1
        var ads = 0
        while store.add(click(0, ad: "ad-\(ads)", visitor: i)) {
            for _ in 0..<3000 {
                i += 1
                _ = store.add(click(0, ad: "ad-\(ads)", visitor: i &* 0x9e37_79b9_7f4a_7c15))
            }
            ads += 1
            if ads > 100 { break }
        }
        #expect((2...6).contains(ads))
        let known = store.add(click(0, ad: "ad-0", visitor: 1))
        #expect(known)
    }

    @Test("times at the ends of Int64 and amounts at its end do not crash it")
    func extremes() {
        var store = WindowStore()
        for ts in [Int64.min, .max, -1, 0] {
            for cost in [Int64.max, .max, 0] {
                var extreme = click(0, cost: cost)
                extreme.ts = ts
                let added = store.add(extreme)
                #expect(added)
                _ = store.isLate(ts, watermark: .max)
            }
        }
        let rows = store.drainRows(watermark: .min, final: true)
        #expect(rows.allSatisfy { $0.cost == .max })
        #expect(rows.contains { $0.level == .day && $0.start == -86_400_000 && $0.clicks == 3 })
    }

    @Test("years of ads that come and go: texts, cells and sketches are dropped and used again")
    func churn() {
        var store = WindowStore()
        var bytes = 0
        for day in 0..<200 {
            let from = Int64(day) * 86_400_000
            for ad in 0..<300 {
                let name = "advertisement-of-day-\(day)-number-\(ad)"
                for visitor in 1...12 { _ = store.add(click(from + Int64(ad), ad: name, visitor: UInt64(visitor))) }
            }
            let rows = store.drainRows(watermark: Self.t0 + from + 3_600_000)
            #expect(rows.count == 900)
            #expect(rows[0].texts[0] == "advertisement-of-day-\(day)-number-0")
            if day == 20 { bytes = store.byteCount }
        }
        let after = store.byteCount
        #expect(after <= bytes + bytes / 10, "\(after) bytes, \(bytes) after 20 days")
        let dimensionCount = store.dimensionCount
        #expect(dimensionCount <= 600)
    }

    @Test("a snapshot of a restored store is the same bytes; broken snapshots are refused, not fatal")
    func snapshots() throws {
        var random = SplitMix(4)
        var store = WindowStore()
        for i in 0..<20_000 {
            _ = store.add(click(Int64(i) * 50, ad: "ad-\(random.next() % 30)", visitor: random.next() % 4000))
            if i % 6000 == 5999 { _ = store.drainRows(watermark: Self.t0 + Int64(i) * 50) }
        }
        var writer = StateWriter()
        store.write(to: &writer)
        var reader = StateReader(writer.bytes)
        let copy = try WindowStore(from: &reader)
        var second = StateWriter()
        copy.write(to: &second)
        #expect(second.bytes == writer.bytes)
        var refused = 0
        for _ in 0..<400 {
            var bytes = writer.bytes
            switch random.next() % 3 {
            case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
            case 1: bytes[Int(random.next() % 200)] ^= UInt8(1 << (random.next() % 8))
            default: bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
            }
            var broken = StateReader(bytes)
            do { _ = try WindowStore(from: &broken) } catch { refused += 1 }
        }
        #expect(refused > 100)
    }
}

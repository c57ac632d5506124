import CClickRecord
import ClickModel
import Testing
import Windows

/// Watermark, deduplicator and windows together, on random streams, against dictionaries and sets.
@Suite("Windows against a slow model")
struct WindowStoreModelTests {
    private static let t0: Int64 = 1_790_000_000_000

    /// A stream with duplicates, disorder, late and far-future events, gaps, and ads that change campaign.
    private struct Stream {
        var random: SplitMix
        var now = WindowStoreModelTests.t0
        var sent: [TestClick] = []
        let ads: UInt64
        let visitors: UInt64
        let step: UInt64

        init(seed: UInt64) {
            random = SplitMix(seed)
            ads = [1, 3, 40, 2000][Int(random.next() % 4)]
            visitors = [5, 200, 100_000][Int(random.next() % 3)]
            step = [20, 700, 20_000][Int(random.next() % 3)]
        }

        mutating func next() -> TestClick {
            if random.next() % 12 == 0, let old = sent.randomElement(using: &random) { return old }
            now += Int64(random.next() % step)
            if random.next() % 1500 == 0 { now += Int64(random.next() % 40) * 3_600_000 }
            var ts = now - Int64(random.next() % 8000)
            switch random.next() % 60 {
            case 0: ts -= Int64(random.next() % 900_000)
            case 1: ts += 3_000_000 + Int64(random.next() % 5_000_000_000)
            default: break
            }
            let ad = random.next() % ads
            // Some ads run in two campaigns, and one of those under two advertisers.
            let campaign = ad % 3 == 0 ? random.next() % 2 : 0
            let click = TestClick(
                id: random.next(), ts: ts, ad: "ad-\(ad)", campaign: "campaign-\(ad / 7)-\(campaign)",
                advertiser: "advertiser-\(ad % 6 == 0 ? campaign : 0)", cost: Int64(random.next() % 50_000),
                visitor: random.next() % 20 == 0 ? 0 : (random.next() % visitors + 1) &* 0x9e37_79b9_7f4a_7c15,
                label: random.next() % 4 == 0 ? .fraud : .valid)
            sent.append(click)
            return click
        }
    }

    private func check(_ rows: [TestRow], _ expected: [TestRow], _ note: String) -> Bool {
        guard rows != expected else { return true }
        let at = zip(rows, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(rows.count, expected.count)
        let (got, wanted) = (at < rows.count ? rows[at].description : "none", at < expected.count ? expected[at].description : "none")
        Issue.record("\(rows.count) rows, expected \(expected.count); row \(at) is \(got), expected \(wanted); \(note)")
        return false
    }

    private func restore(_ watermark: inout Watermark, _ seen: inout Deduplicator, _ store: inout WindowStore) throws {
        var writer = StateWriter()
        watermark.write(to: &writer)
        seen.write(to: &writer)
        store.write(to: &writer)
        var reader = StateReader(writer.bytes)
        watermark = try Watermark(from: &reader)
        seen = try Deduplicator(from: &reader)
        store = try WindowStore(from: &reader)
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
    }

    @Test("every row of every drain is the model's, in order, with snapshots in between", arguments: 0..<300)
    func stream(seed: UInt64) throws {
        var stream = Stream(seed: seed &* 7919 &+ 11)
        var watermark = Watermark()
        var seen = Deduplicator()
        var store = WindowStore()
        var model = WindowModel(lateness: 300_000)
        var counted: [TestClick] = []
        var tally = (duplicate: 0, late: 0)
        let events = 1500
        for at in 0..<events {
            let click = stream.next()
            let mark = watermark.current
            let duplicate = click.withRecord { record, _ in
                if at % 3 == 0 {
                    seen.warm(record, from: 0, count: 1)
                    store.warm(record, from: 0, count: 1)
                }
                return seen.admit(record.pointee.click_id_hash, content: 0, ts: click.ts, watermark: mark) != .new
            }
            watermark.observe(click.ts)
            let late = store.isLate(click.ts, watermark: mark)
            #expect(late == model.isLate(click, watermark: mark))
            if duplicate {
                tally.duplicate += 1
            } else if late {
                tally.late += 1
            } else {
                let added = store.add(click)
                #expect(added)
                model.add(click)
                counted.append(click)
            }
            if stream.random.next() % 40 == 0, !counted.isEmpty { relabel(&counted, &stream.random, &store, &model) }
            if stream.random.next() % 150 == 0 {
                let early = stream.random.next() % 3 == 0
                let rows = store.drainRows(watermark: watermark.current, early: early)
                guard check(rows, model.drain(watermark: watermark.current, early: early), "event \(at), seed \(seed)") else { return }
            }
            if stream.random.next() % 400 == 0 { try restore(&watermark, &seen, &store) }
        }
        let rows = store.drainRows(watermark: watermark.current, final: true)
        guard check(rows, model.drain(watermark: watermark.current, early: true), "at the end, seed \(seed)") else { return }
        #expect(counted.count + tally.duplicate + tally.late == events)
        #expect(tally.duplicate > 20)
        let cells = store.cellCount
        #expect(cells == model.windows.count, "seed \(seed)")
        let last = store.drainRows(watermark: .max)
        guard check(last, model.drain(watermark: .max, early: false), "after the end, seed \(seed)") else { return }
        #expect(last.allSatisfy { $0.level == .minute && $0.firing == .onTime }, "what was shown early comes on time once more")
        let (left, bytes, texts) = (store.cellCount, store.sketchBytes, store.dimensionCount)
        #expect([left, bytes, texts] == [0, 0, 0], "nothing stays when everything expired, seed \(seed)")
    }

    private func relabel(
        _ counted: inout [TestClick], _ random: inout SplitMix, _ store: inout WindowStore, _ model: inout WindowModel
    ) {
        let at = Int.random(in: 0..<counted.count, using: &random)
        let click = counted[at]
        let to: Label = click.label == .valid ? .fraud : .valid
        click.withRecord { record, _ in
            store.apply(
                idHash: (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1), ts: click.ts, cost: click.cost,
                ad: record.pointee.ad_hash, campaign: record.pointee.campaign_hash, advertiser: record.pointee.advertiser_hash,
                from: click.label, to: to)
        }
        _ = model.relabel(click, to: to)
        counted[at].label = to
    }

    @Test("thousands of visitors an hour: the sketch of each level is that of the set, drained in between or not", arguments: [true, false])
    func manyVisitors(drainsBetween: Bool) {
        let seed: UInt64 = 12
        var random = SplitMix(seed)
        var store = WindowStore()
        var model = WindowModel(lateness: 300_000)
        var mostUsers: Int64 = 0
        for at in 0..<60_000 {
            let ad = random.next() % 3
            let click = TestClick(
                id: 0, ts: Self.t0 + Int64(at) * 20, ad: "ad-\(ad)", campaign: at % 1000 == 999 ? "other" : "usual", advertiser: "one", cost: 1,
                visitor: (random.next() % 30_000 + 1) &* 0x9e37_79b9_7f4a_7c15, label: .valid)
            let added = store.add(click)
            #expect(added)
            model.add(click)
            if drainsBetween && at % 5000 == 4999 {
                let mark = click.ts - 5000
                let rows = store.drainRows(watermark: mark)
                guard check(rows, model.drain(watermark: mark, early: false), "click \(at), seed \(seed)") else { return }
                mostUsers = max(mostUsers, rows.map(\.users).max() ?? 0)
            }
        }
        let rows = store.drainRows(watermark: Self.t0, final: true)
        #expect(check(rows, model.drain(watermark: Self.t0, early: true), "at the end, seed \(seed)"))
        #expect(max(mostUsers, rows.map(\.users).max() ?? 0) > 10_000)
    }
}

import CClickRecord
import ClickModel
import Testing
import Windows

@Suite("Relabelling")
struct RelabelTests {
    private static let t0: Int64 = 1_790_000_000_000 / 86_400_000 * 86_400_000

    private func click(_ offset: Int64, id: UInt64 = 1, campaign: String = "c", cost: Int64 = 100, label: Label = .valid) -> TestClick {
        TestClick(id: id, ts: Self.t0 + offset, ad: "a", campaign: campaign, advertiser: "v", cost: cost, visitor: 1, label: label)
    }

    private func hash(_ id: UInt64) -> (UInt64, UInt64) {
        click(0, id: id).withRecord { record, _ in (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1) }
    }

    private func count(_ click: TestClick, _ store: inout WindowStore, watermark: Int64 = t0) -> WaitingEngagement? {
        click.withRecord { record, arena in
            let added = store.add(record: record, arena: arena, label: click.label)
            #expect(added)
            return store.remember(record: record, label: click.label, score: 0.25, source: 9, watermark: watermark)
        }
    }

    private func engage(_ store: inout WindowStore, _ offset: Int64, id: UInt64 = 1, watermark: Int64 = t0) -> EngagementOutcome {
        store.engage(idHash: hash(id), ts: Self.t0 + offset, dwellMilliseconds: 300, watermark: watermark) { _ in }
    }

    @Test("an engagement up to ten minutes from its click relabels it, once; a millisecond more is too far")
    func reach() {
        for away in [-600_001, -600_000, 0, 600_000, 600_001] as [Int64] {
            var store = WindowStore()
            _ = count(click(0), &store)
            let outcomes = [engage(&store, away), engage(&store, away)]
            #expect(outcomes == (abs(away) > 600_000 ? [.tooFar, .tooFar] : [.relabelled, .unchanged]), "\(away)")
            let rows = store.drainRows(watermark: Self.t0, final: true)
            let fraud: Int64 = abs(away) > 600_000 ? 0 : 1
            #expect(rows.map(\.fraud) == [fraud, fraud, fraud] && rows.map(\.billable).allSatisfy { $0 == 100 - 100 * fraud })
        }
    }

    @Test("of clicks, or engagements, of one id that are as near, the first is taken")
    func ties() {
        var store = WindowStore()
        for (offset, campaign) in [(0, "x"), (2000, "y")] as [(Int64, String)] { _ = count(click(offset, campaign: campaign), &store) }
        var campaign = ""
        _ = store.engage(idHash: hash(1), ts: Self.t0 + 1000, dwellMilliseconds: 1, watermark: Self.t0) {
            campaign = String(decoding: $0.campaignID, as: UTF8.self)
        }
        #expect(campaign == "x")
        for offset in [0, 2000, 1500, 500] as [Int64] { _ = engage(&store, offset, id: 2) }
        let taken = (0..<3).map { _ in count(click(1000, id: 2), &store)?.ts }
        #expect(taken == [1500, 500, 0].map { Self.t0 + $0 })
    }

    @Test("a click and an engagement are known for sixteen minutes of event time after theirs, drained or not", arguments: [false, true])
    func expiry(isDrained: Bool) {
        for over in [0, 1] as [Int64] {
            let watermark = Self.t0 + 960_000 + over
            var store = WindowStore()
            _ = count(click(0), &store)
            _ = engage(&store, 0, id: 2)
            if isDrained { _ = store.drainRows(watermark: watermark) }
            let outcome = engage(&store, 5, watermark: watermark)
            #expect(outcome == (over == 0 ? .relabelled : .unknownClick))
            let waited = count(click(500_000, id: 2), &store, watermark: watermark)
            #expect((waited == nil) == (over == 1))
        }
    }

    @Test("an engagement that comes first waits for its click, and only a valid click takes it")
    func waits() {
        var store = WindowStore()
        let first = [engage(&store, 500), engage(&store, 500), engage(&store, 700, id: 2), engage(&store, 900_000, id: 3)]
        #expect(first == [.unknownClick, .unknownClick, .unknownClick, .unknownClick])
        let waiting = store.waitingEngagementCount
        #expect(waiting == 3, "a repetition waits once")
        let found = count(click(0), &store)
        #expect(found?.ts == Self.t0 + 500 && found?.dwellMilliseconds == 300)
        let fraud = count(click(0, id: 2, label: .fraud), &store)
        let far = count(click(0, id: 3), &store)
        #expect(fraud == nil && far == nil)
        let outcomes = [engage(&store, 500), engage(&store, 500), engage(&store, 700, id: 2), engage(&store, 900_000, id: 3)]
        #expect(outcomes == [.relabelled, .unchanged, .unchanged, .tooFar])
    }

    @Test("a person's decision is not overridden, whether it changed the label or confirmed it")
    func decided() {
        for to in [Label.valid, .fraud] {
            var store = WindowStore()
            _ = count(click(0, label: .fraud), &store)
            click(0).withRecord { record, _ in
                store.apply(
                    idHash: hash(1), ts: Self.t0, cost: 100, ad: record.pointee.ad_hash, campaign: record.pointee.campaign_hash,
                    advertiser: record.pointee.advertiser_hash, from: .fraud, to: to)
            }
            let outcome = engage(&store, 10)
            #expect(outcome == .unchanged)
            let rows = store.drainRows(watermark: Self.t0, final: true)
            #expect(rows.map(\.valid) == (to == .valid ? [1, 1, 1] : [0, 0, 0]))
        }
    }

    @Test("in a minute that campaigns share, the day of the click's own campaign is corrected; closed levels are told")
    func sharedMinute() {
        var store = WindowStore()
        for (id, campaign) in [(1, "x"), (2, "y"), (3, "y")] as [(UInt64, String)] { _ = count(click(1, id: id, campaign: campaign), &store) }
        _ = store.drainRows(watermark: Self.t0 + 359_999)
        let two = engage(&store, 500, id: 2, watermark: Self.t0 + 359_999)
        let rows = store.drainRows(watermark: Self.t0 + 360_000)
        #expect(two == .relabelled && rows.map(\.valid) == [2, 2, 1] && rows.map(\.firing) == [.late, .early, .early])
        #expect(rows.last?.texts == ["a", "y", "v"])
        var closed: WindowLevels = []
        let three = store.engage(idHash: hash(3), ts: Self.t0, dwellMilliseconds: 1, watermark: Self.t0 + 360_000) { change in
            closed = change.closed
            #expect(String(decoding: change.campaignID, as: UTF8.self) == "y" && change.cost.e4 == 100 && change.clickTime == Self.t0 + 1)
            #expect(change.score == 0.25 && change.source == 9 && change.from == .valid && change.to == .fraud)
        }
        #expect(three == .relabelled && closed == .minute)
        let later = store.drainRows(watermark: Self.t0 + 360_000)
        #expect(later.map(\.level) == [.hour, .day] && later.map(\.valid) == [1, 0])
    }

    @Test("a sum of cost that reached its end stays there; times at the ends of Int64 do not crash it")
    func extremes() {
        var store = WindowStore()
        for id in 1...3 as ClosedRange<UInt64> { _ = count(click(0, id: id, cost: .max), &store) }
        let outcome = engage(&store, 0, id: 2)
        #expect(outcome == .relabelled)
        let rows = store.drainRows(watermark: Self.t0, final: true)
        #expect(rows.map(\.valid) == [2, 2, 2] && rows.map(\.billable) == [.max, .max, .max])
        for watermark in [Int64.min, .max, 0] {
            for (id, ts) in [(10, Int64.min), (11, .max)] as [(UInt64, Int64)] {
                var extreme = click(0, id: id)
                extreme.ts = ts
                _ = count(extreme, &store, watermark: watermark)
                for time in [Int64.min, .max, 0] {
                    _ = store.engage(idHash: hash(id), ts: time, dwellMilliseconds: .min, watermark: watermark) { _ in }
                }
            }
        }
        _ = store.drainRows(watermark: .max)
        let left = [store.recentClickCount, store.waitingEngagementCount, store.dimensionCount]
        #expect(left == [0, 0, 0])
    }

    @Test("a click far in the future does not keep those after it from leaving")
    func futureClick() {
        var store = WindowStore()
        _ = count(click(400 * 86_400_000), &store)
        for minute in 0..<200 { _ = count(click(Int64(minute) * 60_000, id: 2), &store, watermark: Self.t0 + Int64(minute) * 60_000) }
        _ = store.drainRows(watermark: Self.t0 + 199 * 60_000)
        let left = store.recentClickCount
        #expect(left <= 18, "\(left)")
    }

    @Test("of one id no more than eight engagements wait; the oldest of all is dropped at the limit")
    func flood() {
        var store = WindowStore(maximumWaitingEngagements: 20)
        for i in 0..<100 { _ = engage(&store, Int64(i), id: 7) }
        let first = [store.waitingEngagementCount, store.forgottenEngagements]
        #expect(first == [8, 92])
        for id in 100..<120 as Range<UInt64> { _ = engage(&store, 0, id: id) }
        let second = [store.waitingEngagementCount, store.forgottenEngagements]
        #expect(second == [20, 100])
        let gone = count(click(0, id: 7), &store)
        let there = count(click(0, id: 100), &store)
        #expect(gone == nil && there != nil)
    }

    @Test("broken snapshots of remembered clicks and waiting engagements are refused, not fatal")
    func brokenSnapshots() throws {
        let seed: UInt64 = 77
        var random = SplitMix(seed)
        var store = WindowStore(maximumRecentClicks: 500, maximumWaitingEngagements: 50)
        for i in 0..<700 as Range<UInt64> { _ = count(click(Int64(i), id: i, campaign: "\(i % 5)"), &store) }
        for i in 5000..<5080 as Range<UInt64> { _ = engage(&store, 0, id: i) }
        var writer = StateWriter()
        store.write(to: &writer)
        var refused = 0
        for _ in 0..<600 {
            var bytes = writer.bytes
            let at = Int(random.next() % UInt64(bytes.count))
            if random.next() % 3 == 0 { bytes.removeLast(at) } else { bytes[at] ^= UInt8(1 << (random.next() % 8)) }
            var broken = StateReader(bytes)
            do {
                var copy = try WindowStore(from: &broken)
                _ = engage(&copy, 0, id: 600)
                _ = copy.drainRows(watermark: .max)
            } catch { refused += 1 }
        }
        #expect(refused > 200, "\(refused), seed \(seed)")
    }
}

import CClickRecord
import ClickModel
import Testing
import Windows

/// Engagements and outside decisions on random streams: the tables that the emitted rows and the corrections make.
@Suite("Retractions against a slow model")
struct RetractionTests {
    private static let t0: Int64 = 1_790_000_000_000

    /// A table as a program keeps it: rows replaced by key, and corrected where a relabelling says so.
    private struct Table: Equatable {
        var rows: [WindowModel.Key: TestRow] = [:]
        var firings: [WindowModel.Key: [WindowFiring]] = [:]

        mutating func upsert(_ emitted: [TestRow]) {
            for row in emitted {
                let key = WindowModel.Key(level: row.level, names: row.level == .day ? row.texts : [row.texts[0]], start: row.start)
                rows[key] = row
                firings[key, default: []].append(row.firing)
            }
        }

        /// Returns whether all rows were there.
        mutating func correct(_ click: TestClick, to label: Label, _ closed: WindowLevels, _ model: WindowModel) -> Bool {
            let sign: Int64 = label == .valid ? 1 : -1
            for key in model.keys(click) where closed.contains(WindowLevels(key.level)) {
                guard rows[key] != nil else { return false }
                rows[key]!.valid += sign
                rows[key]!.fraud -= sign
                rows[key]!.billable += sign * click.cost
                rows[key]!.firing = .late
            }
            return true
        }
    }

    private enum Event {
        case click(TestClick)
        case engagement(id: UInt64, ts: Int64, dwell: Int64)
    }

    /// Clicks, some of them late, with ids used again; engagements before, after, too far from and without their click.
    private struct Stream {
        var random: SplitMix
        var now = RetractionTests.t0
        var sent: [TestClick] = []
        var delayed: [TestClick] = []
        var engagements: [(UInt64, Int64, Int64)] = []
        let ads: UInt64
        let step: UInt64

        init(seed: UInt64) {
            random = SplitMix(seed)
            ads = [1, 3, 30][Int(random.next() % 3)]
            step = [200, 4000, 30_000][Int(random.next() % 3)]
            // Also before 1970, and round it.
            if random.next() % 6 == 0 { now = [-RetractionTests.t0, -100_000][Int(random.next() % 2)] }
        }

        mutating func next() -> Event {
            if random.next() % 3 > 0 { return .click(nextClick()) }
            if random.next() % 6 == 0, let again = engagements.randomElement(using: &random) {
                return .engagement(id: again.0, ts: again.1, dwell: again.2)
            }
            let click: TestClick
            switch random.next() % 5 {
            case 0:
                click = newClick()
                delayed.append(click)
            case 1: click = delayed.randomElement(using: &random) ?? newClick()
            case 2: click = sent.randomElement(using: &random) ?? newClick()
            default: click = sent.suffix(20).randomElement(using: &random) ?? newClick()
            }
            let away: Int64
            switch random.next() % 8 {
            case 0: away = [-600_000, 600_000, -600_001, 600_001, 0][Int(random.next() % 5)]
            case 1: away = Int64(random.next() % 3_000_000) - 1_500_000
            default: away = Int64(random.next() % 5000)
            }
            engagements.append((click.id, click.ts + away, Int64(random.next() % 1000)))
            return .engagement(id: click.id, ts: engagements.last!.1, dwell: engagements.last!.2)
        }

        private mutating func nextClick() -> TestClick {
            let click = !delayed.isEmpty && random.next() % 4 == 0 ? delayed.remove(at: Int(random.next() % UInt64(delayed.count))) : newClick()
            sent.append(click)
            return click
        }

        private mutating func cost() -> Int64 {
            switch random.next() % 50 {
            case 0: 0
            case 1: 1 << 32 - 1 + Int64(random.next() % 3)
            case 2: 1_000_000_000_000 + Int64(random.next() % 3)
            default: Int64(random.next() % 50_000)
            }
        }

        private mutating func newClick() -> TestClick {
            now += Int64(random.next() % step)
            var ts = now - Int64(random.next() % 6000)
            switch random.next() % 40 {
            case 0: ts -= Int64(random.next() % 500_000)
            case 1: ts += Int64(random.next() % 9_000_000)
            default: break
            }
            // The first event of some streams is corrupt: the watermark follows it, and is taken back.
            if sent.isEmpty && random.next() % 4 == 0 { ts += 90 * 86_400_000 }
            let ad = random.next() % ads
            let campaign = ad % 3 == 0 ? random.next() % 3 : 0
            let old = random.next() % 12 == 0 ? sent.suffix(8).randomElement(using: &random)?.id : nil
            return TestClick(
                id: old ?? random.next(), ts: ts, ad: "ad-\(ad)", campaign: "campaign-\(campaign)", advertiser: "advertiser-\(campaign / 2)",
                cost: cost(), visitor: random.next() % 50,
                label: random.next() % 4 == 0 ? .fraud : .valid)
        }
    }

    /// The store and the model side by side, with a table each.
    private struct Pair: ~Copyable {
        var store: WindowStore
        var model: RetractionModel
        var table = Table()
        var expected = Table()
        var counted: [TestClick] = []
        var outcomes = [Int](repeating: 0, count: EngagementOutcome.allCases.count)
        var closedLevels = 0
        var found = 0
        var mistakes: [String] = []

        init(maximumClicks: Int, maximumWaiting: Int) {
            store = WindowStore(maximumRecentClicks: maximumClicks, maximumWaitingEngagements: maximumWaiting)
            model = RetractionModel(maximumClicks: maximumClicks, maximumWaiting: maximumWaiting)
        }

        mutating func expect(_ condition: Bool, _ note: @autoclosure () -> String) {
            if !condition { mistakes.append(note()) }
        }

        mutating func count(_ click: TestClick, watermark: Int64) {
            let source = click.id &* 3
            let score = Float(click.id % 1000) / 1000
            let waited = click.withRecord { record, arena in
                let added = store.add(record: record, arena: arena, label: click.label)
                precondition(added)
                return store.remember(record: record, label: click.label, score: score, source: source, watermark: watermark)
            }
            model.windows.add(click)
            counted.append(click)
            let wanted = model.remember(click, score: score, source: source, watermark: watermark)
            expect(waited?.ts == wanted?.ts && waited?.dwellMilliseconds == wanted?.dwell, "waited: \(waited as Any), not \(wanted as Any)")
            guard let waited else { return }
            found += 1
            engage(click.id, ts: waited.ts, dwell: waited.dwellMilliseconds, watermark: watermark)
        }

        mutating func engage(_ id: UInt64, ts: Int64, dwell: Int64, watermark: Int64) {
            let (wanted, remembered, closed) = model.engage(id, ts: ts, dwell: dwell, watermark: watermark)
            var calls = 0
            var isRight = true
            var told: WindowLevels = []
            let outcome = store.engage(idHash: Self.hash(id), ts: ts, dwellMilliseconds: dwell, watermark: watermark) { change in
                calls += 1
                told = change.closed
                guard let click = remembered?.click else { return isRight = false }
                let texts = [change.adID, change.campaignID, change.advertiserID].map { String(decoding: $0, as: UTF8.self) }
                isRight =
                    texts == [click.ad, click.campaign, click.advertiser] && change.clickTime == click.ts && change.cost.e4 == click.cost
                    && change.score == remembered?.score && change.source == remembered?.source
                    && (change.from, change.to) == (.valid, .fraud)
            }
            expect(outcome == wanted, "\(outcome), not \(wanted)")
            expect(calls == (wanted == .relabelled ? 1 : 0) && isRight && told == closed, "told \(calls) times, \(told), not \(closed)")
            outcomes[Int(outcome.rawValue)] += 1
            guard let click = remembered?.click else { return }
            changeLabel(click, to: .fraud)
            correct(click, to: .fraud, told, closed)
        }

        mutating func apply(_ index: Int, to: Label) {
            let click = counted[index]
            click.withRecord { record, _ in
                store.apply(
                    idHash: Self.hash(click.id), ts: click.ts, cost: click.cost, ad: record.pointee.ad_hash,
                    campaign: record.pointee.campaign_hash, advertiser: record.pointee.advertiser_hash, from: click.label, to: to)
            }
            let closed = model.apply(click, from: click.label, to: to)
            guard click.label != to else { return }
            counted[index].label = to
            correct(click, to: to, closed, closed)
        }

        private mutating func correct(_ click: TestClick, to label: Label, _ told: WindowLevels, _ closed: WindowLevels) {
            let isThere = table.correct(click, to: label, told, model.windows)
            expect(isThere, "a closed row is not in the table")
            _ = expected.correct(click, to: label, closed, model.windows)
            if !closed.isEmpty { closedLevels += 1 }
        }

        private mutating func changeLabel(_ click: TestClick, to label: Label) {
            let at = counted.firstIndex { $0.id == click.id && $0.ts == click.ts && $0.label == .valid }
            counted[at!].label = label
        }

        mutating func drain(watermark: Int64, final: Bool = false, early: Bool = false) {
            let rows = store.drainRows(watermark: watermark, final: final, early: early)
            let wanted = model.windows.drain(watermark: watermark, early: final || early)
            expect(rows == wanted, "\(rows.count) rows, expected \(wanted.count)")
            table.upsert(rows)
            expected.upsert(wanted)
        }

        mutating func restore() throws {
            var writer = StateWriter()
            store.write(to: &writer)
            var reader = StateReader(writer.bytes)
            store = try WindowStore(from: &reader)
            var second = StateWriter()
            store.write(to: &second)
            let (isAtEnd, isSame) = (reader.isAtEnd, second.bytes == writer.bytes)
            expect(isAtEnd && isSame, "a restored store writes other bytes")
        }

        /// Every click once, by its last label, summed from nothing.
        func truth() -> [WindowModel.Key: [Int64]] {
            var sums: [WindowModel.Key: [Int64]] = [:]
            for click in counted {
                let valid: Int64 = click.label == .valid ? 1 : 0
                for key in model.windows.keys(click) {
                    let old = sums[key] ?? [0, 0, 0, 0, 0]
                    sums[key] = zip(old, [1, valid, 1 - valid, click.cost, valid * click.cost]).map { $0 + $1 }
                }
            }
            return sums
        }

        static func hash(_ id: UInt64) -> (UInt64, UInt64) {
            TestClick(id: id, ts: 0, ad: "", campaign: "", advertiser: "", cost: 0, visitor: 0, label: .valid)
                .withRecord { record, _ in (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1) }
        }
    }

    @Test("tables of 1,200 streams are the model's and hold each click once, by its last label", arguments: 0..<12)
    func streams(block: UInt64) throws {
        var outcomes = [Int](repeating: 0, count: EngagementOutcome.allCases.count)
        var (closed, found, forgottenClicks, forgottenEngagements) = (0, 0, 0, 0)
        for seed in block * 100..<block * 100 + 100 {
            let pair = try run(seed: seed)
            let problems = pair.mistakes
            #expect(problems.isEmpty, "seed \(seed): \(problems.first ?? ""), \(problems.count) in all")
            outcomes = zip(outcomes, pair.outcomes).map { $0 + $1 }
            closed += pair.closedLevels
            found += pair.found
            forgottenClicks += pair.model.forgottenClicks
            forgottenEngagements += pair.model.forgottenEngagements
            if !problems.isEmpty { return }
        }
        #expect(outcomes.min()! > 200, "\(outcomes)")
        #expect([closed, found, forgottenClicks, forgottenEngagements].min()! > 200, "\([closed, found, forgottenClicks, forgottenEngagements])")
    }

    private func run(seed: UInt64) throws -> Pair {
        var stream = Stream(seed: seed &* 6007 &+ 5)
        var watermark = Watermark()
        var pair = Pair(
            maximumClicks: [8 << 20, 8 << 20, 100, 30, 1][Int(seed % 5)], maximumWaiting: [1 << 18, 20, 3][Int(seed % 3)])
        let drainEvery = [15, 60, 10_000][Int(stream.random.next() % 3)]
        for _ in 0..<400 {
            switch stream.next() {
            case .click(let click):
                watermark.observe(click.ts)
                if !pair.store.isLate(click.ts, watermark: watermark.current) { pair.count(click, watermark: watermark.current) }
            case .engagement(let id, let ts, let dwell): pair.engage(id, ts: ts, dwell: dwell, watermark: watermark.current)
            }
            if stream.random.next() % 25 == 0, !pair.counted.isEmpty {
                let at = max(0, pair.counted.count - 1 - Int(stream.random.next() % 150))
                pair.apply(at, to: stream.random.next() % 2 == 0 ? .valid : .fraud)
            }
            if Int(stream.random.next() % UInt64(drainEvery)) == 0 { pair.drain(watermark: watermark.current, early: stream.random.next() % 4 == 0) }
            if stream.random.next() % 150 == 0 { try pair.restore() }
        }
        finish(&pair, watermark.current)
        return pair
    }

    private func finish(_ pair: inout Pair, _ watermark: Int64) {
        pair.drain(watermark: watermark, final: true)
        let sums = pair.table.rows.mapValues { [$0.clicks, $0.valid, $0.fraud, $0.cost, $0.billable] }
        let truth = pair.truth()
        pair.expect(sums == truth, "the table does not hold each click once")
        let counts = [pair.store.forgottenClicks, pair.store.forgottenEngagements]
        let wanted = [pair.model.forgottenClicks, pair.model.forgottenEngagements]
        pair.expect(counts == wanted, "forgotten \(counts), not \(wanted)")
        pair.drain(watermark: .max)
        let same = pair.table == pair.expected
        pair.expect(same, "the tables differ")
        for (key, firings) in pair.table.firings where key.level == .minute {
            let rest = firings.drop { $0 == .early }
            pair.expect(rest.first == .onTime && rest.dropFirst().allSatisfy { $0 == .late }, "\(key): \(firings)")
        }
        let left = [pair.store.cellCount, pair.store.dimensionCount, pair.store.recentClickCount, pair.store.waitingEngagementCount]
        pair.expect(left == [0, 0, 0, 0], "\(left) stay when everything expired")
    }
}

import CClickRecord
import ClickModel
import Features
import Testing

@Suite("Feature extraction")
struct FeatureExtractorTests {
    /// Every feature row of a stream, cut into batches of the given sizes in turn.
    static func rows(_ clicks: [TestClick], batchSizes: [Int], extractor: FeatureExtractor = FeatureExtractor(lists: nil, geo: nil)) -> [[Float]] {
        let batch = ClickBatch()
        let block = FeatureBlock(columnCount: Feature.count)
        var rows: [[Float]] = []
        var next = 0
        var turn = 0
        while next < clicks.count {
            batch.removeAll()
            for click in clicks[next..<min(clicks.count, next + batchSizes[turn % batchSizes.count])] {
                click.append(to: batch, number: next + batch.count)
            }
            let selected = (0..<Int32(batch.count)).map { $0 }
            selected.withUnsafeBufferPointer { extractor.extract(batch, rows: $0, horizon: Int64.min / 2, into: block) }
            for row in 0..<batch.count { rows.append(block.row(row)) }
            next += batch.count
            turn += 1
        }
        return rows
    }

    static func same(_ a: Float, _ b: Float) -> Bool { a == b || (a.isNaN && b.isNaN) }

    @Test("equals the slow model, feature by feature, on random streams", arguments: 1...12)
    func equalsSlowModel(seed: Int) {
        // Spans from a busy ten minutes to a sparse ten hours, so that panes, generations and time to live all end.
        let span: Int64 = [600_000, 5_400_000, 36_000_000][seed % 3]
        let clicks = TestClick.randomStream(seed: UInt64(seed), count: 700, span: span)
        let fast = Self.rows(clicks, batchSizes: [97])
        let batch = ClickBatch()
        var slow = SlowFeatureModel()
        for (i, click) in clicks.enumerated() {
            batch.removeAll()
            click.append(to: batch, number: i)
            for (feature, expected) in slow.features(of: batch.records[0]) {
                let got = fast[i][feature.rawValue]
                let close = Self.same(got, expected) || abs(got - expected) <= 1e-4 * max(1, abs(expected))
                #expect(close, "seed \(seed), click \(i), \(feature.description.name): got \(got), slow model \(expected)")
                if !close { return }
            }
        }
    }

    @Test("gives the same bits however the stream is cut into batches", arguments: 1...4)
    func batchSizeDoesNotMatter(seed: Int) {
        let clicks = TestClick.randomStream(seed: UInt64(seed) &+ 100, count: 3000, span: 7_200_000)
        let single = Self.rows(clicks, batchSizes: [1])
        for sizes in [[1024], [7, 64, 3, 300]] {
            let other = Self.rows(clicks, batchSizes: sizes)
            #expect(zip(single, other).allSatisfy { zip($0, $1).allSatisfy { $0.bitPattern == $1.bitPattern } }, "seed \(seed), sizes \(sizes)")
        }
    }

    @Test("is restored from a snapshot in the middle as if never stopped", arguments: 1...3)
    func snapshotInTheMiddle(seed: Int) throws {
        let clicks = TestClick.randomStream(seed: UInt64(seed) &+ 200, count: 2000, span: 7_200_000)
        let undisturbed = Self.rows(clicks, batchSizes: [128])
        let before = FeatureExtractor(lists: nil, geo: nil)
        _ = Self.rows(Array(clicks[..<1000]), batchSizes: [128], extractor: before)
        var writer = StateWriter()
        before.write(to: &writer)
        let after = FeatureExtractor(lists: nil, geo: nil)
        var reader = StateReader(writer.bytes)
        try after.restore(from: &reader)
        let readAll = reader.isAtEnd
        #expect(readAll)
        let rest = Self.rows(Array(clicks[1000...]), batchSizes: [128], extractor: after)
        #expect(zip(undisturbed[1000...], rest).allSatisfy { zip($0, $1).allSatisfy { $0.bitPattern == $1.bitPattern } }, "seed \(seed)")
    }

    @Test("keeps its memory bound and counts what it forgot when keys outnumber the budget")
    func boundedMemory() {
        var budget = FeatureExtractor.Budget()
        let limit = 1 << 20
        (budget.addresses, budget.devices, budget.users, budget.subnets) = (limit, limit, limit, limit)
        (budget.pairs, budget.ads, budget.publishers, budget.agents) = (limit, limit, limit, limit)
        let extractor = FeatureExtractor(lists: nil, geo: nil, budget: budget)
        let clicks = (0..<60_000).map { TestClick(ts: 1_790_000_000_000 + Int64($0), device: $0, ip: UInt32($0)) }
        _ = Self.rows(clicks, batchSizes: [1024], extractor: extractor)
        #expect(extractor.byteCount <= budget.total)
        // 60,000 addresses and as many devices, of which about 7,700 fit each.
        #expect(extractor.evicted > 100_000)
    }

    private func value(_ feature: Feature, _ clicks: [TestClick]) -> Float {
        Self.rows(clicks, batchSizes: [16]).last![feature.rawValue]
    }

    @Test("an unknown signal stays unknown and is never zero")
    func unknownStaysUnknown() {
        let row = Self.rows([TestClick(ts: 1_790_000_000_000)], batchSizes: [1])[0]
        for feature in [Feature.noPointerMovement, .hiddenElement, .automationFlag, .instantBounce, .ipClicks1m, .deviceClicks1m, .knownCrawler, .travelSpeedKmh] {
            #expect(row[feature.rawValue].isNaN, "\(feature.description.name)")
        }
    }

    @Test("touch screens and keyboards are not 'no pointer movement'")
    func pointerLessInput() {
        #expect(value(.noPointerMovement, [TestClick(ts: 1, moves: 0)]) == 1)
        #expect(value(.noPointerMovement, [TestClick(ts: 1, moves: 0, touch: 2)]) == 0)
        #expect(value(.noPointerMovement, [TestClick(ts: 1, moves: 0, keys: 3)]) == 0)
        #expect(value(.noPointerMovement, [TestClick(ts: 1, moves: 12)]) == 0)
    }

    @Test("Berlin to New York in an hour is a jump at over 6,000 km/h; Berlin to Potsdam is none")
    func travel() {
        let berlin = TestClick(ts: 1_790_000_000_000, user: 1, lat: 52.52, lon: 13.40)
        let newYork = TestClick(ts: 1_790_003_600_000, user: 1, lat: 40.71, lon: -74.01)
        let potsdam = TestClick(ts: 1_790_003_600_000, user: 1, lat: 52.39, lon: 13.06)
        let speed = value(.travelSpeedKmh, [berlin, newYork])
        // 6,385 km by great circle, less the allowance of 300.
        #expect(abs(speed - 6085) < 15, "\(speed)")
        #expect(value(.travelJumps1h, [berlin, newYork]) == 1)
        #expect(value(.travelSpeedKmh, [berlin, potsdam]) == 0)
        // A click without a position in between says nothing of when the last one was left.
        let unknown = TestClick(ts: 1_790_003_500_000, user: 1)
        #expect(abs(value(.travelSpeedKmh, [berlin, unknown, newYork]) - 6085) < 15)
    }

    @Test("a bot that repeats one pointer path is counted, a person's paths are not")
    func pathRepeats() {
        let bot = (0..<5).map { TestClick(ts: 1_790_000_000_000 + Int64($0) * 60_000, device: 1, distance: 640.2, straightness: 0.81, duration: 900) }
        #expect(value(.pointerPathRepeats, bot) == 4)
        let person = (0..<5).map { TestClick(ts: 1_790_000_000_000 + Int64($0) * 60_000, device: 1, distance: 300 + 61 * Float($0), straightness: 0.5, duration: 700) }
        #expect(value(.pointerPathRepeats, person) == 0)
    }

    @Test("the time-zone mismatch is small at home and large behind a far proxy")
    func timezone() {
        #expect(value(.timezoneMismatchMin, [TestClick(ts: 1, lat: 52.5, lon: 13.4, tzOffset: 60)]) < 10)
        #expect(value(.timezoneMismatchMin, [TestClick(ts: 1, lat: 40.7, lon: -74, tzOffset: 480)]) > 600)
    }

    @Test("an address alone does not make its clicks one visitor's")
    func addressAlone() {
        let shared = (0..<9).map { TestClick(ts: 1_790_000_000_000 + Int64($0) * 1000, ip: 0x0a00_0001) }
        #expect(value(.ipClicks1m, shared) == 9)
        #expect(value(.ipDistinctUsers1h, shared).isNaN && value(.visitorAdClicks1h, shared).isNaN)
    }

    @Test("a new ad's rate has no usual one to be compared with until a whole pane has passed")
    func baselineNeedsAWholePane() {
        let born = TestClick(ts: 1_790_000_399_000)
        let launch = (0..<30).map { TestClick(ts: 1_790_000_401_000 + Int64($0) * 100) }
        #expect(1_790_000_400_000 % 600_000 == 0, "the pane ends between the two")
        #expect(value(.adRateRatio, [born] + launch).isNaN)
        #expect(value(.adRateRatio, [born] + launch + [TestClick(ts: 1_790_001_000_001)]) > 0)
    }

    @Test("the catalogue has one unique name and a meaning for every column")
    func catalogueIsComplete() {
        #expect(Set(Feature.catalogue.map(\.name)).count == Feature.count)
        #expect(Feature.catalogue.allSatisfy { !$0.meaning.isEmpty && !$0.unit.isEmpty })
        #expect(Feature.allCases.enumerated().allSatisfy { $0.offset == $0.element.rawValue })
    }
}

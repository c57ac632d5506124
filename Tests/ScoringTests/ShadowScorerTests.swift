import AllocationCounter
import CClickRecord
import ClickModel
import Features
import LogisticModel
import Scoring
import Testing

@Suite("Shadow scoring")
struct ShadowScorerTests {
    static let rows = (0..<Int32(ClickBatch.defaultCapacity)).map { $0 }

    /// The scorer's own model, and two that weigh otherwise.
    static func models() -> [LogisticModel] {
        [
            ScorerTests.model([ScorerTests.weighting("ip_clicks_1m", 0.7), ScorerTests.weighting("device_clicks_1h", 0.4), ScorerTests.weighting("dwell_ms", -0.3)]),
            ScorerTests.model([ScorerTests.weighting("ip_clicks_1m", 1.7)], intercept: 4), ScorerTests.model([ScorerTests.weighting("dwell_ms", -0.3)]),
        ]
    }

    @Test("a challenger's scores and labels are those it gives as the champion, whatever the batch")
    func sameAsChampion() throws {
        for size in [1024, 37, 1] {
            let scorers = try Self.models().map { try ScorerTests.scorer($0) }
            let shadow = try ShadowScorer(Self.models())
            let batch = ClickBatch()
            var differing = 0
            for start in stride(from: 0, to: 2048, by: size) {
                ScorerTests.fill(batch, from: start, count: min(size, 2048 - start))
                Self.rows.withUnsafeBufferPointer { all in
                    let chosen = UnsafeBufferPointer(rebasing: all[..<batch.count])
                    let verdicts = scorers[0].score(batch, rows: chosen, horizon: Int64.min / 2)
                    shadow.score(scorers[0].block, rows: batch.count)
                    for (model, scorer) in scorers.enumerated() {
                        let own = model == 0 ? verdicts : scorer.score(batch, rows: chosen, horizon: Int64.min / 2)
                        for row in 0..<batch.count {
                            #expect(shadow.score(model: model, row: row).bitPattern == own[row].score.bitPattern, "batches of \(size), click \(start + row)")
                            #expect(shadow.label(model: model, row: row, champion: verdicts[row]) == own[row].label, "batches of \(size), click \(start + row)")
                            if own[row].label != verdicts[row].label { differing += 1 }
                        }
                    }
                }
            }
            #expect(differing > 20)
        }
    }

    @Test("challengers and drift counts allocate nothing per click")
    func noAllocation() throws {
        let scorer = try ScorerTests.scorer()
        let shadow = try ShadowScorer(Self.models())
        let bins = DriftBins(Self.referenced())
        let counts = UnsafeMutablePointer<Int64>.allocate(capacity: bins.binCount)
        counts.initialize(repeating: 0, count: bins.binCount)
        defer { counts.deallocate() }
        let batch = ClickBatch()
        ScorerTests.fill(batch, from: 0, count: 1000)
        var counted: UInt64 = 0
        var flagged = 0
        Self.rows.withUnsafeBufferPointer { all in
            let chosen = UnsafeBufferPointer(rebasing: all[..<1000])
            let verdicts = scorer.score(batch, rows: chosen, horizon: Int64.min / 2)
            allocation_counter_start()
            shadow.score(scorer.block, rows: 1000)
            for row in 0..<1000 {
                for model in 0..<3 where shadow.label(model: model, row: row, champion: verdicts[row]) == .fraud { flagged += 1 }
                bins.add(scorer.block, row: row, score: verdicts[row].score, to: counts)
            }
            counted = allocation_counter_stop()
        }
        #expect(counted == 0 && flagged > 0)
    }

    static func referenced() -> LogisticModel {
        var model = models()[0]
        model.reference = [
            .init(feature: "ip_clicks_1m", edges: [1, 2, 5], counts: [0, 1, 2, 3, 4]), .init(feature: "dwell_ms", edges: [], counts: [5, 5]),
            .init(feature: "unheard_of", edges: [1], counts: [0, 1, 1]), .init(feature: "pointer_moves", edges: [0, 20], counts: [0, 0, 1, 1]),
        ]
        return model
    }

    @Test("every sampled click falls in one bin of each feature and of the score, as the model file numbers them")
    func driftBins() throws {
        let scorer = try ScorerTests.scorer()
        let model = Self.referenced()
        let bins = DriftBins(model)
        #expect(bins.parts.map(\.name) == ["ip_clicks_1m", "dwell_ms", "pointer_moves", "score"])
        var counts = [Int64](repeating: 0, count: bins.binCount)
        var expected = counts
        let batch = ClickBatch()
        ScorerTests.fill(batch, from: 0, count: 1000)
        Self.rows.withUnsafeBufferPointer { all in
            let verdicts = scorer.score(batch, rows: UnsafeBufferPointer(rebasing: all[..<1000]), horizon: Int64.min / 2)
            for row in 0..<1000 {
                counts.withUnsafeMutableBufferPointer { bins.add(scorer.block, row: row, score: verdicts[row].score, to: $0.baseAddress!) }
                for part in bins.parts {
                    let column = Feature.catalogue.firstIndex { $0.name == part.name }
                    let value = column.map { scorer.block.column($0)[row] } ?? verdicts[row].score
                    let edges = model.reference.first { $0.feature == part.name }?.edges ?? LogisticModel.scoreEdges
                    expected[part.first + (value.isNaN ? 0 : 1 + edges.count { Float($0) <= value })] += 1
                }
            }
        }
        #expect(counts == expected)
    }

    @Test("features of any number, with any number of edges, are counted in their bins", arguments: [1, 15, 16, 17, 40, 64])
    func driftBinsOfManyFeatures(features: Int) {
        var generator = SystemRandomNumberGenerator()
        let seed = generator.next()
        var state = seed
        /// A whole number under `bound`, by an LCG's high bits.
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var model = Self.models()[0]
        model.reference = Feature.catalogue.prefix(features).map { feature in
            let edges = (0..<[0, 1, 7, 40, 300][below(5)]).map { Double($0) }
            return .init(feature: feature.name, edges: edges, counts: [Int](repeating: 0, count: edges.count + 2))
        }
        let bins = DriftBins(model)
        let block = FeatureBlock(columnCount: Feature.count, capacity: 64)
        var counts = [Int64](repeating: 0, count: bins.binCount)
        var expected = counts
        for row in 0..<64 {
            for column in 0..<Feature.count { block.column(column)[row] = [.nan, .infinity, -1, Float(below(320)), Float(below(90)) / 2][below(5)] }
            let score = below(10) == 0 ? .nan : Float(below(1000)) / 1000
            counts.withUnsafeMutableBufferPointer { bins.add(block, row: row, score: score, to: $0.baseAddress!) }
            for (index, part) in bins.parts.enumerated() {
                let value = index < model.reference.count ? block.column(index)[row] : score
                let edges = index < model.reference.count ? model.reference[index].edges : LogisticModel.scoreEdges
                expected[part.first + LogisticModel.bin(of: value, edges: edges)] += 1
            }
        }
        #expect(counts == expected, "seed \(seed), \(features) features")
    }
}

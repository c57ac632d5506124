import ClickModel
import Foundation
import Testing
import Training

@Suite struct EvaluatorTests {
    /// A table of facts without features, and scores of its rows.
    static func sample(
        _ seed: UInt64, rows: Int, fraudShare: Double = 0.1, step: Double = 1e-6, groups: Int? = nil, weighted: Bool = false
    ) -> (table: LabelledTable, scores: [Float]) {
        var random = RandomData(seed)
        var table = LabelledTable(
            names: [], hasGroups: groups != nil, hasWeights: weighted, hasCosts: true, segmentColumn: "publisher_id")
        let shifts = (0..<(groups ?? 1)).map { _ in groups == nil ? 0 : random.normal() * 2 }
        var scores: [Float] = []
        for row in 0..<rows {
            let group = groups.map { random.below($0) } ?? 0
            let isFraud = row == 0 || (row > 1 && random.uniform() < fraudShare)
            let logit = random.normal() + (isFraud ? 1 : -1) + shifts[group]
            scores.append(Float((1 / (1 + exp(-logit)) / step).rounded() * step))
            table.append(
                [], isFraud: isFraud, eventTime: EventTime(milliseconds: Int64(row)), group: UInt64(group),
                weight: weighted ? Double(random.below(3)) : 1, attack: isFraud ? ["", "bots", "farm"][random.below(3)] : "",
                facts: LabelledTable.Facts(costE4: Int64(random.below(20_000)), segment: ["", "p1", "p2", "p3"][random.below(4)]))
        }
        return (table, scores)
    }

    private func evaluation(_ sample: (table: LabelledTable, scores: [Float]), threshold: Double = 0.5, _ change: (inout Evaluator) -> Void = { _ in }) -> Evaluation {
        var evaluator = Evaluator()
        evaluator.replicates = 0
        change(&evaluator)
        return evaluator.measure(
            Evaluator.Subject(name: "test", scores: sample.scores, threshold: threshold), table: sample.table, rows: Array(sample.scores.indices))
    }

    @Test("figures, curves and calibration bins are scikit-learn's")
    func scikitLearn() throws {
        struct Expected: Decodable {
            var ap, auc: Double
            var roc, pr: [[Double]]
            var observed, mean: [Double]
        }
        let samples = (UInt64(1)...10).map { Self.sample($0, rows: [300, 40][Int($0) % 2], fraudShare: 0.3, step: $0 > 5 ? 0.05 : 1e-6) }
        var files: [String: Data] = [:]
        for (number, sample) in samples.enumerated() {
            files["s\(number)"] = sample.scores.data
            files["y\(number)"] = sample.table.labels.map { $0 ? UInt8(1) : 0 }.data
        }
        let script = """
            import json, numpy as np
            from sklearn import metrics as m
            from sklearn.calibration import calibration_curve
            out = []
            for i in range(\(samples.count)):
                s, y = np.fromfile(f's{i}', np.float32), np.fromfile(f'y{i}', np.uint8)
                fpr, tpr, _ = m.roc_curve(y, s, drop_intermediate=False)
                p, r, _ = m.precision_recall_curve(y, s)
                observed, mean = calibration_curve(y, s.astype(np.float64), n_bins=10)
                out.append(dict(ap=m.average_precision_score(y, s), auc=m.roc_auc_score(y, s), roc=list(zip(fpr.tolist(), tpr.tolist())),
                    pr=list(zip(r[::-1].tolist(), p[::-1].tolist())), observed=observed.tolist(), mean=mean.tolist()))
            print(json.dumps(out))
            """
        let expected: [Expected] = try Python.run(script, files: files)
        for (number, (sample, want)) in zip(samples, expected).enumerated() {
            let seed = number + 1
            let got = evaluation(sample)
            #expect(abs(got.metrics.averagePrecision.value! - want.ap) < 1e-12 && abs(got.metrics.rocAUC.value! - want.auc) < 1e-12, "seed \(seed)")
            #expect(got.roc.count == want.roc.count && got.precisionRecall.count == want.pr.count, "seed \(seed)")
            for (point, pair) in zip(got.roc, want.roc) {
                #expect(abs(point.falsePositiveRate - pair[0]) < 1e-12 && abs(point.recall - pair[1]) < 1e-12, "seed \(seed)")
            }
            for (point, pair) in zip(got.precisionRecall, want.pr) {
                #expect(abs(point.recall - pair[0]) < 1e-12 && abs(point.precision - pair[1]) < 1e-12, "seed \(seed)")
            }
            let bins = Evaluation.CalibrationBin.bins(
                scores: sample.scores, labels: sample.table.labels, edges: (1..<10).map { Double($0) / 10 })
            // A score on a bound belongs to the bin under it there, to the one over it here: only scores off the bounds compare.
            guard seed <= 5 else { continue }
            #expect(bins.count == want.mean.count, "seed \(seed)")
            for (bin, (observed, mean)) in zip(bins, zip(want.observed, want.mean)) {
                #expect(abs(bin.meanScore - mean) < 1e-9 && abs(bin.observed.value! - observed) < 1e-12, "seed \(seed)")
            }
        }
    }

    @Test("the interval of a share is scipy's Wilson interval")
    func wilson() throws {
        let cases = [(0, 1), (1, 1), (0, 50), (50, 50), (3, 10), (17, 4000), (999, 1000)]
        let script = """
            import json
            from scipy.stats import binomtest
            print(json.dumps([list(binomtest(k, n).proportion_ci(0.95, 'wilson')) for k, n in \(cases.map { [$0.0, $0.1] })]))
            """
        let expected: [[Double]] = try Python.run(script)
        for ((hits, rows), want) in zip(cases, expected) {
            let got = WilsonInterval.estimate(hits: Double(hits), rows: Double(rows))
            #expect(abs(got.low! - want[0]) < 1e-9 && abs(got.high! - want[1]) < 1e-9, "\(hits) of \(rows)")
        }
        #expect(WilsonInterval.estimate(hits: 0, rows: 0) == Estimate())
    }

    @Test("long curves are thinned to 500 points that lie on them and hold their area")
    func thinning() {
        let sample = Self.sample(3, rows: 60_000, fraudShare: 0.02)
        let got = evaluation(sample)
        #expect(got.roc.count <= 500 && got.roc.count > 250 && got.precisionRecall.count <= 500 && got.precisionRecall.count > 250)
        #expect(got.roc.first?.recall == 0 && got.roc.last?.recall == 1 && got.roc.last?.falsePositiveRate == 1)
        let area = zip(got.roc, got.roc.dropFirst()).reduce(0) {
            $0 + ($1.1.falsePositiveRate - $1.0.falsePositiveRate) * ($1.0.recall + $1.1.recall) / 2
        }
        #expect(abs(area - got.metrics.rocAUC.value!) < 0.002)
        let point = got.roc[got.roc.count / 2]
        let there = OperatingPoint(threshold: Float(point.threshold), scores: sample.scores, labels: sample.table.labels)
        #expect(there.recall == point.recall && there.falsePositiveRate == point.falsePositiveRate)
    }

    @Test("expected cost is the sum over wrong decisions, in whole ten-thousandths, at every threshold")
    func cost() throws {
        for seed in UInt64(1)...10 {
            let sample = Self.sample(seed, rows: 200, fraudShare: 0.4, step: 0.05)
            var evaluator = Evaluator()
            evaluator.costs = CostMatrix(refund: try #require(.init("0.25")), billing: try #require(.init("1.5x")))
            evaluator.replicates = 0
            func brute(_ threshold: Double) -> Int64 {
                sample.scores.indices.reduce(0) { sum, row in
                    let flagged = sample.scores[row] >= Float(threshold)
                    if flagged == sample.table.labels[row] { return sum }
                    return sum + (flagged ? 2500 : (sample.table.costs![row] * 1500 + 500) / 1000)
                }
            }
            let got = evaluation(sample, threshold: 0.6) { $0 = evaluator }
            #expect(got.decision.cost.total.e4 == brute(0.6), "seed \(seed)")
            #expect(got.decision.cost.withoutScorerE4 == brute(2), "seed \(seed)")
            for point in got.roc { #expect(point.costE4 == brute(point.threshold), "seed \(seed), \(point.threshold)") }
        }
    }

    @Test("prices are read without floating point, and what is no price is refused")
    func prices() {
        #expect(CostMatrix.Price("2x") == .thousandthsOfCost(2000) && CostMatrix.Price("0.5x") == .thousandthsOfCost(500))
        #expect(CostMatrix.Price("0.0001") == .fixed(e4: 1) && CostMatrix.Price("12") == .fixed(e4: 120_000))
        for text in ["", "x", "-1", "1.00001", "1.0005x", "1e3", ".5", "5.", "1001x", "1000001", "1.2.3", "99999999999999999999", "١"] {
            #expect(CostMatrix.Price(text) == nil, "\(text)")
        }
        #expect(CostMatrix.Price.thousandthsOfCost(1_000_000).e4(cost: .max) > 0)
    }

    @Test("families, segments and histogram count every row once")
    func parts() throws {
        let sample = Self.sample(5, rows: 3000)
        let got = evaluation(sample)
        #expect(got.families.map(\.attack) == ["(none)", "bots", "farm"] && got.families.reduce(0) { $0 + $1.rows } == got.frauds)
        #expect(got.families.reduce(0) { $0 + $1.flagged } == got.decision.truePositives)
        let segments = try #require(got.segments)
        #expect(segments.distinct == 4 && segments.segments.reduce(0) { $0 + $1.rows } == 3000 && segments.segments.contains { $0.value == "(none)" })
        #expect(segments.segments.reduce(0) { $0 + $1.falsePositives } == got.decision.falsePositives)
        let counted = got.histogram.valids + got.histogram.frauds
        #expect(counted.reduce(0, +) == 3000)
        #expect(got.calibration.reduce(0) { $0 + $1.rows } == 3000)
        let copy = try JSONDecoder().decode(Evaluation.self, from: JSONEncoder().encode(got))
        #expect(copy == got && got.table.contains("expected cost"))
    }

    @Test("one label, no rows and constant scores are measured without a crash")
    func degenerate() {
        for rows in [0, 1, 5] {
            var table = LabelledTable(names: [])
            for _ in 0..<rows { table.append([], isFraud: false) }
            let scores = [Float](repeating: 0.5, count: rows)
            let got = Evaluator().measure(.init(name: "x", scores: scores, threshold: 0.5), table: table, rows: Array(0..<rows))
            #expect(got.metrics.averagePrecision.value == nil && got.decision.recall == Estimate() && got.rows == rows)
            #expect(!got.table.isEmpty && (try? JSONEncoder().encode(got)) != nil)
        }
    }
}

import ClickModel
import Foundation
import Testing
import Training

@Suite struct BootstrapTests {
    private func measured(_ sample: (table: LabelledTable, scores: [Float]), replicates: Int, seed: UInt64 = 1) -> Evaluation {
        var evaluator = Evaluator()
        evaluator.replicates = replicates
        evaluator.seed = seed
        evaluator.falsePositiveRates = [0.05, 0.2]
        return evaluator.measure(
            .init(name: "x", scores: sample.scores, threshold: 0.5), table: sample.table, rows: Array(sample.scores.indices))
    }

    @Test("intervals depend on the seed alone, and hold the figure")
    func seeded() {
        let sample = EvaluatorTests.sample(1, rows: 2000)
        let first = measured(sample, replicates: 200)
        #expect(measured(sample, replicates: 200) == first && measured(sample, replicates: 200, seed: 2) != first)
        for estimate in [first.metrics.averagePrecision, first.metrics.rocAUC, first.metrics.logLoss, first.decision.recall, first.atRates[0].recall] {
            #expect(estimate.low! < estimate.value! && estimate.value! < estimate.high!, "\(estimate)")
        }
        #expect(first.decision.cost.total.lowE4! < first.decision.cost.total.e4 && first.decision.cost.total.e4 < first.decision.cost.total.highE4!)
        #expect(first.bootstrap?.replicates == 200 && first.bootstrap?.clusters == nil)
    }

    @Test("a threshold that flags no valid row has a false-positive rate of 0 and not an interval of 0 to 0")
    func zero() {
        let sample = EvaluatorTests.sample(3, rows: 500)
        var subject = Evaluator.Subject(name: "x", scores: sample.scores, threshold: 0.5)
        subject.flagged = sample.table.labels
        let got = Evaluator().measure(subject, table: sample.table, rows: Array(sample.scores.indices)).decision
        #expect(got.falsePositiveRate.low == 0 && got.falsePositiveRate.high! > 0.005 && got.recall.high == 1 && got.recall.low! < 0.98)
    }

    @Test("weights count as repetition in every figure of an evaluation")
    func weights() {
        let sample = EvaluatorTests.sample(2, rows: 500, fraudShare: 0.3, step: 0.02, weighted: true)
        let weights = sample.table.weights!
        var table = LabelledTable(names: [], hasCosts: true, segmentColumn: "publisher_id")
        var scores: [Float] = []
        for row in sample.scores.indices {
            for _ in 0..<Int(weights[row]) {
                table.append([], isFraud: sample.table.labels[row], facts: .init(costE4: sample.table.costs![row]))
                scores.append(sample.scores[row])
            }
        }
        let (got, want) = (measured(sample, replicates: 0), measured((table, scores), replicates: 0))
        func close(_ a: Estimate, _ b: Estimate) -> Bool { abs(a.value! - b.value!) < 1e-12 }
        #expect(close(got.metrics.averagePrecision, want.metrics.averagePrecision) && close(got.metrics.logLoss, want.metrics.logLoss))
        #expect(close(got.decision.precision, want.decision.precision) && close(got.atRates[1].recall, want.atRates[1].recall))
        #expect(got.decision.cost == want.decision.cost)
        #expect(got.calibration.map(\.observed.value) == want.calibration.map(\.observed.value))
    }

    @Test("the walk over a ranking gives the figures of the rows themselves")
    func walk() {
        for seed in UInt64(1)...20 {
            let sample = EvaluatorTests.sample(seed, rows: 30 + Int(seed) * 20, fraudShare: 0.3, step: 0.05)
            let got = measured(sample, replicates: 0)
            let want = Metrics(scores: sample.scores, labels: sample.table.labels)
            #expect(abs(got.metrics.averagePrecision.value! - want.averagePrecision!) < 1e-12, "seed \(seed)")
            #expect(abs(got.metrics.rocAUC.value! - want.rocAUC!) < 1e-12 && abs(got.metrics.brier.value! - want.brier) < 1e-12, "seed \(seed)")
            for point in got.atRates {
                let best = OperatingPoint.best(scores: sample.scores, labels: sample.table.labels, falsePositiveRate: point.maximumRate)
                #expect(abs(point.recall.value! - best.recall) < 1e-12 && abs((point.precision.value ?? 0) - best.precision) < 1e-12, "seed \(seed)")
            }
        }
    }

    @Test("95 % intervals hold the true figure in about 95 % of samples")
    func coverage() {
        // Of the normal scores of the sample: fraud one standard deviation up, valid one down.
        let truth = EvaluatorTests.sample(999, rows: 400_000, fraudShare: 0.2)
        let want = Metrics(scores: truth.scores, labels: truth.table.labels)
        var held = (auc: 0, precision: 0)
        for seed in UInt64(1)...200 {
            let got = measured(EvaluatorTests.sample(seed, rows: 600, fraudShare: 0.2), replicates: 200, seed: seed).metrics
            if got.rocAUC.low! <= want.rocAUC! && want.rocAUC! <= got.rocAUC.high! { held.auc += 1 }
            if got.averagePrecision.low! <= want.averagePrecision! && want.averagePrecision! <= got.averagePrecision.high! { held.precision += 1 }
        }
        // Five standard errors of 200 trials around 95 %, on the low side more: percentile intervals of small samples are narrow.
        #expect((172...200).contains(held.auc) && (168...200).contains(held.precision), "\(held)")
    }

    @Test("intervals are those of a plain bootstrap in numpy, to the noise of resampling")
    func numpy() throws {
        let sample = EvaluatorTests.sample(4, rows: 800, fraudShare: 0.15)
        let script = """
            import json, numpy as np
            from sklearn.metrics import average_precision_score as ap
            s, y = np.fromfile('s', np.float32), np.fromfile('y', np.uint8)
            r = np.random.default_rng(1)
            f, v = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
            out = []
            for _ in range(1500):
                k = np.concatenate([r.choice(f, len(f)), r.choice(v, len(v))])
                out.append(ap(y[k], s[k]))
            print(json.dumps(np.quantile(out, [0.025, 0.975]).tolist()))
            """
        let want: [Double] = try Python.run(
            script, files: ["s": sample.scores.data, "y": sample.table.labels.map { $0 ? UInt8(1) : 0 }.data])
        let got = measured(sample, replicates: 2000).metrics.averagePrecision
        let width = want[1] - want[0]
        #expect(abs(got.low! - want[0]) < 0.1 * width && abs(got.high! - want[1]) < 0.1 * width, "\(got), \(want)")
    }

    @Test("when rows of a group are alike, drawing groups whole gives wider intervals")
    func clusters() {
        let sample = EvaluatorTests.sample(6, rows: 3000, fraudShare: 0.3, groups: 30)
        let whole = measured(sample, replicates: 300)
        var evaluator = Evaluator()
        evaluator.replicates = 300
        evaluator.usesGroups = false
        let single = evaluator.measure(
            .init(name: "x", scores: sample.scores, threshold: 0.5), table: sample.table, rows: Array(sample.scores.indices))
        func width(_ estimate: Estimate) -> Double { estimate.high! - estimate.low! }
        #expect(width(whole.metrics.rocAUC) > 1.5 * width(single.metrics.rocAUC) && whole.bootstrap?.clusters == 30)
        #expect(width(whole.families[1].recall) > 1.5 * width(single.families[1].recall))
    }

    @Test("a paired difference is narrower than its parts, zero for a scorer and itself, and sees a better one")
    func paired() throws {
        let sample = EvaluatorTests.sample(7, rows: 3000)
        let labels = sample.table.labels
        let same = PairedDifference.averagePrecision(first: sample.scores, second: sample.scores, labels: labels, replicates: 200)
        #expect(same.difference == Estimate(value: 0, low: 0, high: 0) && same.secondBetter == 0.5)
        var random = RandomData(70)
        let worse = sample.scores.map { $0 + Float(random.normal()) * 0.15 }
        let pair = PairedDifference.averagePrecision(first: worse, second: sample.scores, labels: labels, replicates: 400)
        #expect(pair.difference.low! > 0 && pair.secondBetter! > 0.99, "\(pair)")
        #expect(pair.difference.high! - pair.difference.low! < pair.second.high! - pair.second.low!)
        #expect(abs(pair.difference.value! - (pair.second.value! - pair.first.value!)) < 1e-15)
        #expect(pair == PairedDifference.averagePrecision(first: worse, second: sample.scores, labels: labels, replicates: 400))
    }
}

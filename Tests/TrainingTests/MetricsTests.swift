import Foundation
import Testing
import Training

@Suite struct MetricsTests {
    private struct Case {
        var scores: [Float]
        var labels: [Bool]
    }

    private func cases() -> [Case] {
        (UInt64(1)...40).map { seed in
            var random = RandomData(seed)
            let count = 2 + random.below(400)
            let steps = [3, 10, 100_000][random.below(3)]
            var labels = (0..<count).map { _ in random.uniform() < 0.3 }
            labels[0] = true
            labels[1] = false
            // Few distinct scores make ties, also at exactly 0 and 1.
            let scores = labels.map { isFraud in
                Float((min(1, max(0, random.uniform() + (isFraud ? 0.2 : -0.1))) * Double(steps)).rounded() / Double(steps))
            }
            return Case(scores: scores, labels: labels)
        }
    }

    private struct Expected: Decodable {
        var auc, ap, loss, brier: Double
        var recall, precision: [Double]
    }

    @Test("every metric is scikit-learn's, with ties and scores of exactly 0 and 1")
    func scikitLearn() throws {
        let rates = [0, 0.001, 0.05, 0.3, 1]
        let all = cases()
        var files: [String: Data] = [:]
        for (index, one) in all.enumerated() {
            files["s\(index)"] = one.scores.data
            files["y\(index)"] = one.labels.map { $0 ? UInt8(1) : 0 }.data
        }
        let script = """
            import json, numpy as np
            from sklearn import metrics as m
            out = []
            for i in range(\(all.count)):
                s, y = np.fromfile(f's{i}', np.float32), np.fromfile(f'y{i}', np.uint8)
                fpr, tpr, t = m.roc_curve(y, s, drop_intermediate=False)
                recall, precision = [], []
                for f in \(rates):
                    k = np.flatnonzero(fpr <= f + 1e-12)
                    best = k[np.argmax(tpr[k])]
                    recall.append(float(tpr[best]))
                    flag = s >= t[best]
                    precision.append(float(y[flag].mean()) if flag.any() else 0.0)
                out.append(dict(auc=m.roc_auc_score(y, s), ap=m.average_precision_score(y, s),
                    loss=float(m.log_loss(y, s)), brier=float(m.brier_score_loss(y, s.astype(np.float64))), recall=recall, precision=precision))
            print(json.dumps(out))
            """
        let expected: [Expected] = try Python.run(script, files: files)
        for (index, one) in all.enumerated() {
            let got = Metrics(scores: one.scores, labels: one.labels)
            let want = expected[index]
            #expect(abs((got.rocAUC ?? -1) - want.auc) < 1e-12, "seed \(index + 1)")
            #expect(abs((got.averagePrecision ?? -1) - want.ap) < 1e-12, "seed \(index + 1)")
            #expect(abs(got.logLoss - want.loss) < 2e-6 * max(1, want.loss), "seed \(index + 1)")
            #expect(abs(got.brier - want.brier) < 1e-9, "seed \(index + 1)")
            for (position, rate) in rates.enumerated() {
                let point = OperatingPoint.best(scores: one.scores, labels: one.labels, falsePositiveRate: rate)
                #expect(abs(point.recall - want.recall[position]) < 1e-12, "seed \(index + 1), rate \(rate)")
                #expect(abs(point.precision - want.precision[position]) < 1e-12, "seed \(index + 1), rate \(rate)")
                #expect(point.falsePositiveRate <= rate)
                // Applying the threshold gives what was promised.
                #expect(OperatingPoint(threshold: point.threshold, scores: one.scores, labels: one.labels) == point)
            }
        }
    }

    @Test("weighted metrics are scikit-learn's, and whole weights count as repetition")
    func weighted() throws {
        let all = cases()
        var files: [String: Data] = [:]
        var weights: [[Double]] = []
        for (index, one) in all.enumerated() {
            var random = RandomData(UInt64(index) + 1000)
            weights.append(one.labels.indices.map { $0 < 2 ? 1 : index % 2 == 0 ? Double(random.below(4)) : 3 * random.uniform() })
            files["s\(index)"] = one.scores.data
            files["y\(index)"] = one.labels.map { $0 ? UInt8(1) : 0 }.data
            files["w\(index)"] = weights[index].data
        }
        let script = """
            import json, numpy as np
            from sklearn import metrics as m
            out = []
            for i in range(\(all.count)):
                s, y, w = np.fromfile(f's{i}', np.float32), np.fromfile(f'y{i}', np.uint8), np.fromfile(f'w{i}')
                out.append([m.roc_auc_score(y, s, sample_weight=w), m.average_precision_score(y, s, sample_weight=w),
                    float(m.log_loss(y, s, sample_weight=w)), float(m.brier_score_loss(y, s.astype(np.float64), sample_weight=w))])
            print(json.dumps(out))
            """
        let expected: [[Double]] = try Python.run(script, files: files)
        for (index, one) in all.enumerated() {
            let got = Metrics(scores: one.scores, labels: one.labels, weights: weights[index])
            let figures = [got.rocAUC ?? -1, got.averagePrecision ?? -1, got.logLoss, got.brier]
            for (figure, (value, tolerance)) in zip(figures, [1e-12, 1e-12, 2e-6, 1e-9]).enumerated() {
                let want = expected[index][figure]
                #expect(abs(value - want) < tolerance * max(1, want), "seed \(index + 1), figure \(figure): \(value), \(want)")
            }
            guard index % 2 == 0 else { continue }
            let repeated = one.labels.indices.flatMap { Array(repeating: $0, count: Int(weights[index][$0])) }
            let copies = Metrics(scores: repeated.map { one.scores[$0] }, labels: repeated.map { one.labels[$0] })
            #expect(abs(got.averagePrecision! - copies.averagePrecision!) < 1e-12 && abs(got.rocAUC! - copies.rocAUC!) < 1e-12, "seed \(index + 1)")
            #expect(abs(got.logLoss - copies.logLoss) < 1e-12 * max(1, copies.logLoss) && abs(got.brier - copies.brier) < 1e-12, "seed \(index + 1)")
        }
    }

    @Test("when the highest scores are valid clicks, nothing is flagged")
    func noThreshold() {
        let point = OperatingPoint.best(scores: [1, 0.5, 0.4], labels: [false, true, false], falsePositiveRate: 0.1)
        #expect(point.flagged == 0 && point.threshold > 1)
    }

    @Test("figures that need a label that is missing are nil, not 0")
    func oneLabel() {
        let none = Metrics(scores: [0.2, 0.4], labels: [false, false])
        #expect(none.rocAUC == nil && none.averagePrecision == nil && none.brier > 0)
        #expect(Metrics(scores: [], labels: []).rows == 0)
    }

    @Test("recall of a family counts its flagged frauds only")
    func families() {
        var table = LabelledTable(names: ["a"])
        for (attack, isFraud) in [("x", true), ("x", true), ("", true), ("", false), ("y", true)] {
            table.append([0], isFraud: isFraud, attack: attack)
        }
        let recalls = FamilyRecall.all(table: table, rows: [0, 1, 2, 3, 4], scores: [0.9, 0.1, 0.9, 0.9, 0.5], threshold: 0.5)
        #expect(recalls.map(\.attack) == ["(none)", "x", "y"] && recalls.map(\.recall) == [1, 0.5, 1])
    }
}

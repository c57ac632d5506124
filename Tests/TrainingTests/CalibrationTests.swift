import Foundation
import LogisticModel
import Testing
import Training

@Suite struct CalibrationTests {
    private struct Sample {
        var logits: [Float]
        var labels: [Bool]
        var weights: [Double]

        /// Log-odds that are off by a slope and an offset, rounded to make ties.
        init(_ seed: UInt64, rows: Int, slope: Double = 2, offset: Double = -1, step: Double = 0.125) {
            var random = RandomData(seed)
            let truth = (0..<rows).map { _ in random.normal() * 2 - 1 }
            logits = truth.map { Float((($0 * slope + offset) / step).rounded() * step) }
            labels = truth.map { random.uniform() < 1 / (1 + exp(-$0)) }
            weights = truth.map { _ in 0.25 * Double(random.below(9)) }
            labels[0] = true
            labels[1] = false
        }
    }

    private func logLoss(_ logits: [Float], _ labels: [Bool], _ map: (Double) -> Double) -> Double {
        var sum = 0.0
        for (logit, isFraud) in zip(logits, labels) {
            let calibrated = map(Double(logit))
            sum += log(1 + exp(isFraud ? -calibrated : calibrated))
        }
        return sum / Double(labels.count)
    }

    /// Files of every sample, their names followed by its number.
    private func files(_ samples: [Sample]) -> [String: Data] {
        var files: [String: Data] = [:]
        for (number, sample) in samples.enumerated() {
            files["x\(number)"] = sample.logits.data
            files["y\(number)"] = sample.labels.map { $0 ? UInt8(1) : 0 }.data
            files["w\(number)"] = sample.weights.data
        }
        return files
    }

    @Test("Platt's sigmoid is scikit-learn's, with and without weights")
    func platt() throws {
        let samples = (UInt64(1)...12).map { Sample($0, rows: [30, 200, 5000][Int($0) % 3]) }
        let script = """
            import json, numpy as np
            from sklearn.calibration import _SigmoidCalibration
            out = []
            for i in range(\(samples.count)):
                x, y, w = np.fromfile(f'x{i}', np.float32).astype(np.float64), np.fromfile(f'y{i}', np.uint8), np.fromfile(f'w{i}')
                out.append([_SigmoidCalibration().fit(x, y, weights).predict(x).tolist() for weights in (None, w)])
            print(json.dumps(out))
            """
        let expected: [[[Double]]] = try Python.run(script, files: files(samples))
        for (number, sample) in samples.enumerated() {
            for (weights, want) in zip([nil, sample.weights], expected[number]) {
                let (slope, offset) = PlattScaling.fit(logits: sample.logits, labels: sample.labels, weights: weights)
                let worst = zip(sample.logits, want).map { abs(1 / (1 + exp(-(slope * Double($0) + offset))) - $1) }.max()!
                // scikit-learn's own solver stops at a gradient of 1e-6 or so.
                #expect(worst < 2e-6, "seed \(number + 1): \(worst)")
            }
        }
    }

    @Test("Platt's sigmoid of separable scores is finite, and no step lowers its loss")
    func separable() {
        let (slope, offset) = PlattScaling.fit(logits: [-2, -1, 1, 2, 3], labels: [false, false, true, true, true])
        #expect(slope > 0 && slope < 100 && offset.isFinite)
        func loss(_ a: Double, _ b: Double) -> Double {
            var sum = 0.0
            for (x, target) in [(-2.0, 0.25), (-1, 0.25), (1, 0.8), (2, 0.8), (3, 0.8)] {
                let p = 1 / (1 + exp(-(a * x + b)))
                sum -= target * log(p) + (1 - target) * log(1 - p)
            }
            return sum
        }
        for (a, b) in [(1e-4, 0.0), (-1e-4, 0), (0, 1e-4), (0, -1e-4)] { #expect(loss(slope + a, offset + b) > loss(slope, offset)) }
    }

    @Test("isotonic regression is scikit-learn's, with ties and weights")
    func isotonic() throws {
        let samples = (UInt64(51)...66).map { Sample($0, rows: [2, 40, 3000, 500][Int($0) % 4], step: $0 % 8 < 4 ? 1e-6 : 0.25) }
        let script = """
            import json, numpy as np
            from sklearn.isotonic import IsotonicRegression
            out = []
            for i in range(\(samples.count)):
                x, y, w = np.fromfile(f'x{i}', np.float32).astype(np.float64), np.fromfile(f'y{i}', np.uint8).astype(float), np.fromfile(f'w{i}') + 1
                out.append([IsotonicRegression(out_of_bounds='clip').fit(x, y, weights).predict(x).tolist() for weights in (None, w)])
            print(json.dumps(out))
            """
        let expected: [[[Double]]] = try Python.run(script, files: files(samples))
        for (number, sample) in samples.enumerated() {
            for (weights, want) in zip([nil, sample.weights.map { $0 + 1 }], expected[number]) {
                let blocks = IsotonicRegression(logits: sample.logits, labels: sample.labels, weights: weights).blocks
                for (logit, value) in zip(sample.logits, want) {
                    let block = try #require(blocks.first { Double(logit) >= $0.lowest && Double(logit) <= $0.highest })
                    #expect(abs(block.share - value) < 1e-6, "seed \(number + 51), logit \(logit)")
                }
                #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $0.share < $1.share && $0.highest < $1.lowest }, "seed \(number + 51)")
            }
        }
    }

    @Test("knots are few, rise strictly, and cost little more log loss than the steps they stand for")
    func knots() throws {
        for seed in UInt64(1)...10 {
            let sample = Sample(seed + 90, rows: 20_000, step: 1e-6)
            let steps = IsotonicRegression(logits: sample.logits, labels: sample.labels)
            for limit in [64, 5] {
                let map = try #require(steps.calibration(maximumKnots: limit), "seed \(seed)")
                #expect((2...limit).contains(map.inputs.count), "seed \(seed)")
                #expect(zip(map.inputs, map.inputs.dropFirst()).allSatisfy(<), "seed \(seed)")
                #expect(zip(map.outputs, map.outputs.dropFirst()).allSatisfy(<), "seed \(seed)")
                let best = logLoss(sample.logits, sample.labels) { ($0 + 1) / 2 }
                #expect(logLoss(sample.logits, sample.labels, map.callAsFunction) < best + (limit == 64 ? 0.002 : 0.02), "seed \(seed)")
            }
        }
        #expect(IsotonicRegression(logits: [1, 2, 3], labels: [true, false, false]).calibration() == nil)
    }

    @Test("auto takes the sigmoid for a shifted line, steps for a bend, and nothing for scores that are right already")
    func auto() throws {
        let line = Sample(7, rows: 20_000)
        #expect(Calibrator.fit(.auto, logits: line.logits, labels: line.labels, source: "validation").report.method == .platt)
        var random = RandomData(8)
        let truth = (0..<40_000).map { _ in random.normal() * 2 }
        let labels = truth.map { random.uniform() < 1 / (1 + exp(-$0)) }
        let bent = truth.map { Float($0 > 0 ? 6 * $0 : $0 / 3) }
        let (map, report, notes) = Calibrator.fit(.auto, logits: bent, labels: labels, source: "validation")
        #expect(report.method == .isotonic && map?.method == .isotonic && notes.isEmpty && report.candidates.count == 3)
        #expect(logLoss(bent, labels) { map!($0) } < logLoss(truth.map { Float($0) }, labels) { $0 } + 0.005)
        let honest = Calibrator.fit(.auto, logits: truth.map { Float($0) }, labels: labels, source: "validation")
        #expect(honest.report.method != .isotonic)
    }

    @Test("too few frauds fall back to a simpler calibration, and say so")
    func fallback() {
        let sample = Sample(9, rows: 5000)
        var labels = [Bool](repeating: false, count: 5000)
        for row in 0..<40 { labels[row * 100] = true }
        let some = Calibrator.fit(.isotonic, logits: sample.logits, labels: labels.map { $0 }, source: "validation")
        #expect(some.report.method != .isotonic && some.notes.contains { $0.contains("40 frauds") })
        let few = Calibrator.fit(.auto, logits: Array(sample.logits[..<300]), labels: Array(labels[..<300]), source: "validation")
        #expect(few.calibration == nil && few.report.method == .none && few.notes.count == 1)
        let inverted = Calibrator.fit(.platt, logits: sample.logits.map { -$0 }, labels: sample.labels, source: "validation")
        #expect(inverted.calibration == nil && inverted.notes.contains { $0.contains("does not rise") })
    }
}

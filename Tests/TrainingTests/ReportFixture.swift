import ClickModel
import Foundation
import LogisticModel
import Training

/// A page with something in every section, from a seed.
enum ReportFixture {
    /// Names that try to leave the text they stand in.
    static let hostile = [
        "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "<!--<script>", "a'b\"c&amp;<b>bold</b>", "%{x}<extra></extra>",
        "\u{202E}txet\u{2028}\u{0}", "javascript:alert(3)", String(repeating: "long", count: 60), "{{x}}\\u003c\\",
    ]

    static func page(seed: UInt64, features: Int = 14, surfaces: Int = 4, names: [String] = [], isLinear: Bool = false) -> ReportPage {
        var random = RandomData(seed)
        let catalogue = (0..<features).map { index in
            let unit = ["count", "ms", "share", "flag", "km/h", "ratio"][index % 6]
            return FeatureDescription(
                name: index < names.count ? names[index] : "\(unit.replacing("/", with: "_"))_feature_\(index)", unit: unit,
                meaning: "What feature \(index) measures", missing: index % 3 == 0 ? "when it was not sent" : "")
        }
        let previous = model(catalogue, surfaces: 0, isLinear: isLinear, random: &random, id: "previous")
        let now = model(catalogue, surfaces: surfaces, isLinear: isLinear, random: &random, id: names.first ?? "click-fraud")
        let evaluations = ["test", "train"].map { evaluation($0, names: names, random: &random) }
        let coefficients = now.features.map {
            ReportPage.CoefficientInterval(name: $0.name, value: $0.weight, low: $0.weight - 0.2, high: $0.weight + 0.2)
        }
        return ReportPage(
            model: now, evaluations: evaluations, catalogue: catalogue, previous: previous, coefficients: coefficients,
            facts: [.init("Code version", "0.1.0"), .init("Options", names.last ?? "--fpr 0.001")],
            notes: ["A fixture: every figure on this page is made up."] + names)
    }

    private static func edges(_ unit: String, _ random: inout RandomData) -> [Double] {
        switch unit {
        case "count": [0.5, 1.5, 2.5, 4.5, 9.5, 24.5]
        case "ms": (0..<24).map { (exp(Double($0) * 0.45) * 10).rounded() }
        case "share": (1..<20).map { Double($0) / 20 }
        case "flag": [0.5]
        case "km/h": [0.4, 3, 8, 21, 55, 140, 400, 900, 1100, 4000]
        default: (0..<30).map { Double($0) / 10 - 1.5 + random.uniform() * 0.05 }
        }
    }

    private static func model(
        _ catalogue: [FeatureDescription], surfaces: Int, isLinear: Bool, random: inout RandomData, id: String
    ) -> LogisticModel {
        var model = LogisticModel(
            name: id, features: [], intercept: -3.2, calibration: .platt(slope: 1.1, offset: -0.2), threshold: 0.83,
            training: .init(
                dataHash: "9f8e7d6c5b4a3210", rows: 812_345, frauds: 30_211, firstEventMs: 1_760_000_000_000, lastEventMs: 1_760_600_000_000,
                l2: 1, seed: 1, solverStatus: "converged", iterations: 9),
            metrics: ["test_average_precision": 0.93 + random.uniform() / 50, "test_roc_auc": 0.99])
        for (index, feature) in catalogue.enumerated() {
            let edges = edges(feature.unit, &random)
            let isUnknowable = !feature.missing.isEmpty
            let strength = 3 / (1 + Double(index) * 0.4)
            let shape = random.normal()
            let counts = (0...(edges.count + 1)).map { bin in
                bin == 0 ? (isUnknowable ? 40_000 : 0) : Int(200_000 * exp(-Double(bin) * 0.25) * (0.5 + random.uniform()))
            }
            model.reference.append(.init(feature: feature.name, edges: edges, counts: counts))
            if isLinear {
                model.features.append(
                    .init(
                        name: feature.name, transform: (edges.first ?? 0) < 0 || feature.unit == "flag" ? .identity : .log1p, clipLow: edges.min()!.rounded(.down), clipHigh: edges.max()! + 1,
                        center: 1, scale: 1.3, weight: shape * strength / 3, missingWeight: isUnknowable ? random.normal() / 3 : 0))
                continue
            }
            let values = (0...(edges.count + 1)).map { bin in
                bin == 0 ? (isUnknowable ? random.normal() / 3 : 0) : strength * tanh((Double(bin) - Double(edges.count) / 2) * shape / 4) + random.normal() * 0.06
            }
            model.curves.append(.init(feature: feature.name, edges: edges, values: values, counts: counts))
        }
        for index in 0..<surfaces where !isLinear {
            let (first, second) = (catalogue[index % catalogue.count], catalogue[(index + 1) % catalogue.count])
            let (rows, columns) = (edges(first.unit, &random), edges(second.unit, &random))
            let values = (0..<(rows.count + 2) * (columns.count + 2)).map { cell in
                let (i, j) = (cell / (columns.count + 2), cell % (columns.count + 2))
                return sin(Double(i) * 0.6) * cos(Double(j) * 0.5) * 0.8 + random.normal() * 0.03
            }
            model.surfaces.append(
                .init(first: first.name, second: second.name, firstEdges: rows, secondEdges: columns, values: values, weight: 1))
        }
        return model
    }

    private static func evaluation(_ name: String, names: [String], random: inout RandomData) -> Evaluation {
        let steps = 200
        let valids = 100_000.0
        let frauds = 4_000.0
        let points = (0...steps).map { step -> Evaluation.CurvePoint in
            let t = Double(step) / Double(steps)
            let rate = step == 0 ? 0 : pow(10, -5 + 5 * t)
            let recall = step == 0 ? 0 : 1 - 0.9 * pow(1 - t, 2.2) * (1 - t * 0.5) * (name == "train" ? 0.8 : 1)
            let hits = recall * frauds
            let precision = step == 0 ? 1 : hits / (hits + rate * valids)
            return .init(
                threshold: 1 - t, falsePositiveRate: rate, recall: recall, precision: precision, costE4: Int64((frauds - hits) * 3000 + rate * valids * 2500))
        }
        func bins(_ slope: Double) -> [Evaluation.CalibrationBin] {
            (0..<10).map { bin in
                let logit = Double(bin) - 6
                let mean = 1 / (1 + exp(-logit))
                let observed = 1 / (1 + exp(-logit * slope))
                return .init(
                    low: mean * 0.8, high: mean * 1.2, rows: 2000, frauds: Int(observed * 2000), meanScore: mean,
                    observed: Estimate(value: bin == 0 ? 0 : observed, low: bin == 0 ? 0 : observed * 0.8, high: bin == 0 ? 0.002 : min(1, observed * 1.2)))
            }
        }
        let edges = stride(from: -9.0, through: 9, by: 0.5).map { $0 }
        let valueCounts = (0...edges.count).map { Int(30_000 * exp(-pow(Double($0) - 6, 2) / 30)) }
        let fraudCounts = (0...edges.count).map { Int(900 * exp(-pow(Double($0) - 30, 2) / 40)) + ($0 < 20 && $0 > 4 ? 6 : 0) }
        let kinds = ["hosting", "replay", "metronome", "slow_drip", "humanoid", "device_farm", "(none)"] + names
        let families = kinds.enumerated().map { index, kind in
            let recall = [0.999, 0.97, 0.91, 0.34, 0.18, 0.77, 0.6][index % 7]
            return Evaluation.FamilyFigures(
                attack: kind, rows: 400, flagged: Int(recall * 400), recall: Estimate(value: recall, low: max(0, recall - 0.05), high: min(1, recall + 0.03)))
        }
        let publishers = (["pub-shop", "pub-news", "(none)"] + names).enumerated().map { index, value in
            Evaluation.SegmentFigures(
                value: value, rows: 9000 - index * 300, frauds: 120, flagged: 118, falsePositives: 4, averagePrecision: index == 2 ? nil : 0.93)
        }
        return Evaluation(
            name: name, scorer: "model", rows: 104_000, frauds: 4_000, firstEventMs: 1_760_600_000_000, lastEventMs: 1_760_700_000_000,
            metrics: .init(
                averagePrecision: Estimate(value: 0.9312, low: 0.9244, high: 0.9377), rocAUC: Estimate(value: 0.9931, low: 0.9922, high: 0.9941),
                logLoss: Estimate(value: 0.0312, low: 0.0301, high: 0.0325), brier: Estimate(value: 0.0081, low: 0.0077, high: 0.0085)),
            decision: .init(
                threshold: 0.83, flagged: 3700, truePositives: 3650, falsePositives: 50, recall: Estimate(value: 0.9125, low: 0.903, high: 0.921),
                precision: Estimate(value: 0.9865, low: 0.982, high: 0.990), falsePositiveRate: Estimate(value: 0.0005, low: 0.00037, high: 0.00066),
                cost: .init(
                    refundPrice: "1x the click's cost", billingPrice: "1x the click's cost", wronglyRefundedE4: 125_000, wronglyBilledE4: 1_050_000,
                    total: MoneyEstimate(e4: 1_175_000, lowE4: 1_100_000, highE4: 1_260_000), withoutScorerE4: 12_000_000)),
            atRates: [0.0001, 0.001, 0.01].enumerated().map { index, rate in
                .init(
                    maximumRate: rate, falsePositiveRate: rate * 0.97, threshold: 0.97 - Double(index) * 0.2, flagged: 3500 + index * 400,
                    recall: Estimate(value: 0.85 + Double(index) * 0.06, low: 0.84 + Double(index) * 0.06, high: 0.86 + Double(index) * 0.06),
                    precision: Estimate(value: 0.99 - Double(index) * 0.09, low: 0.98 - Double(index) * 0.09, high: 0.995 - Double(index) * 0.09))
            },
            roc: points, precisionRecall: points, calibration: bins(1.03), uncalibrated: bins(0.7),
            histogram: .init(logitEdges: edges, valids: valueCounts, frauds: fraudCounts), families: families,
            segments: .init(column: names.first ?? "publisher_id", distinct: 412, segments: publishers),
            bootstrap: .init(replicates: 1000, seed: 1, level: 0.95, clusters: 31_222), notes: [])
    }
}

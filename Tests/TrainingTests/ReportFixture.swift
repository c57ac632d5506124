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
            let counts = (0...(edges.count + 1)).map { bin -> Int in
                guard bin > 0 else { return isUnknowable ? 40_000 : 0 }
                let share: Double = exp(-Double(bin) * 0.25) * (0.5 + random.uniform())
                return Int(200_000 * share)
            }
            model.reference.append(.init(feature: feature.name, edges: edges, counts: counts))
            if isLinear {
                model.features.append(
                    .init(
                        name: feature.name, transform: edges[0] < 0 || feature.unit == "flag" ? .identity : .log1p,
                        clipLow: edges[0].rounded(.down), clipHigh: edges[edges.count - 1] + 1, center: 1, scale: 1.3, weight: shape * strength / 3, missingWeight: isUnknowable ? random.normal() / 3 : 0))
                continue
            }
            let middle = Double(edges.count) / 2
            let values = (0...(edges.count + 1)).map { bin -> Double in
                guard bin > 0 else { return isUnknowable ? random.normal() / 3 : 0 }
                let rise: Double = tanh((Double(bin) - middle) * shape / 4)
                return strength * rise + random.normal() * 0.06
            }
            model.curves.append(.init(feature: feature.name, edges: edges, values: values, counts: counts))
        }
        for index in 0..<surfaces where !isLinear {
            let (first, second) = (catalogue[index % catalogue.count], catalogue[(index + 1) % catalogue.count])
            let (rows, columns) = (edges(first.unit, &random), edges(second.unit, &random))
            let width = columns.count + 2
            let values = (0..<(rows.count + 2) * width).map { cell -> Double in
                let wave: Double = sin(Double(cell / width) * 0.6) * cos(Double(cell % width) * 0.5)
                return wave * 0.8 + random.normal() * 0.03
            }
            model.surfaces.append(
                .init(first: first.name, second: second.name, firstEdges: rows, secondEdges: columns, values: values, weight: 1))
        }
        return model
    }

    /// Random scores, measured by the real evaluator.
    private static func evaluation(_ name: String, names: [String], random: inout RandomData) -> Evaluation {
        var table = LabelledTable(names: [], hasGroups: true, hasCosts: true, segmentColumn: names.first ?? "publisher_id")
        let families = ["hosting", "replay", "metronome", "slow_drip", "humanoid", "device_farm", ""] + names
        let publishers = ["pub-shop", "pub-news", ""] + names
        var scores: [Float] = []
        var logits: [Float] = []
        for row in 0..<20_000 {
            let isFraud = random.uniform() < 0.05
            let family = random.below(families.count)
            let strength = isFraud ? 7.5 - 1.4 * Double(family % 6) : 0
            let logit: Double = random.normal() * 1.4 - 4.5 + strength
            table.append(
                [], isFraud: isFraud, eventTime: EventTime(milliseconds: 1_760_600_000_000 + Int64(row) * 3000), group: UInt64(row / 3),
                attack: isFraud ? families[family] : "",
                facts: .init(costE4: Int64(500 + random.below(9000)), segment: publishers[random.below(publishers.count)]))
            logits.append(Float(logit * 0.7))
            scores.append(Float(1 / (1 + exp(-logit))))
        }
        var evaluator = Evaluator()
        evaluator.replicates = 40
        var subject = Evaluator.Subject(name: name, scores: scores, threshold: 0.6)
        subject.uncalibratedLogits = logits
        return evaluator.measure(subject, table: table, rows: Array(0..<scores.count))
    }
}

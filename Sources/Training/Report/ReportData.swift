internal import LogisticModel

/// What the page's script draws, as JSON. Numbers are shortened to six digits.
struct ReportData: Encodable {
    var evaluations: [Scored] = []
    var features: [Effect] = []
    var surfaces: [Pair] = []
    var coefficients: [ReportPage.CoefficientInterval] = []
    var drift: [Drift] = []

    struct Scored: Encodable {
        var name: String
        var rows: Int
        var frauds: Int
        var threshold: Double?
        var falsePositiveRate: Double?
        var recall: Double?
        var precision: Double?
        var cost: Double?
        var costOfNone: Double?
        /// False-positive rate, recall, threshold, cost.
        var roc: [[Double?]]
        /// Recall, precision, threshold.
        var precisionRecall: [[Double?]]
        var calibration: [[Double?]]
        var uncalibrated: [[Double?]]
        var edges: [Double?]
        var valids: [Int]
        var fraudCounts: [Int]
        var families: [Family]
    }

    struct Family: Encodable {
        var name: String
        var rows: Int
        var flagged: Int
        /// Value, low, high.
        var recall: [Double?]
    }

    /// f(x) of one feature, over its bins or along a line, with how often its values occur.
    struct Effect: Encodable {
        var name: String
        var unit: String
        var edges: [Double?] = []
        /// In log-odds; the first for unknown.
        var values: [Double?] = []
        /// Rows of each bin of `countEdges`.
        var countEdges: [Double?] = []
        var counts: [Int] = []
        /// A linear term as points, and what it adds when unknown.
        var line: [[Double?]] = []
        var unknown: Double?
        /// The previous model's.
        var oldEdges: [Double?] = []
        var oldValues: [Double?] = []
        var oldLine: [[Double?]] = []
    }

    struct Pair: Encodable {
        var first: String
        var second: String
        var firstUnit: String
        var secondUnit: String
        var firstEdges: [Double?]
        var secondEdges: [Double?]
        /// Row-major, unknown first.
        var values: [[Double?]]
        var firstHasUnknown: Bool
        var secondHasUnknown: Bool
    }

    struct Drift: Encodable {
        var name: String
        var index: Double?
    }
}

extension Evaluation {
    /// What was measured where, for a table or a legend: who scored is said where it differs.
    func title(among all: [Evaluation]) -> String {
        let rows = HTMLText.shortened(name)
        guard all.contains(where: { $0.scorer != scorer }) else { return rows }
        return switch scorer {
        case "model": "\(rows), model alone"
        case "verdict": "\(rows), rules and model"
        default: "\(rows), \(HTMLText.shortened(scorer))"
        }
    }

    /// `test rows`, or the name the caller gave.
    var rowsInWords: String {
        ["test", "train", "validation", "out-of-bag"].contains(name) ? "\(name) rows" : HTMLText.shortened(name)
    }
}

extension ReportData.Scored {
    init(_ evaluation: Evaluation, title: String) {
        let short = ReportNumbers.short
        let decision = evaluation.decision
        name = title
        rows = evaluation.rows
        frauds = evaluation.frauds
        threshold = short(decision.threshold)
        falsePositiveRate = short(decision.falsePositiveRate.value)
        recall = short(decision.recall.value)
        precision = short(decision.precision.value)
        func units(_ e4: Int64) -> Double? { short(Double(e4) / 10_000) }
        cost = units(decision.cost.total.e4)
        costOfNone = units(decision.cost.withoutScorerE4)
        roc = evaluation.roc.prefix(Evaluation.maximumPoints).map {
            [short($0.falsePositiveRate), short($0.recall), short($0.threshold), units($0.costE4)]
        }
        precisionRecall = evaluation.precisionRecall.prefix(Evaluation.maximumPoints).map {
            [short($0.recall), short($0.precision), short($0.threshold)]
        }
        func bins(_ bins: [Evaluation.CalibrationBin]) -> [[Double?]] {
            bins.map { [short($0.meanScore), short($0.observed.value), short($0.observed.low), short($0.observed.high), Double($0.rows), Double($0.frauds)] }
        }
        calibration = bins(evaluation.calibration)
        uncalibrated = bins(evaluation.uncalibrated)
        edges = evaluation.histogram.logitEdges.map(short)
        valids = evaluation.histogram.valids
        fraudCounts = evaluation.histogram.frauds
        families = evaluation.families.prefix(ReportPage.maximumRows).map {
            ReportData.Family(
                name: HTMLText.shortened($0.attack), rows: $0.rows, flagged: $0.flagged,
                recall: [short($0.recall.value), short($0.recall.low), short($0.recall.high)])
        }
    }
}

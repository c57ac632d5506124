/// What a training run did and found. `--json` prints it as it is, `table` is for people.
package struct TrainingReport: Codable, Hashable, Sendable {
    package struct Candidate: Codable, Hashable, Sendable {
        package var l2: Double
        /// On the validation rows; nil when they could not judge.
        package var averagePrecision: Double?
        package var solverStatus: String
        package var iterations: Int

        enum CodingKeys: String, CodingKey {
            case l2, iterations
            case averagePrecision = "average_precision"
            case solverStatus = "solver_status"
        }
    }

    /// Figures on one set of rows, with what the model's threshold does there.
    package struct Part: Codable, Hashable, Sendable {
        /// `train`, `validation` or `test`.
        package var name: String
        package var metrics: Metrics
        package var atThreshold: OperatingPoint

        package init(name: String, metrics: Metrics, atThreshold: OperatingPoint) {
            self.name = name
            self.metrics = metrics
            self.atThreshold = atThreshold
        }

        enum CodingKeys: String, CodingKey {
            case name, metrics
            case atThreshold = "at_threshold"
        }
    }

    package var modelID: String
    package var modelName: String
    package var rows: Int
    package var frauds: Int
    package var l2: Double
    package var candidates: [Candidate]
    package var solverStatus: String
    package var iterations: Int
    package var threshold: Double
    /// What the threshold keeps; nil: it is the one of least expected cost.
    package var maximumFalsePositiveRate: Double?
    package var calibration: CalibrationReport
    /// Event time where the test rows begin, epoch ms.
    package var testFromMs: Int64?
    package var parts: [Part]
    /// Everything measured of the validation rows, the test rows (when there are any) and, without intervals, the training
    /// rows.
    package var evaluations: [Evaluation]
    /// Features that seem to know the label; nil: too few rows to look.
    package var leaks: [Leak]?
    /// On the test rows, else on the training rows.
    package var families: [FamilyRecall]
    /// Features by weight per standard deviation, strongest first.
    package var features: [FeatureWeight]
    /// Of a linear model without an L1 penalty, the intercept last; else nil.
    package var coefficients: [Coefficient]?
    /// What a reader should know before trusting the figures.
    package var notes: [String]

    package struct FeatureWeight: Codable, Hashable, Sendable {
        package var name: String
        package var weight: Double
        package var missingWeight: Double

        enum CodingKeys: String, CodingKey {
            case name, weight
            case missingWeight = "missing_weight"
        }
    }

    /// A linear weight per standard deviation of its column, with its standard error from the Hessian at the optimum.
    package struct Coefficient: Codable, Hashable, Sendable {
        /// The feature; ` unknown` after it for the weight of its absence; `intercept`.
        package var name: String
        package var estimate: Double
        package var standardError: Double
        /// Two-sided.
        package var pValue: Double

        enum CodingKeys: String, CodingKey {
            case name, estimate
            case standardError = "standard_error"
            case pValue = "p_value"
        }
    }

    enum CodingKeys: String, CodingKey {
        case rows, frauds, l2, candidates, iterations, threshold, parts, families, features, notes, calibration, evaluations, leaks, coefficients
        case modelID = "model_id"
        case modelName = "model_name"
        case solverStatus = "solver_status"
        case maximumFalsePositiveRate = "maximum_false_positive_rate"
        case testFromMs = "test_from_ms"
    }
}

/// How much of one family of fraud is flagged.
package struct FamilyRecall: Codable, Hashable, Sendable {
    package var attack: String
    package var rows: Int
    package var flagged: Int
    package var recall: Double { rows == 0 ? 0 : Double(flagged) / Double(rows) }

    /// Recall of every family of the given rows, by name; frauds without a family stand under `(none)`.
    package static func all(table: LabelledTable, rows: [Int], scores: [Float], threshold: Float) -> [FamilyRecall] {
        precondition(rows.count == scores.count)
        var byCode: [UInt16: FamilyRecall] = [:]
        for (row, score) in zip(rows, scores) where table.labels[row] {
            let code = table.attackCodes[row]
            let name = table.attackNames[Int(code)]
            byCode[code, default: FamilyRecall(attack: name.isEmpty ? "(none)" : name, rows: 0, flagged: 0)].count(score >= threshold)
        }
        return byCode.values.sorted { $0.attack < $1.attack }
    }

    private mutating func count(_ isFlagged: Bool) {
        rows += 1
        flagged += isFlagged ? 1 : 0
    }
}

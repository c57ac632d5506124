internal import Foundation
package import LogisticModel

/// Which calibration to fit.
package enum CalibrationChoice: String, Codable, Hashable, Sendable, CaseIterable {
    /// The one of least log loss on rows it was not fitted on.
    case auto
    case platt, isotonic, none
}

/// Which calibration was fitted, and on what.
package struct CalibrationReport: Codable, Hashable, Sendable {
    package struct Candidate: Codable, Hashable, Sendable {
        package var method: CalibrationChoice
        /// Mean over held-out rows.
        package var logLoss: Double

        enum CodingKeys: String, CodingKey {
            case method
            case logLoss = "log_loss"
        }
    }

    /// Never `auto`.
    package var method: CalibrationChoice
    /// `validation` or `out-of-bag`.
    package var source: String
    package var rows: Int
    package var frauds: Int
    /// Empty when there was nothing to choose.
    package var candidates: [Candidate]
}

/// Fits a calibration on rows the model was not fitted on.
package enum Calibrator {
    /// With fewer rows of a label two parameters cannot be told.
    package static let leastForPlatt = 10
    /// With fewer rows of a label, or rows in all, steps follow noise (scikit-learn's guide advises against isotonic
    /// regression under about 1,000 rows).
    package static let leastForIsotonic = 100
    package static let leastRowsForIsotonic = 1000
    static let folds = 5

    /// The calibration, its report, and notes where it had to be a simpler one than asked for.
    ///
    /// - Parameters:
    ///   - logits: before calibration, in time order: folds are stretches of time.
    ///   - source: what the rows are, for the report.
    /// - Complexity: O(rows log rows), times six for `auto`.
    package static func fit(
        _ choice: CalibrationChoice, logits: [Float], labels: [Bool], weights: [Double]? = nil, source: String
    ) -> (calibration: Calibration?, report: CalibrationReport, notes: [String]) {
        let frauds = labels.count { $0 }
        let rarer = min(frauds, labels.count - frauds)
        var report = CalibrationReport(method: .none, source: source, rows: labels.count, frauds: frauds, candidates: [])
        guard choice != .none else { return (nil, report, []) }
        guard rarer >= leastForPlatt else {
            let reason = "\(frauds) frauds among \(labels.count) \(source) rows cannot calibrate (\(leastForPlatt) of each label are needed)"
            return (nil, report, ["\(reason): scores are the model's own"])
        }
        let allowsIsotonic = rarer >= leastForIsotonic && labels.count >= leastRowsForIsotonic
        var notes: [String] = []
        var method = choice
        if choice == .isotonic, !allowsIsotonic {
            notes.append("\(frauds) frauds among \(labels.count) \(source) rows are too few for isotonic calibration: Platt's sigmoid instead")
            method = .platt
        }
        if choice == .auto {
            let methods: [CalibrationChoice] = allowsIsotonic ? [.none, .platt, .isotonic] : [.none, .platt]
            report.candidates = methods.map {
                CalibrationReport.Candidate(method: $0, logLoss: heldOutLoss($0, logits: logits, labels: labels, weights: weights))
            }
            // On a tie the simpler one, which comes first, stays.
            method = report.candidates.reduce(report.candidates[0]) { $1.logLoss < $0.logLoss ? $1 : $0 }.method
        }
        let calibration = fitted(method, logits: logits, labels: labels, weights: weights)
        if method != .none, calibration == nil {
            notes.append("on the \(source) rows fraud does not rise with the score: scores are not calibrated")
        }
        report.method = calibration == nil ? .none : method
        return (calibration, report, notes)
    }

    /// nil when the method gives no rising map within the model file's bounds.
    private static func fitted(_ method: CalibrationChoice, logits: [Float], labels: [Bool], weights: [Double]?) -> Calibration? {
        let calibration: Calibration?
        switch method {
        case .none, .auto: return nil
        case .isotonic: calibration = IsotonicRegression(logits: logits, labels: labels, weights: weights).calibration()
        case .platt:
            let (slope, offset) = PlattScaling.fit(logits: logits, labels: labels, weights: weights)
            calibration = slope > 0 ? .platt(slope: slope, offset: offset) : nil
        }
        guard let calibration, (calibration.inputs + calibration.outputs).allSatisfy({ abs($0) <= 1e6 }) else { return nil }
        // Knots closer than the scorer's single precision can tell would not be a map.
        let inputs = calibration.inputs.map { Float($0) }
        let rises = zip(inputs, inputs.dropFirst()).allSatisfy(<) && zip(calibration.outputs, calibration.outputs.dropFirst()).allSatisfy(<=)
        return rises ? calibration : nil
    }

    /// Mean log loss over stretches of rows, each judged by the calibration of the others.
    private static func heldOutLoss(_ method: CalibrationChoice, logits: [Float], labels: [Bool], weights: [Double]?) -> Double {
        let losses = parallelMap(folds) { fold in
            let held = (labels.count * fold / folds)..<(labels.count * (fold + 1) / folds)
            func others<T>(_ values: [T]) -> [T] { Array(values[..<held.lowerBound] + values[held.upperBound...]) }
            let calibration = fitted(method, logits: others(logits), labels: others(labels), weights: weights.map(others))
            return held.reduce((loss: 0.0, weight: 0.0)) { sum, row in
                let weight = weights?[row] ?? 1
                let logit = Double(logits[row])
                return (sum.loss + weight * logLoss(calibration?(logit) ?? logit, labels[row]), sum.weight + weight)
            }
        }
        let weight = losses.reduce(0) { $0 + $1.weight }
        return weight > 0 ? losses.reduce(0) { $0 + $1.loss } / weight : 0
    }

    /// log(1 + e^−η) of the truth's log-odds η.
    private static func logLoss(_ logit: Double, _ isFraud: Bool) -> Double {
        let against = isFraud ? -logit : logit
        return max(0, against) + log1p(exp(-abs(against)))
    }
}

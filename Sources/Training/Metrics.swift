internal import Foundation

/// How well scores rank and price labels. Definitions are scikit-learn's; equal scores count as one threshold.
package struct Metrics: Codable, Hashable, Sendable {
    package var rows: Int
    package var frauds: Int
    /// Area under the ROC curve; nil with one label only.
    package var rocAUC: Double?
    /// Average precision, Σ (Rₙ − Rₙ₋₁)·Pₙ; nil without fraud.
    package var averagePrecision: Double?
    /// Mean −ln of the probability given to the truth, probabilities held to [ε, 1 − ε] with single precision's ε.
    package var logLoss: Double
    /// Mean squared error of the probability.
    package var brier: Double

    enum CodingKeys: String, CodingKey {
        case rows, frauds, brier
        case rocAUC = "roc_auc"
        case averagePrecision = "average_precision"
        case logLoss = "log_loss"
    }

    /// - Parameters:
    ///   - scores: probabilities, none NaN.
    ///   - labels: true for fraud; as many.
    ///   - weights: how many rows each counts for, ≥ 0; nil: 1 each.
    /// - Complexity: O(n log n).
    package init(scores: [Float], labels: [Bool], weights: [Double]? = nil) {
        let curve = RankingCurve(scores: scores, labels: labels, weights: weights)
        rows = labels.count
        frauds = labels.count { $0 }
        rocAUC = curve.rocAUC
        averagePrecision = curve.averagePrecision
        var loss = 0.0
        var square = 0.0
        for (row, score) in scores.enumerated() {
            let weight = weights?[row] ?? 1
            loss += weight * Self.logLoss(score, labels[row])
            square += weight * Self.squaredError(score, labels[row])
        }
        let total = curve.frauds + curve.valids
        logLoss = total == 0 ? 0 : loss / total
        brier = total == 0 ? 0 : square / total
    }

    /// Log loss of one row.
    static func logLoss(_ score: Float, _ isFraud: Bool) -> Double {
        let epsilon = Double(Float.ulpOfOne)
        let probability = min(max(Double(score), epsilon), 1 - epsilon)
        return -log(isFraud ? probability : 1 - probability)
    }

    /// Squared error of one row.
    static func squaredError(_ score: Float, _ isFraud: Bool) -> Double {
        let error = Double(score) - (isFraud ? 1 : 0)
        return error * error
    }
}

/// What flagging every row at or over a threshold does.
package struct OperatingPoint: Codable, Hashable, Sendable {
    package var threshold: Float
    /// Rows, whatever their weight.
    package var flagged: Int
    /// Share of valid rows flagged.
    package var falsePositiveRate: Double
    /// Share of frauds flagged.
    package var recall: Double
    /// Share of flagged rows that are fraud; 0 when none is flagged.
    package var precision: Double

    enum CodingKeys: String, CodingKey {
        case threshold, flagged, recall, precision
        case falsePositiveRate = "false_positive_rate"
    }

    /// The point of a given threshold; shares are of weight.
    package init(threshold: Float, scores: [Float], labels: [Bool], weights: [Double]? = nil) {
        var (hits, misfires, frauds, valids) = (0.0, 0.0, 0.0, 0.0)
        var flagged = 0
        for (row, score) in scores.enumerated() {
            let weight = weights?[row] ?? 1
            if labels[row] { frauds += weight } else { valids += weight }
            guard score >= threshold else { continue }
            flagged += 1
            if labels[row] { hits += weight } else { misfires += weight }
        }
        self.init(threshold: threshold, flagged: flagged, hits: hits, misfires: misfires, frauds: frauds, valids: valids)
    }

    init(threshold: Float, flagged: Int, hits: Double, misfires: Double, frauds: Double, valids: Double) {
        self.threshold = threshold
        self.flagged = flagged
        falsePositiveRate = valids == 0 ? 0 : misfires / valids
        recall = frauds == 0 ? 0 : hits / frauds
        precision = hits + misfires == 0 ? 0 : hits / (hits + misfires)
    }

    /// The point of highest recall whose false-positive rate is at most `rate`. When even the highest score costs more,
    /// the threshold is above all scores and nothing is flagged.
    /// - Complexity: O(n log n).
    package static func best(
        scores: [Float], labels: [Bool], weights: [Double]? = nil, falsePositiveRate rate: Double
    ) -> OperatingPoint {
        RankingCurve(scores: scores, labels: labels, weights: weights).best(falsePositiveRate: rate)
    }
}

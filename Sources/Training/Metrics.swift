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
    /// - Complexity: O(n log n).
    package init(scores: [Float], labels: [Bool]) {
        let curve = RankingCurve(scores: scores, labels: labels)
        self.init(curve, scores: scores, labels: labels)
    }

    init(_ curve: RankingCurve, scores: [Float], labels: [Bool]) {
        rows = labels.count
        frauds = curve.frauds
        rocAUC = curve.rocAUC
        averagePrecision = curve.averagePrecision
        let epsilon = Double(Float.ulpOfOne)
        var loss = 0.0
        var square = 0.0
        for (score, isFraud) in zip(scores, labels) {
            let probability = min(max(Double(score), epsilon), 1 - epsilon)
            loss -= log(isFraud ? probability : 1 - probability)
            let error = Double(score) - (isFraud ? 1 : 0)
            square += error * error
        }
        logLoss = rows == 0 ? 0 : loss / Double(rows)
        brier = rows == 0 ? 0 : square / Double(rows)
    }
}

/// What flagging every row at or over a threshold does.
package struct OperatingPoint: Codable, Hashable, Sendable {
    package var threshold: Float
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

    /// The point of a given threshold.
    package init(threshold: Float, scores: [Float], labels: [Bool]) {
        var hits = 0
        var misfires = 0
        var frauds = 0
        for (score, isFraud) in zip(scores, labels) {
            frauds += isFraud ? 1 : 0
            guard score >= threshold else { continue }
            if isFraud { hits += 1 } else { misfires += 1 }
        }
        self.init(threshold: threshold, hits: hits, misfires: misfires, frauds: frauds, valids: labels.count - frauds)
    }

    init(threshold: Float, hits: Int, misfires: Int, frauds: Int, valids: Int) {
        self.threshold = threshold
        flagged = hits + misfires
        falsePositiveRate = valids == 0 ? 0 : Double(misfires) / Double(valids)
        recall = frauds == 0 ? 0 : Double(hits) / Double(frauds)
        precision = flagged == 0 ? 0 : Double(hits) / Double(flagged)
    }

    /// The point of highest recall whose false-positive rate is at most `rate`. When even the highest score costs more,
    /// the threshold is above all scores and nothing is flagged.
    /// - Complexity: O(n log n).
    package static func best(scores: [Float], labels: [Bool], falsePositiveRate rate: Double) -> OperatingPoint {
        RankingCurve(scores: scores, labels: labels).best(falsePositiveRate: rate)
    }
}

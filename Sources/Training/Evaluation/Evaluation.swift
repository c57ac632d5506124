/// Everything measured of one scorer on one set of rows: what a report prints or draws, and nothing else is needed for it.
///
/// Shares are 0–1, money is in ten-thousandths of a unit, lists are in the order they are drawn in. Rows with weights count
/// as often as their weight says, in every figure but those named rows, frauds, valids and flagged.
package struct Evaluation: Codable, Hashable, Sendable {
    /// The set of rows: `train`, `validation`, `test`, or a name the caller gave.
    package var name: String
    /// What was judged: `model`, or `verdict` for rules and model together.
    package var scorer: String
    package var rows: Int
    package var frauds: Int
    /// Of the rows that have times, epoch ms.
    package var firstEventMs: Int64?
    package var lastEventMs: Int64?

    package var metrics: Summary
    /// What the threshold (or the verdicts) did on these rows.
    package var decision: Decision
    /// Recall and precision at fixed false-positive rates, lowest first; each threshold is chosen on these rows.
    package var atRates: [RatePoint]
    /// From (0, 0) to (1, 1), at most `maximumPoints`.
    package var roc: [CurvePoint]
    /// By rising recall, at most `maximumPoints`.
    package var precisionRecall: [CurvePoint]
    /// Of the scores as given, i.e. after calibration; empty when the scores are no probabilities. Empty bins are left out.
    package var calibration: [CalibrationBin]
    /// The same of the scores before calibration; empty when the model has no calibration.
    package var uncalibrated: [CalibrationBin]
    package var histogram: ScoreHistogram
    /// Families of fraud by name; frauds without one stand under `(none)`.
    package var families: [FamilyFigures]
    /// nil when rows have no segment.
    package var segments: SegmentTable?
    /// How the intervals were made; nil: there are none.
    package var bootstrap: BootstrapFacts?
    /// What a reader should know before trusting the figures.
    package var notes: [String]

    /// Most points of a curve; longer curves are thinned, their ends kept.
    package static let maximumPoints = 500
    /// Most segments listed; the rest are counted only.
    package static let maximumSegments = 50

    enum CodingKeys: String, CodingKey {
        case name, scorer, rows, frauds, metrics, decision, roc, calibration, uncalibrated, histogram, families, segments, bootstrap, notes
        case firstEventMs = "first_event_ms"
        case lastEventMs = "last_event_ms"
        case atRates = "at_rates"
        case precisionRecall = "precision_recall"
    }
}

extension Evaluation {
    /// Figures over all thresholds, scikit-learn's definitions.
    package struct Summary: Codable, Hashable, Sendable {
        package var averagePrecision: Estimate
        package var rocAUC: Estimate
        /// Without values when the scores are no probabilities.
        package var logLoss: Estimate
        package var brier: Estimate

        enum CodingKeys: String, CodingKey {
            case brier
            case averagePrecision = "average_precision"
            case rocAUC = "roc_auc"
            case logLoss = "log_loss"
        }
    }

    /// What calling rows fraud did.
    package struct Decision: Codable, Hashable, Sendable {
        /// A score at or over it is called fraud; over 1: none is.
        package var threshold: Double
        package var flagged: Int
        package var truePositives: Int
        package var falsePositives: Int
        package var recall: Estimate
        package var precision: Estimate
        package var falsePositiveRate: Estimate
        package var cost: CostFigures

        enum CodingKeys: String, CodingKey {
            case threshold, flagged, recall, precision, cost
            case truePositives = "true_positives"
            case falsePositives = "false_positives"
            case falsePositiveRate = "false_positive_rate"
        }
    }

    /// Expected cost of the decisions: honest clicks refunded and fraud billed, at the prices given.
    package struct CostFigures: Codable, Hashable, Sendable {
        /// The prices in words, e.g. `1x the click's cost`.
        package var refundPrice: String
        package var billingPrice: String
        package var wronglyRefundedE4: Int64
        package var wronglyBilledE4: Int64
        /// Their sum.
        package var total: MoneyEstimate
        /// What it would cost to bill every click.
        package var withoutScorerE4: Int64

        enum CodingKeys: String, CodingKey {
            case total
            case refundPrice = "refund_price"
            case billingPrice = "billing_price"
            case wronglyRefundedE4 = "wrongly_refunded_e4"
            case wronglyBilledE4 = "wrongly_billed_e4"
            case withoutScorerE4 = "without_scorer_e4"
        }
    }

    /// The point of highest recall whose false-positive rate is at most `maximumRate`.
    package struct RatePoint: Codable, Hashable, Sendable {
        package var maximumRate: Double
        package var falsePositiveRate: Double
        package var threshold: Double
        package var flagged: Int
        package var recall: Estimate
        package var precision: Estimate

        enum CodingKeys: String, CodingKey {
            case threshold, flagged, recall, precision
            case maximumRate = "maximum_rate"
            case falsePositiveRate = "false_positive_rate"
        }
    }

    /// A point of the ROC curve (false-positive rate, recall) and of the precision–recall curve (recall, precision).
    package struct CurvePoint: Codable, Hashable, Sendable {
        package var threshold: Double
        package var falsePositiveRate: Double
        package var recall: Double
        /// 1 where nothing is flagged.
        package var precision: Double
        /// Expected cost of this threshold, ten-thousandths.
        package var costE4: Int64

        enum CodingKeys: String, CodingKey {
            case threshold, recall, precision
            case falsePositiveRate = "false_positive_rate"
            case costE4 = "cost_e4"
        }
    }

    /// Rows whose score lies in [low, high): what they were given and what they were.
    package struct CalibrationBin: Codable, Hashable, Sendable {
        package var low: Double
        package var high: Double
        package var rows: Int
        package var frauds: Int
        package var meanScore: Double
        /// Share of fraud with its Wilson interval.
        package var observed: Estimate

        enum CodingKeys: String, CodingKey {
            case low, high, rows, frauds, observed
            case meanScore = "mean_score"
        }
    }

    /// Rows by the logit of their score: bin 0 is under `logitEdges[0]`, bin i from `logitEdges[i − 1]` to `logitEdges[i]`,
    /// the last from the last edge up.
    package struct ScoreHistogram: Codable, Hashable, Sendable {
        package var logitEdges: [Double]
        package var valids: [Int]
        package var frauds: [Int]

        enum CodingKeys: String, CodingKey {
            case valids, frauds
            case logitEdges = "logit_edges"
        }
    }

    /// How much of one family of fraud is flagged.
    package struct FamilyFigures: Codable, Hashable, Sendable {
        package var attack: String
        package var rows: Int
        package var flagged: Int
        /// With its Wilson interval; with groups, that of the effective number of rows.
        package var recall: Estimate
    }

    /// Figures per value of one column, e.g. per publisher: the values with most rows, then by name.
    package struct SegmentTable: Codable, Hashable, Sendable {
        /// The column, e.g. `publisher_id`.
        package var column: String
        /// Distinct values of the rows; `segments` has the largest `maximumSegments` of them.
        package var distinct: Int
        package var segments: [SegmentFigures]
    }

    package struct SegmentFigures: Codable, Hashable, Sendable {
        /// `(none)` for rows without a value.
        package var value: String
        package var rows: Int
        package var frauds: Int
        package var flagged: Int
        package var falsePositives: Int
        package var averagePrecision: Double?

        enum CodingKeys: String, CodingKey {
            case value, rows, frauds, flagged
            case falsePositives = "false_positives"
            case averagePrecision = "average_precision"
        }
    }

    package struct BootstrapFacts: Codable, Hashable, Sendable {
        package var replicates: Int
        package var seed: UInt64
        /// 0.95.
        package var level: Double
        /// Groups drawn whole; nil: rows were drawn one by one.
        package var clusters: Int?
    }
}

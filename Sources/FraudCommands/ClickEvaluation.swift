internal import CClickRecord
internal import ClickModel
internal import Foundation
internal import LogisticModel
internal import Scoring
internal import Training

/// Verdicts of labelled clicks collected, then measured against the truth: the model alone, and rules and model together.
struct ClickEvaluation {
    private let ruleIDs: [String]
    private let modelThreshold: Double
    private let hasCalibration: Bool
    /// No features: labels, times, groups, costs, families and segments.
    private var table: LabelledTable
    private var verdicts: [Verdict] = []
    private var uncalibratedLogits: [Float] = []
    private let column: ClickColumn

    init(scorer: Scorer, column: ClickColumn) {
        ruleIDs = scorer.ruleIDs
        modelThreshold = scorer.model.model.threshold
        hasCalibration = scorer.model.model.calibration != nil
        self.column = column
        table = LabelledTable(names: [], hasGroups: true, hasCosts: true, segmentColumn: column.rawValue)
    }

    var count: Int { verdicts.count }

    /// - Parameter uncalibratedLogit: kept only when the model has a calibration.
    mutating func add(_ verdict: Verdict, uncalibratedLogit: Float, batch: ClickBatch, record: ClickRecord) {
        verdicts.append(verdict)
        if hasCalibration { uncalibratedLogits.append(uncalibratedLogit) }
        table.append(
            [], isFraud: record.truth == UInt8(FRAUD_TRUTH_FRAUD), eventTime: EventTime(milliseconds: record.ts_ms),
            // Clicks of one visitor are alike: the intervals draw visitors, not clicks.
            group: record.visitor_hash, attack: batch.string(record.attack) ?? "",
            facts: LabelledTable.Facts(costE4: record.cost_e4, segment: batch.string(column.text(record)) ?? ""))
    }

    func measured(by evaluator: Evaluator) -> Result {
        let rows = Array(verdicts.indices)
        var model = Evaluator.Subject(name: "labelled clicks", scores: verdicts.map(\.score), threshold: modelThreshold)
        model.uncalibratedLogits = hasCalibration ? uncalibratedLogits : nil
        // A click that a rule decides stands above all that the model ranks.
        var whole = Evaluator.Subject(
            name: "labelled clicks", scores: verdicts.map { $0.decidingRule >= 0 ? 1 : $0.score }, threshold: modelThreshold)
        whole.scorer = "verdict"
        whole.flagged = verdicts.map { $0.label == .fraud }
        whole.areProbabilities = false
        return Result(
            model: evaluator.measure(model, table: table, rows: rows), verdict: evaluator.measure(whole, table: table, rows: rows),
            deciders: deciders)
    }

    /// Clicks flagged by each rule and by the model; those that flagged none are left out.
    private var deciders: [Decider] {
        var counts = (ruleIDs + ["model"]).map { Decider(decidedBy: $0, fraud: 0, honest: 0) }
        for (verdict, isFraud) in zip(verdicts, table.labels) where verdict.label == .fraud {
            let index = verdict.decidingRule >= 0 ? Int(verdict.decidingRule) : ruleIDs.count
            if isFraud { counts[index].fraud += 1 } else { counts[index].honest += 1 }
        }
        return counts.filter { $0.fraud + $0.honest > 0 }
    }

    /// What a rule, or the model, flagged.
    struct Decider: Encodable {
        var decidedBy: String
        var fraud: Int
        var honest: Int

        enum CodingKeys: String, CodingKey {
            case fraud, honest
            case decidedBy = "decided_by"
        }
    }

    struct Result {
        var model: Evaluation
        var verdict: Evaluation
        var deciders: [Decider]
    }
}

extension ClickEvaluation.Result: Encodable {
    enum CodingKeys: String, CodingKey {
        case clicks, frauds, recall, precision, model, verdict, deciders
        case falsePositiveRate = "false_positive_rate"
    }

    /// The figures of the verdicts first, for those who want these only.
    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(verdict.rows, forKey: .clicks)
        try members.encode(verdict.frauds, forKey: .frauds)
        try members.encode(verdict.decision.recall.value, forKey: .recall)
        try members.encode(verdict.decision.precision.value, forKey: .precision)
        try members.encode(verdict.decision.falsePositiveRate.value, forKey: .falsePositiveRate)
        try members.encode(model, forKey: .model)
        try members.encode(verdict, forKey: .verdict)
        try members.encode(deciders, forKey: .deciders)
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    var text: String {
        var out = "\(ProgressBar.grouped(verdict.rows)) labelled clicks, \(ProgressBar.grouped(verdict.frauds)) fraud\n\n"
        out += "The model alone\n\n" + model.figureTable
        out += "\nRules and model together\n\n" + verdict.table
        var table = OutputTable(columns: ["decided by", "fraud", "honest"])
        for decider in deciders { table.rows.append([.text(decider.decidedBy), .integer(decider.fraud), .integer(decider.honest)]) }
        return out + "\n" + table.text
    }
}

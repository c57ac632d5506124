public import ArgumentParser
internal import CClickRecord
internal import ClickModel
internal import Foundation
internal import Pipeline
internal import Scoring
internal import Training

/// `fraud evaluate`: how right rules and model are on labelled clicks.
public struct EvaluateCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Scores labelled clicks without a database and compares with the truth.",
        discussion: """
            Shows the model alone (ROC AUC, average precision, log loss, Brier) and the verdicts of rules and model together:
            recall, precision, false-positive rate, and recall by family of fraud.
            --table takes a ready table instead, and shows how right the model is on it.
            EXAMPLE: fraud evaluate labelled.ndjson.gz --lists training-data
            EXAMPLE: fraud evaluate --table later.csv.gz --label status --model models/publishers.json
            """)

    @Argument(help: "Labelled click logs.") var inputs: [String] = []
    @OptionGroup(title: "Tables") var tables: TableArguments
    @Option(help: ArgumentHelp("Model file instead of models/champion.json.", valueName: "file")) var model: String?
    @Option(help: ArgumentHelp("Rule file instead of models/rules.yaml.", valueName: "file")) var rules: String?
    @Option(help: ArgumentHelp("GeoIP database (.mmdb).", valueName: "file")) var geoip: String?
    @Option(help: ArgumentHelp("Folder of crawler, hosting and Tor lists.", valueName: "dir")) var lists: String?
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func validate() throws {
        try tables.validate(inputs: inputs)
        if tables.isGiven { _ = try tables.requiredLabel() }
    }

    public func run() throws {
        if tables.isGiven { return try runTable() }
        let scorer = try ScorerConfiguration(modelPath: model, rulesPath: rules, listsDirectory: lists, geoPath: geoip).makeScorer()
        var evaluation = Evaluation(ruleIDs: scorer.ruleIDs)
        let bar = ProgressBar(unit: "events")
        try ClickReplay.run(
            InputPaths.expand(inputs),
            visit: { batch, rows, horizon in
                let verdicts = scorer.score(batch, rows: rows, horizon: horizon)
                for (k, index) in rows.enumerated() {
                    let record = batch.records[Int(index)]
                    guard record.truth != UInt8(FRAUD_TRUTH_UNKNOWN) else { continue }
                    evaluation.add(
                        verdicts[k], isFraud: record.truth == UInt8(FRAUD_TRUTH_FRAUD), attack: batch.string(record.attack) ?? "")
                }
            }, progress: { bar.update(done: $0, share: nil) })
        bar.finish()
        guard evaluation.count > 0 else { throw CommandError("no labelled click in \(inputs.joined(separator: ", ")): `label` must be valid or fraud") }
        try Terminal.output(json ? evaluation.json + "\n" : evaluation.text)
    }
}

/// Verdicts against the truth, counted.
struct Evaluation {
    private var scores: [Float] = []
    private var labels: [Bool] = []
    private var families: [String: (rows: Int, flagged: Int)] = [:]
    /// By deciding rule, the last being the model: clicks flagged that are fraud, and that are not.
    private var deciders: [(right: Int, wrong: Int)]
    private let ruleIDs: [String]
    private var truePositives = 0
    private var falsePositives = 0

    init(ruleIDs: [String]) {
        self.ruleIDs = ruleIDs
        deciders = Array(repeating: (0, 0), count: ruleIDs.count + 1)
    }

    var count: Int { labels.count }
    private var frauds: Int { labels.count { $0 } }

    mutating func add(_ verdict: Verdict, isFraud: Bool, attack: String) {
        scores.append(verdict.score)
        labels.append(isFraud)
        let flagged = verdict.label == .fraud
        if isFraud {
            let name = attack.isEmpty ? "(none)" : attack
            families[name, default: (0, 0)].rows += 1
            if flagged { families[name]!.flagged += 1 }
        }
        guard flagged else { return }
        let decider = verdict.decidingRule >= 0 ? Int(verdict.decidingRule) : ruleIDs.count
        if isFraud {
            truePositives += 1
            deciders[decider].right += 1
        } else {
            falsePositives += 1
            deciders[decider].wrong += 1
        }
    }

    private var figures: [(String, Double?)] {
        let metrics = Metrics(scores: scores, labels: labels)
        func share(_ part: Int, _ whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }
        return [
            ("model_roc_auc", metrics.rocAUC), ("model_average_precision", metrics.averagePrecision), ("model_log_loss", metrics.logLoss),
            ("model_brier", metrics.brier), ("recall", share(truePositives, frauds)),
            ("precision", share(truePositives, truePositives + falsePositives)),
            ("false_positive_rate", share(falsePositives, count - frauds)),
        ]
    }

    var text: String {
        var out = "\(ProgressBar.grouped(count)) labelled clicks, \(ProgressBar.grouped(frauds)) fraud\n\n"
        var table = OutputTable(columns: ["figure", "value"])
        for (name, value) in figures { table.rows.append([.text(name), value.map { .number(String(format: "%.6f", $0)) } ?? .null]) }
        out += table.text
        table = OutputTable(columns: ["family", "clicks", "flagged", "recall"])
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            table.rows.append([
                .text(name), .integer(family.rows), .integer(family.flagged),
                .number(String(format: "%.4f", Double(family.flagged) / Double(family.rows))),
            ])
        }
        out += "\n" + table.text
        table = OutputTable(columns: ["decided by", "fraud", "honest"])
        for (index, decider) in deciders.enumerated() where decider.right + decider.wrong > 0 {
            table.rows.append([.text(index < ruleIDs.count ? ruleIDs[index] : "model"), .integer(decider.right), .integer(decider.wrong)])
        }
        return out + "\n" + table.text
    }

    var json: String {
        var members = [("clicks", "\(count)"), ("frauds", "\(frauds)"), ("true_positives", "\(truePositives)"), ("false_positives", "\(falsePositives)")]
        members += figures.map { ($0.0, $0.1.map { "\($0)" } ?? "null") }
        let byFamily = families.sorted { $0.key < $1.key }.map { name, family in
            (name, JSONOutput.object([("clicks", "\(family.rows)"), ("flagged", "\(family.flagged)")]))
        }
        members.append(("families", JSONOutput.object(byFamily)))
        return JSONOutput.object(members)
    }
}

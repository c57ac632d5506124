public import ArgumentParser
internal import CClickRecord
internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline
internal import Scoring
internal import Training

/// `fraud evaluate`: how right rules and model are on labelled clicks.
public struct EvaluateCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Scores labelled clicks without a database and compares with the truth.",
        discussion: """
            Shows the model alone and the verdicts of rules and model together: average precision, ROC AUC, recall and precision at
            fixed false-positive rates, log loss, Brier score and expected cost, each with a 95 % interval by bootstrap over
            visitors; recall by family of fraud, and figures per publisher. --json has the curves and the calibration too.
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
    @Option(help: "Tell figures apart by this id.") var by = ClickColumn.publisher_id
    @OptionGroup var costs: CostArguments
    @OptionGroup var page: ReportArguments
    @Option(help: "Bootstrap samples of the intervals; 0: none. By default as many as take seconds, at most 1,000.") var bootstrap: Int?
    @Option(help: "Seed of the bootstrap.") var seed: UInt64 = 1
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func validate() throws {
        if let bootstrap, !(0...10_000).contains(bootstrap) { throw ValidationError("--bootstrap must be 0 to 10000") }
        try tables.validate(inputs: inputs)
        if tables.isGiven {
            _ = try tables.requiredLabel()
            let clicks = [("rules", rules), ("lists", lists), ("geoip", geoip)]
            if let (name, _) = clicks.first(where: { $0.1 != nil }) { throw ValidationError("--\(name) goes with click logs") }
            let unused = [("time", tables.time), ("weight", tables.weight), ("id", tables.id), ("categorical", tables.categorical)]
            if let (name, _) = unused.first(where: { $0.1 != nil }) { throw ValidationError("--\(name) is for training: each row of a table is measured once") }
        }
    }

    public func run() throws {
        try OutputPath.requireApart([page.report], from: inputs + tables.table + [model, page.previous])
        if tables.isGiven { return try runTable() }
        let scorer = try ScorerConfiguration(modelPath: model, rulesPath: rules, listsDirectory: lists, geoPath: geoip).makeScorer()
        var evaluation = ClickEvaluation(scorer: scorer, column: by)
        var logits = [Float](repeating: 0, count: scorer.block.capacity)
        let bar = ProgressBar(unit: "events")
        try ClickReplay.run(
            InputPaths.expand(inputs),
            visit: { batch, rows, horizon in
                let verdicts = scorer.score(batch, rows: rows, horizon: horizon)
                logits.withUnsafeMutableBufferPointer { scorer.model.uncalibratedLogits(scorer.block, rows: rows.count, into: $0.baseAddress!) }
                for (k, index) in rows.enumerated() {
                    let record = batch.records[Int(index)]
                    guard record.truth != UInt8(FRAUD_TRUTH_UNKNOWN) else { continue }
                    evaluation.add(verdicts[k], uncalibratedLogit: logits[k], batch: batch, record: record)
                }
            }, progress: { bar.update(done: $0, share: nil) })
        bar.finish()
        guard evaluation.count > 0 else { throw CommandError("no labelled click in \(inputs.joined(separator: ", ")): `label` must be valid or fraud") }
        var evaluator = Evaluator()
        evaluator.costs = costs.matrix
        evaluator.seed = seed
        evaluator.replicates = bootstrap
        let result = evaluation.measured(by: evaluator)
        try page.write(
            ReportPage(
                model: scorer.model.model, evaluations: [result.verdict, result.model], catalogue: Feature.catalogue,
                previous: try page.previousModel()))
        try Terminal.output(json ? try result.json + "\n" : result.text)
    }
}

public import ArgumentParser
internal import CClickRecord
internal import ClickModel
internal import Foundation
internal import Pipeline
internal import Scoring
internal import Simulation

/// `fraud quality`: the attack replay suite.
public struct QualityCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "quality", abstract: "Replays simulated attacks: recall by family and false alarms by honest look-alike.",
        discussion: """
            Simulates each scenario, scores it from nothing as `fraud score` would, and compares with the truth. All figures are
            SYNTHETIC: they compare models and rules, and do not say how much fraud is found in real traffic.
            EXAMPLE: fraud quality training-data/scenarios/test-day.yaml training-data/scenarios/test-busy.yaml
            """)

    @Argument(help: "Scenario files.") var scenarios: [String]
    @Option(help: ArgumentHelp("Model file instead of models/champion.json.", valueName: "file")) var model: String?
    @Option(help: ArgumentHelp("Rule file instead of models/rules.yaml.", valueName: "file")) var rules: String?
    @Option(help: ArgumentHelp("Folder of crawler, hosting and Tor lists instead of the simulator's own.", valueName: "dir")) var lists: String?
    @Option(name: .customLong("fpr"), help: "False-positive rate at which the model alone is judged.") var falsePositiveRate = 0.001
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func validate() throws {
        guard !scenarios.isEmpty, scenarios.count <= 100 else { throw ValidationError("expected 1 to 100 scenario files") }
        guard (0..<1).contains(falsePositiveRate) else { throw ValidationError("--fpr \(falsePositiveRate): expected 0 to 1") }
    }

    public func run() throws {
        let parsed = try scenarios.map { try ScenarioFile.load($0) }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fraud-quality-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try SimulatedFile.writeLists(to: folder.path)
        let configuration = ScorerConfiguration(modelPath: model, rulesPath: rules, listsDirectory: lists ?? folder.path)
        var tally = try QualityTally(ruleIDs: configuration.makeScorer().ruleIDs)
        for scenario in parsed {
            try replay(scenario, in: folder.path, scorer: configuration.makeScorer(), into: &tally)
        }
        let report = QualityReport(tally, falsePositiveRate: falsePositiveRate, scenarios: parsed.map(\.name))
        try Terminal.output(json ? report.json + "\n" : report.text)
    }

    /// Simulates one scenario into a file, scores it, and enters every counted click with its truth.
    private func replay(_ scenario: Scenario, in folder: String, scorer: Scorer, into tally: inout QualityTally) throws {
        var truths: [String: ClickTruth] = [:]
        var retries = 0
        let path = folder + "/clicks.ndjson"
        let bar = ProgressBar(unit: "clicks")
        let summary = try SimulatedFile.write(scenario.options, to: path, progress: { bar.update(done: $0, share: $1) }) { truth in
            if truth.lookAlikes.contains(.clientRetry) { retries += 1 }
            // Lines that repeat an id come later: the first is the click.
            if truths[truth.clickID] == nil { truths[truth.clickID] = truth }
        }
        tally.add(summary, retries: retries)
        var counted = Set<String>()
        try ClickReplay.run(
            [path],
            visit: { batch, rows, horizon in
                let verdicts = scorer.score(batch, rows: rows, horizon: horizon)
                for (k, index) in rows.enumerated() {
                    guard let id = batch.string(batch.records[Int(index)].click_id), let truth = truths[id] else { continue }
                    tally.add(verdicts[k], truth, isRepeat: !counted.insert(id).inserted)
                }
            }, progress: { bar.update(done: $0, share: nil) })
        bar.finish()
    }
}

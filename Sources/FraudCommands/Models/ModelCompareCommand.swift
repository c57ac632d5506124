internal import ArgumentParser
internal import CClickRecord
internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline
internal import Scoring
internal import Storage

struct ModelCompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Where champion and challenger differ, in clicks and in money, and which features make them.",
        discussion: """
            With --db: what challengers said in shadow on the stream (`fraud score --challenger`). With two files and --input: both \
            over labelled clicks, the first as champion; by family of fraud too, when the clicks carry their truth. A label is \
            what rules and model say together, as it would be billed.
            EXAMPLE: fraud model compare --db clicks.duckdb --by campaign
            EXAMPLE: fraud model compare models/champion.json wider.json --input labelled.ndjson.gz --by family
            """)

    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case ad, campaign, advertiser, publisher, family
        var column: String { self == .family ? rawValue : "\(rawValue)_id" }
    }

    @Argument(help: "Two model files, champion and challenger, with --input.") var files: [String] = []
    @Option(name: .customLong("db"), help: ArgumentHelp("The database that `fraud score` wrote.", valueName: "file")) var database: String?
    @Option(name: .customLong("input"), help: ArgumentHelp("A click log, labelled or not; may be given again.", valueName: "file")) var inputs: [String] = []
    @Option(help: ArgumentHelp("With --db: this challenger alone.", valueName: "id")) var challenger: String?
    @Option(name: .customLong("model"), help: ArgumentHelp("With --db: a file of a model that is not in models/; may be given again.", valueName: "file"))
    var models: [String] = []
    @Option(help: "Group the differing clicks by ad, campaign, advertiser, publisher or (with --input) family.") var by: Grouping = .advertiser
    @OptionGroup var period: PeriodArguments
    @Option(help: ArgumentHelp("Rule file instead of models/rules.yaml.", valueName: "file")) var rules: String?
    @Option(help: ArgumentHelp("Folder of crawler, hosting and Tor lists.", valueName: "dir")) var lists: String?
    @Option(help: ArgumentHelp("GeoIP database (.mmdb).", valueName: "file")) var geoip: String?
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (database == nil) != (files.isEmpty && inputs.isEmpty) else {
            throw ValidationError("give --db FILE, or two model files with --input: one of them")
        }
        guard database != nil || files.count == 2 && !inputs.isEmpty else { throw ValidationError("give two model files, and --input") }
        guard database == nil || by != .family else { throw ValidationError("a stream's families are not known: --by family goes with --input") }
        guard database != nil || challenger == nil && models.isEmpty && period.from == nil && period.to == nil else {
            throw ValidationError("--challenger, --model, --from and --to go with --db")
        }
        let times = [period.from, period.to].compactMap { $0?.time.milliseconds }
        guard times.allSatisfy({ $0 % EventTime.millisecondsPerDay == 0 }) else { throw ValidationError("shadow totals are of whole days: --from and --to name days") }
    }

    func run() throws {
        let comparisons = try database.map(ofStream) ?? [ofInputs()]
        if json {
            try Terminal.output(JSONOutput.object([("comparisons", "[" + comparisons.map(\.json).joined(separator: ", ") + "]")]) + "\n")
        } else {
            try Terminal.output(comparisons.map(\.text).joined(separator: "\n\n"))
        }
    }

    private func ofStream(_ path: String) throws -> [ModelComparison] {
        guard FileManager.default.fileExists(atPath: path) else { throw CommandError("there is no database \(path)") }
        let warehouse = try Warehouse(path: path, readOnly: true, threads: 2)
        let query = ShadowQuery(from: period.from?.time, to: period.to?.time, group: by.column, challengerID: challenger)
        let found = try warehouse.holds(.shadowTotals) ? query.comparisons(warehouse.database, shelf: ModelShelf(named: models)) : []
        if found.isEmpty { Terminal.error("no challenger has scored in shadow here: fraud score --challenger FILE\n") }
        return found
    }

    // MARK: Files

    private func ofInputs() throws -> ModelComparison {
        let configuration = ScorerConfiguration(modelPath: files[0], rulesPath: rules, listsDirectory: lists, geoPath: geoip)
        let scorer = try configuration.makeScorer()
        let other = try LogisticModel.load(from: files[1])
        let shadow = try ShadowScorer([other])
        var comparison = ModelComparison(championID: scorer.modelID, challengerID: shadow.modelIDs[0])
        comparison.groupName = by.column
        var differences = try ContributionDifference(champion: scorer.model.model, challenger: other)
        let bar = ProgressBar(unit: "events")
        try ClickReplay.run(
            InputPaths.expand(inputs),
            visit: { batch, rows, horizon in
                let verdicts = scorer.score(batch, rows: rows, horizon: horizon)
                shadow.score(scorer.block, rows: rows.count)
                for (row, index) in rows.enumerated() {
                    let record = batch.records[Int(index)]
                    let isFraudToo = shadow.label(model: 0, row: row, champion: verdicts[row]) == .fraud
                    let side = ModelComparison.Side(champion: verdicts[row].label == .fraud, challenger: isFraudToo)
                    let truth: Bool? = record.truth == UInt8(FRAUD_TRUTH_UNKNOWN) ? nil : record.truth == UInt8(FRAUD_TRUTH_FRAUD)
                    comparison.add(side, cost: Money(e4: record.cost_e4), isFraud: truth, group: group(record, batch))
                    guard (side == .championOnly || side == .challengerOnly) && comparison.differing <= ShadowQuery.explainedClicks else { continue }
                    differences.add(scorer.block.row(row), isChallengerOnly: isFraudToo)
                }
            }, progress: { bar.update(done: $0, share: nil) })
        bar.finish()
        comparison.differences = differences
        if comparison.differing > ShadowQuery.explainedClicks {
            comparison.notes.append("the features of the first \(ShadowQuery.explainedClicks) differing clicks are looked at")
        }
        return comparison
    }

    private func group(_ record: ClickRecord, _ batch: ClickBatch) -> String {
        let text =
            switch by {
            case .ad: record.ad_id
            case .campaign: record.campaign_id
            case .advertiser: record.advertiser_id
            case .publisher: record.publisher_id
            case .family: record.attack
            }
        let name = batch.string(text) ?? ""
        return by == .family && name.isEmpty ? (record.truth == UInt8(FRAUD_TRUTH_FRAUD) ? "(none)" : "(honest)") : name
    }
}

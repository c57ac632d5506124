public import ArgumentParser
internal import CClickRecord
internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline
internal import Training

/// `fraud train`: fits a model to labelled clicks.
public struct TrainCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Replays labelled clicks through the features and fits the logistic model.",
        discussion: """
            Clicks need `label`: valid or fraud. The first 70 % by event time train, the rest tests; the threshold keeps the
            false-positive rate on a validation part. The same inputs, options and lists give the same file, byte for byte.
            --table takes a ready table instead, any numeric or categorical columns with missing values: its first rows in time choose
            and its last ones test as well, but the model that is written is then fitted on all rows (--no-refit: on the first).
            EXAMPLE: fraud train labelled.ndjson.gz --out models/challenger.json --lists training-data
            EXAMPLE: fraud train --table publishers.csv.gz --label status --test later.csv.gz --out models/publishers.json
            """)

    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case user_id, device_fingerprint, ip, publisher_id
    }

    @Argument(help: "Labelled click logs.") var inputs: [String] = []
    @OptionGroup(title: "Tables") var tables: TableArguments
    @OptionGroup(title: "Tables") var tableTraining: TableTrainingArguments
    @Option(help: ArgumentHelp("Model file to write.", valueName: "file")) var out: String
    @Option(help: ArgumentHelp("Folder of crawler, hosting and Tor lists.", valueName: "dir")) var lists: String?
    @Option(help: ArgumentHelp("GeoIP database (.mmdb).", valueName: "file")) var geoip: String?
    @Option(help: "Name in the model file.") var name = "click-fraud"
    @Option(help: "Share of the clicks, first in time, that trains.") var trainShare = 0.7
    @Option(name: .customLong("fpr"), help: "False-positive rate the threshold keeps; 0.001 of clicks and 0.01 of a table's rows unless given.")
    var falsePositiveRate: Double?
    @Option(name: .customLong("l2"), help: "Penalties to choose among, comma-separated.") var penalties = "0.1,1,10,100"
    @Option(help: ArgumentHelp("Features to leave out, comma-separated; by default those of clicks that grow with a site's traffic.", valueName: "names"))
    var exclude: String?
    @Flag(help: "Let a feature's being unknown weigh too. Off: what is unknown is never held against a visitor.")
    var missingIndicators = false
    @OptionGroup(title: "Additive models") var additive: AdditiveArguments
    @OptionGroup(title: "Linear models") var linear: LinearArguments
    @Option(help: "Also cross-validate over this many folds.") var cv: Int?
    @Option(
        help: ArgumentHelp(
            "Keep rows with the same value together, in a fold and in the bootstrap of the intervals: of clicks user_id (default), device_fingerprint, ip or publisher_id; of a table a column.",
            valueName: "column"))
    var group: String?
    @OptionGroup var decisions: DecisionArguments
    @OptionGroup var page: ReportArguments
    @Option(help: "Seed of the folds and of the bootstrap.") var seed: UInt64 = 1
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func validate() throws {
        if let cv, !(2...100).contains(cv) { throw ValidationError("--cv must be 2 to 100") }
        guard !penaltyValues.isEmpty else { throw ValidationError("--l2 \(penalties): expected numbers over 0, e.g. 0.1,1,10") }
        try tables.validate(inputs: inputs)
        if tables.isGiven { return try validateTable() }
        guard tableTraining.test.isEmpty else { throw ValidationError("--test goes with --table") }
        guard group == nil || Grouping(rawValue: group!) != nil else {
            throw ValidationError("--group \(group!): expected \(Grouping.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let unknown = excludedFeatures.subtracting(Feature.catalogue.map(\.name))
        guard unknown.isEmpty else { throw ValidationError("--exclude: no feature is called \(unknown.sorted().joined(separator: ", "))") }
    }

    /// Counts that say how much traffic there is, not who clicks: a model that weighs them is wrong on a larger or smaller
    /// site. Rules may use them; the rate ratios compare a key with itself.
    static let trafficFeatures: [Feature] = [
        .adClicks10s, .adClicks1m, .adClicks1h, .publisherClicks10s, .publisherClicks1m, .publisherClicks1h,
    ]

    private var excludedFeatures: Set<String> {
        exclude.map { Set(TableArguments.names($0)) } ?? Set(Self.trafficFeatures.map(\.description.name))
    }

    private var grouping: Grouping { group.flatMap(Grouping.init) ?? .user_id }

    private var penaltyValues: [Double] {
        let values = penalties.split(separator: ",").map { Double($0) ?? -1 }
        return values.allSatisfy { $0 > 0 && $0.isFinite } ? values : []
    }

    /// What the options say, for clicks and tables alike.
    func trainingOptions() throws -> TrainingOptions {
        var options = TrainingOptions()
        options.modelName = name
        options.trainShare = trainShare
        options.maximumFalsePositiveRate = falsePositiveRate ?? (tables.isGiven ? 0.01 : 0.001)
        options.l2Grid = penaltyValues
        options.seed = seed
        options.codeVersion = FraudVersion.text
        linear.apply(to: &options)
        options.missingIndicators = missingIndicators
        decisions.apply(to: &options)
        // A click is scored in microseconds: few surfaces. A table has as many as pay.
        try additive.apply(to: &options, interactions: tables.isGiven ? nil : 40)
        return options
    }

    public func run() throws {
        try OutputPath.requireApart([out, page.report], from: inputs + tables.table + tableTraining.test + [page.previous])
        if tables.isGiven { return try runTable() }
        let table = try labelledTable()
        let catalogue = table.catalogue(known: Feature.catalogue)
        let options = try trainingOptions()
        let (model, report) = try Trainer.train(table: table, options: options, catalogue: catalogue)
        try model.save(to: out)
        try page.write(ReportPage(model: model, report: report, options: options, catalogue: catalogue, previous: try page.previousModel()))
        let folds = try cv.map { try Trainer.crossValidate(table: table, options: options, catalogue: catalogue, folds: $0) }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try Terminal.output(String(decoding: try encoder.encode(Output(model: out, report: report, crossValidation: folds)), as: UTF8.self) + "\n")
        } else {
            try Terminal.output(report.table)
            if let folds { try Terminal.output("\nCross-validation by \(grouping.rawValue), \(folds.folds.count) folds\n" + folds.table) }
            Terminal.error("model \(model.modelID) written to \(out)\n")
        }
    }

    private struct Output: Encodable {
        var model: String
        var report: TrainingReport
        var crossValidation: CrossValidationReport?
    }

    /// Every labelled click that scoring would have counted, with the features it would have had.
    private func labelledTable() throws -> LabelledTable {
        let extractor = try ScorerConfiguration(listsDirectory: lists, geoPath: geoip).makeExtractor()
        let block = FeatureBlock(columnCount: Feature.count)
        let columns = Feature.allCases.filter { !excludedFeatures.contains($0.description.name) }.map(\.rawValue)
        var table = LabelledTable(
            names: columns.map { Feature.catalogue[$0].name }, hasGroups: true, hasCosts: true, segmentColumn: Grouping.publisher_id.rawValue)
        var values = [Float](repeating: 0, count: columns.count)
        let bar = ProgressBar(unit: "events")
        defer { bar.finish() }
        try ClickReplay.run(
            InputPaths.expand(inputs),
            visit: { batch, rows, horizon in
                extractor.extract(batch, rows: rows, horizon: horizon, into: block)
                for (row, index) in rows.enumerated() {
                    let record = batch.records[Int(index)]
                    guard record.truth != UInt8(FRAUD_TRUTH_UNKNOWN) else { continue }
                    for (position, column) in columns.enumerated() { values[position] = block.column(column)[row] }
                    table.append(
                        values, isFraud: record.truth == UInt8(FRAUD_TRUTH_FRAUD), eventTime: EventTime(milliseconds: record.ts_ms),
                        group: key(record), attack: batch.string(record.attack) ?? "",
                        facts: LabelledTable.Facts(costE4: record.cost_e4, segment: batch.string(record.publisher_id) ?? ""))
                }
            }, progress: { bar.update(done: $0, share: nil) })
        guard table.rowCount > 0 else { throw CommandError("no labelled click in \(inputs.joined(separator: ", ")): `label` must be valid or fraud") }
        return table
    }

    /// Clicks without the id count as their visitor's: one group of all of them would be no group.
    private func key(_ record: ClickRecord) -> UInt64 {
        let key = id(record)
        return key == 0 ? record.visitor_hash : key
    }

    private func id(_ record: ClickRecord) -> UInt64 {
        switch grouping {
        case .user_id: record.user_hash
        case .device_fingerprint: record.device_hash
        case .ip: fraud_mix(record.ip_high, record.ip_low)
        case .publisher_id: record.publisher_hash
        }
    }
}

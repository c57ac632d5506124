public import ArgumentParser
internal import ClickModel
internal import Foundation
internal import LogisticModel
internal import Pipeline
internal import Storage

/// `fraud predict`: a model's scores of the rows of a table.
public struct PredictCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Scores the rows of a ready table with a model.",
        discussion: """
            One line a row, in the table's order: its number or --id, the probability of fraud, the sum of the model's terms before
            calibration (`logit`), and the verdict at the model's threshold. --contributions adds a column a term; with the intercept
            they sum to `logit`, to single precision. Columns that the model does not name are ignored; one that it names and the
            table lacks is an error.
            EXAMPLE: fraud predict --table later.csv.gz --model models/publishers.json --out scores.csv
            """)

    /// More terms are refused with --contributions: each is a column.
    static let maximumContributions = 4096

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Tables: CSV (plain, gzip, zstd) with a header line, or Parquet; files, globs, -.", valueName: "file"))
    var table: [String]
    @Option(help: ArgumentHelp("Model file instead of models/champion.json.", valueName: "file")) var model: String?
    @Option(help: ArgumentHelp("Write to this file (.csv, .csv.gz, .csv.zst or .parquet) instead of standard output.", valueName: "file")) var out: String?
    @Option(help: ArgumentHelp("Column that names the rows.", valueName: "column")) var id: String?
    @Flag(help: "Also what each of the model's terms adds to the logit.") var contributions = false
    @OptionGroup var output: OutputArguments

    public init() {}

    public func validate() throws {
        guard !table.isEmpty else { throw ValidationError("--table needs a file") }
        if let id, ["row", "score", "logit", "label", "intercept"].contains(id.lowercased()) { throw ValidationError("--id \(id): the output has a column of that name") }
    }

    public func run() throws {
        try OutputPath.requireApart([out], from: table + [model])
        let scoring = try TableScoring(ScorerConfiguration(modelPath: model).loadModel())
        let source = try TableFiles(table)
        let terms = contributions ? termNames(scoring.model) : []
        guard terms.count <= Self.maximumContributions else {
            throw CommandError("--contributions: \(terms.count) terms are more columns than the \(Self.maximumContributions) that are written")
        }
        for file in source.files {
            if let id, file.column(id) == nil { throw CommandError("--id \(id): \(TableLayout.noSuchColumn(id, file))") }
        }
        let started = Date()
        let bar = ProgressBar(unit: "rows")
        let (rows, flagged) = try out.map { try write(to: $0, scoring, source, terms, bar) } ?? printRows(scoring, source, terms)
        bar.finish()
        guard let out else { return }
        let seconds = Date().timeIntervalSince(started)
        if output.json {
            try Terminal.output(
                JSONOutput.object([
                    ("model_id", JSONOutput.string(scoring.model.modelID)), ("out", JSONOutput.string(out)), ("rows", "\(rows)"), ("flagged", "\(flagged)"),
                    ("seconds", String(format: "%.3f", seconds)),
                ]) + "\n")
        } else {
            Terminal.error("\(ProgressBar.grouped(rows)) rows, \(ProgressBar.grouped(flagged)) flagged as fraud, written to \(out)\n")
        }
    }

    /// Columns of the contributions, in the order in which `CompiledModel` gives them.
    private func termNames(_ model: LogisticModel) -> [String] {
        let linear = model.features.filter { $0.weight != 0 || $0.missingWeight != 0 }.map(\.name)
        return ["intercept"] + (linear + model.curves.map(\.feature) + model.surfaces.map { "\($0.first)*\($0.second)" }).map { "contribution:\($0)" }
    }

    private struct Row {
        var name: String?
        var number: Int
        var score: Float
        var logit: Float
        var isFraud: Bool
        /// The intercept first; empty unless asked for.
        var terms: [Double]
    }

    private func forEachRow(_ scoring: TableScoring, _ source: TableFiles, _ body: (Row) throws -> Void) throws -> (rows: Int, flagged: Int) {
        var rows = 0
        var flagged = 0
        for file in source.files {
            let others = id.map { [(file.column($0)!, TableReader.Reading.text)] } ?? []
            try scoring.run(file, source.database, others: others) { batch in
                for row in 0..<batch.count {
                    rows += 1
                    let isFraud = batch.scores[row] >= scoring.compiled.threshold
                    if isFraud { flagged += 1 }
                    let terms = contributions ? [scoring.model.intercept] + scoring.compiled.contributions(row: batch.block.row(row)).map(\.value) : []
                    let name = id.map { _ in batch.reader.text(scoring.names.count, row: batch.readerOffset + row) ?? "" }
                    try body(Row(name: name, number: rows, score: batch.scores[row], logit: batch.sums[row], isFraud: isFraud, terms: terms))
                }
            }
        }
        return (rows, flagged)
    }

    private func write(
        to path: String, _ scoring: TableScoring, _ source: TableFiles, _ terms: [String], _ bar: ProgressBar
    ) throws -> (rows: Int, flagged: Int) {
        let key = id.map { ArrowColumn($0, .text) } ?? ArrowColumn("row", .int64)
        let columns = [key, ArrowColumn("score", .float), ArrowColumn("logit", .float), ArrowColumn("label", .text)] + terms.map { ArrowColumn($0, .double) }
        let file = try PredictionFile(path, columns: columns, source.database)
        let total = source.files.reduce(0) { $0 + $1.rows }
        let counts = try forEachRow(scoring, source) { row in
            try file.append { cells in
                if let name = row.name { cells.append(text: name) } else { cells.append(int64: Int64(row.number)) }
                cells.append(float: row.score)
                cells.append(float: row.logit)
                cells.append(text: row.isFraud ? "fraud" : "valid")
                for term in row.terms { cells.append(double: term) }
            }
            if row.number % 4096 == 0 { bar.update(done: row.number, share: Double(row.number) / Double(total)) }
        }
        try file.finish()
        return counts
    }

    private func printRows(_ scoring: TableScoring, _ source: TableFiles, _ terms: [String]) throws -> (rows: Int, flagged: Int) {
        var writer = OutputWriter(columns: [id ?? "row", "score", "logit", "label"] + terms, format: output.chosen)
        let counts = try forEachRow(scoring, source) { row in
            let key = row.name.map { Cell.text($0) } ?? .integer(row.number)
            try writer.append(
                [key, .number("\(row.score)"), .number("\(row.logit)"), .text(row.isFraud ? "fraud" : "valid")] + row.terms.map { .number("\($0)") })
        }
        try writer.finish()
        return counts
    }
}

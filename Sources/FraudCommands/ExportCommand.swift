public import ArgumentParser
internal import Foundation
internal import LogisticModel
internal import Pipeline
internal import Storage

/// `fraud export`: clicks, features, labels and scores as Parquet, with a notebook that reads them.
public struct ExportCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes features, labels and scores as Parquet, and a notebook that reads them.",
        discussion: """
            Clicks are replayed as `fraud train` and `fraud score` do, so a feature never knows more than it would have known then.

              DIR/fraud.ipynb              pandas, DuckDB, matplotlib, scikit-learn; kept when you have changed it
              DIR/data/clicks/*.parquet    one row a counted click: ids, truth, all features, score, verdict
              DIR/data/features.parquet    the features: name, unit, meaning, when unknown
              DIR/data/model.json          the model that scored; export.json: what this export is
              DIR/tables/*.parquet         with --db: aggregates, flagged clicks, label changes of a scored database

            `data` and `tables` are replaced in one step or not at all; nothing else in DIR is touched.
            EXAMPLE: fraud export labelled.ndjson.gz --lists training-data --out notebooks-export
            """)

    @Argument(help: "Click logs, labelled or not.") var inputs: [String] = []
    @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir")) var out = "notebooks-export"
    @Option(help: ArgumentHelp("Also, or only, the tables of this database, which `fraud score` wrote.", valueName: "file")) var db: String?
    @Option(help: ArgumentHelp("Model file instead of models/champion.json.", valueName: "file")) var model: String?
    @Option(help: ArgumentHelp("Rule file instead of models/rules.yaml.", valueName: "file")) var rules: String?
    @Option(help: ArgumentHelp("GeoIP database (.mmdb).", valueName: "file")) var geoip: String?
    @Option(help: ArgumentHelp("Folder of crawler, hosting and Tor lists.", valueName: "dir")) var lists: String?
    @Option(help: "Clicks to write; what comes after is left out, and export.json says so.") var limit = 20_000_000
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func validate() throws {
        guard !inputs.isEmpty || db != nil else { throw ValidationError("name click logs, or a database with --db") }
        guard limit > 0 else { throw ValidationError("--limit \(limit): expected at least 1") }
        guard !out.isEmpty else { throw ValidationError("--out: expected a folder") }
    }

    public func run() throws {
        var results: [(String, String)] = []
        if !inputs.isEmpty { results += try exportClicks() }
        if let db { results += try exportTables(db) }
        if json { try Terminal.output(JSONOutput.object(results) + "\n") }
    }

    private func exportClicks() throws -> [(String, String)] {
        let configuration = ScorerConfiguration(modelPath: model, rulesPath: rules, listsDirectory: lists, geoPath: geoip)
        let scorer = try configuration.makeScorer()
        let paths = try InputPaths.expand(inputs)
        try Self.makeFolder(out)
        let earlier = ExportManifest.notebookHash(in: "\(out)/data")
        let folder = try FolderReplacement(in: out, name: "data", marker: ExportManifest.fileName)
        let writer = try ClickExport(scorer: scorer, folder: "\(folder.partial)/clicks", limit: limit)
        let bar = ProgressBar(unit: "events")
        try writer.run(paths) { bar.update(done: $0, share: nil) }
        bar.finish()
        guard writer.clickCount > 0 else { throw CommandError("no click to export in \(inputs.joined(separator: ", "))") }
        let notebook = try Notebook.standard(hasTruth: writer.fraudCount > 0 && writer.labelledCount > writer.fraudCount).encoded()
        let manifest = ExportManifest(writer, scorer, inputs: paths, limit: limit, notebook: notebook)
        try FeatureTable.write(to: "\(folder.partial)/features.parquet")
        try Self.write(try Data(contentsOf: URL(fileURLWithPath: configuration.modelFile())), to: "\(folder.partial)/model.json")
        try Self.write(try manifest.encoded(), to: "\(folder.partial)/\(ExportManifest.fileName)")
        try folder.commit()
        let isKept = try Self.writeNotebook(notebook, to: "\(out)/fraud.ipynb", replacing: earlier)
        Terminal.error(
            "\(ProgressBar.grouped(writer.clickCount)) clicks, \(ProgressBar.grouped(writer.labelledCount)) labelled, written to \(folder.target)\n")
        if writer.isTruncated { Terminal.error("there were more: only the first \(limit) were written (--limit)\n") }
        if isKept { Terminal.error("\(out)/fraud.ipynb was changed since it was written and stays; remove it to get it anew\n") }
        return [
            ("clicks", "\(writer.clickCount)"), ("labelled", "\(writer.labelledCount)"), ("frauds", "\(writer.fraudCount)"),
            ("files", "\(writer.fileCount)"), ("is_truncated", "\(writer.isTruncated)"), ("data", JSONOutput.string(folder.target)),
            ("notebook", JSONOutput.string("\(out)/fraud.ipynb")), ("notebook_kept", "\(isKept)"),
        ]
    }

    /// What a data scientist asks of a scored database. Rejected lines and the books are not among it.
    private static let tables: [WarehouseTable] = [.minutes, .hours, .days, .sessions, .flagged, .late, .labelChanges]

    private func exportTables(_ path: String) throws -> [(String, String)] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandError("there is no database \(path); `fraud score INPUT --db \(path)` makes one")
        }
        let database = try Warehouse(path: path, readOnly: true, threads: 2).database
        try Self.makeFolder(out)
        let folder = try FolderReplacement(in: out, name: "tables", marker: ExportManifest.fileName)
        var counts: [(String, String)] = []
        for table in Self.tables {
            let rows = try database.copy("FROM \(DuckDB.quoted(table.name))", toParquet: "\(folder.partial)/\(table.name).parquet")
            counts.append((table.name, "\(rows)"))
        }
        let manifest = JSONOutput.object([("fraud_export", "1"), ("database", JSONOutput.string(path)), ("rows", JSONOutput.object(counts))])
        try Self.write(Data((manifest + "\n").utf8), to: "\(folder.partial)/\(ExportManifest.fileName)")
        try folder.commit()
        Terminal.error("\(counts.count) tables written to \(folder.target)\n")
        return [("tables", JSONOutput.object(counts))]
    }

    /// Writes the notebook, unless there is one that is not as an earlier export wrote it: that is somebody's work.
    /// - Returns: whether the one that was there stays.
    private static func writeNotebook(_ notebook: Data, to path: String, replacing earlier: String?) throws -> Bool {
        if let there = FileManager.default.contents(atPath: path) {
            if there == notebook { return false }
            guard let earlier, SHA256.hex(there) == earlier else { return true }
        }
        try write(notebook, to: path)
        return false
    }

    private static func write(_ data: Data, to path: String) throws {
        do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw CommandError("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    private static func makeFolder(_ path: String) throws {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw CommandError("folder \(path) cannot be made: \(error.localizedDescription)")
        }
    }
}

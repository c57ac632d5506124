internal import ArgumentParser
internal import Foundation
internal import Storage

/// A ready table in place of click logs, and what its columns are.
struct TableArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Ready tables instead of click logs: CSV (plain, gzip, zstd) with a header line, or Parquet; files, globs, -.", valueName: "file"))
    var table: [String] = []

    @Option(help: ArgumentHelp("The table's column of the truth: 0/1, true/false, valid/fraud, yes/no; or see --positive.", valueName: "column"))
    var label: String?

    @Option(help: ArgumentHelp("The label that means fraud; any other means valid.", valueName: "value"))
    var positive: String?

    @Option(help: ArgumentHelp("The table's column of times or dates, or numbers: epoch seconds or milliseconds.", valueName: "column"))
    var time: String?

    @Option(help: ArgumentHelp("The table's column of weights, 0 or more: how many rows each row counts for.", valueName: "column"))
    var weight: String?

    @Option(help: ArgumentHelp("Column that names the rows of a table: no feature; predictions carry it.", valueName: "column"))
    var id: String?

    @Option(help: ArgumentHelp("Columns of a table to take as categories though they hold numbers, comma-separated.", valueName: "columns"))
    var categorical: String?

    var isGiven: Bool { !table.isEmpty }

    /// A table or click logs, not both; and no column's option without a table.
    func validate(inputs: [String]) throws {
        guard inputs.isEmpty == isGiven else {
            throw ValidationError(isGiven ? "--table stands in place of click logs: give one of them" : "give click logs, or --table FILE")
        }
        guard isGiven else {
            let others = [("label", label), ("positive", positive), ("time", time), ("weight", weight), ("id", id), ("categorical", categorical)]
            if let (name, _) = others.first(where: { $0.1 != nil }) { throw ValidationError("--\(name) goes with --table") }
            return
        }
    }

    /// The label column's name.
    func requiredLabel() throws -> String {
        guard let label else { throw ValidationError("--table needs --label COLUMN, the column of the truth") }
        return label
    }

    static func names(_ list: String?) -> [String] {
        (list ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}

/// The files of a table, opened; standard input is spooled to a file that goes with this value.
final class TableFiles {
    let files: [TableFile]
    let database: DuckDB
    private var spooled: [String] = []

    /// - Throws: `CommandError` for a missing file, `TableFileError` for one that is no table.
    init(_ given: [String]) throws {
        database = try DuckDB.open(":memory:")
        var files: [TableFile] = []
        for path in try InputPaths.expand(given) {
            if path == "-" {
                let file = FileManager.default.temporaryDirectory.appendingPathComponent("fraud-table-\(UUID().uuidString)").path
                spooled.append(file)
                try Self.spoolStandardInput(to: file)
                files.append(try TableFile(file, shownAs: "standard input", database))
            } else {
                files.append(try TableFile(path, shownAs: path, database))
            }
        }
        self.files = files
    }

    deinit { for file in spooled { try? FileManager.default.removeItem(atPath: file) } }

    private static func spoolStandardInput(to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
            throw CommandError("standard input cannot be kept in \(path)")
        }
        defer { try? file.close() }
        while let chunk = try FileHandle.standardInput.read(upToCount: 1 << 20), !chunk.isEmpty { try file.write(contentsOf: chunk) }
    }
}

internal import Foundation
internal import Storage

/// A table written to a file as CSV or Parquet, by its name's ending; the file appears when it is whole.
final class PredictionFile {
    private let path: String
    private let database: DuckDB
    private let builder: ArrowTableBuilder
    private var isStarted = false

    /// - Parameter path: ends in `.csv`, `.csv.gz`, `.csv.zst` or `.parquet`.
    /// - Throws: `CommandError` for another ending.
    init(_ path: String, columns: [ArrowColumn], _ source: DuckDB) throws {
        guard Self.copyOptions(path) != nil else { throw CommandError("--out \(path): expected a name ending in .csv, .csv.gz, .csv.zst or .parquet") }
        self.path = path
        database = try source.connect()
        builder = ArrowTableBuilder(columns, softLimitBytes: 16 << 20)
    }

    static func copyOptions(_ path: String) -> String? {
        let name = path.lowercased()
        if name.hasSuffix(".parquet") { return "FORMAT parquet, COMPRESSION zstd" }
        if name.hasSuffix(".csv") { return "FORMAT csv, HEADER true" }
        if name.hasSuffix(".csv.gz") { return "FORMAT csv, HEADER true, COMPRESSION gzip" }
        return name.hasSuffix(".csv.zst") ? "FORMAT csv, HEADER true, COMPRESSION zstd" : nil
    }

    /// Appends one row, whose cells `write` gives in column order.
    func append(_ write: (ArrowTableBuilder) -> Void) throws {
        write(builder)
        builder.endRow()
        if builder.isFull { try flush() }
    }

    private func flush() throws {
        _ = try database.ingest(builder, into: "predictions", mode: isStarted ? .append : .create)
        isStarted = true
        builder.removeAll()
    }

    func finish() throws {
        if !builder.isEmpty || !isStarted { try flush() }
        let unfinished = path + ".part"
        let target = unfinished.replacingOccurrences(of: "'", with: "''")
        do { try database.execute("COPY predictions TO '\(target)' (\(Self.copyOptions(path)!))") } catch {
            try? FileManager.default.removeItem(atPath: unfinished)
            throw CommandError("\(path) cannot be written: \(error)")
        }
        guard rename(unfinished, path) == 0 else { throw CommandError("\(path) cannot be written: \(String(cString: strerror(errno)))") }
    }
}

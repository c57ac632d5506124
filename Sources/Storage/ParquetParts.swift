/// Rows written as a folder of Parquet files, one a fill of the builder: memory for one fill, whatever the number of rows.
///
///     FOLDER/part-00000.parquet    rows in the order they were appended
///     FOLDER/part-00001.parquet
///
/// DuckDB reads `FOLDER/*.parquet`, pandas and Spark the folder. One thread at a time writes; DuckDB does the encoding
/// (`ParquetEncoder`).
package final class ParquetParts {
    package static let defaultSoftLimitBytes = 64 << 20

    package let folder: String
    /// Where rows are appended; call `flush` when it is full.
    package let builder: ArrowTableBuilder
    /// Files written.
    package private(set) var partCount = 0
    /// Rows in them.
    package private(set) var rowCount = 0
    private let encoder: ParquetEncoder

    /// - Parameter folder: made when it is not there.
    /// - Throws: `libraryNotFound`, `io`, `database`.
    package init(folder: String, columns: [ArrowColumn], softLimitBytes: Int = ParquetParts.defaultSoftLimitBytes) throws(StorageError) {
        self.folder = folder
        builder = ArrowTableBuilder(columns, softLimitBytes: softLimitBytes)
        encoder = try ParquetEncoder(columns: columns)
        try FileOperation.makeFolder(folder)
    }

    /// Writes the rows to the next file and empties the builder. Nothing when there are none, but an empty first file, so that
    /// a reader finds the columns.
    ///
    /// - Throws: `io` or `database`, e.g. on a full disk.
    package func flush() throws(StorageError) {
        guard !builder.isEmpty || partCount == 0 else { return }
        let digits = String(partCount)
        let path = "\(folder)/part-\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits).parquet"
        try Self.write(builder, to: path, encoder)
        rowCount += builder.count
        partCount += 1
        builder.removeAll()
    }

    /// Writes all rows of a builder to one file.
    package static func write(_ rows: ArrowTableBuilder, to path: String) throws(StorageError) {
        try write(rows, to: path, ParquetEncoder(columns: rows.columns))
    }

    private static func write(_ rows: ArrowTableBuilder, to path: String, _ encoder: ParquetEncoder) throws(StorageError) {
        let written = try encoder.write(rows, to: path)
        guard written == rows.count else {
            throw .io(path: path, operation: "write", reason: "\(rows.count) rows were given and \(written) written")
        }
        try FileOperation.sync(path)
    }
}

extension DuckDB {
    /// Writes a query's rows to one Parquet file (zstd), in their order; when it returns, the file is on the disk.
    ///
    /// - Parameter query: SQL of the program's own, never text from outside.
    /// - Returns: the rows written.
    /// - Throws: `io` when the file cannot be written, or the query fails.
    @discardableResult
    package func copy(_ query: String, toParquet path: String) throws(StorageError) -> Int {
        let rows: Int
        do throws(StorageError) {
            rows = try execute("COPY (\(query)) TO \(ClickArchive.literal(path)) (\(ParquetEncoder.options))")
        } catch {
            throw .io(path: path, operation: "write", reason: "\(error)")
        }
        try FileOperation.sync(path)
        return rows
    }
}

/// Reads some columns of a table file, batch by batch, in the file's order.
///
/// It uses up its connection until it is gone. One thread.
/// - Complexity: memory for one of DuckDB's batches (2,048 rows).
package final class TableReader {
    /// As what a column is read.
    package enum Reading: Hashable, Sendable {
        /// As numbers; flags are 1 and 0.
        case number
        case text
        /// As epoch milliseconds, UTC; a number under 1e11 is taken for seconds (1e11 s is the year 5138, 1e11 ms 1973).
        case milliseconds
    }

    private let rows: ArrowBatchReader
    private let name: String

    /// - Parameter columns: columns of `file`; `number` is for those of kind number, flag or empty.
    /// - Throws: `TableFileError`.
    package init(_ file: TableFile, _ columns: [(TableFile.Column, Reading)], _ database: DuckDB) throws(TableFileError) {
        precondition(!columns.isEmpty, "a column to read")
        name = file.name
        let cells = columns.map { Self.expression($0, as: $1, isParquet: file.isParquet) }
        do { rows = try ArrowBatchReader(database, "SELECT \(cells.joined(separator: ", ")) FROM \(file.source)") } catch {
            throw TableFileError(file.name, error)
        }
    }

    private static func expression(_ column: TableFile.Column, as reading: Reading, isParquet: Bool) -> String {
        let name = column.reference
        switch (reading, column.kind) {
        case (.number, .flag) where !isParquet: return "CASE WHEN \(name) IS NULL THEN NULL WHEN lower(\(name)) IN ('true', 't') THEN 1e0 ELSE 0e0 END"
        case (.number, _): return "TRY_CAST(\(name) AS DOUBLE)"
        case (.text, _):
            guard isParquet else { return name }
            let missing = TableFile.missingTexts.map { TableFile.literal($0) }.joined(separator: ", ")
            return "CASE WHEN CAST(\(name) AS VARCHAR) IN (\(missing)) THEN NULL ELSE CAST(\(name) AS VARCHAR) END"
        case (.milliseconds, .number):
            let value = "TRY_CAST(\(name) AS DOUBLE)"
            return "TRY_CAST(round(CASE WHEN abs(\(value)) < 1e11 THEN \(value) * 1000 ELSE \(value) END) AS BIGINT)"
        case (.milliseconds, _): return "epoch_ms(TRY_CAST(\(name) AS TIMESTAMPTZ))"
        }
    }

    /// Goes to the next batch.
    /// - Returns: its rows; 0 at the end.
    /// - Throws: `TableFileError` when the file turns out to be damaged.
    package func next() throws(TableFileError) -> Int {
        do { return try rows.next() } catch { throw TableFileError(name, error) }
    }

    /// Adds the batch's `count` values of a column read as numbers; NaN when missing. Beyond single precision's range they are infinite.
    package func appendNumbers(_ column: Int, count: Int, to values: inout [Float]) {
        let cells = rows.columns[column]
        precondition(cells.holds(.double), "a column read as numbers")
        for row in 0..<count { values.append(cells.isNull(row) ? .nan : Float(cells.double(row))) }
    }

    /// A value of a column read as numbers; NaN when missing.
    package func number(_ column: Int, row: Int) -> Double {
        let cells = rows.columns[column]
        precondition(cells.holds(.double), "a column read as numbers")
        return cells.isNull(row) ? .nan : cells.double(row)
    }

    /// A value of a column read as text; nil when missing.
    package func text(_ column: Int, row: Int) -> String? {
        let cells = rows.columns[column]
        precondition(cells.holds(.text), "a column read as text")
        return cells.isNull(row) ? nil : String(decoding: cells.text(row), as: UTF8.self)
    }

    /// A value of a column read as milliseconds; nil when missing.
    package func milliseconds(_ column: Int, row: Int) -> Int64? {
        let cells = rows.columns[column]
        precondition(cells.holds(.int64), "a column read as milliseconds")
        return cells.isNull(row) ? nil : cells.int64(row)
    }
}

/// Replaces rows of a keyed table: stage the new keys, delete them from the table, write the new rows.
///
/// The delete joins on the whole key, within the staged range of its time column, so DuckDB's row-group statistics keep
/// it to the recent part of the table. Rows go straight into the table; only when the keys repeat among the new rows do
/// they take the longer way through a staged copy, where the last of each key is kept.
struct StagedTable: Sendable {
    private let table: WarehouseTable
    private let stage: String
    private let keyColumns: [Int]
    private let match: String
    private let countKeysSQL: String
    private let insertLastSQL: String

    init(_ table: WarehouseTable) {
        self.table = table
        // A temporary table would hide a table of the same name; this is one that no table has.
        stage = "stage_" + table.name
        let staged = DuckDB.quoted(stage)
        let key = table.key.map(DuckDB.quoted).joined(separator: ", ")
        match = table.key.map(DuckDB.quoted).map { "t.\($0) = s.\($0)" }.joined(separator: " AND ")
        keyColumns = table.key.map(table.index(of:))
        countKeysSQL = "SELECT count(*) FROM (SELECT DISTINCT \(key) FROM \(staged))"
        insertLastSQL =
            "INSERT INTO \(DuckDB.quoted(table.name)) SELECT * FROM \(staged) "
            + "WHERE rowid IN (SELECT max(rowid) FROM \(staged) GROUP BY \(key)) ORDER BY rowid"
    }

    /// Replaces the builder's rows in the table; of several with one key the last counts. Inside a transaction.
    /// - Parameter epoch: for minutes, the epoch of the new rows: what they replace becomes history.
    func replace(with rows: ArrowTableBuilder, in database: DuckDB, supersededBy epoch: Int64? = nil) throws(StorageError) {
        precondition(rows.columns == table.columns, "rows of another table")
        guard !rows.isEmpty else { return }
        try database.ingest(rows, into: stage, mode: .temporary, columns: keyColumns)
        let range = table.keyTime.map { table.condition($0, within: rows.range(ofColumn: table.index(of: $0))) } ?? "true"
        if let epoch {
            try database.execute(WarehouseTable.supersedeStatement(DuckDB.quoted(stage), match: match, condition: range, epoch: epoch))
        }
        try delete(range, database)
        if rows.count == 1 { return try append(rows, database) }
        if try database.query(countKeysSQL).scalar == .int(Int64(rows.count)) { return try append(rows, database) }
        try database.ingest(rows, into: stage, mode: .temporary)
        try database.execute(insertLastSQL)
    }

    /// Deletes rows by their keys, which are all the columns of `keys`; keys of no row are nothing. Inside a transaction.
    func delete(keys: ArrowTableBuilder, in database: DuckDB) throws(StorageError) {
        precondition(keys.columns == keyColumns.map { table.columns[$0] }, "keys of another table")
        guard !keys.isEmpty else { return }
        try database.ingest(keys, into: stage, mode: .temporary)
        let range = table.keyTime.map { name in
            table.condition(name, within: keys.range(ofColumn: table.key.firstIndex(of: name)!))
        }
        try delete(range ?? "true", database)
    }

    private func delete(_ range: String, _ database: DuckDB) throws(StorageError) {
        try database.execute("DELETE FROM \(DuckDB.quoted(table.name)) AS t USING \(DuckDB.quoted(stage)) AS s WHERE \(match) AND \(range)")
    }

    private func append(_ rows: ArrowTableBuilder, _ database: DuckDB) throws(StorageError) {
        try database.ingest(rows, into: table.name)
    }
}

extension WarehouseTable {
    /// SQL: whether `t.column`, a time (in microseconds) or a date (in days), lies in a range; always, when that is nil.
    func condition(_ column: String, within range: ClosedRange<Int64>?) -> String {
        guard let range else { return "true" }
        let isDate = columns[index(of: column)].kind == .date
        func literal(_ value: Int64) -> String { isDate ? "DATE '1970-01-01' + (\(value))::INTEGER" : "make_timestamp((\(value))::BIGINT)" }
        return "t.\(DuckDB.quoted(column)) BETWEEN \(literal(range.lowerBound)) AND \(literal(range.upperBound))"
    }

    /// SQL: copies the minutes that match a row of `s` to their history. A version of the same epoch was never to be seen as the
    /// last word of an epoch, and is not kept.
    static func supersedeStatement(_ source: String, match: String, condition: String, epoch: Int64) -> String {
        let columns = minutes.columns.map { "t.\(DuckDB.quoted($0.name))" }.joined(separator: ", ")
        return "INSERT INTO \(minuteHistory.name) SELECT \(columns), \(epoch) FROM \(minutes.name) AS t SEMI JOIN \(source) AS s ON \(match) "
            + "WHERE t.epoch <> \(epoch) AND \(condition)"
    }
}

/// Replaces rows of a keyed table: stage the new keys, delete them from the table, write the new rows.
///
/// The delete joins on the whole key, within the staged range of its time column, so DuckDB's row-group statistics keep
/// it to the recent part of the table. Rows go straight into the table; only when the keys repeat among the new rows do
/// they take the longer way through a staged copy, where the last of each key is kept.
struct StagedTable: Sendable {
    private let table: WarehouseTable
    private let stage: String
    private let keyColumns: [Int]
    private let timeColumn: Int?
    private let deleteSQL: String
    private let countKeysSQL: String
    private let insertLastSQL: String

    init(_ table: WarehouseTable) {
        self.table = table
        // A temporary table would hide a table of the same name; this is one that no table has.
        stage = "stage_" + table.name
        let target = DuckDB.quoted(table.name)
        let staged = DuckDB.quoted(stage)
        let key = table.key.map(DuckDB.quoted).joined(separator: ", ")
        let match = table.key.map(DuckDB.quoted).map { "t.\($0) = s.\($0)" }.joined(separator: " AND ")
        keyColumns = table.key.compactMap { name in table.columns.firstIndex { $0.name == name } }
        timeColumn = table.keyTime.flatMap { name in table.columns.firstIndex { $0.name == name } }
        deleteSQL = "DELETE FROM \(target) AS t USING \(staged) AS s WHERE \(match)"
        countKeysSQL = "SELECT count(*) FROM (SELECT DISTINCT \(key) FROM \(staged))"
        insertLastSQL =
            "INSERT INTO \(target) SELECT * FROM \(staged) "
            + "WHERE rowid IN (SELECT max(rowid) FROM \(staged) GROUP BY \(key)) ORDER BY rowid"
    }

    /// Replaces the builder's rows in the table; of several with one key the last counts. Inside a transaction.
    func replace(with rows: ArrowTableBuilder, in database: DuckDB) throws(StorageError) {
        precondition(rows.columns == table.columns, "rows of another table")
        guard !rows.isEmpty else { return }
        try database.ingest(rows, into: stage, mode: .temporary, columns: keyColumns)
        try database.execute(deleteSQL + rangeCondition(rows))
        if rows.count == 1 { return try append(rows, database) }
        if try database.query(countKeysSQL).scalar == .int(Int64(rows.count)) { return try append(rows, database) }
        try database.ingest(rows, into: stage, mode: .temporary)
        try database.execute(insertLastSQL)
    }

    private func append(_ rows: ArrowTableBuilder, _ database: DuckDB) throws(StorageError) {
        try database.ingest(rows, into: table.name)
    }

    private func rangeCondition(_ rows: ArrowTableBuilder) -> String {
        guard let timeColumn, let range = rows.range(ofColumn: timeColumn) else { return "" }
        let column = "t.\(DuckDB.quoted(table.columns[timeColumn].name))"
        func literal(_ value: Int64) -> String {
            table.columns[timeColumn].kind == .date ? "DATE '1970-01-01' + (\(value))::INTEGER" : "make_timestamp((\(value))::BIGINT)"
        }
        return " AND \(column) BETWEEN \(literal(range.lowerBound)) AND \(literal(range.upperBound))"
    }
}

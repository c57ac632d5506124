internal import ClickModel

/// The tables of one DuckDB file (or of memory): created at first opening, written an epoch at a time.
/// Opening it for reading writes nothing.
///
/// One thread uses it at a time; readers on other threads take `database.connect()`. Hence `@unchecked Sendable`.
package final class Warehouse: @unchecked Sendable {
    /// The version of the tables this program writes. A file of another one is refused: an older file's snapshots and windows
    /// lack what a run needs to go on.
    package static let schemaVersion = 2

    package let database: DuckDB
    let staging: [WarehouseTable: StagedTable]
    /// The last committed epoch, once read; nobody else writes while the file is open here.
    var knownLast: EpochRecord?
    /// The epoch whose rows are being written ahead of its commit, in the open transaction, and how many are.
    var ahead: (epoch: Int64, rows: Int)?

    /// Opens or creates the warehouse.
    ///
    /// - Parameter beforeFile: see `DuckDB.open`.
    /// - Throws: what `DuckDB.open` throws; `notAWarehouse` for a file with other content; `newerSchema`,
    ///   `olderSchema`.
    package init(
        path: String, readOnly: Bool = false, threads: Int = 1, memoryLimitBytes: Int = 2 << 30,
        beforeFile: () throws(StorageError) -> Void = {}
    ) throws(StorageError) {
        let isNew = DuckDBFile.isNew(path)
        database = try DuckDB.open(path, readOnly: readOnly, threads: threads, memoryLimitBytes: memoryLimitBytes, beforeFile: beforeFile)
        let keyed: [WarehouseTable] = [.minutes, .hours, .days, .sessions, .sources, .reconciliations]
        staging = Dictionary(uniqueKeysWithValues: keyed.map { ($0, StagedTable($0)) })
        try checkSchema(isNew: isNew)
    }

    package var path: String { database.path }

    /// Lists of what a catalog holds are dear (DuckDB parses its own views for them), so the file is asked for what it should have.
    private func checkSchema(isNew: Bool) throws(StorageError) {
        if isNew, !database.isReadOnly { return try createSchema() }
        let stored: ResultTable
        do throws(StorageError) { stored = try database.query("SELECT value FROM meta WHERE key = 'schema_version'") } catch {
            return try makeOrRefuse()
        }
        guard let text = stored.scalar.text, let version = Int(text), version > 0 else {
            throw .notAWarehouse(path: path, detail: "its table meta has no schema version")
        }
        guard version <= Self.schemaVersion else { throw .newerSchema(path: path, found: version, supported: Self.schemaVersion) }
        guard version == Self.schemaVersion else { throw .olderSchema(path: path, found: version, supported: Self.schemaVersion) }
        guard !database.isReadOnly else { return }
        let added = WarehouseTable.addedLater.map { DuckDB.quoted($0.name) }.joined(separator: ", ")
        do throws(StorageError) { _ = try database.query("SELECT 1 FROM \(added) LIMIT 0") } catch {
            let present = try tableNames()
            for table in WarehouseTable.addedLater where !present.contains(table.name) { try database.execute(table.createStatement) }
        }
    }

    /// Makes the tables in a file that has none, and refuses what another program made.
    private func makeOrRefuse() throws(StorageError) {
        let present = try tableNames()
        guard !present.contains("meta") else { throw .notAWarehouse(path: path, detail: "its table meta is of another program") }
        let clash = (WarehouseTable.all.map(\.name) + ["click_totals_daily"]).filter(present.contains)
        guard clash.isEmpty else { throw .notAWarehouse(path: path, detail: "it has a table \(clash[0]) of another program") }
        guard !database.isReadOnly else { throw .notAWarehouse(path: path, detail: "it has no tables yet") }
        try createSchema()
    }

    private func tableNames() throws(StorageError) -> Set<String> {
        let tables = try database.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'")
        return Set(tables.rows.compactMap(\.first?.text))
    }

    /// Whether the file has a table: one that is read only may be from before it.
    package func holds(_ table: WarehouseTable) throws(StorageError) -> Bool {
        try database.query("SELECT count(*)::BIGINT FROM information_schema.tables WHERE table_name = ?", [.text(table.name)]).scalar != .int(0)
    }

    private func createSchema() throws(StorageError) {
        try database.transaction { () throws(StorageError) in
            for table in WarehouseTable.all { try database.execute(table.createStatement) }
            try database.execute(WarehouseTable.dailyViewStatement)
            try database.execute(WarehouseTable.minutesAsOfStatement)
            try database.execute("CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL)")
            try database.execute("INSERT INTO meta VALUES ('schema_version', ?)", [.text(String(Self.schemaVersion))])
        }
    }

    /// The last committed epoch; nil in a new database.
    package func lastEpoch() throws(StorageError) -> EpochRecord? {
        if knownLast == nil { knownLast = try epochs("ORDER BY epoch DESC LIMIT 1", []).first }
        return knownLast
    }

    /// A committed epoch; nil when there is none of that number.
    package func epoch(_ number: Int64) throws(StorageError) -> EpochRecord? { try epochs("WHERE epoch = ?", [.int(number)]).first }

    private func epochs(_ clause: String, _ parameters: [Value]) throws(StorageError) -> [EpochRecord] {
        try rows(.epochs, clause, parameters) { row in
            EpochRecord(
                epoch: row[0].int ?? 0, source: row[1].text ?? "", offset: row[2].int ?? 0, totals: EventTotals(row[3...8]),
                committedAt: row[9].time ?? EventTime(milliseconds: 0), isFinal: row[10].bool ?? false)
        }
    }

    /// All sources, in order of their keys.
    package func sources() throws(StorageError) -> [SourceRecord] {
        try rows(.sources, "ORDER BY source", []) { row in
            SourceRecord(
                source: row[0].text ?? "", name: row[1].text ?? "", prefixBytes: row[2].int ?? 0, prefixHash: row[3].text ?? "",
                offset: row[4].int ?? 0, line: row[5].int ?? 0, tailHash: row[6].text, finished: row[7].bool ?? false,
                totals: EventTotals(row[8...13]), grossCost: row[14].money ?? .zero, billableCost: row[15].money ?? .zero,
                verdictsPath: row[16].text, verdictsBytes: row[17].int ?? 0)
        }
    }

    func rows<Row>(
        _ table: WarehouseTable, _ clause: String, _ parameters: [Value], rowLimit: Int = DuckDB.defaultRowLimit, _ make: ([Value]) -> Row
    ) throws(StorageError) -> [Row] {
        let sql = "SELECT \(table.columnList) FROM \(DuckDB.quoted(table.name)) \(clause)"
        return try database.query(sql, parameters, rowLimit: rowLimit).rows.map(make)
    }
}

extension EventTotals {
    /// From six cells in column order.
    fileprivate init(_ cells: ArraySlice<Value>) {
        let n = cells.map { $0.int ?? 0 }
        self.init(received: n[0], valid: n[1], fraud: n[2], duplicate: n[3], late: n[4], rejected: n[5])
    }
}

package import ClickModel

/// The batch layer's tables: days computed again from the archive.
extension Warehouse {
    /// A row of `click_aggregates_daily` as it stands.
    package struct StreamDay: Sendable {
        package var adID: String
        package var campaignID: String
        package var advertiserID: String
        package var clicks: Int64
        package var billableClicks: Int64
        package var billable: Money
    }

    /// The stream's rows of a day, in no order.
    package func streamDays(_ date: CivilDate) throws(StorageError) -> [StreamDay] {
        try database.query(
            "SELECT ad_id, campaign_id, advertiser_id, click_count, billable_clicks, billable_cost FROM click_aggregates_daily WHERE date = ?",
            [.date(date)], rowLimit: .max
        ).rows.map { row in
            StreamDay(
                adID: row[0].text ?? "", campaignID: row[1].text ?? "", advertiserID: row[2].text ?? "", clicks: row[3].int ?? 0,
                billableClicks: row[4].int ?? 0, billable: row[5].money ?? .zero)
        }
    }

    /// Clicks of a day in the stream's tables.
    package func streamClicks(_ date: CivilDate) throws(StorageError) -> Int64 {
        try database.query("SELECT coalesce(sum(click_count), 0)::BIGINT FROM click_aggregates_daily WHERE date = ?", [.date(date)]).scalar.int ?? 0
    }

    /// Late clicks of a day that the stream kept.
    package func lateClicks(_ date: CivilDate) throws(StorageError) -> Int64 {
        try database.query("SELECT count(*)::BIGINT FROM late_clicks WHERE ts >= ? AND ts < ?", [.time(date.start), .time(date.next.start)]).scalar.int ?? 0
    }

    /// Whether the stream has counted clicks of a later day.
    package func hasStreamDay(after date: CivilDate) throws(StorageError) -> Bool {
        try database.query("SELECT count(*)::BIGINT FROM click_aggregates_daily WHERE date > ?", [.date(date)]).scalar != .int(0)
    }

    /// What a reconciliation writes, gathered in temporary tables.
    package struct BatchDay {
        package let date: CivilDate
        /// Rows of `click_aggregates_daily_batch`.
        package let days: RowSpool
        /// Rows of `billing_adjustments`.
        package let adjustments: RowSpool
        /// The row of `reconciliations`.
        package let reconciliation: RowSpool
        /// Rows of `label_changes`; their epochs do not count.
        package let changes: RowSpool

        package init(_ date: CivilDate, in warehouse: Warehouse) throws(StorageError) {
            self.date = date
            days = try RowSpool(.batchDays, in: warehouse.database)
            adjustments = try RowSpool(.billingAdjustments, in: warehouse.database)
            reconciliation = try RowSpool(.reconciliations, in: warehouse.database)
            changes = try RowSpool(.labelChanges, in: warehouse.database)
        }
    }

    /// Label changes that are read and applied at a time.
    private static let changesAtOnce: Int64 = 100_000

    /// Writes a day's reconciliation in one transaction: labels move, and the day's rows of the three tables are replaced. What is
    /// there already is left alone, times included.
    ///
    /// - Returns: how many labels changed, and whether anything did.
    /// - Throws: `database`; the tables are then as before.
    package func commit(_ day: BatchDay) throws(StorageError) -> (relabelled: Int, isChanged: Bool) {
        for spool in [day.days, day.adjustments, day.reconciliation, day.changes] { try spool.flush() }
        var relabelled = 0
        var isChanged = false
        try database.transaction { () throws(StorageError) in
            relabelled = try relabel(day.changes)
            for spool in [day.days, day.adjustments, day.reconciliation] where try !holds(spool, day.date) {
                isChanged = true
                let name = DuckDB.quoted(spool.table.name)
                try database.execute("DELETE FROM \(name) WHERE date = ?", [.date(day.date)])
                try database.execute("INSERT INTO \(name) SELECT * FROM \(spool.name) ORDER BY rowid")
            }
            try FaultPoint.pass("batch-staged", path: path, operation: "commit to")
        }
        return (relabelled, isChanged || relabelled > 0)
    }

    private func relabel(_ changes: RowSpool) throws(StorageError) -> Int {
        var count = 0
        for first in stride(from: Int64(0), to: Int64(changes.count), by: Int64.Stride(Self.changesAtOnce)) {
            let rows = try database.query(
                "SELECT * FROM \(changes.name) WHERE rowid >= ? AND rowid < ? ORDER BY rowid", [.int(first), .int(first + Self.changesAtOnce)],
                rowLimit: .max)
            count += try relabel(rows.rows.compactMap { LabelChange($0) })
        }
        return count
    }

    /// Whether a table has exactly a spool's rows for a date, but for when they were written.
    private func holds(_ spool: RowSpool, _ date: CivilDate) throws(StorageError) -> Bool {
        let columns = spool.table.columns.map(\.name).filter { $0 != "reconciled_at" && $0 != "created_at" }
            .map(DuckDB.quoted).joined(separator: ", ")
        let stored = "SELECT \(columns) FROM \(DuckDB.quoted(spool.table.name)) WHERE date = ?"
        let found = try database.query("SELECT count(*)::BIGINT FROM (\(stored))", [.date(date)]).scalar
        guard found == .int(Int64(spool.count)) else { return false }
        return try database.query("SELECT count(*)::BIGINT FROM (SELECT \(columns) FROM \(spool.name) EXCEPT ALL (\(stored)))", [.date(date)]).scalar == .int(0)
    }
}

/// Rows of a table gathered in a temporary one, in portions: what a long computation writes at its end. DuckDB spills it.
package final class RowSpool {
    package let table: WarehouseTable
    /// The next portion: append rows, then call `flushIfFull`.
    package let rows: ArrowTableBuilder
    /// The temporary table, quoted.
    let name: String
    private let portion: String
    private let database: DuckDB
    private var flushed = 0

    private static let portionBytes = 16 << 20

    init(_ table: WarehouseTable, in database: DuckDB) throws(StorageError) {
        self.table = table
        self.database = database
        rows = table.builder(softLimitBytes: Self.portionBytes)
        name = "temp." + DuckDB.quoted("spool_" + table.name)
        portion = "spool_portion_" + table.name
        try database.execute("CREATE OR REPLACE TEMPORARY TABLE \(DuckDB.quoted("spool_" + table.name)) AS SELECT * FROM \(DuckDB.quoted(table.name)) LIMIT 0")
    }

    package var count: Int { flushed + rows.count }

    /// Writes the portion when it is large. Call it after a row.
    package func flushIfFull() throws(StorageError) {
        // Counting bytes costs a look at each column; rows are hundreds of bytes.
        if rows.count & 1023 == 1023, rows.isFull { try flush() }
    }

    func flush() throws(StorageError) {
        guard !rows.isEmpty else { return }
        try database.ingest(rows, into: portion, mode: .temporary)
        try database.execute("INSERT INTO \(name) SELECT * FROM \(DuckDB.quoted(portion))")
        flushed += rows.count
        rows.removeAll()
    }
}

/// A table of the warehouse: its name, its columns in order, and the key its rows are replaced by.
package struct WarehouseTable: Hashable, Sendable {
    package let name: String
    package let columns: [ArrowColumn]
    /// The columns that identify a row; empty for tables that only grow.
    package let key: [String]
    /// The time or date column of the key: a replacement looks only at the range it writes.
    let keyTime: String?

    init(_ name: String, key: [String] = [], keyTime: String? = nil, _ columns: [ArrowColumn]) {
        self.name = name
        self.columns = columns
        self.key = key
        self.keyTime = keyTime
    }

    /// Position of a column.
    func index(of column: String) -> Int {
        guard let index = columns.firstIndex(where: { $0.name == column }) else { preconditionFailure("\(name) has no column \(column)") }
        return index
    }

    /// The columns' names as SQL text.
    var columnList: String { columns.map { DuckDB.quoted($0.name) }.joined(separator: ", ") }

    /// A builder of this table's rows.
    package func builder(softLimitBytes: Int = ArrowTableBuilder.defaultSoftLimitBytes) -> ArrowTableBuilder {
        ArrowTableBuilder(columns, softLimitBytes: softLimitBytes)
    }

    /// Columns that hardly compress: looking for a way costs a commit more than anything else, and saves a tenth of the file.
    private static let uncompressed: Set<String> = ["unique_users_hll", "features", "visitor", "click_id"]

    /// No indexes: keys are kept unique by replacement, and an index over millions of rows would cost each commit.
    var createStatement: String {
        let parts = columns.map { column in
            "\(DuckDB.quoted(column.name)) \(column.kind.sqlType)" + (key.contains(column.name) ? " NOT NULL" : "")
                + (Self.uncompressed.contains(column.name) ? " USING COMPRESSION uncompressed" : "")
        }
        return "CREATE TABLE \(DuckDB.quoted(name)) (\(parts.joined(separator: ", ")))"
    }
}

extension WarehouseTable {
    /// All tables but `meta`.
    package static let all = [
        minutes, minuteHistory, hours, days, sessions, flagged, labelChanges, late, rejected, duplicates, conflicts,
        unmatchedEngagements, epochs, sources, batchDays, reconciliations, billingAdjustments, reviews, invoices, invoiceLines, credits,
        auditLog,
    ] + addedLater

    static let adColumns = [ArrowColumn("ad_id", .text), ArrowColumn("campaign_id", .text), ArrowColumn("advertiser_id", .text)]
}

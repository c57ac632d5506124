package import ClickModel

extension ClickArchive {
    /// All that is archived under a click id, with every column of `columns`, in order of arrival: the click, and what repeated it.
    ///
    /// - Parameters:
    ///   - first: the first day to look at, by event time; `end` is the first that is not looked at. Both nil: all days.
    ///   - folder: the archive's; `DATABASE.archive` by default. No rows when there is none.
    /// - Complexity: a scan of the column `click_id` of those days.
    package static func find(
        _ database: DuckDB, clickID: String, folder: String? = nil, from first: CivilDate? = nil, before end: CivilDate? = nil
    ) throws(StorageError) -> ResultTable {
        let files = try ClickArchive(database, folder: folder).files(from: first, before: end)
        guard !files.isEmpty else { return ResultTable(columns: columns.map(\.name), rows: []) }
        var bounds = ["click_id = ?"]
        if let first { bounds.append("ts >= make_timestamp(\(first.start.milliseconds * 1000))") }
        if let end { bounds.append("ts < make_timestamp(\(end.start.milliseconds * 1000))") }
        return try database.query(
            """
            SELECT \(columns.map { DuckDB.quoted($0.name) }.joined(separator: ", ")) \
            FROM read_parquet([\(files.map(literal).joined(separator: ", "))], hive_partitioning = false) \
            WHERE \(bounds.joined(separator: " AND ")) ORDER BY seq
            """, [.text(clickID)])
    }
}

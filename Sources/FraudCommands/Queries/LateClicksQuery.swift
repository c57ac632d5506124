internal import ClickModel
internal import Storage

/// Clicks that came too late for their window, and the money they cost.
struct LateClicksQuery {
    var from: EventTime?
    var to: EventTime?

    static let columns = ["date", "late_clicks", "cost", "reconciled"]

    /// SQL: the late clicks `l`; `r.reconciled_at` is when their day was recomputed last, if it was.
    private static let clicks = """
        late_clicks AS l LEFT JOIN reconciliations AS r ON r.date = l.ts::DATE LEFT JOIN epochs AS e ON e.epoch = l.epoch
        """
    /// SQL: whether the batch layer has the click: its day was recomputed after it came.
    private static let isReconciled = "coalesce(e.committed_at <= r.reconciled_at, false)"

    /// By key and day of event time; `reconciled` says how many of them the batch layer's totals of the day, and the bill, have.
    func byKey(_ key: String, _ database: DuckDB) throws -> OutputTable {
        let bounds = SQLPeriod("l.ts", from: from, to: to)
        let rows = try database.query(
            """
            SELECT l.\(key), l.ts::DATE AS day, count(*)::BIGINT, sum(l.cost)::DECIMAL(19,4), count(*) FILTER (\(Self.isReconciled))::BIGINT
            FROM \(Self.clicks) \(bounds.condition) GROUP BY ALL ORDER BY day, l.\(key)
            """, bounds.parameters
        ).rows
        return OutputTable(columns: [key] + Self.columns, rows: rows.map(ScoreSummary.cells))
    }

    /// Those that no reconciliation has taken in: how many, and what they cost.
    func open(_ database: DuckDB) throws -> (clicks: Int, cost: Money) {
        let bounds = SQLPeriod("l.ts", from: from, to: to, and: [("NOT \(Self.isReconciled)", [])])
        let row = try database.query(
            "SELECT count(*)::BIGINT, coalesce(sum(l.cost), 0)::DECIMAL(19,4) FROM \(Self.clicks) \(bounds.condition)", bounds.parameters
        ).rows[0]
        return (Int(row[0].int ?? 0), row[1].money ?? .zero)
    }

    /// A note for a person when days went on in the stream after they were reconciled.
    ///
    /// - Complexity: minutes of epochs since the first reconciliation are read, and of others the row groups that they share.
    func staleDaysNote(_ database: DuckDB) throws -> String? {
        let since = try database.query(
            "SELECT min(epoch)::BIGINT FROM epochs WHERE committed_at > (SELECT min(reconciled_at) FROM reconciliations)").scalar.int
        guard let since else { return nil }
        let bounds = SQLPeriod(
            "m.window_start", from: from, to: to, and: [("m.epoch >= \(since)", []), ("e.committed_at > r.reconciled_at", [])])
        let days = try database.query(
            """
            SELECT DISTINCT r.date::VARCHAR FROM reconciliations AS r JOIN click_aggregates_minute AS m
            ON m.window_start >= r.date::TIMESTAMP AND m.window_start < r.date::TIMESTAMP + INTERVAL 1 DAY
            JOIN epochs AS e ON e.epoch = m.epoch \(bounds.condition) ORDER BY 1
            """, bounds.parameters
        ).rows.compactMap { $0.first?.text }
        return days.isEmpty ? nil : "the stream went on after the reconciliation of \(days.joined(separator: ", ")): reconcile again"
    }

    /// A note for a person when late clicks are missing from totals that hold no others than the stream's and reconciled days'.
    func note(_ database: DuckDB) throws -> String? {
        let open = try open(database)
        guard open.clicks > 0 else { return nil }
        return "\(ProgressBar.grouped(open.clicks)) late click\(open.clicks == 1 ? "" : "s"), cost \(open.cost), not in these totals: fraud reconcile"
    }
}

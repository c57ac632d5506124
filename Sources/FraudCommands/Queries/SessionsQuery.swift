internal import ClickModel
internal import Storage

/// Sessions of visitors, by start.
struct SessionsQuery {
    /// Bounds of `session_start`.
    var from: EventTime?
    var to: EventTime?
    /// One visitor's alone.
    var visitor: String?
    /// How many at most; nil for all.
    var limit: Int?

    static let columns = ["visitor", "session_start", "session_end", "clicks", "distinct_ads", "duration_ms", "cost"]

    /// Calls `body` with the cells of each session, those of `columns`.
    func forEach(_ database: DuckDB, _ body: ([Cell]) throws -> Void) throws {
        let bounds = SQLPeriod("session_start", from: from, to: to, and: visitor.map { [("visitor = ?", [.text($0)])] } ?? [])
        try database.forEachRow(
            """
            SELECT visitor, session_start, session_end, click_count, distinct_ads, duration_ms, total_cost
            FROM \(WarehouseTable.sessions.name) \(bounds.condition) ORDER BY session_start, visitor \(limit.map { "LIMIT \($0)" } ?? "")
            """, bounds.parameters
        ) { try body(ScoreSummary.cells($0)) }
    }
}

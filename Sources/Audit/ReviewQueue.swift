package import ClickModel
package import Storage

/// The clicks of a database, for review: list the flagged ones, look at one and its neighbours, and overturn or confirm it.
///
/// A decision is a row of `reviews`, and relabels the click: its minute, hour and day, and so the bill, move by that click at
/// once (`Warehouse.relabel`). Deciding the same twice moves nothing the second time; deciding back moves back.
package struct ReviewQueue {
    let warehouse: Warehouse
    var database: DuckDB { warehouse.database }

    package init(_ warehouse: Warehouse) { self.warehouse = warehouse }

    /// SQL: the flagged clicks, each once, with `label`, what it is called now. A click that the scorer flagged, a review called
    /// valid and an engagement flagged again has two rows in the table, of which the scorer's has the evidence.
    package static let flaggedClicks = """
        (SELECT f.*, f.rowid AS row, coalesce(c.label, 'fraud') AS label
        FROM flagged_clicks AS f LEFT JOIN (
            SELECT click_id, click_ts, arg_max(to_label, rowid) AS label FROM label_changes GROUP BY ALL
        ) AS c ON c.click_id = f.click_id AND c.click_ts = f.ts
        WHERE f.deciding_rule <> 'engagement' OR NOT EXISTS (
            SELECT 1 FROM flagged_clicks AS o
            WHERE o.click_id = f.click_id AND o.ts = f.ts AND (o.deciding_rule <> 'engagement' OR o.rowid < f.rowid)
        ))
        """

    /// What to list; nil means any.
    package struct Filter: Sendable {
        package var reason: String?
        package var rule: String?
        package var ip: String?
        package var advertiser: String?
        /// What the click is called now.
        package var label: Label?
        package var from: EventTime?
        package var to: EventTime?
        /// Only clicks nobody has decided on.
        package var unreviewed = false
        package var limit = 20

        package init() {}
    }

    /// Flagged clicks, the newest first.
    package func list(_ filter: Filter) throws(StorageError) -> [ScoredClick] {
        var conditions: [String] = []
        var parameters: [Value] = []
        func add(_ condition: String, _ value: Value?) {
            guard let value else { return }
            conditions.append(condition)
            parameters.append(value)
        }
        add("list_contains(reasons, ?)", filter.reason.map { .text($0) })
        add("deciding_rule = ?", filter.rule.map { .text($0) })
        add("ip = ?", filter.ip.map { .text($0) })
        add("advertiser_id = ?", filter.advertiser.map { .text($0) })
        add("label = ?", filter.label.map { .text($0.name) })
        add("ts >= ?", filter.from.map { .time($0) })
        add("ts < ?", filter.to.map { .time($0) })
        if filter.unreviewed { conditions.append("NOT EXISTS (SELECT 1 FROM reviews r WHERE r.click_id = f.click_id AND r.click_ts = f.ts)") }
        let condition = conditions.isEmpty ? "true" : conditions.joined(separator: " AND ")
        return try flagged(condition, parameters, order: "ts DESC, click_id", limit: filter.limit)
    }

    /// Other flagged clicks within the hour around one, of its ip, device or user; nearest in time first.
    package func neighbours(of click: ScoredClick, limit: Int = 10) throws(StorageError) -> [ScoredClick] {
        var keys: [String] = []
        var parameters: [Value] = [
            .text(click.clickID), .time(click.time), .time(EventTime(milliseconds: click.time.milliseconds - EventTime.millisecondsPerHour)),
            .time(EventTime(milliseconds: click.time.milliseconds + EventTime.millisecondsPerHour)),
        ]
        for column in ["ip", "device_fingerprint", "user_id"] {
            if let value = click.detail(column) {
                keys.append("\(column) = ?")
                parameters.append(.text(value))
            }
        }
        guard !keys.isEmpty else { return [] }
        return try flagged(
            "(click_id, ts) <> (?, ?::TIMESTAMP) AND ts BETWEEN ? AND ? AND (\(keys.joined(separator: " OR ")))", parameters,
            order: "abs(epoch_ms(ts) - (\(click.time.milliseconds))), click_id", limit: limit)
    }

    /// All decisions on a click, the oldest first.
    package func reviews(of click: ScoredClick) throws(StorageError) -> [Review] {
        try database.query(
            "SELECT label, reviewer, coalesce(note, ''), reviewed_at FROM reviews WHERE click_id = ? AND click_ts = ? ORDER BY reviewed_at, rowid",
            [.text(click.clickID), .time(click.time)]
        ).rows.map { row in
            Review(
                label: row[0].text == Label.valid.name ? .valid : .fraud, reviewer: row[1].text ?? "", note: row[2].text ?? "",
                time: row[3].time ?? EventTime(milliseconds: 0))
        }
    }

    /// Every change of a click's label, the oldest first.
    package func history(of click: ScoredClick) throws(StorageError) -> [LabelChange] {
        try warehouse.labelHistory(clickID: click.clickID).filter { $0.clickTime == click.time }
    }

    /// Flagged clicks that fit a condition. Only those chosen are read with their features, which are most of the table's bytes.
    ///
    /// - Parameter order: SQL that ends in no tie but of equal clicks.
    func flagged(_ condition: String, _ parameters: [Value], order: String, limit: Int) throws(StorageError) -> [ScoredClick] {
        let result = try database.query(
            """
            SELECT \(ScoredClick.flaggedColumns) FROM flagged_clicks AS f JOIN (
                SELECT row, label FROM \(Self.flaggedClicks) AS f WHERE \(condition) ORDER BY \(order) LIMIT \(max(0, limit))
            ) AS chosen ON chosen.row = f.rowid ORDER BY \(order)
            """, parameters)
        return result.rows.map { ScoredClick(flagged: $0, columns: result.columns) }
    }
}

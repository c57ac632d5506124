package import ClickModel
package import Storage

/// The flagged clicks of a database, for review: list, look at one and its neighbours, and overturn or confirm it.
///
/// A decision is a row of `reviews`; the last one of a click holds. The stream's own counts stay as they were written:
/// billing adds what was overturned (see `Billing.Charge`), so relabelling twice is relabelling once.
package struct ReviewQueue {
    private let database: DuckDB

    package init(_ database: DuckDB) { self.database = database }

    /// What to list; nil means any.
    package struct Filter: Sendable {
        package var reason: String?
        package var rule: String?
        package var ip: String?
        package var advertiser: String?
        package var from: EventTime?
        package var to: EventTime?
        /// Only clicks nobody has decided on.
        package var unreviewed = false
        package var limit = 20

        package init() {}
    }

    /// Flagged clicks, the newest first.
    package func list(_ filter: Filter) throws(StorageError) -> [FlaggedClick] {
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
        add("ts >= ?", filter.from.map { .time($0) })
        add("ts < ?", filter.to.map { .time($0) })
        if filter.unreviewed { conditions.append("NOT EXISTS (SELECT 1 FROM reviews r WHERE r.click_id = f.click_id AND r.click_ts = f.ts)") }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try clicks("\(condition) ORDER BY ts DESC, click_id LIMIT \(max(0, filter.limit))", parameters)
    }

    /// The flagged click with this id.
    ///
    /// - Parameter time: which one, when the id was used again after the deduplication hour; nil for the newest.
    package func find(_ clickID: String, at time: EventTime? = nil) throws(StorageError) -> FlaggedClick? {
        guard let time else { return try clicks("WHERE click_id = ? ORDER BY ts DESC LIMIT 1", [.text(clickID)]).first }
        return try clicks("WHERE click_id = ? AND ts = ?", [.text(clickID), .time(time)]).first
    }

    /// Other flagged clicks within the hour around one, of its ip, device or user; nearest in time first.
    package func neighbours(of click: FlaggedClick, limit: Int = 10) throws(StorageError) -> [FlaggedClick] {
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
        parameters.append(.time(click.time))
        return try clicks(
            """
            WHERE (click_id, ts) <> (?, ?::TIMESTAMP) AND ts BETWEEN ? AND ? AND (\(keys.joined(separator: " OR ")))
            ORDER BY abs(epoch_ms(ts) - epoch_ms(?::TIMESTAMP)), click_id LIMIT \(limit)
            """, parameters)
    }

    /// All decisions on a click, the oldest first: the last one holds.
    package func reviews(of click: FlaggedClick) throws(StorageError) -> [Review] {
        try database.query(
            "SELECT label, reviewer, coalesce(note, ''), reviewed_at FROM reviews WHERE click_id = ? AND click_ts = ? ORDER BY reviewed_at, rowid",
            [.text(click.clickID), .time(click.time)]
        ).rows.map { row in
            Review(
                label: row[0].text == Label.valid.name ? .valid : .fraud, reviewer: row[1].text ?? "", note: row[2].text ?? "",
                time: row[3].time ?? EventTime(milliseconds: 0))
        }
    }

    /// Records a decision.
    ///
    /// - Parameters:
    ///   - clickTime: which click, when several have the id; nil for the newest.
    ///   - time: when it was made; the one place where the wall clock enters, given by the caller.
    /// - Throws: `AuditError` when the click is not among the flagged ones.
    package func label(
        _ clickID: String, at clickTime: EventTime?, as label: Label, reviewer: String, note: String, time: EventTime
    ) throws {
        guard let click = try find(clickID, at: clickTime) else {
            throw AuditError(
                "\(clickID) is not among the flagged clicks of \(database.path): only a flagged click can be reviewed (`fraud audit list` shows them)")
        }
        let date = CivilDate(daysSince1970: click.time.windowStart(size: EventTime.millisecondsPerDay).milliseconds / EventTime.millisecondsPerDay)
        let values: [Value] = [
            .text(clickID), .time(click.time), .text(reviewer), .text(label.name), .text(note), .time(time), .money(click.cost),
            .text(click.advertiser), .text(click.campaign), .text(click.ad), .date(date),
        ]
        try database.transaction { () throws(StorageError) in
            try database.execute(
                """
                INSERT INTO reviews (click_id, click_ts, reviewer, label, note, reviewed_at, original_label, cost, advertiser_id, campaign_id, ad_id, date)
                VALUES (?, ?, ?, ?, ?, ?, 'fraud', ?, ?, ?, ?, ?)
                """, values)
        }
    }

    private func clicks(_ tail: String, _ parameters: [Value]) throws(StorageError) -> [FlaggedClick] {
        let result = try database.query("SELECT \(FlaggedClick.columns) FROM flagged_clicks f \(tail)", parameters)
        return result.rows.map { FlaggedClick($0, columns: result.columns) }
    }
}

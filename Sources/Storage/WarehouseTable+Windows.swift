/// Totals of windows, sessions and days.
extension WarehouseTable {
    private static let countColumns = [
        ArrowColumn("click_count", .int64), ArrowColumn("unique_users", .int64), ArrowColumn("valid_clicks", .int64),
        ArrowColumn("fraud_clicks", .int64), ArrowColumn("total_cost", .money), ArrowColumn("unique_users_hll", .binary),
    ]

    private static let minuteColumns =
        adColumns + [ArrowColumn("window_start", .timestamp), ArrowColumn("window_end", .timestamp)] + countColumns
        + [ArrowColumn("firing", .text), ArrowColumn("epoch", .int64)]

    private static let dayColumns =
        adColumns + [ArrowColumn("date", .date)] + countColumns
        + [ArrowColumn("billable_clicks", .int64), ArrowColumn("billable_cost", .money)]

    private static let dayKey = ["advertiser_id", "date", "campaign_id", "ad_id"]

    /// `ad_id, campaign_id, advertiser_id, window_start, window_end, click_count, unique_users, valid_clicks, fraud_clicks,
    /// total_cost, unique_users_hll, firing, epoch`: the newest version of every minute. `firing` is `early` before the
    /// watermark reached the window's end, `on_time` for the first version after that, `late` for any other; `epoch` wrote it.
    package static let minutes = WarehouseTable(
        "click_aggregates_minute", key: ["ad_id", "window_start"], keyTime: "window_start", minuteColumns)

    /// The columns of `minutes` and `superseded_epoch`: versions that another one took the place of. A key has at most one
    /// version with `epoch` ≤ N < `superseded_epoch`, here or in `minutes`, whatever N.
    package static let minuteHistory = WarehouseTable(
        "click_minute_history", minuteColumns + [ArrowColumn("superseded_epoch", .int64)])

    /// `ad_id, campaign_id, advertiser_id, hour, click_count, unique_users, valid_clicks, fraud_clicks, total_cost,
    /// unique_users_hll`
    package static let hours = WarehouseTable(
        "click_aggregates_hourly", key: ["ad_id", "hour"], keyTime: "hour", adColumns + [ArrowColumn("hour", .timestamp)] + countColumns)

    /// `ad_id, campaign_id, advertiser_id, date, click_count, unique_users, valid_clicks, fraud_clicks, total_cost,
    /// unique_users_hll, billable_clicks, billable_cost`
    package static let days = WarehouseTable("click_aggregates_daily", key: dayKey, keyTime: "date", dayColumns)

    /// The columns of `days` and `late_clicks, late_cost, reconciled_at`: days recomputed from the archive, in which late clicks
    /// are counted. Replaced as a whole for a date.
    package static let batchDays = WarehouseTable(
        "click_aggregates_daily_batch", key: dayKey, keyTime: "date",
        dayColumns + [ArrowColumn("late_clicks", .int64), ArrowColumn("late_cost", .money), ArrowColumn("reconciled_at", .timestamp)])

    /// `visitor, session_start, session_end, click_count, distinct_ads, duration_ms, total_cost, epoch`: clicks of a visitor
    /// without a long gap; start and end are its first and its last click.
    package static let sessions = WarehouseTable(
        "click_sessions", key: ["visitor", "session_start"], keyTime: "session_start",
        [
            ArrowColumn("visitor", .text), ArrowColumn("session_start", .timestamp), ArrowColumn("session_end", .timestamp),
            ArrowColumn("click_count", .int64), ArrowColumn("distinct_ads", .int64), ArrowColumn("duration_ms", .int64),
            ArrowColumn("total_cost", .money), ArrowColumn("epoch", .int64),
        ])

    /// `click_totals_daily`: for each date the totals that hold, `layer` saying whose they are: `batch` for dates in
    /// `reconciliations`, `stream` for the others.
    static var dailyViewStatement: String {
        func layer(_ table: WarehouseTable, _ name: String, _ condition: String) -> String {
            "SELECT \(days.columnList), '\(name)' AS layer FROM \(table.name) WHERE date \(condition) (SELECT date FROM reconciliations)"
        }
        return "CREATE VIEW click_totals_daily AS " + layer(batchDays, "batch", "IN") + " UNION ALL " + layer(days, "stream", "NOT IN")
    }

    /// `minutes_as_of(n)`: a table macro, the rows of `minutes` as they were when epoch `n` was the last. Equal to `minutes` at
    /// the last epoch, unless labels were changed from outside after it: those count as of the epoch that comes next.
    static var minutesAsOfStatement: String {
        let columns = minutes.columnList
        return "CREATE MACRO minutes_as_of(n) AS TABLE SELECT \(columns) FROM \(minutes.name) WHERE epoch <= n UNION ALL "
            + "SELECT \(columns) FROM \(minuteHistory.name) WHERE epoch <= n AND superseded_epoch > n"
    }
}

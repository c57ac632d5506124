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

    /// A builder of this table's rows.
    package func builder(softLimitBytes: Int = ArrowTableBuilder.defaultSoftLimitBytes) -> ArrowTableBuilder {
        ArrowTableBuilder(columns, softLimitBytes: softLimitBytes)
    }

    /// No indexes: keys are kept unique by replacement, and an index over millions of rows would cost each commit.
    var createStatement: String {
        let parts = columns.map { "\(DuckDB.quoted($0.name)) \($0.kind.sqlType)" + (key.contains($0.name) ? " NOT NULL" : "") }
        return "CREATE TABLE \(DuckDB.quoted(name)) (\(parts.joined(separator: ", ")))"
    }
}

extension WarehouseTable {
    private static let adColumns = [ArrowColumn("ad_id", .text), ArrowColumn("campaign_id", .text), ArrowColumn("advertiser_id", .text)]

    private static let countColumns = [
        ArrowColumn("click_count", .int64), ArrowColumn("unique_users", .int64), ArrowColumn("valid_clicks", .int64),
        ArrowColumn("fraud_clicks", .int64), ArrowColumn("total_cost", .money), ArrowColumn("unique_users_hll", .binary),
    ]

    private static let dimensionColumns =
        adColumns + [
            ArrowColumn("publisher_id", .text), ArrowColumn("placement_id", .text), ArrowColumn("creative_id", .text),
            ArrowColumn("audience_id", .text),
        ]

    private static let totalColumns = ["received", "valid", "fraud", "duplicate", "late", "rejected"].map { ArrowColumn($0, .int64) }

    /// `ad_id, campaign_id, advertiser_id, window_start, window_end, click_count, unique_users, valid_clicks, fraud_clicks,
    /// total_cost, unique_users_hll`
    package static let minutes = WarehouseTable(
        "click_aggregates_minute", key: ["ad_id", "window_start"], keyTime: "window_start",
        adColumns + [ArrowColumn("window_start", .timestamp), ArrowColumn("window_end", .timestamp)] + countColumns)

    /// `ad_id, campaign_id, advertiser_id, hour, click_count, unique_users, valid_clicks, fraud_clicks, total_cost,
    /// unique_users_hll`
    package static let hours = WarehouseTable(
        "click_aggregates_hourly", key: ["ad_id", "hour"], keyTime: "hour", adColumns + [ArrowColumn("hour", .timestamp)] + countColumns)

    /// `ad_id, campaign_id, advertiser_id, date, click_count, unique_users, valid_clicks, fraud_clicks, total_cost,
    /// unique_users_hll, billable_clicks, billable_cost`
    package static let days = WarehouseTable(
        "click_aggregates_daily", key: ["advertiser_id", "date", "campaign_id", "ad_id"], keyTime: "date",
        adColumns + [ArrowColumn("date", .date)] + countColumns
            + [ArrowColumn("billable_clicks", .int64), ArrowColumn("billable_cost", .money)])

    /// `click_id, ts, ad_id, campaign_id, advertiser_id, publisher_id, placement_id, creative_id, audience_id, ip, user_agent,
    /// referrer, country, user_id, device_fingerprint, cost, score, ivt, deciding_rule, reasons, rules, features, model_id,
    /// ruleset_id, source, source_offset, epoch`
    package static let flagged = WarehouseTable(
        "flagged_clicks",
        [ArrowColumn("click_id", .text), ArrowColumn("ts", .timestamp)] + dimensionColumns + [
            ArrowColumn("ip", .text), ArrowColumn("user_agent", .text), ArrowColumn("referrer", .text), ArrowColumn("country", .text),
            ArrowColumn("user_id", .text), ArrowColumn("device_fingerprint", .text), ArrowColumn("cost", .money),
            ArrowColumn("score", .float), ArrowColumn("ivt", .text), ArrowColumn("deciding_rule", .text),
            ArrowColumn("reasons", .textList), ArrowColumn("rules", .textList), ArrowColumn("features", .floatList),
            ArrowColumn("model_id", .text), ArrowColumn("ruleset_id", .text), ArrowColumn("source", .text),
            ArrowColumn("source_offset", .int64), ArrowColumn("epoch", .int64),
        ])

    /// `click_id, ts, ad_id, campaign_id, advertiser_id, publisher_id, placement_id, creative_id, audience_id, ip, user_agent,
    /// user_id, device_fingerprint, cost, watermark, source, source_offset, epoch`
    package static let late = WarehouseTable(
        "late_clicks",
        [ArrowColumn("click_id", .text), ArrowColumn("ts", .timestamp)] + dimensionColumns + [
            ArrowColumn("ip", .text), ArrowColumn("user_agent", .text), ArrowColumn("user_id", .text),
            ArrowColumn("device_fingerprint", .text), ArrowColumn("cost", .money), ArrowColumn("watermark", .timestamp),
            ArrowColumn("source", .text), ArrowColumn("source_offset", .int64), ArrowColumn("epoch", .int64),
        ])

    /// `source, line, byte_offset, error_code, field, message, raw, epoch`
    package static let rejected = WarehouseTable(
        "rejected_events",
        [
            ArrowColumn("source", .text), ArrowColumn("line", .int64), ArrowColumn("byte_offset", .int64),
            ArrowColumn("error_code", .text), ArrowColumn("field", .text), ArrowColumn("message", .text), ArrowColumn("raw", .binary),
            ArrowColumn("epoch", .int64),
        ])

    /// `ad_id, date, duplicates, cost, epoch`: duplicates met in the epoch, by the day of their event time, and what those
    /// clicks would have cost; a day's total is the sum over epochs.
    package static let duplicates = WarehouseTable(
        "duplicate_counts", key: ["ad_id", "date", "epoch"], keyTime: "date",
        [
            ArrowColumn("ad_id", .text), ArrowColumn("date", .date), ArrowColumn("duplicates", .int64), ArrowColumn("cost", .money),
            ArrowColumn("epoch", .int64),
        ])

    static let epochs = WarehouseTable(
        "epochs", key: ["epoch"],
        [ArrowColumn("epoch", .int64), ArrowColumn("source", .text), ArrowColumn("offset", .int64)] + totalColumns
            + [ArrowColumn("committed_at", .timestamp)])

    static let sources = WarehouseTable(
        "sources", key: ["source"],
        [
            ArrowColumn("source", .text), ArrowColumn("name", .text), ArrowColumn("prefix_bytes", .int64),
            ArrowColumn("prefix_hash", .text), ArrowColumn("offset", .int64), ArrowColumn("line", .int64),
            ArrowColumn("tail_hash", .text), ArrowColumn("finished", .bool),
        ] + totalColumns + [
            ArrowColumn("gross_cost", .money), ArrowColumn("billable_cost", .money), ArrowColumn("verdicts_path", .text),
            ArrowColumn("verdicts_bytes", .int64),
        ])

    /// A human's decision about a click, which is known by its id and time; the newest of a click counts.
    package static let reviews = WarehouseTable(
        "reviews",
        [
            ArrowColumn("click_id", .text), ArrowColumn("click_ts", .timestamp), ArrowColumn("reviewer", .text), ArrowColumn("label", .text), ArrowColumn("note", .text),
            ArrowColumn("reviewed_at", .timestamp), ArrowColumn("original_label", .text), ArrowColumn("cost", .money),
            ArrowColumn("advertiser_id", .text), ArrowColumn("campaign_id", .text), ArrowColumn("ad_id", .text),
            ArrowColumn("date", .date),
        ])

    /// `period_end` is the first day that is not in it; `total_due` = `billable_cost` − `credited`.
    package static let invoices = WarehouseTable(
        "invoices", key: ["invoice_id"],
        [
            ArrowColumn("invoice_id", .text), ArrowColumn("advertiser_id", .text), ArrowColumn("period_start", .date),
            ArrowColumn("period_end", .date), ArrowColumn("click_count", .int64), ArrowColumn("billable_clicks", .int64),
            ArrowColumn("gross_cost", .money), ArrowColumn("billable_cost", .money), ArrowColumn("credited", .money),
            ArrowColumn("total_due", .money), ArrowColumn("status", .text), ArrowColumn("created_at", .timestamp),
        ])

    package static let invoiceLines = WarehouseTable(
        "invoice_lines", key: ["invoice_id", "line"],
        [
            ArrowColumn("invoice_id", .text), ArrowColumn("line", .int64), ArrowColumn("campaign_id", .text),
            ArrowColumn("ad_id", .text), ArrowColumn("click_count", .int64), ArrowColumn("fraud_clicks", .int64),
            ArrowColumn("billable_clicks", .int64), ArrowColumn("gross_cost", .money), ArrowColumn("billable_cost", .money),
        ])

    /// Money given back for clicks billed; `invoice_id` is null until an invoice takes it up.
    package static let credits = WarehouseTable(
        "credits", key: ["credit_id"],
        [
            ArrowColumn("credit_id", .text), ArrowColumn("advertiser_id", .text), ArrowColumn("campaign_id", .text),
            ArrowColumn("ad_id", .text), ArrowColumn("date", .date), ArrowColumn("click_id", .text), ArrowColumn("clicks", .int64),
            ArrowColumn("amount", .money), ArrowColumn("reason", .text), ArrowColumn("invoice_id", .text),
            ArrowColumn("created_at", .timestamp),
        ])

    /// Who did what; each entry's hash covers its content and the hash before it.
    package static let auditLog = WarehouseTable(
        "audit_log", key: ["seq"],
        [
            ArrowColumn("seq", .int64), ArrowColumn("logged_at", .timestamp), ArrowColumn("actor", .text), ArrowColumn("action", .text),
            ArrowColumn("subject", .text), ArrowColumn("detail", .text), ArrowColumn("previous_hash", .text), ArrowColumn("hash", .text),
        ])

    /// All tables but `meta`.
    package static let all = [
        minutes, hours, days, flagged, late, rejected, duplicates, epochs, sources, reviews, invoices, invoiceLines, credits, auditLog,
    ]
}

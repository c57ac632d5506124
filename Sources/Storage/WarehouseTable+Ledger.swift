/// Tables of epochs and sources, of people's decisions, and of money.
extension WarehouseTable {
    private static let totalColumns = ["received", "valid", "fraud", "duplicate", "late", "rejected"].map { ArrowColumn($0, .int64) }

    static let epochs = WarehouseTable(
        "epochs", key: ["epoch"],
        [ArrowColumn("epoch", .int64), ArrowColumn("source", .text), ArrowColumn("offset", .int64)] + totalColumns
            + [ArrowColumn("committed_at", .timestamp), ArrowColumn("is_final", .bool)])

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

    /// `date, clicks, agreeing, late_clicks, duplicates, stream_billable, batch_billable, model_id, ruleset_id, reconciled_at`: what
    /// the last recomputation of a day from the archive found; the two billables are money. A date that is here has its totals in `click_aggregates_daily_batch`.
    package static let reconciliations = WarehouseTable(
        "reconciliations", key: ["date"], keyTime: "date",
        [ArrowColumn("date", .date)]
            + ["clicks", "agreeing", "late_clicks", "duplicates"].map { ArrowColumn($0, .int64) } + [
                ArrowColumn("stream_billable", .money), ArrowColumn("batch_billable", .money), ArrowColumn("model_id", .text),
                ArrowColumn("ruleset_id", .text), ArrowColumn("reconciled_at", .timestamp),
            ])

    /// `date, advertiser_id, campaign_id, ad_id, clicks, amount, cause, created_at`: what the batch bills more than the stream, or
    /// less when negative. Replaced as a whole for a date.
    package static let billingAdjustments = WarehouseTable(
        "billing_adjustments",
        [
            ArrowColumn("date", .date), ArrowColumn("advertiser_id", .text), ArrowColumn("campaign_id", .text), ArrowColumn("ad_id", .text),
            ArrowColumn("clicks", .int64), ArrowColumn("amount", .money), ArrowColumn("cause", .text), ArrowColumn("created_at", .timestamp),
        ])
}

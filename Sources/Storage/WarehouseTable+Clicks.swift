/// Tables of single clicks and events. They grow, and nothing in them is replaced but the place of a label change.
extension WarehouseTable {
    private static let dimensionColumns =
        adColumns + [
            ArrowColumn("publisher_id", .text), ArrowColumn("placement_id", .text), ArrowColumn("creative_id", .text),
            ArrowColumn("audience_id", .text),
        ]

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

    /// `ad_id, date, duplicates, cost, conflicts, epoch`: duplicates met in the epoch, by the day of their event time, what those
    /// clicks would have cost, and how many of them said something else than the first of their id; a day's total is the sum
    /// over epochs.
    package static let duplicates = WarehouseTable(
        "duplicate_counts",
        [
            ArrowColumn("ad_id", .text), ArrowColumn("date", .date), ArrowColumn("duplicates", .int64), ArrowColumn("cost", .money),
            ArrowColumn("conflicts", .int64), ArrowColumn("epoch", .int64),
        ])

    /// `click_id, ts, ad_id, campaign_id, advertiser_id, cost, source, source_offset, epoch`: duplicates whose content is not
    /// that of the first click with their id.
    package static let conflicts = WarehouseTable(
        "duplicate_conflicts",
        [ArrowColumn("click_id", .text), ArrowColumn("ts", .timestamp)] + adColumns + [
            ArrowColumn("cost", .money), ArrowColumn("source", .text), ArrowColumn("source_offset", .int64), ArrowColumn("epoch", .int64),
        ])

    /// `click_id, ts, dwell_ms, source, source_offset, epoch`: short engagements whose click was not known when they came.
    package static let unmatchedEngagements = WarehouseTable(
        "unmatched_engagements",
        [
            ArrowColumn("click_id", .text), ArrowColumn("ts", .timestamp), ArrowColumn("dwell_ms", .int64), ArrowColumn("source", .text),
            ArrowColumn("source_offset", .int64), ArrowColumn("epoch", .int64),
        ])

    /// `click_id, click_ts, ad_id, campaign_id, advertiser_id, cost, from_label, to_label, cause, actor, detail, changed_at, epoch,
    /// applied_epoch`: a click that was called something else after it was counted; the last row of a click holds, in the order
    /// of insertion (`rowid`). `applied_epoch` is the epoch whose stream state holds the change, null until one does.
    package static let labelChanges = WarehouseTable(
        "label_changes",
        [ArrowColumn("click_id", .text), ArrowColumn("click_ts", .timestamp)] + adColumns + [
            ArrowColumn("cost", .money), ArrowColumn("from_label", .text), ArrowColumn("to_label", .text), ArrowColumn("cause", .text),
            ArrowColumn("actor", .text), ArrowColumn("detail", .text), ArrowColumn("changed_at", .timestamp), ArrowColumn("epoch", .int64),
            ArrowColumn("applied_epoch", .int64),
        ])
}

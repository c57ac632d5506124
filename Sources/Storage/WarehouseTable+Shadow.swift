/// Tables of what the models that do not decide said, and of how the features were spread. No label, total or bill comes from
/// them. Their rows are of one epoch and only grow: a total is the sum over epochs, whatever models came and went.
extension WarehouseTable {
    /// `click_id, ts, ad_id, campaign_id, advertiser_id, publisher_id, cost, champion_id, champion_label, champion_score, model_id,
    /// label, score, deciding_rule, features, source, source_offset, epoch`: a counted click and a challenger, where the two labels
    /// differ or a score reaches its model's threshold. `features` are kept where the labels differ, else empty.
    package static let shadowVerdicts = WarehouseTable(
        "shadow_verdicts",
        [ArrowColumn("click_id", .text), ArrowColumn("ts", .timestamp)] + adColumns + [
            ArrowColumn("publisher_id", .text), ArrowColumn("cost", .money), ArrowColumn("champion_id", .text),
            ArrowColumn("champion_label", .text), ArrowColumn("champion_score", .float), ArrowColumn("model_id", .text),
            ArrowColumn("label", .text), ArrowColumn("score", .float), ArrowColumn("deciding_rule", .text),
            ArrowColumn("features", .floatList), ArrowColumn("source", .text), ArrowColumn("source_offset", .int64),
            ArrowColumn("epoch", .int64),
        ])

    /// `date, champion_id, model_id, clicks, champion_fraud, challenger_fraud, both_fraud` and the cost of each, `epoch`: every
    /// counted click of the epoch, by the day of its event time.
    package static let shadowTotals = WarehouseTable(
        "shadow_totals", key: ["date", "champion_id", "model_id", "epoch"], keyTime: "date",
        [ArrowColumn("date", .date), ArrowColumn("champion_id", .text), ArrowColumn("model_id", .text)]
            + ["clicks", "champion_fraud", "challenger_fraud", "both_fraud"].map { ArrowColumn($0, .int64) }
            + ["cost", "champion_fraud_cost", "challenger_fraud_cost", "both_fraud_cost"].map { ArrowColumn($0, .money) }
            + [ArrowColumn("epoch", .int64)])

    /// `date, model_id, feature, bin, clicks, epoch`: how many clicks of a sample fell in each bin of the model's reference
    /// distribution; bins without a click have no row.
    package static let featureDrift = WarehouseTable(
        "feature_drift", key: ["date", "model_id", "feature", "bin", "epoch"], keyTime: "date",
        [
            ArrowColumn("date", .date), ArrowColumn("model_id", .text), ArrowColumn("feature", .text), ArrowColumn("bin", .int64),
            ArrowColumn("clicks", .int64), ArrowColumn("epoch", .int64),
        ])

    /// Tables that files of this schema version may lack: opening one for writing makes them.
    static let addedLater = [shadowVerdicts, shadowTotals, featureDrift]
}

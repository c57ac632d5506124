internal import Billing
internal import ClickModel
internal import Storage

/// What billing is made of: the stream's days, which move with every label, and the adjustments of reconciliations.
struct BillingQuery {
    /// First day; nil for the first there is.
    var from: CivilDate?
    /// The day after the last.
    var to: CivilDate?

    /// One for each advertiser and campaign with a click or an adjustment in the period.
    func charges(_ database: DuckDB) throws -> [Charge] {
        let first: Value = .date(from ?? CivilDate(daysSince1970: -700_000))
        let end: Value = .date(to ?? CivilDate(daysSince1970: 2_900_000))
        let rows = try database.query(
            """
            WITH totals AS (
                SELECT advertiser_id, campaign_id, sum(click_count) AS clicks, sum(fraud_clicks) AS fraud,
                    sum(total_cost) AS gross, sum(billable_cost) AS billable
                FROM click_aggregates_daily WHERE date >= $1 AND date < $2 GROUP BY ALL
            ), adjustments AS (
                SELECT advertiser_id, campaign_id, sum(amount) AS amount
                FROM billing_adjustments WHERE date >= $1 AND date < $2 GROUP BY ALL
            ), overturned AS (
                SELECT advertiser_id, campaign_id, count(*) AS clicks FROM (
                    SELECT any_value(advertiser_id) AS advertiser_id, any_value(campaign_id) AS campaign_id,
                        arg_max(cause, rowid) AS cause, arg_max(to_label, rowid) AS label,
                        arg_min(from_label, rowid) FILTER (cause = 'review') AS before
                    FROM label_changes WHERE click_ts >= $1::TIMESTAMP AND click_ts < $2::TIMESTAMP GROUP BY click_id, click_ts
                ) WHERE cause = 'review' AND label = 'valid' AND before = 'fraud' GROUP BY ALL
            )
            SELECT coalesce(t.advertiser_id, a.advertiser_id), coalesce(t.campaign_id, a.campaign_id),
                coalesce(t.clicks, 0)::BIGINT, coalesce(t.fraud, 0)::BIGINT, coalesce(t.gross, 0)::DECIMAL(19,4),
                coalesce(t.billable, 0)::DECIMAL(19,4), coalesce(a.amount, 0)::DECIMAL(19,4), coalesce(o.clicks, 0)::BIGINT
            FROM totals AS t FULL JOIN adjustments AS a ON a.advertiser_id = t.advertiser_id AND a.campaign_id = t.campaign_id
            LEFT JOIN overturned AS o ON o.advertiser_id = t.advertiser_id AND o.campaign_id = t.campaign_id
            """, [first, end]
        ).rows
        return rows.map { row in
            Charge(
                advertiser: row[0].text ?? "", campaign: row[1].text ?? "", clicks: Int(row[2].int ?? 0), fraudClicks: Int(row[3].int ?? 0),
                gross: row[4].money ?? .zero, billable: row[5].money ?? .zero, adjusted: row[6].money ?? .zero,
                overturnedClicks: Int(row[7].int ?? 0))
        }
    }
}

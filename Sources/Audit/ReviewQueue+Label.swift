package import ClickModel
internal import Storage

/// Deciding on a click.
extension ReviewQueue {
    /// What a decision did.
    package struct Decision: Sendable {
        /// The click as it was before.
        package let click: ScoredClick
        /// Whether its label, and so the totals, changed.
        package let isChange: Bool
    }

    /// Records a decision and relabels the click, together or not at all: minute, hour, day and bill move by exactly this click.
    ///
    /// - Parameter time: when it was made; the one place where the wall clock enters, given by the caller.
    /// - Throws: `AuditError` when no such click was counted, or none is kept; `StorageError`.
    package func label(_ place: Place, as label: Label, reviewer: String, note: String, time: EventTime) throws -> Decision {
        guard let click = try find(place) else { throw AuditError("\(try whyNotCounted(place)). Only a counted click can be labelled.") }
        let change = LabelChange(
            clickID: click.clickID, clickTime: click.time, adID: click.ad, campaignID: click.campaign, advertiserID: click.advertiser,
            cost: click.cost, from: click.label, to: label, cause: .review, actor: reviewer, detail: note, changedAt: time)
        let review: [Value] = [
            .text(click.clickID), .time(click.time), .text(reviewer), .text(label.name), .text(note), .time(time), .text(click.scoredLabel.name),
            .money(click.cost), .text(click.advertiser), .text(click.campaign), .text(click.ad), .date(click.time.date),
        ]
        var changed = 0
        try database.transaction { () throws(StorageError) in
            try database.execute(
                """
                INSERT INTO reviews (click_id, click_ts, reviewer, label, note, reviewed_at, original_label, cost, advertiser_id, campaign_id, ad_id, date)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """, review)
            changed = try warehouse.relabel([change])
        }
        return Decision(click: click, isChange: changed > 0)
    }
}

package import ClickModel

/// What the batch layer bills for one ad on one day beyond what the stream's row bills; less when negative.
package struct Adjustment: Hashable, Sendable {
    package enum Cause: String, Sendable, CaseIterable {
        /// Late clicks, which the stream does not bill.
        case late
        /// Clicks that the stream billed although their id was billed within the hour before them.
        case duplicate
        /// The stream's row bills something else than the clicks in the archive come to.
        case correction
    }

    package let clicks: Int64
    package let amount: Money
    package let cause: Cause
}

/// What stream and batch bill for one ad on one day.
package struct BilledDay: Hashable, Sendable {
    /// Billable clicks and their cost.
    package struct Sum: Hashable, Sendable {
        package var clicks: Int64
        package var cost: Money

        package init(clicks: Int64, cost: Money) {
            self.clicks = clicks
            self.cost = cost
        }
    }

    /// The stream's row, with the labels that hold after reconciliation.
    package var stream: Sum
    package var batch: Sum
    /// Of `batch`: what came late.
    package var late: Sum
    /// Of `stream`: what was counted twice.
    package var repeated: Sum

    package init(stream: Sum, batch: Sum, late: Sum, repeated: Sum) {
        self.stream = stream
        self.batch = batch
        self.late = late
        self.repeated = repeated
    }

    /// One for each cause there is; their sum is `batch` less `stream`, always.
    package var adjustments: [Adjustment] {
        let rest = Adjustment(
            clicks: batch.clicks - stream.clicks - late.clicks + repeated.clicks,
            amount: batch.cost - stream.cost - late.cost + repeated.cost, cause: .correction)
        let all = [
            Adjustment(clicks: late.clicks, amount: late.cost, cause: .late),
            Adjustment(clicks: -repeated.clicks, amount: .zero - repeated.cost, cause: .duplicate), rest,
        ]
        return all.filter { $0.clicks != 0 || $0.amount != .zero }
    }
}

package import ClickModel

/// What one advertiser's campaign owes for a period.
package struct Charge: Hashable, Sendable {
    package var advertiser: String
    package var campaign: String
    /// Clicks counted in the stream: valid and fraud.
    package var clicks: Int
    package var fraudClicks: Int
    /// Cost of all counted clicks.
    package var gross: Money
    /// Cost of the clicks labelled valid by the scorer.
    package var billable: Money
    /// Flagged clicks an auditor called valid afterwards, and their cost: billable again.
    package var overturnedClicks: Int
    package var overturned: Money

    package init(
        advertiser: String, campaign: String, clicks: Int, fraudClicks: Int, gross: Money, billable: Money,
        overturnedClicks: Int = 0, overturned: Money = .zero
    ) {
        self.advertiser = advertiser
        self.campaign = campaign
        self.clicks = clicks
        self.fraudClicks = fraudClicks
        self.gross = gross
        self.billable = billable
        self.overturnedClicks = overturnedClicks
        self.overturned = overturned
    }

    /// Fraud clicks after review.
    package var netFraudClicks: Int { fraudClicks - overturnedClicks }
    /// Cost not charged.
    package var fraud: Money { gross - due }
    /// What is charged: the scorer's billable cost and what auditors gave back to the publishers.
    package var due: Money { billable + overturned }
}

/// The charges of a period, checked.
package struct Statement: Sendable {
    package let charges: [Charge]

    /// - Parameter charges: one for each advertiser and campaign.
    /// - Throws: `BillingError` when a charge contradicts itself: billing stops rather than send a wrong invoice.
    package init(charges: [Charge]) throws(BillingError) {
        for charge in charges {
            let name = "\(charge.advertiser)/\(charge.campaign)"
            guard charge.clicks >= charge.fraudClicks, charge.fraudClicks >= charge.overturnedClicks, charge.overturnedClicks >= 0 else {
                throw BillingError("\(name): \(charge.clicks) clicks, \(charge.fraudClicks) fraud, \(charge.overturnedClicks) overturned do not add up")
            }
            guard charge.billable >= .zero, charge.overturned >= .zero, charge.due <= charge.gross else {
                throw BillingError("\(name): \(charge.due) due of \(charge.gross) gross")
            }
        }
        self.charges = charges.sorted { ($0.advertiser, $0.campaign) < ($1.advertiser, $1.campaign) }
    }

    /// One line for each advertiser: its campaigns added up.
    package var byAdvertiser: [Charge] {
        var merged: [String: Charge] = [:]
        for charge in charges {
            guard var sum = merged[charge.advertiser] else {
                merged[charge.advertiser] = charge
                merged[charge.advertiser]?.campaign = ""
                continue
            }
            sum.clicks += charge.clicks
            sum.fraudClicks += charge.fraudClicks
            sum.gross += charge.gross
            sum.billable += charge.billable
            sum.overturnedClicks += charge.overturnedClicks
            sum.overturned += charge.overturned
            merged[charge.advertiser] = sum
        }
        return merged.values.sorted { $0.advertiser < $1.advertiser }
    }
}

/// Figures that must not be billed.
package struct BillingError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

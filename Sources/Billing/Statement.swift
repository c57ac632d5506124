package import ClickModel

/// What one advertiser's campaign owes for a period.
package struct Charge: Hashable, Sendable {
    package var advertiser: String
    package var campaign: String
    /// Clicks counted in the stream: valid and fraud.
    package var clicks: Int
    /// Those that are called fraud now.
    package var fraudClicks: Int
    /// Cost of all counted clicks.
    package var gross: Money
    /// Cost of the counted clicks that are called valid now, whoever decided so.
    package var billable: Money
    /// What a recomputation bills more than the stream, as for late clicks; less when negative.
    package var adjusted: Money
    /// Clicks called fraud that a review made valid. They are in `billable` already: told, not added.
    package var overturnedClicks: Int

    package init(
        advertiser: String, campaign: String, clicks: Int = 0, fraudClicks: Int = 0, gross: Money = .zero, billable: Money = .zero,
        adjusted: Money = .zero, overturnedClicks: Int = 0
    ) {
        self.advertiser = advertiser
        self.campaign = campaign
        self.clicks = clicks
        self.fraudClicks = fraudClicks
        self.gross = gross
        self.billable = billable
        self.adjusted = adjusted
        self.overturnedClicks = overturnedClicks
    }

    /// Cost of the clicks called fraud: gross = billable + fraud.
    package var fraud: Money { gross - billable }
    /// What is charged.
    package var due: Money { billable + adjusted }
}

/// The charges of a period, checked.
package struct Statement: Sendable {
    package let charges: [Charge]

    /// - Parameter charges: one for each advertiser and campaign.
    /// - Throws: `BillingError` when a charge contradicts itself: billing stops rather than send a wrong invoice.
    package init(charges: [Charge]) throws(BillingError) {
        for charge in charges {
            let name = "\(charge.advertiser)/\(charge.campaign)"
            guard charge.clicks >= charge.fraudClicks, charge.fraudClicks >= 0, 0...charge.clicks ~= charge.overturnedClicks else {
                throw BillingError("\(name): \(charge.clicks) clicks, \(charge.fraudClicks) fraud, \(charge.overturnedClicks) overturned do not add up")
            }
            guard charge.billable >= .zero, charge.billable <= charge.gross else {
                throw BillingError("\(name): \(charge.billable) billable of \(charge.gross) gross")
            }
            guard charge.due >= .zero else {
                throw BillingError("\(name): \(charge.billable) billable and \(charge.adjusted) of adjustments leave less than nothing due")
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
            sum.adjusted += charge.adjusted
            sum.overturnedClicks += charge.overturnedClicks
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

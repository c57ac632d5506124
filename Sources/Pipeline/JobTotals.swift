package import ClickModel
internal import Storage

/// Counts of received events by where they ended, and their money.
package struct JobTotals: Equatable, Sendable, BitwiseCopyable {
    package var received = 0
    package var valid = 0
    package var fraud = 0
    package var duplicate = 0
    package var late = 0
    package var rejected = 0
    /// Impressions, conversions and engagements: read, but no clicks, hence not received.
    package var notClicks = 0
    /// Cost of valid and fraud clicks.
    package var gross = Money.zero
    /// Cost of valid clicks.
    package var billable = Money.zero

    package init() {}

    /// Every received event ended in exactly one place.
    package var isConserved: Bool { received == valid + fraud + duplicate + late + rejected }

    package static func + (a: JobTotals, b: JobTotals) -> JobTotals { a.combined(with: b, sign: 1) }

    /// What was added from `b` to `a`.
    package static func - (a: JobTotals, b: JobTotals) -> JobTotals { a.combined(with: b, sign: -1) }

    private func combined(with other: JobTotals, sign: Int) -> JobTotals {
        var sum = self
        sum.received += sign * other.received
        sum.valid += sign * other.valid
        sum.fraud += sign * other.fraud
        sum.duplicate += sign * other.duplicate
        sum.late += sign * other.late
        sum.rejected += sign * other.rejected
        sum.notClicks += sign * other.notClicks
        sum.gross = sign > 0 ? gross + other.gross : gross - other.gross
        sum.billable = sign > 0 ? billable + other.billable : billable - other.billable
        return sum
    }
}

extension JobTotals {
    /// The totals of a source as stored; it does not store events that are no clicks.
    init(_ record: SourceRecord) {
        received = Int(record.totals.received)
        valid = Int(record.totals.valid)
        fraud = Int(record.totals.fraud)
        duplicate = Int(record.totals.duplicate)
        late = Int(record.totals.late)
        rejected = Int(record.totals.rejected)
        gross = record.grossCost
        billable = record.billableCost
    }

    var ends: EventTotals {
        EventTotals(
            received: Int64(received), valid: Int64(valid), fraud: Int64(fraud), duplicate: Int64(duplicate), late: Int64(late),
            rejected: Int64(rejected))
    }
}

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
    /// Duplicates that said something else than the click whose id they repeat.
    package var conflicts = 0
    /// Clicks that an engagement made fraud after they were counted as valid.
    package var relabelled = 0
    /// Cost of valid and fraud clicks.
    package var gross = Money.zero
    /// Cost of valid clicks.
    package var billable = Money.zero
    /// Cost of late clicks, which the daily batch bills.
    package var lateCost = Money.zero

    package init() {}

    /// Every received event ended in exactly one place.
    package var isConserved: Bool { received == valid + fraud + duplicate + late + rejected }

    @inline(__always)
    package static func += (a: inout JobTotals, b: JobTotals) {
        a.received += b.received
        a.valid += b.valid
        a.fraud += b.fraud
        a.duplicate += b.duplicate
        a.late += b.late
        a.rejected += b.rejected
        a.notClicks += b.notClicks
        a.conflicts += b.conflicts
        a.relabelled += b.relabelled
        a.gross += b.gross
        a.billable += b.billable
        a.lateCost += b.lateCost
    }

    package static func + (a: JobTotals, b: JobTotals) -> JobTotals {
        var sum = a
        sum += b
        return sum
    }

    /// What was added from `b` to `a`.
    package static func - (a: JobTotals, b: JobTotals) -> JobTotals {
        var difference = a
        difference.received -= b.received
        difference.valid -= b.valid
        difference.fraud -= b.fraud
        difference.duplicate -= b.duplicate
        difference.late -= b.late
        difference.rejected -= b.rejected
        difference.notClicks -= b.notClicks
        difference.conflicts -= b.conflicts
        difference.relabelled -= b.relabelled
        difference.gross = a.gross - b.gross
        difference.billable = a.billable - b.billable
        difference.lateCost = a.lateCost - b.lateCost
        return difference
    }
}

extension JobTotals {
    /// The totals of a source as stored: where its events ended, and their money.
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

/// Where the events received so far ended. Each ends in exactly one of the five.
package struct EventTotals: Hashable, Sendable, BitwiseCopyable {
    package var received: Int64
    package var valid: Int64
    package var fraud: Int64
    package var duplicate: Int64
    package var late: Int64
    package var rejected: Int64

    package init(
        received: Int64 = 0, valid: Int64 = 0, fraud: Int64 = 0, duplicate: Int64 = 0, late: Int64 = 0, rejected: Int64 = 0
    ) {
        self.received = received
        self.valid = valid
        self.fraud = fraud
        self.duplicate = duplicate
        self.late = late
        self.rejected = rejected
    }

    package static func += (a: inout EventTotals, b: EventTotals) {
        a.received += b.received
        a.valid += b.valid
        a.fraud += b.fraud
        a.duplicate += b.duplicate
        a.late += b.late
        a.rejected += b.rejected
    }

    /// The sum of the five ends; wraps rather than traps, and then does not equal `received`.
    package var accounted: Int64 { valid &+ fraud &+ duplicate &+ late &+ rejected }

    /// Whether nothing was lost or counted twice, and nothing is negative.
    package var isConserved: Bool {
        received == accounted && min(received, valid, fraud, min(duplicate, late, rejected)) >= 0
    }
}

/// What a simulation has produced so far: the truth that a scorer's totals are checked against.
package struct SimulationSummary: Sendable, Equatable {
    /// All lines; the sum of `valid`, `fraud`, `duplicates`, `late` and `bad`.
    package internal(set) var lines = 0
    /// Fresh honest clicks in time.
    package internal(set) var valid = 0
    /// Fresh fraudulent clicks in time.
    package internal(set) var fraud = 0
    /// Lines whose `click_id` came before.
    package internal(set) var duplicates = 0
    /// Clicks held back beyond the allowed lateness (5 min after the end of their minute), whatever their truth.
    package internal(set) var late = 0
    /// Clicks delivered 10 s to 4 min after they happened; they count under `valid` and `fraud` too.
    package internal(set) var slow = 0
    /// Lines the schema rejects.
    package internal(set) var bad = 0
    /// Fresh fraudulent clicks in time by family, in the order of `AttackFamily.allCases`.
    package internal(set) var fraudByFamily = [Int](repeating: 0, count: AttackFamily.allCases.count)

    mutating func count(_ click: borrowing SimulatedClick) {
        lines += 1
        switch click.delivery {
        case .badLine: bad += 1
        case .retry, .replayedURL: duplicates += 1
        case .late: late += 1
        case .prompt, .slow:
            if click.delivery == .slow { slow += 1 }
            guard click.isFraud else {
                valid += 1
                return
            }
            fraud += 1
            fraudByFamily[Int(click.attack)] += 1
        }
    }
}

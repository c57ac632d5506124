internal import ClickModel

/// Expected cost of every threshold on some rows: fraud under it is billed, honest clicks at or over it are refunded.
struct RankedCosts {
    /// Billing everything.
    let nothingFlagged: Int64
    /// Cost of each step of the curve, as its threshold.
    let atSteps: [Int64]

    /// - Parameters:
    ///   - prices: of deciding each row wrongly, ten-thousandths.
    ///   - weights: a weighted row costs so often its price, rounded to a ten-thousandth.
    init(curve: RankingCurve, order: [Int], labels: [Bool], prices: [Int64], weights: [Double]?) {
        func price(_ row: Int) -> Money { Money(e4: Self.weighted(prices[row], weights?[row])) }
        var cost = Money.zero
        for row in labels.indices where labels[row] { cost += price(row) }
        nothingFlagged = cost.e4
        var next = 0
        atSteps = curve.steps.map { step in
            while next < step.rows {
                let row = order[next]
                if labels[row] { cost = cost - price(row) } else { cost += price(row) }
                next += 1
            }
            return cost.e4
        }
    }

    static func weighted(_ price: Int64, _ weight: Double?) -> Int64 {
        guard let weight else { return price }
        // Money saturates at this bound too.
        return Int64(min((Double(price) * weight).rounded(.toNearestOrEven), 9e18))
    }

    /// The step of least cost, the highest such; nil: flagging nothing costs no more.
    var cheapest: Int? {
        var best: (step: Int, cost: Int64)?
        for (step, cost) in atSteps.enumerated() where cost < best?.cost ?? nothingFlagged { best = (step, cost) }
        return best?.step
    }
}

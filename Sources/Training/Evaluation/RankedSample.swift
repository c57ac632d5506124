/// Scored rows in falling order of score, sorted once: every bootstrap sample is one walk over them.
struct RankedSample: Sendable {
    struct Row: Sendable {
        var weight: Double
        /// Log loss, squared error and cost of the row as decided, for weight 1.
        var loss: Double
        var square: Double
        var cost: Double
        var unit: UInt32
        var isFraud: Bool
        var isFlagged: Bool
        /// Whether the next row has a lower score.
        var endsTie: Bool
    }

    /// What one walk gives. Shares of nothing are NaN.
    struct Figures: Sendable {
        var averagePrecision = Double.nan
        var rocAUC = Double.nan
        var logLoss = Double.nan
        var brier = Double.nan
        var recall = Double.nan
        var precision = Double.nan
        var falsePositiveRate = Double.nan
        var cost = 0.0
        /// Recall and precision at each false-positive rate.
        var atRates: [(recall: Double, precision: Double)] = []
    }

    let rows: [Row]
    let rates: [Double]
    /// Weight of the frauds and valid rows of each unit.
    private let unitFrauds: [Double]
    private let unitValids: [Double]

    /// - Parameter rates: false-positive rates, rising.
    init(
        order: [Int], scores: [Float], labels: [Bool], weights: [Double]?, flagged: [Bool], costs: [Double], resampler: Resampler,
        rates: [Double]
    ) {
        self.rates = rates
        var unitFrauds = [Double](repeating: 0, count: resampler.units)
        var unitValids = unitFrauds
        var rows: [Row] = []
        rows.reserveCapacity(order.count)
        for (position, row) in order.enumerated() {
            let weight = weights?[row] ?? 1
            let unit = resampler.unitOfRow[row]
            if labels[row] { unitFrauds[Int(unit)] += weight } else { unitValids[Int(unit)] += weight }
            rows.append(
                Row(
                    weight: weight, loss: Metrics.logLoss(scores[row], labels[row]), square: Metrics.squaredError(scores[row], labels[row]),
                    cost: costs[row], unit: unit, isFraud: labels[row], isFlagged: flagged[row],
                    endsTie: position + 1 == order.count || scores[order[position + 1]] != scores[row]))
        }
        self.rows = rows
        self.unitFrauds = unitFrauds
        self.unitValids = unitValids
    }

    /// Figures of the sample that has each unit so often.
    /// - Complexity: O(rows), allocates only `atRates`.
    func figures(_ counts: UnsafeBufferPointer<UInt8>) -> Figures {
        var (frauds, valids) = (0.0, 0.0)
        for (unit, count) in counts.enumerated() {
            frauds += Double(count) * unitFrauds[unit]
            valids += Double(count) * unitValids[unit]
        }
        var walk = Walk(limits: rates.map { $0 * valids })
        rows.withUnsafeBufferPointer { rows in
            for row in rows { walk.add(row, times: Double(counts[Int(row.unit)]) * row.weight) }
        }
        return walk.figures(frauds: frauds, valids: valids)
    }
}

/// The sums of one walk down the ranking.
private struct Walk {
    private var hits = 0.0
    private var misfires = 0.0
    private var tie = (hits: 0.0, misfires: 0.0)
    private var precisionSum = 0.0
    private var area = 0.0
    private var (loss, square, cost) = (0.0, 0.0, 0.0)
    private var flagged = (hits: 0.0, misfires: 0.0)
    private var best = (hits: 0.0, misfires: 0.0)
    private var atLimits: [(hits: Double, misfires: Double)] = []
    private let limits: [Double]
    private var limit: Double

    init(limits: [Double]) {
        self.limits = limits
        limit = limits.first ?? .infinity
    }

    @inline(__always)
    mutating func add(_ row: RankedSample.Row, times weight: Double) {
        loss += weight * row.loss
        square += weight * row.square
        cost += weight * row.cost
        if row.isFraud {
            hits += weight
            if row.isFlagged { flagged.hits += weight }
        } else {
            misfires += weight
            if row.isFlagged { flagged.misfires += weight }
        }
        if row.endsTie { endTie() }
    }

    @inline(__always)
    private mutating func endTie() {
        area += (misfires - tie.misfires) * (hits + tie.hits)
        if misfires > limit { passLimit() }
        if hits > tie.hits {
            precisionSum += (hits - tie.hits) * hits / (hits + misfires)
            // A lower threshold that catches no more fraud only costs.
            best = (hits, misfires)
        }
        tie = (hits, misfires)
    }

    private mutating func passLimit() {
        while atLimits.count < limits.count, misfires > limits[atLimits.count] { atLimits.append(best) }
        limit = atLimits.count < limits.count ? limits[atLimits.count] : .infinity
    }

    func figures(frauds: Double, valids: Double) -> RankedSample.Figures {
        func share(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : .nan }
        func point(_ point: (hits: Double, misfires: Double)) -> (recall: Double, precision: Double) {
            (share(point.hits, frauds), share(point.hits, point.hits + point.misfires))
        }
        let passed = atLimits + Array(repeating: best, count: limits.count - atLimits.count)
        let total = frauds + valids
        return RankedSample.Figures(
            averagePrecision: share(precisionSum, frauds), rocAUC: share(area / 2, frauds * valids), logLoss: share(loss, total),
            brier: share(square, total), recall: share(flagged.hits, frauds),
            precision: share(flagged.hits, flagged.hits + flagged.misfires), falsePositiveRate: share(flagged.misfires, valids),
            cost: cost, atRates: passed.map(point))
    }
}

/// Weight at every distinct score, from the highest down: what ROC and precision-recall figures are made of.
struct RankingCurve {
    struct Step {
        var threshold: Float
        /// Weight of frauds and of valid rows scored at or over the threshold.
        var hits: Double
        var misfires: Double
        /// Rows scored at or over the threshold.
        var rows: Int
    }

    let steps: [Step]
    /// Total weights.
    let frauds: Double
    let valids: Double
    private let highest: Float?

    /// - Parameter weights: how many rows each counts for, ≥ 0; nil: 1 each.
    /// - Complexity: O(n log n).
    init(scores: [Float], labels: [Bool], weights: [Double]? = nil) {
        self.init(order: Self.descending(scores), scores: scores, labels: labels, weights: weights)
    }

    init(order: [Int], scores: [Float], labels: [Bool], weights: [Double]?) {
        precondition(scores.count == labels.count && weights?.count ?? labels.count == labels.count, "one score and weight a label")
        var steps: [Step] = []
        var step = Step(threshold: 0, hits: 0, misfires: 0, rows: 0)
        for (position, row) in order.enumerated() {
            let weight = weights?[row] ?? 1
            if labels[row] { step.hits += weight } else { step.misfires += weight }
            step.rows = position + 1
            step.threshold = scores[row]
            // Until something has weight there is no share to speak of.
            guard step.hits + step.misfires > 0 else { continue }
            if let last = steps.indices.last, steps[last].threshold == scores[row] { steps[last] = step } else { steps.append(step) }
        }
        self.steps = steps
        frauds = step.hits
        valids = step.misfires
        highest = order.first.map { scores[$0] }
    }

    /// Row numbers by falling score, in input order among equal scores.
    ///
    /// Score and row are packed into one integer each, whose sort takes a quarter of the time of one with a closure.
    static func descending(_ scores: [Float]) -> [Int] {
        precondition(scores.count <= UInt32.max, "at most 2³² rows")
        var keys = scores.enumerated().map { row, score in
            precondition(!score.isNaN, "scores are numbers")
            // Adding 0 makes −0 a 0. Flipping all bits but the sign's orders positive floats falling, none the negative ones.
            let bits = (score + 0).bitPattern
            let key = bits >> 31 == 0 ? bits ^ 0x7fff_ffff : bits
            return UInt64(key) << 32 | UInt64(row)
        }
        keys.sort()
        return keys.map { Int($0 & 0xffff_ffff) }
    }

    /// Trapezoids under the curve: a pair of equal scores counts half.
    var rocAUC: Double? {
        guard frauds > 0, valids > 0 else { return nil }
        var area = 0.0
        var (hits, misfires) = (0.0, 0.0)
        for step in steps {
            area += (step.misfires - misfires) * (step.hits + hits) / 2
            (hits, misfires) = (step.hits, step.misfires)
        }
        return area / (frauds * valids)
    }

    var averagePrecision: Double? {
        guard frauds > 0 else { return nil }
        var sum = 0.0
        var hits = 0.0
        for step in steps {
            sum += (step.hits - hits) * step.hits / (step.hits + step.misfires)
            hits = step.hits
        }
        return sum / frauds
    }

    func best(falsePositiveRate rate: Double) -> OperatingPoint {
        var best = nothing
        for step in steps {
            guard step.misfires <= rate * valids else { break }
            // A lower threshold that catches no more fraud only costs.
            if step.hits > best.hits { best = step }
        }
        return point(best)
    }

    /// Past the highest score nothing is flagged; 1 when there are no scores.
    var nothing: Step { Step(threshold: highest?.nextUp ?? 1, hits: 0, misfires: 0, rows: 0) }

    func point(_ step: Step) -> OperatingPoint {
        OperatingPoint(
            threshold: step.threshold, flagged: step.rows, hits: step.hits, misfires: step.misfires, frauds: frauds, valids: valids)
    }
}

/// Counts at every distinct score, from the highest down: what ROC and precision-recall figures are made of.
struct RankingCurve {
    struct Step {
        var threshold: Float
        /// Frauds and valid rows scored at or over the threshold.
        var hits: Int
        var misfires: Int
    }

    let steps: [Step]
    let frauds: Int
    let valids: Int

    init(scores: [Float], labels: [Bool]) {
        precondition(scores.count == labels.count, "one score a label")
        precondition(!scores.contains { $0.isNaN }, "scores are numbers")
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var steps: [Step] = []
        var hits = 0
        var misfires = 0
        for (position, row) in order.enumerated() {
            if labels[row] { hits += 1 } else { misfires += 1 }
            if position + 1 == order.count || scores[order[position + 1]] != scores[row] {
                steps.append(Step(threshold: scores[row], hits: hits, misfires: misfires))
            }
        }
        self.steps = steps
        frauds = hits
        valids = misfires
    }

    /// Trapezoids under the curve: a pair of equal scores counts half.
    var rocAUC: Double? {
        guard frauds > 0, valids > 0 else { return nil }
        var area = 0.0
        var (hits, misfires) = (0, 0)
        for step in steps {
            area += Double(step.misfires - misfires) * (Double(step.hits) + Double(hits)) / 2
            (hits, misfires) = (step.hits, step.misfires)
        }
        return area / (Double(frauds) * Double(valids))
    }

    var averagePrecision: Double? {
        guard frauds > 0 else { return nil }
        var sum = 0.0
        var hits = 0
        for step in steps {
            sum += Double(step.hits - hits) * Double(step.hits) / Double(step.hits + step.misfires)
            hits = step.hits
        }
        return sum / Double(frauds)
    }

    func best(falsePositiveRate rate: Double) -> OperatingPoint {
        // Past the highest score nothing is flagged; 1 when there are no scores.
        var best = Step(threshold: steps.first?.threshold.nextUp ?? 1, hits: 0, misfires: 0)
        for step in steps {
            guard Double(step.misfires) <= rate * Double(valids) else { break }
            // A lower threshold that catches no more fraud only costs.
            if step.hits > best.hits { best = step }
        }
        return OperatingPoint(threshold: best.threshold, hits: best.hits, misfires: best.misfires, frauds: frauds, valids: valids)
    }
}

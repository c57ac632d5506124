/// Every step of a ranking as points to draw, thinned.
struct CurvePoints {
    let points: [Evaluation.CurvePoint]

    /// The first point flags nothing.
    init(curve: RankingCurve, costs: RankedCosts) {
        func point(_ step: RankingCurve.Step, cost: Int64) -> Evaluation.CurvePoint {
            let flagged = step.hits + step.misfires
            return Evaluation.CurvePoint(
                threshold: Double(step.threshold), falsePositiveRate: curve.valids == 0 ? 0 : step.misfires / curve.valids,
                recall: curve.frauds == 0 ? 0 : step.hits / curve.frauds, precision: flagged == 0 ? 1 : step.hits / flagged, costE4: cost)
        }
        points = [point(curve.nothing, cost: costs.nothingFlagged)] + zip(curve.steps, costs.atSteps).map { point($0, cost: $1) }
    }

    /// Points where the curve bends; of a longer curve, those nearest to even steps along both axes.
    func roc(maximum: Int) -> [Evaluation.CurvePoint] { thinned(maximum, x: \.falsePositiveRate, y: \.recall) }

    func precisionRecall(maximum: Int) -> [Evaluation.CurvePoint] { thinned(maximum, x: \.recall, y: \.precision) }

    /// The first point, the last, and between them each that lies one step further along the curve's length than the one
    /// kept before; an axis' length is its sum of changes, so steep and flat parts both keep their shape.
    /// - Complexity: O(points).
    private func thinned(
        _ maximum: Int, x: (Evaluation.CurvePoint) -> Double, y: (Evaluation.CurvePoint) -> Double
    ) -> [Evaluation.CurvePoint] {
        guard points.count > maximum else { return points }
        var length = [0.0]
        length.reserveCapacity(points.count)
        for (before, point) in zip(points, points.dropFirst()) {
            length.append(length[length.count - 1] + abs(x(point) - x(before)) + abs(y(point) - y(before)))
        }
        let step = length[length.count - 1] / Double(maximum - 1)
        var kept = [points[0]]
        var reached = 0
        for index in 1..<(points.count - 1) {
            let number = Int(length[index] / max(step, 1e-300))
            if number > reached, kept.count < maximum - 1 {
                kept.append(points[index])
                reached = number
            }
        }
        return kept + [points[points.count - 1]]
    }
}

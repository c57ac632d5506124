internal import Foundation
internal import LinearAlgebra

/// An objective that has passed the checks every solver needs, with the scale of its columns.
struct SolverProblem: Sendable {
    let objective: LogisticObjective
    /// Root mean square of each column, and 1 for the intercept and for columns of zeros: gradients are judged, and steps
    /// measured, in these units, so that a column in another unit gives the same verdict.
    let scales: [Double]

    /// - Throws: why the objective has no optimum, as a status.
    init(_ objective: LogisticObjective) throws(Refusal) {
        func invalid(_ reason: String) -> Refusal { Refusal(status: .invalid(reason: reason)) }
        let factors = objective.classFactors
        guard factors.valid >= 0, factors.fraud >= 0, factors.valid.isFinite, factors.fraud.isFinite else {
            throw invalid("class weights \(factors.valid) and \(factors.fraud); expected finite numbers of at least 0")
        }
        if let row = objective.weights?.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw invalid("the weight of row \(row) is \(objective.weights?[row] ?? .nan); expected a finite number of at least 0")
        }
        let sums = objective.labelWeights
        guard objective.totalWeight > 0, objective.totalWeight.isFinite else {
            throw invalid("no rows of positive weight (\(objective.design.rows) rows, total weight \(objective.totalWeight))")
        }
        guard sums.valid > 0, sums.fraud > 0 else {
            throw Refusal(status: .separable(reason: "all rows of positive weight are \(sums.fraud > 0 ? "fraud" : "valid")"))
        }
        var scales = objective.design.rootMeanSquares()
        for column in scales.indices where !scales[column].isFinite {
            let found = objective.design.firstNonFinite(column: column)
            throw invalid("column \(column), row \(found?.row ?? 0) is \(found?.value ?? .nan); expected a finite number")
        }
        scales.append(1)
        self.objective = objective
        self.scales = scales.map { $0 > 0 ? $0 : 1 }
    }

    private init(_ objective: LogisticObjective, scales: [Double]) {
        self.objective = objective
        self.scales = scales
    }

    struct Refusal: Error { let status: SolverStatus }

    /// The problem on one in `stride` chunks of rows, nil if those rows lack a label.
    func thinned(by stride: Int) -> SolverProblem? {
        let thin = objective.thinned(by: stride)
        return thin.labelWeights.valid > 0 && thin.labelWeights.fraud > 0 ? SolverProblem(thin, scales: scales) : nil
    }

    /// The problem without the other columns.
    func restricted(to columns: [Int]) -> SolverProblem {
        SolverProblem(objective.restricted(to: columns), scales: columns.map { scales[$0] } + [1])
    }

    /// Zero weights and the logit of the weighted share of fraud: the optimum without features.
    var interceptOnly: [Double] {
        let sums = objective.labelWeights
        return [Double](repeating: 0, count: objective.design.columns) + [log(sums.fraud / sums.valid)]
    }

    /// The element of least magnitude of the objective's subgradient for one coefficient: 0 where it is optimal.
    func subgradient(_ gradient: Double, weight: Double, column: Int) -> Double {
        guard objective.l1 > 0, column < objective.design.columns else { return gradient }
        if weight != 0 { return gradient + (weight > 0 ? objective.l1 : -objective.l1) }
        return gradient > objective.l1 ? gradient - objective.l1 : gradient < -objective.l1 ? gradient + objective.l1 : 0
    }

    /// Distance from optimality, as `LogisticSolution.gradientNorm` says.
    func norm(_ point: LogisticObjective.Point, at coefficients: [Double]) -> Double {
        var largest = 0.0
        for column in coefficients.indices {
            let element = subgradient(point.gradient[column], weight: coefficients[column], column: column)
            guard element.isFinite else { return .infinity }
            largest = max(largest, abs(element) / scales[column])
        }
        return largest / objective.totalWeight
    }

    /// Whether the labels are separated along a step that is still long though the gradient is small: the curvature
    /// there has gone, which was there at zero weights. (Quasi-complete separation too: Albert and Anderson 1984.)
    func isSeparated(at coefficients: [Double], along step: [Double]) -> Bool {
        guard objective.l2 == 0, objective.l1 == 0, longest(step) > 1e-3 else { return false }
        return objective.curvature(at: coefficients, along: step) < 1e-6 * objective.curvature(at: interceptOnly, along: step)
    }

    /// The largest change of the log-odds by one element of a step, over a typical value of its column.
    func longest(_ step: [Double]) -> Double { zip(step, scales).reduce(0) { max($0, abs($1.0) * $1.1) } }

    /// Whether all rows are on their label's side, with nothing to hold the weights back: then twice the weights are
    /// better, without end.
    func isSeparated(_ point: LogisticObjective.Point) -> Bool {
        objective.l2 == 0 && objective.l1 == 0 && point.leastMargin > 0
    }

    static let separated = SolverStatus.separable(reason: "the labels are separable, and no penalty holds the weights back")
}

internal import LinearAlgebra

/// Limited-memory BFGS: gradients only, so that singular Hessians and any number of columns are fine. Nocedal and Wright,
/// Numerical Optimization, 2nd ed.: the two-loop recursion of algorithm 7.4, scaled by columns, with a search for the
/// strong Wolfe conditions. With an L1 penalty it is OWL-QN (Andrew and Gao, ICML 2007): the subgradient of least norm, and
/// steps that stay in the orthant they start into.
package struct LBFGSSolver: Sendable {
    /// Stops when `LogisticSolution.gradientNorm` is at most this.
    package var tolerance = 1e-10
    package var maximumIterations = 2000
    /// Pairs of steps and gradient changes kept.
    package var memory = 20
    package var maximumTrials = 40

    package init() {}

    /// - Parameter start: weights and then the intercept; nil starts at the intercept-only optimum.
    /// - Returns: always the best point found, with how it ended. Never prints, never traps on data. Where the optimum is
    ///   not unique it is one of them, and the status does not say so.
    /// - Complexity: O(rows × columns) per iteration; O(memory × columns) space.
    package func solve(_ objective: LogisticObjective, start: [Double]? = nil) -> LogisticSolution {
        .of(objective) { solve($0, start: start) }
    }

    func solve(_ problem: SolverProblem, start: [Double]?) -> LogisticSolution {
        let objective = problem.objective
        var coefficients = start ?? problem.interceptOnly
        var point = objective.evaluate(at: coefficients, hessian: false)
        var norm = problem.norm(point, at: coefficients)
        var pairs = CurvaturePairs(problem, capacity: memory)
        var iterations = 0

        func solution(_ status: SolverStatus) -> LogisticSolution {
            LogisticSolution(
                coefficients, status, iterations: iterations, loss: point.loss + objective.l1Penalty(coefficients), gradientNorm: norm,
                method: objective.l1 > 0 ? .owlqn : .lbfgs)
        }

        guard point.loss.isFinite else { return solution(.invalid(reason: "the start is too far away: the loss there is not finite")) }
        while true {
            if problem.isSeparated(point) { return solution(SolverProblem.separated) }
            let line = SearchLine(problem, from: coefficients, point, norm, pairs)
            if norm <= tolerance {
                let isFalse = problem.isSeparated(at: coefficients, along: line.direction)
                return solution(isFalse ? SolverProblem.separated : .converged)
            }
            if iterations == maximumIterations { return solution(.iterationLimit) }
            iterations += 1
            guard let (next, reached) = line.search(maximumTrials: maximumTrials) else {
                // Old pairs may mislead; without them the step is one down the gradient.
                if !pairs.isEmpty {
                    pairs.removeAll()
                    continue
                }
                return solution(norm <= 1e-7 ? .roundingLimit : .lineSearchFailed)
            }
            pairs.add(
                step: zip(next, coefficients).map { $0 - $1 }, change: zip(reached.gradient, point.gradient).map { $0 - $1 })
            (coefficients, point) = (next, reached)
            norm = problem.norm(point, at: coefficients)
        }
    }
}

/// The last steps s and gradient changes y: an approximation of the inverse Hessian.
struct CurvaturePairs {
    private let capacity: Int
    private var pairs: [(step: [Double], change: [Double], inverse: Double)] = []
    /// Diagonal of the first approximation: over an upper bound of each column's curvature, p·(1 − p) being at most ¼.
    private let diagonal: [Double]

    init(_ problem: SolverProblem, capacity: Int) {
        self.capacity = capacity
        let objective = problem.objective
        diagonal = problem.scales.enumerated().map { column, scale in
            1 / (0.25 * objective.totalWeight * scale * scale + (column < objective.design.columns ? objective.l2 : 0))
        }
    }

    var isEmpty: Bool { pairs.isEmpty }

    mutating func removeAll() { pairs.removeAll() }

    /// Keeps a pair if the curvature along it is positive beyond rounding.
    mutating func add(step: [Double], change: [Double]) {
        let product = BLAS.dot(step, change)
        let size = (BLAS.dot(step, step) * BLAS.dot(change, change)).squareRoot()
        guard product > 1e-14 * size, product.isFinite else { return }
        if pairs.count == capacity { pairs.removeFirst() }
        pairs.append((step, change, 1 / product))
    }

    /// Approximately −H⁻¹·g: the two-loop recursion.
    func direction(_ gradient: [Double]) -> [Double] {
        var q = gradient
        var shares = [Double](repeating: 0, count: pairs.count)
        for (index, pair) in pairs.enumerated().reversed() {
            shares[index] = pair.inverse * BLAS.dot(pair.step, q)
            for i in q.indices { q[i] -= shares[index] * pair.change[i] }
        }
        var size = 1.0
        if let last = pairs.last {
            size = 1 / (last.inverse * zip(last.change, diagonal).reduce(0) { $0 + $1.0 * $1.0 * $1.1 })
        }
        for i in q.indices { q[i] *= size * diagonal[i] }
        for (index, pair) in pairs.enumerated() {
            let share = shares[index] - pair.inverse * BLAS.dot(pair.change, q)
            for i in q.indices { q[i] += share * pair.step[i] }
        }
        return q.map { -$0 }
    }
}

/// A point with a direction to search along.
private struct SearchLine {
    private let problem: SolverProblem
    private let start: [Double]
    private let point: LogisticObjective.Point
    private let norm: Double
    private let subgradient: [Double]
    let direction: [Double]

    init(_ problem: SolverProblem, from start: [Double], _ point: LogisticObjective.Point, _ norm: Double, _ pairs: CurvaturePairs) {
        self.problem = problem
        self.start = start
        self.point = point
        self.norm = norm
        let subgradient = start.indices.map { problem.subgradient(point.gradient[$0], weight: start[$0], column: $0) }
        var direction = pairs.direction(subgradient)
        if problem.objective.l1 > 0 {
            for i in direction.indices where direction[i] * subgradient[i] > 0 { direction[i] = 0 }
        }
        self.subgradient = subgradient
        self.direction = direction
    }

    func search(maximumTrials: Int) -> ([Double], LogisticObjective.Point)? {
        let slope = BLAS.dot(subgradient, direction)
        guard slope < 0 else { return nil }
        return problem.objective.l1 > 0 ? orthantSearch(maximumTrials) : wolfeSearch(maximumTrials, slope: slope)
    }

    /// Brackets and bisects until the strong Wolfe conditions hold (c₁ = 1e-4, c₂ = 0.9). As the objective is convex, the
    /// slope along the line only grows, so each trial tells which side to keep.
    private func wolfeSearch(_ maximumTrials: Int, slope: Double) -> ([Double], LogisticObjective.Point)? {
        var low = 0.0
        var high = Double.infinity
        var length = 1.0
        for _ in 0..<maximumTrials {
            let next = zip(start, direction).map { $0 + length * $1 }
            let reached = problem.objective.evaluate(at: next, hessian: false)
            let slopeThere = BLAS.dot(reached.gradient, direction)
            // Where rounding hides the fall of the objective, its slope decides (Hager and Zhang 2005, approximate Wolfe).
            let isFlat = abs(reached.loss - point.loss) <= 64 * Double.ulpOfOne * abs(point.loss)
            let falls = reached.loss <= point.loss + 1e-4 * length * slope || (isFlat && slopeThere <= -0.9998 * slope)
            if !falls || slopeThere > -0.9 * slope || !reached.loss.isFinite {
                high = length
            } else if slopeThere < 0.9 * slope {
                low = length
            } else {
                return (next, reached)
            }
            length = high.isFinite ? (low + high) / 2 : 2 * length
            if length == low || length == high || !length.isFinite { return nil }
        }
        return nil
    }

    /// Halves the step, held in the orthant it starts into, until the objective falls.
    private func orthantSearch(_ maximumTrials: Int) -> ([Double], LogisticObjective.Point)? {
        let objective = problem.objective
        let loss = point.loss + objective.l1Penalty(start)
        var length = 1.0
        for _ in 0..<maximumTrials {
            var next = zip(start, direction).map { $0 + length * $1 }
            for column in 0..<objective.design.columns {
                let side = start[column] != 0 ? start[column] : -subgradient[column]
                if next[column] * side <= 0 { next[column] = 0 }
            }
            let reached = objective.evaluate(at: next, hessian: false)
            let promised = next.indices.reduce(0) { $0 + subgradient[$1] * (next[$1] - start[$1]) }
            let change = reached.loss + objective.l1Penalty(next) - loss
            let within = abs(change) <= 64 * Double.ulpOfOne * abs(loss) && problem.norm(reached, at: next) < 0.9 * norm
            if change <= 1e-4 * promised || within { return (next, reached) }
            length /= 2
        }
        return nil
    }
}

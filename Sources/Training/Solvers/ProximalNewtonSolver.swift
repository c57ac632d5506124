internal import LinearAlgebra

/// Newton's method for an objective with an L1 penalty: each step minimizes the quadratic model of the smooth part plus
/// the penalty itself, by coordinate descent, then searches along it. Lee, Sun and Saunders, Proximal Newton-type methods
/// for minimizing composite functions (SIAM J. Optim. 2014); Friedman, Hastie and Tibshirani (2010), as in glmnet, which
/// has no line search; Yuan, Ho and Lin, newGLMNET (JMLR 2012), which liblinear uses.
package struct ProximalNewtonSolver: Sendable {
    /// Stops when `LogisticSolution.gradientNorm` is at most this.
    package var tolerance = 1e-10
    package var maximumIterations = 100
    package var maximumHalvings = 30

    package init() {}

    /// Minimizes an objective with or without an L1 penalty. Weights that are zero at the optimum are exactly 0.
    ///
    /// - Parameter start: weights and then the intercept; nil starts at the intercept-only optimum.
    /// - Returns: always the best point found, with how it ended. Never prints, never traps on data.
    package func solve(_ objective: LogisticObjective, start: [Double]? = nil) -> LogisticSolution {
        .of(objective) { solve($0, start: start) }
    }

    func solve(_ problem: SolverProblem, start: [Double]?) -> LogisticSolution {
        let objective = problem.objective
        var coefficients = start ?? problem.interceptOnly
        var point = objective.evaluate(at: coefficients, hessian: true)
        var norm = problem.norm(point, at: coefficients)
        var direction: [Double] = []
        var iterations = 0

        func solution(_ status: SolverStatus) -> LogisticSolution {
            LogisticSolution(
                coefficients, status, iterations: iterations, loss: point.loss + objective.l1Penalty(coefficients), gradientNorm: norm,
                method: .proximalNewton)
        }

        guard point.loss.isFinite else { return solution(.invalid(reason: "the start is too far away: the loss there is not finite")) }
        while norm > tolerance {
            if problem.isSeparated(point) { return solution(SolverProblem.separated) }
            if iterations == maximumIterations { return solution(.iterationLimit) }
            iterations += 1
            var model = QuadraticModel(problem, point, at: coefficients)
            // An ever closer model minimum keeps the convergence faster than linear.
            direction = model.minimize(tolerance: min(0.01, norm.squareRoot()) * norm)
            guard let (next, reached) = search(problem, from: coefficients, point, norm, along: direction) else {
                return solution(norm <= 1e-7 ? .roundingLimit : .lineSearchFailed)
            }
            (coefficients, point) = (next, reached)
            norm = problem.norm(point, at: coefficients)
        }
        if problem.isSeparated(at: coefficients, along: direction) { return solution(SolverProblem.separated) }
        return solution(.converged)
    }

    /// As Newton's, with the decrease that the model promises in place of the slope.
    private func search(
        _ problem: SolverProblem, from coefficients: [Double], _ point: LogisticObjective.Point, _ norm: Double, along direction: [Double]
    ) -> ([Double], LogisticObjective.Point)? {
        let objective = problem.objective
        let penalty = objective.l1Penalty(coefficients)
        let full = zip(coefficients, direction).map { $0 + $1 }
        let promised = BLAS.dot(point.gradient, direction) + objective.l1Penalty(full) - penalty
        guard promised < 0 else { return nil }
        let loss = point.loss + penalty
        var length = 1.0
        for attempt in 0..<maximumHalvings {
            let next = attempt == 0 ? full : zip(coefficients, direction).map { $0 + length * $1 }
            var reached = objective.evaluate(at: next, hessian: attempt == 0)
            let change = reached.loss + objective.l1Penalty(next) - loss
            let within = abs(change) <= 64 * Double.ulpOfOne * abs(loss) && problem.norm(reached, at: next) < 0.9 * norm
            if change <= 1e-4 * length * promised || within {
                if attempt > 0 { reached = objective.evaluate(at: next, hessian: true) }
                return (next, reached)
            }
            length /= 2
        }
        return nil
    }
}

/// gᵀd + ½·dᵀHd + λ₁·Σⱼ|wⱼ + dⱼ|, minimized over d by cyclic coordinate descent.
private struct QuadraticModel {
    private let problem: SolverProblem
    private let start: [Double]
    /// Both triangles.
    private var hessian: [Double]
    private var weights: [Double]
    /// g + H·d.
    private var gradient: [Double]

    init(_ problem: SolverProblem, _ point: LogisticObjective.Point, at coefficients: [Double]) {
        self.problem = problem
        start = coefficients
        weights = coefficients
        gradient = point.gradient
        hessian = point.hessian
        let order = coefficients.count
        for column in 0..<order {
            for row in column + 1..<order { hessian[column + row * order] = hessian[row + column * order] }
        }
    }

    /// The most sweeps; the line search takes whatever the last one gives.
    private static let maximumSweeps = 1000

    /// d, such that no coordinate is further than `tolerance` (as `SolverProblem.norm`) from its optimum.
    /// - Complexity: O(columns²) per sweep; sweeps over the weights that are not zero come between those over all.
    mutating func minimize(tolerance: Double) -> [Double] {
        var all = true
        for _ in 0..<Self.maximumSweeps {
            let largest = sweep(all: all)
            if largest <= tolerance {
                if all { break }
                all = true
            } else {
                all = false
            }
        }
        return zip(weights, start).map { $0 - $1 }
    }

    /// Sets each coordinate to its optimum given the others; returns how far the furthest was from it.
    private mutating func sweep(all: Bool) -> Double {
        let order = weights.count
        let l1 = problem.objective.l1
        var largest = 0.0
        for column in 0..<order where all || weights[column] != 0 || column == order - 1 {
            let curvature = hessian[column + column * order]
            let slope = problem.subgradient(gradient[column], weight: weights[column], column: column)
            guard curvature > 0, slope != 0 else { continue }
            largest = max(largest, abs(slope) / problem.scales[column] / problem.objective.totalWeight)
            let aim = weights[column] - gradient[column] / curvature
            let limit = column == order - 1 ? 0 : l1 / curvature
            // The soft threshold: the minimum of one coordinate.
            let value = aim > limit ? aim - limit : aim < -limit ? aim + limit : 0
            let change = value - weights[column]
            weights[column] = value
            hessian.withUnsafeBufferPointer { hessian in
                for row in 0..<order { gradient[row] += change * hessian[row + column * order] }
            }
        }
        return largest
    }
}

internal import LinearAlgebra

/// Newton's method (iteratively reweighted least squares) with a Cholesky step and backtracking, as scikit-learn's
/// `newton-cholesky`: few, dear iterations; best for many more rows than columns. Nocedal and Wright, Numerical
/// Optimization, 2nd ed., algorithm 3.2 and section 3.1.
///
/// A step's Hessian is computed together with its gradient, except where the last step's convergence says that the next
/// point will be the last: then the gradient alone is. Should it not be, one more step reuses the old factor.
package struct NewtonSolver: Sendable {
    /// Stops when `LogisticSolution.gradientNorm` is at most this.
    package var tolerance = 1e-10
    package var maximumIterations = 100
    package var maximumHalvings = 30

    package init() {}

    /// Minimizes an objective without an L1 penalty.
    ///
    /// - Parameter start: weights and then the intercept; nil starts at the intercept-only optimum.
    /// - Returns: always the best point found, with how it ended. Never prints, never traps on data.
    package func solve(_ objective: LogisticObjective, start: [Double]? = nil) -> LogisticSolution {
        .of(objective) { solve($0, start: start) }
    }

    func solve(_ problem: SolverProblem, start: [Double]?) -> LogisticSolution {
        precondition(problem.objective.l1 == 0, "an L1 penalty is ProximalNewtonSolver's")
        var coefficients = start ?? problem.interceptOnly
        var point = problem.objective.evaluate(at: coefficients, hessian: true)
        var norm = problem.norm(point, at: coefficients)
        var factor: CholeskyFactor?
        var iterations = 0

        func solution(_ status: SolverStatus) -> LogisticSolution {
            LogisticSolution(coefficients, status, iterations: iterations, loss: point.loss, gradientNorm: norm, method: .newton)
        }

        guard point.loss.isFinite else { return solution(.invalid(reason: "the start is too far away: the loss there is not finite")) }
        while true {
            if problem.isSeparated(point) { return solution(SolverProblem.separated) }
            let direction: [Double]
            do {
                if !point.hessian.isEmpty { factor = try Self.factor(point, order: problem.objective.order) }
                direction = try Self.step(point, factor)
            } catch {
                return solution(.singular(reason: error.description))
            }
            if norm <= tolerance {
                // Without a penalty a small gradient is not enough: where the labels separate, it fades as the weights grow.
                if problem.objective.l2 > 0 || problem.longest(direction) <= 1e-3 { return solution(.converged) }
                if problem.isSeparated(at: coefficients, along: direction) { return solution(SolverProblem.separated) }
            }
            if iterations == maximumIterations { return solution(.iterationLimit) }
            iterations += 1
            // Newton's error squares itself: the next point is then the last, and needs no Hessian.
            let isLast = !point.hessian.isEmpty && Self.pessimism * norm * norm <= tolerance
            guard let (next, reached) = search(problem, from: coefficients, point, norm, along: direction, hessian: !isLast) else {
                return solution(norm <= 1e-7 ? .roundingLimit : .lineSearchFailed)
            }
            (coefficients, point) = (next, reached)
            norm = problem.norm(point, at: coefficients)
        }
    }

    /// The next gradient is at most this times the square of the last, in problems that are not degenerate.
    private static let pessimism = 10.0

    private static func factor(_ point: LogisticObjective.Point, order: Int) throws(SingularHessian) -> CholeskyFactor {
        do throws(LAPACKError) {
            let factor = try CholeskyFactor(lowerTriangle: point.hessian, order: order, equilibrated: true)
            // Past this, a factor exists only thanks to rounding.
            guard factor.conditionLowerBound < 1e14 else { throw LAPACKError.notPositiveDefinite(minor: order) }
            return factor
        } catch {
            throw SingularHessian(error)
        }
    }

    /// −H⁻¹·g.
    private static func step(_ point: LogisticObjective.Point, _ factor: CholeskyFactor?) throws(SingularHessian) -> [Double] {
        do throws(LAPACKError) {
            guard let factor else { throw LAPACKError.notPositiveDefinite(minor: 1) }
            return try factor.solve(point.gradient).map { -$0 }
        } catch {
            throw SingularHessian(error)
        }
    }

    struct SingularHessian: Error {
        let description: String

        init(_ error: LAPACKError) {
            switch error {
            case .notPositiveDefinite:
                description = "columns are collinear or the labels are separable, and the penalty is too small (\(error))"
            case .illegalArgument: description = "values that are not finite (\(error))"
            }
        }
    }

    /// Halves the step until the objective falls enough (Armijo), or, where rounding hides its fall, the gradient does.
    private func search(
        _ problem: SolverProblem, from coefficients: [Double], _ point: LogisticObjective.Point, _ norm: Double, along direction: [Double],
        hessian: Bool
    ) -> ([Double], LogisticObjective.Point)? {
        let slope = BLAS.dot(point.gradient, direction)
        guard slope < 0 else { return nil }
        var length = 1.0
        for attempt in 0..<maximumHalvings {
            let next = zip(coefficients, direction).map { $0 + length * $1 }
            // The full step is nearly always taken: its Hessian is computed along, the rest's only when accepted.
            var reached = problem.objective.evaluate(at: next, hessian: hessian && attempt == 0)
            let falls = reached.loss <= point.loss + 1e-4 * length * slope
            let within = abs(reached.loss - point.loss) <= 64 * Double.ulpOfOne * abs(point.loss) && problem.norm(reached, at: next) < 0.9 * norm
            if falls || within {
                if attempt > 0 { reached = problem.objective.evaluate(at: next, hessian: true) }
                return (next, reached)
            }
            length /= 2
        }
        return nil
    }
}

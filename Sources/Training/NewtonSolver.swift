internal import Foundation
internal import LinearAlgebra

/// How a solver run ended.
package enum SolverStatus: Hashable, Sendable, CustomStringConvertible {
    case converged
    /// The gradient is as small as rounding lets it get, though not under the tolerance.
    case roundingLimit
    case iterationLimit
    /// No step along the Newton direction lowered the objective.
    case lineSearchFailed
    /// The Hessian has no usable Cholesky factor; the reason says why.
    case singular(reason: String)

    package var isUsable: Bool { self == .converged || self == .roundingLimit }

    package var description: String {
        switch self {
        case .converged: "converged"
        case .roundingLimit: "converged to rounding"
        case .iterationLimit: "iteration limit"
        case .lineSearchFailed: "line search failed"
        case .singular(let reason): "singular: \(reason)"
        }
    }
}

/// Newton's method (iteratively reweighted least squares) with a Cholesky step and backtracking, as scikit-learn's
/// `newton-cholesky`: few, dear iterations; best for many more rows than columns.
package struct NewtonSolver: Sendable {
    /// Stops when no element of the gradient exceeds this share of the total weight.
    package var tolerance = 1e-10
    package var maximumIterations = 100
    package var maximumHalvings = 30

    package struct Solution: Sendable {
        /// One weight per design column.
        package var weights: [Double]
        package var intercept: Double
        package var status: SolverStatus
        package var iterations: Int
        package var loss: Double
        /// Largest magnitude in the gradient, over the total weight.
        package var gradientNorm: Double
    }

    package init() {}

    /// Minimizes the objective.
    ///
    /// - Parameter start: weights and then the intercept; nil starts at the intercept-only optimum.
    /// - Returns: always the best point found, with how it ended. Never prints, never traps on data.
    package func solve(_ objective: LogisticObjective, start: [Double]? = nil) -> Solution {
        var coefficients = start ?? Self.interceptOnly(objective)
        var point = objective.evaluate(at: coefficients, hessian: true)
        var iterations = 0

        func solution(_ status: SolverStatus) -> Solution {
            Solution(
                weights: Array(coefficients.dropLast()), intercept: coefficients[coefficients.count - 1], status: status,
                iterations: iterations, loss: point.loss, gradientNorm: norm(point, objective))
        }

        guard objective.totalWeight > 0, point.loss.isFinite else {
            return solution(.singular(reason: "no rows of positive weight, or values that are not finite"))
        }
        while true {
            if norm(point, objective) <= tolerance { return solution(.converged) }
            if iterations == maximumIterations { return solution(.iterationLimit) }
            iterations += 1
            let direction: [Double]
            do {
                direction = try step(point, order: objective.order)
            } catch {
                return solution(.singular(reason: error.description))
            }
            guard let (next, reached) = search(objective, from: coefficients, point, along: direction) else {
                return solution(norm(point, objective) <= 1e-7 ? .roundingLimit : .lineSearchFailed)
            }
            coefficients = next
            point = reached
        }
    }

    private func norm(_ point: LogisticObjective.Point, _ objective: LogisticObjective) -> Double {
        point.gradient.reduce(0) { max($0, abs($1)) } / max(objective.totalWeight, .leastNonzeroMagnitude)
    }

    /// −H⁻¹·g.
    private func step(_ point: LogisticObjective.Point, order: Int) throws(SingularHessian) -> [Double] {
        do throws(LAPACKError) {
            let factor = try CholeskyFactor(lowerTriangle: point.hessian, order: order)
            // Past this, a factor exists only thanks to rounding.
            guard factor.conditionLowerBound < 1e14 else { throw LAPACKError.notPositiveDefinite(minor: order) }
            return try factor.solve(point.gradient).map { -$0 }
        } catch {
            switch error {
            case .notPositiveDefinite:
                throw SingularHessian(
                    description: "columns are collinear or the labels are separable, and the penalty is too small (\(error))")
            case .illegalArgument: throw SingularHessian(description: "values that are not finite (\(error))")
            }
        }
    }

    private struct SingularHessian: Error { let description: String }

    /// Halves the step until the objective falls enough (Armijo), or, where rounding hides its fall, the gradient does.
    private func search(
        _ objective: LogisticObjective, from coefficients: [Double], _ point: LogisticObjective.Point, along direction: [Double]
    ) -> ([Double], LogisticObjective.Point)? {
        let slope = BLAS.dot(point.gradient, direction)
        guard slope < 0 else { return nil }
        let size = norm(point, objective)
        var length = 1.0
        for attempt in 0..<maximumHalvings {
            let next = zip(coefficients, direction).map { $0 + length * $1 }
            // The full step is nearly always taken: its Hessian is computed along, the rest's only when accepted.
            var reached = objective.evaluate(at: next, hessian: attempt == 0)
            let falls = reached.loss <= point.loss + 1e-4 * length * slope
            let within = abs(reached.loss - point.loss) <= 64 * Double.ulpOfOne * abs(point.loss) && norm(reached, objective) < 0.9 * size
            if falls || within {
                if attempt > 0 { reached = objective.evaluate(at: next, hessian: true) }
                return (next, reached)
            }
            length /= 2
        }
        return nil
    }

    /// Zero weights and the logit of the weighted share of fraud: the optimum without features.
    private static func interceptOnly(_ objective: LogisticObjective) -> [Double] {
        var frauds = 0.0
        for (row, isFraud) in objective.labels.enumerated() where isFraud { frauds += objective.weights?[row] ?? 1 }
        // Held away from 0 and 1, where the logit ends.
        let share = min(max(frauds / max(objective.totalWeight, .leastNonzeroMagnitude), 1e-9), 1 - 1e-9)
        return [Double](repeating: 0, count: objective.design.columns) + [log(share / (1 - share))]
    }
}

/// How a solver run ended. Solvers return it; they never print.
package enum SolverStatus: Hashable, Sendable, CustomStringConvertible {
    case converged
    /// The gradient is as small as rounding lets it get, though not under the tolerance.
    case roundingLimit
    /// A minimum, but one of many: the Hessian is singular. Scores are right; single weights say nothing.
    case notUnique(reason: String)
    case iterationLimit
    /// No step along the search direction lowered the objective.
    case lineSearchFailed
    /// The Hessian has no usable Cholesky factor; the reason says why.
    case singular(reason: String)
    /// No finite weights are optimal: some direction separates the labels, and no penalty holds it back.
    case separable(reason: String)
    /// The input is not one that has an optimum, e.g. a value that is not finite; the reason says which and where.
    case invalid(reason: String)

    package var isUsable: Bool {
        switch self {
        case .converged, .roundingLimit, .notUnique: true
        case .iterationLimit, .lineSearchFailed, .singular, .separable, .invalid: false
        }
    }

    package var description: String {
        switch self {
        case .converged: "converged"
        case .roundingLimit: "converged to rounding"
        case .notUnique(let reason): "converged, but not to a unique optimum: \(reason)"
        case .iterationLimit: "iteration limit"
        case .lineSearchFailed: "line search failed"
        case .singular(let reason): "singular: \(reason)"
        case .separable(let reason): "no finite optimum: \(reason)"
        case .invalid(let reason): "invalid input: \(reason)"
        }
    }
}

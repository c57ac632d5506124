/// Where a solver stopped, and how.
package struct LogisticSolution: Sendable {
    package enum Method: String, Sendable {
        case newton
        case proximalNewton = "proximal Newton"
        case lbfgs = "L-BFGS"
        case owlqn = "OWL-QN"
    }

    /// One weight per design column.
    package var weights: [Double]
    package var intercept: Double
    package var status: SolverStatus
    /// Steps taken, over the methods tried; those on a sample of the rows, which only choose the start, are not counted.
    package var iterations: Int
    /// The whole objective, penalties included.
    package var loss: Double
    /// How far from optimal: the largest magnitude in the gradient (with an L1 penalty: in the subgradient of least
    /// norm), each element over its column's root mean square, over the total weight.
    package var gradientNorm: Double
    /// The method that reached the point.
    package var method: Method

    /// Weights and then the intercept.
    package var coefficients: [Double] { weights + [intercept] }

    init(_ coefficients: [Double], _ status: SolverStatus, iterations: Int, loss: Double, gradientNorm: Double, method: Method) {
        weights = Array(coefficients.dropLast())
        intercept = coefficients[coefficients.count - 1]
        self.status = status
        self.iterations = iterations
        self.loss = loss
        self.gradientNorm = gradientNorm
        self.method = method
    }
}

extension LogisticSolution {
    /// For an objective that was not even tried: zero weights.
    init(refused objective: LogisticObjective, _ status: SolverStatus) {
        self.init(
            [Double](repeating: 0, count: objective.order), status, iterations: 0, loss: .nan, gradientNorm: .infinity, method: .newton)
    }

    /// What `solve` finds for an objective, once it is made ready; or why it was refused.
    static func of(_ objective: LogisticObjective, _ solve: (SolverProblem) -> LogisticSolution) -> LogisticSolution {
        do throws(SolverProblem.Refusal) {
            return solve(try SolverProblem(objective))
        } catch {
            return LogisticSolution(refused: objective, error.status)
        }
    }
}

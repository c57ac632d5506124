/// Minimizes a logistic objective with the method that suits it.
///
///     λ₁ = 0, columns ≤ limit    Newton; where the Hessian is singular, on to L-BFGS from the point reached
///     λ₁ > 0, columns ≤ limit    proximal Newton
///     columns > limit            L-BFGS, or OWL-QN when λ₁ > 0
///
/// From 65,536 rows on, one in eight chunks of rows is solved first (itself so, down to 65,536), roughly: its optimum is a
/// standard error or two from that of all rows, which spares most of the steps over all of them.
package struct LogisticSolver: Sendable {
    /// Stops when `LogisticSolution.gradientNorm` is at most this.
    package var tolerance = 1e-10
    /// Of Newton's and proximal Newton's steps; L-BFGS, whose steps are that much cheaper, may take 20 times as many.
    package var maximumIterations = 100
    /// The most columns for which the Gram matrix is made. At 2,048 it takes 32 MiB (and a part's sum and the factor as much
    /// again), and one product over the rows costs what some 500 gradients cost, by which time L-BFGS is done.
    package var maximumGramColumns = 2048
    /// Fewest rows of which a sample chooses the start.
    package var minimumSampledRows = 1 << 16

    package init() {}

    /// - Parameter start: weights and then the intercept; nil starts at the optimum of a sample, or without features.
    /// - Returns: always the best point found, with how it ended. Never prints, never traps on data.
    package func solve(_ objective: LogisticObjective, start: [Double]? = nil) -> LogisticSolution {
        do throws(SolverProblem.Refusal) {
            return solve(try SolverProblem(objective), start: start)
        } catch {
            return LogisticSolution(refused: objective, error.status)
        }
    }

    private func solve(_ problem: SolverProblem, start: [Double]?) -> LogisticSolution {
        let objective = problem.objective
        let start = start ?? sampled(problem)
        if objective.design.columns > maximumGramColumns { return lbfgs.solve(problem, start: start) }
        if objective.l1 > 0 {
            var proximal = ProximalNewtonSolver()
            proximal.tolerance = tolerance
            proximal.maximumIterations = maximumIterations
            return proximal.solve(problem, start: start)
        }
        var newton = NewtonSolver()
        newton.tolerance = tolerance
        newton.maximumIterations = maximumIterations
        let solution = newton.solve(problem, start: start)
        guard case .singular(let reason) = solution.status else { return solution }
        var fallback = lbfgs.solve(problem, start: solution.coefficients)
        fallback.iterations += solution.iterations
        if fallback.status == .converged || fallback.status == .roundingLimit { fallback.status = .notUnique(reason: reason) }
        return fallback
    }

    private var lbfgs: LBFGSSolver {
        var solver = LBFGSSolver()
        solver.tolerance = tolerance
        solver.maximumIterations = maximumIterations * 20
        return solver
    }

    /// The optimum of an eighth of the rows to about its own standard error, nil when there are few rows or it has none.
    private func sampled(_ problem: SolverProblem) -> [Double]? {
        let stride = 8
        guard problem.objective.rowsInUse >= minimumSampledRows, let thin = problem.thinned(by: stride) else { return nil }
        var rough = self
        rough.tolerance = max(tolerance, 1e-4)
        rough.maximumIterations = min(maximumIterations, 20)
        let solution = rough.solve(thin, start: nil)
        return solution.status.isUsable || solution.status == .iterationLimit ? solution.coefficients : nil
    }
}

/// Minimizes a logistic objective with the method that suits it.
///
///     λ₁ = 0, columns ≤ limit    Newton; where the Hessian is singular, on to L-BFGS from the point reached
///     λ₁ > 0, columns ≤ limit    proximal Newton
///     λ₁ = 0, columns > limit    L-BFGS
///     λ₁ > 0, columns > limit    proximal Newton on the columns that matter; OWL-QN where these are too many as well
///
/// From 65,536 rows on, one in eight chunks of rows is solved first (itself so, down to 65,536), roughly: its optimum is a
/// standard error or two from that of all rows, which spares most of the steps over all of them.
package struct LogisticSolver: Sendable {
    /// Stops when `LogisticSolution.gradientNorm` is at most this.
    package var tolerance = 1e-10
    /// Of Newton's and proximal Newton's steps; L-BFGS, whose steps are that much cheaper, may take 20 times as many.
    package var maximumIterations = 100
    /// The most columns for which the Gram matrix is made. At 2,048 it takes 32 MiB, some 250 MiB with the parts' sums and
    /// the factor, and one product over the rows takes as many operations as 500 gradients do: L-BFGS needs few more.
    package var maximumGramColumns = 2048
    /// Fewest rows of which a sample chooses the start.
    package var minimumSampledRows = 1 << 16

    package init() {}

    /// - Parameter start: weights and then the intercept; nil starts at the optimum of a sample, or without features.
    /// - Returns: always the best point found, with how it ended. Never prints, never traps on data.
    package func solve(_ objective: LogisticObjective, start: [Double]? = nil) -> LogisticSolution {
        .of(objective) { solve($0, start: start) }
    }

    private func solve(_ problem: SolverProblem, start: [Double]?) -> LogisticSolution {
        let objective = problem.objective
        let start = start ?? sampled(problem)
        if objective.design.columns > maximumGramColumns {
            return objective.l1 > 0 ? solveSparse(problem, start: start) : lbfgs.solve(problem, start: start)
        }
        if objective.l1 > 0 { return proximal.solve(problem, start: start) }
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

    /// Solves for the columns of nonzero weight and those that the optimality conditions say should have one, until there
    /// are no such left (the working set of Tibshirani et al., Strong rules for discarding predictors, 2012, section 7). Each
    /// round lowers the objective, so no set comes twice.
    private func solveSparse(_ problem: SolverProblem, start: [Double]?) -> LogisticSolution {
        let columns = problem.objective.design.columns
        var coefficients = start ?? problem.interceptOnly
        var iterations = 0
        var loss = Double.infinity
        while true {
            let gradient = problem.objective.evaluate(at: coefficients, hessian: false).gradient
            let distances = (0..<columns).map { column in
                abs(problem.subgradient(gradient[column], weight: coefficients[column], column: column)) / problem.scales[column]
            }
            let used = (0..<columns).filter { coefficients[$0] != 0 }
            let wanted = (0..<columns).filter { coefficients[$0] == 0 && distances[$0] > tolerance * problem.objective.totalWeight }
                .sorted { (distances[$1], $0) < (distances[$0], $1) }
            let room = min(max(64, used.count), maximumGramColumns - used.count)
            guard room > 0 || wanted.isEmpty else { return lbfgs.solve(problem, start: coefficients) }
            let working = (used + wanted.prefix(room)).sorted()
            let inner = proximal.solve(problem.restricted(to: working), start: working.map { coefficients[$0] } + [coefficients[columns]])
            iterations += inner.iterations
            for (position, column) in working.enumerated() { coefficients[column] = inner.weights[position] }
            coefficients[columns] = inner.intercept
            // Without a fall, what is left of the distances is rounding.
            if wanted.isEmpty || !inner.status.isUsable || inner.loss >= loss {
                return LogisticSolution(
                    coefficients, inner.status, iterations: iterations, loss: inner.loss, gradientNorm: inner.gradientNorm, method: inner.method)
            }
            loss = inner.loss
        }
    }

    private var proximal: ProximalNewtonSolver {
        var solver = ProximalNewtonSolver()
        solver.tolerance = tolerance
        solver.maximumIterations = maximumIterations
        return solver
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

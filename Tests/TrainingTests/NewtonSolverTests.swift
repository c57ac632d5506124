import Foundation
import Testing
import Training

@Suite struct NewtonSolverTests {
    @Test("the optimum is scikit-learn's, to 1e-6 in every coefficient", arguments: SolverProblems.Kind.allCases)
    func sameOptimum(kind: SolverProblems.Kind) throws {
        let problems = (UInt64(1)...8).map { SolverProblems.random(kind, seed: $0) }
        let script = """
            \(SolverProblems.reader)
            from sklearn.linear_model import LogisticRegression
            out = []
            for x, y, s, l1, l2 in problems():
                m = LogisticRegression(solver='newton-cholesky', C=1/l2, tol=1e-12, max_iter=1000).fit(x, y, sample_weight=s)
                out.append(m.coef_[0].tolist() + [float(m.intercept_[0])])
            print(json.dumps(out))
            """
        let expected: [[Double]] = try Python.run(script, files: SolverProblems.files(problems))
        for (index, p) in problems.enumerated() {
            let solution = NewtonSolver().solve(p.objective)
            #expect(solution.status.isUsable, "\(kind), seed \(index + 1): \(solution.status)")
            for (got, want) in zip(solution.weights + [solution.intercept], expected[index]) {
                #expect(abs(got - want) < 1e-6 * max(1, abs(want)), "\(kind), seed \(index + 1)")
            }
        }
    }

    @Test("without features the intercept is the logit of the share of fraud")
    func interceptOnly() {
        let labels = (0..<1000).map { $0 % 8 == 0 }
        let objective = LogisticObjective(design: DesignMatrix(rows: 1000, columns: 0, values: []), labels: labels, weights: nil, l2: 3)
        let solution = NewtonSolver().solve(objective, start: [2])
        #expect(solution.status == .converged && abs(solution.intercept - log(0.125 / 0.875)) < 1e-9)
    }

    @Test("a weight of n is the row n times")
    func weightIsRepetition() {
        var random = RandomData(11)
        let counts = (0..<300).map { _ in random.below(4) }
        let p = 4
        let rows = (0..<300).map { _ in (0..<p).map { _ in Float(random.normal()) } }
        let labels = rows.map { row in random.uniform() < 1 / (1 + exp(-Double(row[0] - row[1]))) }
        func columnMajor(_ rows: [[Float]]) -> [Float] { (0..<p).flatMap { j in rows.map { $0[j] } } }
        let repeated = rows.indices.flatMap { Array(repeating: $0, count: counts[$0]) }
        let weighted = NewtonSolver().solve(
            LogisticObjective(
                design: DesignMatrix(rows: 300, columns: p, values: columnMajor(rows)), labels: labels, weights: counts.map(Double.init), l2: 0.5))
        let plain = NewtonSolver().solve(
            LogisticObjective(
                design: DesignMatrix(rows: repeated.count, columns: p, values: columnMajor(repeated.map { rows[$0] })),
                labels: repeated.map { labels[$0] }, weights: nil, l2: 0.5))
        for (a, b) in zip(weighted.weights + [weighted.intercept], plain.weights + [plain.intercept]) { #expect(abs(a - b) < 1e-9) }
    }

    @Test("gradient and Hessian agree with numeric differences")
    func derivatives() {
        for seed in UInt64(1)...6 {
            let p = SolverProblems.random(seed % 2 == 0 ? .weighted : .plain, seed: seed)
            let objective = p.objective
            var random = RandomData(seed)
            let at = (0..<objective.order).map { _ in random.normal() * 0.5 }
            let point = objective.evaluate(at: at, hessian: true)
            let h = 1e-5
            for j in at.indices {
                var up = at
                var down = at
                up[j] += h
                down[j] -= h
                let (high, low) = (objective.evaluate(at: up, hessian: false), objective.evaluate(at: down, hessian: false))
                #expect(abs((high.loss - low.loss) / (2 * h) - point.gradient[j]) < 1e-4 * max(1, abs(point.gradient[j])), "seed \(seed)")
                for k in j..<objective.order {
                    let numeric = (high.gradient[k] - low.gradient[k]) / (2 * h)
                    #expect(abs(numeric - point.hessian[k + j * objective.order]) < 1e-4 * max(1, abs(numeric)), "seed \(seed)")
                }
            }
        }
    }

    @Test("collinear columns without a penalty are reported as singular, with the reason")
    func singular() {
        var p = SolverProblems.random(.collinear, seed: 2)
        #expect(p.columns > 1)
        p.l2 = 0
        guard case .singular(let reason) = NewtonSolver().solve(p.objective).status else {
            Issue.record("a collinear problem without a penalty has no single optimum")
            return
        }
        #expect(reason.contains("collinear"))
    }

    @Test("separable labels without a penalty never look converged to a solution that is not there")
    func separableWithoutPenalty() {
        var p = SolverProblems.random(.separable, seed: 3)
        p.l2 = 0
        let solution = NewtonSolver().solve(p.objective)
        #expect(!solution.status.isUsable || solution.loss < 1e-3 * Double(p.rows))
        #expect(solution.weights.allSatisfy { $0.isFinite })
    }

    @Test("the iteration limit is reported, with the best point so far")
    func iterationLimit() {
        var solver = NewtonSolver()
        solver.maximumIterations = 1
        let p = SolverProblems.random(.plain, seed: 4)
        let solution = solver.solve(p.objective)
        #expect(solution.status == .iterationLimit && solution.iterations == 1)
        #expect(solution.loss < p.objective.evaluate(at: Array(repeating: 0, count: p.objective.order), hessian: false).loss)
    }

    @Test("no weight at all, and one label only, end without a crash")
    func degenerate() {
        var p = SolverProblems.random(.plain, seed: 5)
        p.weights = Array(repeating: 0, count: p.rows)
        #expect(!NewtonSolver().solve(p.objective).status.isUsable)
        p.weights = nil
        p.labels = Array(repeating: false, count: p.rows)
        #expect(NewtonSolver().solve(p.objective).weights.allSatisfy { abs($0) < 0.1 })
    }

    @Test("two runs give the same bits")
    func reproducible() {
        let p = SolverProblems.random(.plain, seed: 6)
        let first = NewtonSolver().solve(p.objective)
        let second = NewtonSolver().solve(p.objective)
        #expect(first.weights.map(\.bitPattern) == second.weights.map(\.bitPattern) && first.intercept == second.intercept)
    }
}

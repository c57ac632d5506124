import Foundation
import LogisticModel
import Testing
import Training

@Suite struct LogisticSolverTests {
    @Test("class weights, balanced or given, on top of row weights, give scikit-learn's optimum")
    func classWeights() throws {
        let problems = (UInt64(1)...6).map { seed in
            var p = SolverProblems.random(seed % 2 == 0 ? .weighted : .imbalanced, seed: seed)
            p.classWeights = seed <= 3 ? .balanced : .given(valid: 0.5, fraud: 7)
            return p
        }
        let script = """
            \(SolverProblems.reader)
            from sklearn.linear_model import LogisticRegression
            out = []
            for i, (x, y, s, l1, l2) in enumerate(problems()):
                c = 'balanced' if i < 3 else {0: 0.5, 1: 7}
                m = LogisticRegression(solver='newton-cholesky', C=1/l2, tol=1e-12, max_iter=1000, class_weight=c).fit(x, y, sample_weight=s)
                out.append(m.coef_[0].tolist() + [float(m.intercept_[0])])
            print(json.dumps(out))
            """
        let expected: [[Double]] = try Python.run(script, files: SolverProblems.files(problems))
        for (index, p) in problems.enumerated() {
            let solution = LogisticSolver().solve(p.objective)
            #expect(solution.status == .converged && largestError(solution.coefficients, expected[index]) < 1e-6, "seed \(index + 1)")
        }
    }

    @Test("more columns than a Gram matrix may have are solved by L-BFGS, to the same optimum")
    func wide() {
        for (index, kind) in SolverProblems.Kind.allCases.enumerated() {
            let p = SolverProblems.random(kind, seed: UInt64(20 + index), columns: 3..<13)
            var solver = LogisticSolver()
            solver.maximumGramColumns = 2
            let (a, b) = (solver.solve(p.objective), LogisticSolver().solve(p.objective))
            #expect(a.method == .lbfgs && a.status.isUsable && b.method == .newton, "\(kind): \(a.status)")
            #expect(largestError(a.coefficients, b.coefficients) < 1e-6, "\(kind)")
        }
    }

    @Test("collinear columns without a penalty: L-BFGS reaches the minimum, and the status says that it is not the only one")
    func collinear() throws {
        for seed in UInt64(1)...8 {
            var p = SolverProblems.random(.collinear, seed: seed, columns: 2..<10)
            p.l2 = 0
            let solution = LogisticSolver().solve(p.objective)
            guard case .notUnique(let reason) = solution.status else {
                Issue.record("seed \(seed): \(solution.status)")
                continue
            }
            #expect(reason.contains("collinear") && solution.status.isUsable && solution.method == .lbfgs)
            var without = p
            without.columns -= 1
            without.values.removeLast(p.rows)
            let unique = LogisticSolver().solve(without.objective)
            #expect(unique.status == .converged && abs(solution.loss - unique.loss) < 1e-9 * unique.loss, "seed \(seed)")
            // The two equal columns share what one column gets.
            #expect(abs(solution.weights[0] + solution.weights[p.columns - 1] - unique.weights[0]) < 1e-6, "seed \(seed)")
        }
    }

    @Test("labels separable without a penalty end with that status, by any method, at finite weights")
    func separable() {
        for seed in UInt64(1)...6 {
            var p = SolverProblems.random(.separable, seed: seed, columns: 1..<8)
            p.l2 = 0
            var wide = LogisticSolver()
            wide.maximumGramColumns = 0
            for solution in [LogisticSolver().solve(p.objective), NewtonSolver().solve(p.objective), wide.solve(p.objective)] {
                guard case .separable = solution.status else {
                    Issue.record("seed \(seed), \(solution.method): \(solution.status)")
                    continue
                }
                #expect(!solution.status.isUsable && solution.coefficients.allSatisfy { $0.isFinite }, "seed \(seed)")
            }
        }
    }

    @Test("a flag that only frauds carry separates in part: it has no finite weight, though the others have")
    func quasiSeparable() {
        for seed in UInt64(1)...6 {
            var p = SolverProblems.random(.plain, seed: seed, rows: 300..<1500, columns: 2..<8)
            p.l2 = 0
            for row in 0..<p.rows { p.values[row] = p.labels[row] && row % 5 == 0 ? 1 : 0 }
            var wide = LogisticSolver()
            wide.maximumGramColumns = 0
            for solution in [LogisticSolver().solve(p.objective), wide.solve(p.objective)] {
                guard case .separable = solution.status else {
                    Issue.record("seed \(seed), \(solution.method): \(solution.status), \(solution.coefficients)")
                    continue
                }
            }
            p.l2 = 0.01
            #expect(LogisticSolver().solve(p.objective).status == .converged, "seed \(seed)")
        }
    }

    @Test("a start from a sample of the rows ends at the same optimum")
    func sampledStart() {
        for kind in [SolverProblems.Kind.plain, .weighted, .imbalanced] {
            var p = SolverProblems.random(kind, seed: 30, rows: 20_000..<40_000, columns: 3..<8)
            for l1 in [0, 5.0] {
                p.l1 = l1
                var sampling = LogisticSolver()
                sampling.minimumSampledRows = 1000
                var plain = LogisticSolver()
                plain.minimumSampledRows = .max
                let (a, b) = (sampling.solve(p.objective), plain.solve(p.objective))
                #expect(a.status == .converged && a.iterations < b.iterations, "\(kind)")
                #expect(largestError(a.coefficients, b.coefficients) < 1e-8, "\(kind)")
            }
        }
    }

    @Test("a sample that misleads, or lacks a label, only costs steps")
    func misleadingSample() {
        var p = SolverProblems.random(.plain, seed: 31, rows: 16_000..<20_000, columns: 3..<4)
        // Sorted by label, so that most chunks hold one; and the sampled chunks' values turned round.
        p.labels.sort { !$0 && $1 }
        for row in 0..<p.rows where row / 512 % 8 == 0 { p.values[row] = -10 * p.values[row] }
        var sampling = LogisticSolver()
        sampling.minimumSampledRows = 1000
        let (a, b) = (sampling.solve(p.objective), NewtonSolver().solve(p.objective))
        #expect(a.status == .converged && largestError(a.coefficients, b.coefficients) < 1e-8)
        p.labels = p.labels.indices.map { $0 >= 600 && $0 < 700 }
        let (c, d) = (sampling.solve(p.objective), NewtonSolver().solve(p.objective))
        #expect(c.status == .converged && largestError(c.coefficients, d.coefficients) < 1e-8)
    }

    @Test("the trainer passes the L1 ratio and class weights on, and refuses bad ones")
    func trainerOptions() throws {
        let table = sampleTable(seed: 12, rows: 2000)
        func weights(_ change: (inout TrainingOptions) -> Void) throws -> [Double] {
            var options = TrainingOptions()
            (options.kind, options.l2Grid, options.trainShare) = (.linear, [50], 1)
            change(&options)
            let model = try Trainer.train(table: table, options: options, catalogue: sampleCatalogue).0
            return model.features.flatMap { [$0.weight, $0.missingWeight] } + [model.intercept]
        }
        let plain = try weights { _ in }
        let lasso = try weights { $0.l1Ratio = 1 }
        #expect(lasso.count { $0 != 0 } < plain.count { $0 != 0 } && lasso.count { $0 != 0 } > 2)
        let balanced = try weights { $0.classWeights = .balanced }
        // Fraud is 15 %: the balanced log-odds are up by about ln(0.85 / 0.15).
        let shift = try #require(balanced.last) - #require(plain.last)
        #expect((1.0...2.5).contains(shift), "\(shift)")
        #expect(throws: TrainingError.self) { try weights { $0.l1Ratio = 1.5 } }
        #expect(throws: TrainingError.self) { try weights { $0.classWeights = .given(valid: 0, fraud: 1) } }
    }

    @Test("past the column limit as it is set, a problem with more columns than rows is solved")
    func reallyWide() {
        var p = SolverProblems.random(.plain, seed: 40, rows: 200..<201, columns: 2060..<2061)
        p.l2 = 10
        let solution = LogisticSolver().solve(p.objective)
        #expect(solution.method == .lbfgs && solution.status.isUsable, "\(solution.status)")
        let gradient = p.objective.evaluate(at: solution.coefficients, hessian: false).gradient
        #expect(gradient.allSatisfy { abs($0) < 1e-5 })
        (p.l2, p.l1) = (1, 4)
        let sparse = LogisticSolver().solve(p.objective)
        #expect(sparse.method == .proximalNewton && sparse.status.isUsable, "\(sparse.method): \(sparse.status)")
        let smooth = p.objective.evaluate(at: sparse.coefficients, hessian: false).gradient
        for (weight, slope) in zip(sparse.weights, smooth) {
            #expect(weight == 0 ? abs(slope) <= p.l1 + 1e-6 : abs(slope + (weight > 0 ? p.l1 : -p.l1)) < 1e-6)
        }
        #expect(sparse.weights.count { $0 != 0 } < 300 && abs(smooth[p.columns]) < 1e-6)
    }
}

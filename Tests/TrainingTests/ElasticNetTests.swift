import Foundation
import Testing
import Training

@Suite struct ElasticNetTests {
    /// How far the optimality conditions are from holding, over the rows: an own, slow gradient.
    private func violation(_ p: Problem, _ solution: LogisticSolution) -> Double {
        var gradient = [Double](repeating: 0, count: p.columns + 1)
        for row in 0..<p.rows {
            let eta = (0..<p.columns).reduce(solution.intercept) { $0 + Double(p.values[row + $1 * p.rows]) * solution.weights[$1] }
            let residual = (p.weights?[row] ?? 1) * (1 / (1 + exp(-eta)) - (p.labels[row] ? 1 : 0))
            for column in 0..<p.columns { gradient[column] += residual * Double(p.values[row + column * p.rows]) }
            gradient[p.columns] += residual
        }
        var worst = abs(gradient[p.columns])
        for (column, weight) in solution.weights.enumerated() {
            let smooth = gradient[column] + p.l2 * weight
            worst = max(worst, weight == 0 ? abs(smooth) - p.l1 : abs(smooth + (weight > 0 ? p.l1 : -p.l1)))
        }
        return worst / Double(p.rows)
    }

    private func problems(_ kind: SolverProblems.Kind, seeds: ClosedRange<UInt64>) -> [Problem] {
        seeds.map { seed in
            var p = SolverProblems.random(kind, seed: seed, rows: 60..<600, columns: 2..<12)
            let share = [1, 0.5, 0.1][Int(seed % 3)]
            let strength = [0.3, 3, 20][Int(seed / 3 % 3)]
            (p.l1, p.l2) = (strength * share, strength * (1 - share))
            return p
        }
    }

    @Test("L1 and elastic net optima are scikit-learn's saga, to 1e-6", arguments: [SolverProblems.Kind.plain, .weighted, .separable, .imbalanced])
    func sameAsSaga(kind: SolverProblems.Kind) throws {
        let problems = problems(kind, seeds: 1...9)
        let script = """
            \(SolverProblems.reader)
            from sklearn.linear_model import LogisticRegression
            out = []
            for x, y, s, l1, l2 in problems():
                m = LogisticRegression(solver='saga', l1_ratio=l1/(l1+l2), C=1/(l1+l2), tol=1e-11, max_iter=100000, random_state=0)
                m.fit(x, y, sample_weight=s)
                out.append(m.coef_[0].tolist() + [float(m.intercept_[0])])
            print(json.dumps(out))
            """
        let expected: [[Double]] = try Python.run(script, files: SolverProblems.files(problems))
        for (index, p) in problems.enumerated() {
            let solution = LogisticSolver().solve(p.objective)
            #expect(solution.status.isUsable && solution.method == .proximalNewton, "\(kind), seed \(index + 1): \(solution.status)")
            #expect(largestError(solution.coefficients, expected[index]) < 1e-6, "\(kind), seed \(index + 1)")
            #expect(violation(p, solution) < 1e-9, "\(kind), seed \(index + 1)")
            #expect(solution.weights.count { $0 == 0 } == expected[index].dropLast().count { abs($0) < 1e-9 }, "\(kind), seed \(index + 1)")
        }
    }

    @Test("the optimality conditions hold on wider problems, collinear columns and columns in other units")
    func optimalityConditions() {
        for seed in UInt64(1)...12 {
            var p = SolverProblems.random(seed % 2 == 0 ? .collinear : .plain, seed: seed, rows: 100..<3000, columns: 40..<120)
            (p.l1, p.l2) = seed % 3 == 0 ? (5, 0) : (2, 1)
            if seed % 4 == 1 { for row in 0..<p.rows { p.values[row] *= 1000 } }
            let solution = LogisticSolver().solve(p.objective)
            #expect(solution.status.isUsable, "seed \(seed): \(solution.status)")
            #expect(violation(p, solution) < 1e-6, "seed \(seed)")
            #expect(solution.iterations < 30, "seed \(seed)")
        }
    }

    @Test("from the penalty on at which the largest gradient at zero is reached, all weights are exactly zero")
    func largestPenalty() {
        var p = SolverProblems.random(.plain, seed: 9)
        p.l2 = 0
        let share = Double(p.labels.count { $0 }) / Double(p.rows)
        let start = Array(repeating: 0, count: p.columns) + [log(share / (1 - share))]
        let largest = p.objective.evaluate(at: start, hessian: false).gradient.dropLast().map { abs($0) }.max() ?? 0
        p.l1 = largest * 1.000001
        #expect(LogisticSolver().solve(p.objective).weights.allSatisfy { $0 == 0 })
        p.l1 = largest * 0.999
        #expect(LogisticSolver().solve(p.objective).weights.count { $0 != 0 } == 1)
    }

    @Test("without an L1 penalty it goes where Newton goes")
    func withoutL1() {
        for kind in SolverProblems.Kind.allCases {
            let p = SolverProblems.random(kind, seed: 10)
            let (a, b) = (ProximalNewtonSolver().solve(p.objective), NewtonSolver().solve(p.objective))
            #expect(largestError(a.coefficients, b.coefficients) < 1e-7, "\(kind)")
        }
    }

    @Test("OWL-QN, for more columns than a Gram matrix may have, goes where proximal Newton goes")
    func owlqn() {
        for seed in UInt64(1)...9 {
            var p = SolverProblems.random(.plain, seed: seed, rows: 200..<1500, columns: 5..<25)
            (p.l1, p.l2) = seed % 3 == 0 ? (10, 0) : (4, 1)
            var wide = LogisticSolver()
            wide.maximumGramColumns = 4
            wide.tolerance = 1e-9
            let (a, b) = (wide.solve(p.objective), LogisticSolver().solve(p.objective))
            #expect(a.method == .owlqn && a.status.isUsable, "seed \(seed): \(a.status)")
            #expect(largestError(a.coefficients, b.coefficients) < 1e-5, "seed \(seed)")
        }
    }
}

import Foundation
import Testing
import Training

@Suite struct SolverInputTests {
    private let solvers: [(String, @Sendable (LogisticObjective) -> LogisticSolution)] = [
        ("automatic", { LogisticSolver().solve($0) }), ("Newton", { NewtonSolver().solve($0) }),
        ("proximal", { ProximalNewtonSolver().solve($0) }), ("L-BFGS", { LBFGSSolver().solve($0) }),
    ]

    private func reason(_ status: SolverStatus) -> String {
        if case .invalid(let reason) = status { reason } else { "not invalid: \(status)" }
    }

    @Test("a value that is not finite is refused with its place")
    func notFinite() {
        for (value, text) in [(Float.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")] {
            for row in [0, 3, 1034] {
                var p = SolverProblems.random(.plain, seed: 1, rows: 1035..<1036, columns: 3..<4)
                p.values[row + 2 * p.rows] = value
                for (name, solve) in solvers {
                    let reason = reason(solve(p.objective).status)
                    #expect(reason == "column 2, row \(row) is \(text); expected a finite number", "\(name)")
                }
            }
        }
    }

    @Test("weights that are negative, not finite or all zero are refused, and so are class weights")
    func weights() {
        var p = SolverProblems.random(.plain, seed: 2)
        for (name, solve) in solvers {
            for bad in [-1, Double.nan, .infinity] {
                p.weights = Array(repeating: 1, count: p.rows)
                p.weights?[7] = bad
                #expect(reason(solve(p.objective).status).contains("weight of row 7 is \(bad)"), "\(name)")
            }
            p.weights = Array(repeating: 0, count: p.rows)
            #expect(reason(solve(p.objective).status).contains("no rows of positive weight"), "\(name)")
            p.weights = nil
            p.classWeights = .given(valid: 1, fraud: -2)
            #expect(reason(solve(p.objective).status).contains("class weights 1.0 and -2.0"), "\(name)")
            p.classWeights = .none
        }
    }

    @Test("no rows, one label, and one label by weight have no optimum")
    func oneLabel() {
        for (name, solve) in solvers {
            let empty = Problem(rows: 0, columns: 2, values: [], labels: [], weights: nil, l2: 1)
            #expect(reason(solve(empty.objective).status).contains("no rows"), "\(name)")
            var p = SolverProblems.random(.plain, seed: 3)
            p.weights = p.labels.map { $0 ? 0 : 1 }
            #expect(solve(p.objective).status == .separable(reason: "all rows of positive weight are valid"), "\(name)")
            p.weights = nil
            p.labels = Array(repeating: true, count: p.rows)
            #expect(solve(p.objective).status == .separable(reason: "all rows of positive weight are fraud"), "\(name)")
        }
    }

    @Test("without columns, and with columns of zeros, the intercept is the logit of the share of fraud")
    func noColumns() {
        let labels = (0..<1000).map { $0 % 8 == 0 }
        for (name, solve) in solvers {
            for columns in [0, 2] {
                let p = Problem(
                    rows: 1000, columns: columns, values: Array(repeating: 0, count: 1000 * columns), labels: labels, weights: nil, l2: 1)
                let solution = solve(p.objective)
                #expect(solution.status == .converged && abs(solution.intercept - log(0.125 / 0.875)) < 1e-9, "\(name)")
                #expect(solution.weights == Array(repeating: 0, count: columns), "\(name)")
            }
        }
    }

    @Test("columns in units from 1e-15 to 1e15 give the same scores")
    func units() {
        for seed in UInt64(1)...4 {
            var p = SolverProblems.random(.plain, seed: seed, rows: 200..<1000, columns: 3..<6)
            p.l2 = 0
            let want = NewtonSolver().solve(p.objective)
            // Powers of two, so that the values lose nothing.
            let units = (0..<p.columns).map { exp2(Double([-50, 50, 0, 30, -20][$0])) }
            for column in 0..<p.columns { for row in 0..<p.rows { p.values[row + column * p.rows] *= Float(units[column]) } }
            for (name, solve) in solvers {
                let solution = solve(p.objective)
                #expect(solution.status.isUsable, "\(name), seed \(seed): \(solution.status)")
                let weights = zip(solution.weights, units).map { $0 * $1 }
                #expect(largestError(weights + [solution.intercept], want.coefficients) < 1e-6, "\(name), seed \(seed)")
            }
        }
    }

    @Test("values as large as single precision holds, and a start far away, end without a crash")
    func extremes() {
        for seed in UInt64(1)...20 {
            var random = RandomData(seed)
            let extreme: [Float] = [3e38, -3e38, 0, .leastNonzeroMagnitude, 1, -1]
            let rows = 2 + random.below(40)
            var p = Problem(
                rows: rows, columns: 2, values: (0..<rows * 2).map { _ in extreme[random.below(6)] },
                labels: (0..<rows).map { _ in random.below(2) == 0 }, weights: nil, l2: Double(random.below(2)))
            for (name, solve) in solvers {
                let solution = solve(p.objective)
                #expect(solution.coefficients.allSatisfy { $0.isFinite }, "\(name), seed \(seed): \(solution.status)")
            }
            p.l1 = 1
            #expect(LogisticSolver().solve(p.objective).coefficients.allSatisfy { $0.isFinite }, "seed \(seed)")
            #expect(!LogisticSolver().solve(p.objective, start: [1e300, 1e300, 0]).status.description.isEmpty)
        }
    }

    @Test("the vector exponential and logarithm are the C library's, to a few roundings")
    func lanesMath() {
        var random = RandomData(4)
        for _ in 0..<20_000 {
            let x = -exp(random.normal() * 3)
            let exponential = LanesMath.exponential(nonPositive: .init(repeating: x))[3]
            if x > -708 { #expect(abs(exponential - exp(x)) <= 4e-16 * exp(x), "\(x)") }
            let e = min(1, exp(random.normal() * 5 - 4))
            let logarithm = LanesMath.log1p(unit: .init(repeating: e))[5]
            #expect(abs(logarithm - log1p(e)) <= 5e-16 * log1p(e), "\(e)")
        }
        #expect(LanesMath.exponential(nonPositive: .init(repeating: 0))[0] == 1 && LanesMath.log1p(unit: .init(repeating: 0))[0] == 0)
        #expect(LanesMath.exponential(nonPositive: .init(repeating: -1e300))[0] < 1e-300)
        #expect(LanesMath.exponential(nonPositive: .init(repeating: .nan))[0].isNaN)
    }
}

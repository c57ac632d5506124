import Foundation
import Testing
import Training

@Suite struct CoefficientInferenceTests {
    struct Reference: Decodable {
        var coefficients: [Double]
        var errors: [Double]
        var z: [Double]
        var p: [Double]
        var low: [Double]
        var high: [Double]
        var loss: Double
    }

    /// statsmodels' figures, the intercept last. Weights are numbers of rows, which its Logit does not take: its GLM does.
    private static let statsmodels = """
        \(SolverProblems.reader)
        import statsmodels.api as sm
        out = []
        for x, y, s, l1, l2 in problems():
            x, y = np.column_stack([x, np.ones(len(y))]), y.astype(float)
            if (s == 1).all(): m = sm.Logit(y, x).fit(method='newton', tol=1e-14, maxiter=200, disp=0)
            else: m = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=s).fit(tol=1e-14, maxiter=200)
            ci = m.conf_int(0.1)
            out.append(dict(coefficients=m.params.tolist(), errors=m.bse.tolist(), z=m.tvalues.tolist(), p=m.pvalues.tolist(),
                low=ci[:, 0].tolist(), high=ci[:, 1].tolist(), loss=float(-m.llf)))
        print(json.dumps(out))
        """

    private func unpenalized(_ kind: SolverProblems.Kind, seeds: ClosedRange<UInt64>) -> [Problem] {
        seeds.map {
            var p = SolverProblems.random(kind, seed: $0, rows: 400..<3000, columns: 1..<10)
            p.l2 = 0
            return p
        }
    }

    @Test("coefficients, standard errors, z, p-values, intervals and likelihood are statsmodels', to 1e-6")
    func sameAsStatsmodels() throws {
        let problems = [.plain, .weighted, .imbalanced, .scaled].flatMap { unpenalized($0, seeds: 1...6) }
        let expected: [Reference] = try Python.run(Self.statsmodels, files: SolverProblems.files(problems))
        for (index, (p, want)) in zip(problems, expected).enumerated() {
            let solution = LogisticSolver().solve(p.objective)
            #expect(solution.status == .converged && solution.method == .newton, "problem \(index): \(solution.status)")
            let got = try #require(solution.inference(p.objective), "problem \(index)")
            #expect(largestError(got.estimates, want.coefficients) < 1e-6, "problem \(index)")
            #expect(largestError(got.standardErrors, want.errors) < 1e-6, "problem \(index)")
            #expect(largestError(got.zValues, want.z) < 1e-6, "problem \(index)")
            #expect(largestError(got.pValues, want.p) < 1e-6, "problem \(index)")
            let intervals = got.intervals(level: 0.9)
            #expect(largestError(intervals.map(\.lowerBound), want.low) < 1e-6, "problem \(index)")
            #expect(largestError(intervals.map(\.upperBound), want.high) < 1e-6, "problem \(index)")
            #expect(abs(solution.loss - want.loss) < 1e-8 * want.loss, "problem \(index)")
        }
    }

    @Test("standardized columns, put back on the original scale, give statsmodels' figures on the raw columns")
    func originalScale() throws {
        var random = RandomData(3)
        var raw = unpenalized(.plain, seeds: 7...7)[0]
        let centers = (0..<raw.columns).map { _ in 10 * random.normal() }
        let scales = (0..<raw.columns).map { _ in exp(2 * random.normal()) }
        var standardized = raw
        for column in 0..<raw.columns {
            for row in 0..<raw.rows {
                let index = row + column * raw.rows
                raw.values[index] = Float(centers[column] + scales[column] * Double(raw.values[index]))
                // From the rounded raw value, and rounded again: the figures agree to single precision only.
                standardized.values[index] = Float((Double(raw.values[index]) - centers[column]) / scales[column])
            }
        }
        let expected: [Reference] = try Python.run(Self.statsmodels, files: SolverProblems.files([raw]))
        let solution = LogisticSolver().solve(standardized.objective)
        let got = try #require(solution.inference(standardized.objective)).onOriginalScale(centers: centers, scales: scales)
        #expect(largestError(got.estimates, expected[0].coefficients) < 1e-5)
        #expect(largestError(got.standardErrors, expected[0].errors) < 1e-5)
        #expect(largestError(got.zValues.dropLast(), Array(expected[0].z.dropLast())) < 1e-5)
    }

    @Test("with an L2 penalty they come from the penalized Hessian, as numpy inverts it at scikit-learn's optimum", arguments: [
        SolverProblems.Kind.collinear, .separable, .weighted,
    ])
    func penalized(kind: SolverProblems.Kind) throws {
        let problems = (UInt64(1)...5).map { SolverProblems.random(kind, seed: $0) }
        let script = """
            \(SolverProblems.reader)
            from sklearn.linear_model import LogisticRegression
            out = []
            for x, y, s, l1, l2 in problems():
                m = LogisticRegression(solver='newton-cholesky', C=1/l2, tol=1e-12, max_iter=1000).fit(x, y, sample_weight=s)
                p = m.predict_proba(x)[:, 1]
                a = np.column_stack([x, np.ones(len(y))])
                h = (a.T * (s * p * (1 - p))) @ a + np.diag([l2] * x.shape[1] + [0])
                out.append(np.sqrt(np.diag(np.linalg.inv(h))).tolist())
            print(json.dumps(out))
            """
        let expected: [[Double]] = try Python.run(script, files: SolverProblems.files(problems))
        for (index, p) in problems.enumerated() {
            let got = try #require(LogisticSolver().solve(p.objective).inference(p.objective), "\(kind), seed \(index + 1)")
            #expect(largestError(got.standardErrors, expected[index]) < 1e-6, "\(kind), seed \(index + 1)")
        }
    }

    @Test("they read as a table, a coefficient a row")
    func table() throws {
        let p = unpenalized(.plain, seeds: 4...4)[0]
        let inference = try #require(LogisticSolver().solve(p.objective).inference(p.objective))
        let lines = inference.table(names: (0..<p.columns).map { "column \($0)" }).split(separator: "\n")
        #expect(lines.count == p.columns + 2 && lines[0].hasPrefix("coefficient") && lines[p.columns + 1].hasPrefix("intercept"))
        let cells = lines[1].split(separator: " ").compactMap { Double($0) }.dropFirst()
        #expect(abs(cells[1] - inference.estimates[0]) < 1e-4 && abs(cells[2] - 1.959964 * inference.standardErrors[0]) < 1e-4)
    }

    @Test("there are none with an L1 penalty, nor where the optimum is not unique or not there")
    func none() {
        var p = SolverProblems.random(.plain, seed: 8)
        p.l1 = 1
        #expect(LogisticSolver().solve(p.objective).inference(p.objective) == nil)
        for kind in [SolverProblems.Kind.collinear, .separable] {
            var p = SolverProblems.random(kind, seed: 2)
            p.l2 = 0
            let solution = LogisticSolver().solve(p.objective)
            #expect(solution.inference(p.objective) == nil, "\(kind): \(solution.status)")
        }
        var collinear = SolverProblems.random(.collinear, seed: 2)
        collinear.l2 = 0
        #expect(CoefficientInference(collinear.objective, at: Array(repeating: 0, count: collinear.columns + 1)) == nil)
    }
}

import Foundation
import Training

/// A logistic regression to solve.
struct Problem {
    var rows: Int
    var columns: Int
    var values: [Float]
    var labels: [Bool]
    var weights: [Double]?
    var l2: Double
    var l1 = 0.0
    var classWeights = ClassWeights.none
    var design: DesignMatrix { DesignMatrix(rows: rows, columns: columns, values: values) }
    var objective: LogisticObjective {
        LogisticObjective(design: design, labels: labels, weights: weights, l2: l2, l1: l1, classWeights: classWeights)
    }
}

/// Random problems, and how Python reads them.
enum SolverProblems {
    enum Kind: String, CaseIterable { case plain, weighted, collinear, separable, imbalanced, scaled }

    static func random(_ kind: Kind, seed: UInt64, rows: Range<Int> = 50..<3050, columns: Range<Int> = 1..<13) -> Problem {
        var random = RandomData(seed)
        let rows = rows.lowerBound + random.below(rows.count)
        let columns = columns.lowerBound + random.below(columns.count)
        var values = (0..<rows * columns).map { _ in Float(random.normal()) }
        let truth = (0..<columns).map { _ in random.normal() }
        let offset = kind == .imbalanced ? -4.0 : random.normal() * 0.5
        var labels = (0..<rows).map { row in
            let logit = (0..<columns).reduce(offset) { $0 + Double(values[row + $1 * rows]) * truth[$1] }
            return kind == .separable ? logit > offset : random.uniform() < 1 / (1 + exp(-logit))
        }
        if kind != .separable || Set(labels).count == 1 {
            labels[0] = true
            labels[1] = false
        }
        if kind == .collinear && columns > 1 {
            for row in 0..<rows { values[row + (columns - 1) * rows] = values[row] }
        }
        if kind == .scaled { for row in 0..<rows { values[row] *= 30 } }
        let weights = kind == .weighted ? (0..<rows).map { _ in random.uniform() < 0.1 ? 0 : 3 * random.uniform() } : nil
        return Problem(rows: rows, columns: columns, values: values, labels: labels, weights: weights, l2: [0.1, 1, 25][random.below(3)])
    }

    static func files(_ problems: [Problem]) -> [String: Data] {
        var files: [String: Data] = [:]
        for (index, p) in problems.enumerated() {
            files["x\(index)"] = p.values.data
            files["y\(index)"] = p.labels.map { $0 ? UInt8(1) : 0 }.data
            files["s\(index)"] = (p.weights ?? Array(repeating: 1, count: p.rows)).data
        }
        files["shapes"] = problems.flatMap { [Double($0.rows), Double($0.columns), $0.l1, $0.l2] }.data
        return files
    }

    /// Python that defines `problems()`: x, y, weights, λ₁ and λ₂ of each of `files`. One thread: the tests are many already.
    static let reader = """
        import os; os.environ['OPENBLAS_NUM_THREADS'] = '1'
        import json, warnings, numpy as np
        warnings.simplefilter('ignore')
        def problems():
            for i, (n, p, l1, l2) in enumerate(np.fromfile('shapes').reshape(-1, 4)):
                n, p = int(n), int(p)
                x = np.fromfile(f'x{i}', np.float32).reshape(p, n).T.astype(np.float64)
                yield x, np.fromfile(f'y{i}', np.uint8), np.fromfile(f's{i}'), float(l1), float(l2)
        """
}

/// The largest difference of two coefficient vectors, relative above 1.
func largestError(_ got: [Double], _ want: [Double]) -> Double {
    guard got.count == want.count else { return .infinity }
    return zip(got, want).reduce(0) { worst, pair in
        let error = abs(pair.0 - pair.1) / max(1, abs(pair.1))
        return error.isFinite ? max(worst, error) : .infinity
    }
}

internal import Foundation

/// Platt's sigmoid: P(fraud) = 1 / (1 + e^−(slope·x + offset)).
///
/// Platt 1999, with his smoothed targets (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2) instead of 1 and 0, by which separable scores have a
/// finite slope; fitted by the Newton method with backtracking of Lin, Lin and Weng 2007 ("A note on Platt's probabilistic
/// outputs for support vector machines", algorithm 1). scikit-learn's `_SigmoidCalibration` has the same optimum.
package enum PlattScaling {
    /// Lin et al. add it to the Hessian's diagonal, so that it can be solved.
    private static let ridge = 1e-12
    private static let maximumIterations = 100
    private static let smallestStep = 1e-10

    /// The sigmoid of least log loss.
    ///
    /// - Parameters:
    ///   - logits: sums of terms, finite.
    ///   - weights: how many rows each counts for; nil: 1 each.
    /// - Returns: slope, which is negative when higher sums are fraud less often, and offset.
    /// - Complexity: O(rows × iterations), which are about ten.
    package static func fit(logits: [Float], labels: [Bool], weights: [Double]? = nil) -> (slope: Double, offset: Double) {
        precondition(logits.count == labels.count && weights?.count ?? labels.count == labels.count)
        let problem = Problem(logits: logits, labels: labels, weights: weights)
        var point = problem.start
        var value = problem.loss(point)
        for _ in 0..<maximumIterations {
            let d = problem.derivatives(point)
            guard max(abs(d.slope), abs(d.offset)) > 1e-12 * max(1, problem.total) else { break }
            let determinant = (d.slopeSlope + ridge) * (d.offsetOffset + ridge) - d.slopeOffset * d.slopeOffset
            guard determinant > 0 else { break }
            let step = (
                slope: -((d.offsetOffset + ridge) * d.slope - d.slopeOffset * d.offset) / determinant,
                offset: -((d.slopeSlope + ridge) * d.offset - d.slopeOffset * d.slope) / determinant
            )
            let descent = d.slope * step.slope + d.offset * step.offset
            var size = 1.0
            var moved = false
            while size >= smallestStep {
                let trial = (slope: point.slope + size * step.slope, offset: point.offset + size * step.offset)
                let trialValue = problem.loss(trial)
                if trialValue < value + 1e-4 * size * descent {
                    (point, value, moved) = (trial, trialValue, true)
                    break
                }
                size /= 2
            }
            // No step lowers the loss any more: its rounding is reached.
            guard moved else { break }
        }
        // The problem is solved in scaled logits.
        return (point.slope / problem.scale, point.offset)
    }

    private struct Problem {
        let x: [Double]
        let targets: [Double]
        let weights: [Double]?
        /// Logits are divided by it, so that the Hessian is well conditioned.
        let scale: Double
        let total: Double
        let start: (slope: Double, offset: Double)

        init(logits: [Float], labels: [Bool], weights: [Double]?) {
            let largest = logits.reduce(Float(0)) { max($0, abs($1)) }
            let scale = largest > 0 ? Double(largest) : 1
            var (frauds, valids) = (0.0, 0.0)
            for (row, isFraud) in labels.enumerated() {
                if isFraud { frauds += weights?[row] ?? 1 } else { valids += weights?[row] ?? 1 }
            }
            let (high, low) = ((frauds + 1) / (frauds + 2), 1 / (valids + 2))
            self.scale = scale
            self.weights = weights
            x = logits.map { Double($0) / scale }
            targets = labels.map { $0 ? high : low }
            total = frauds + valids
            start = (0, log((frauds + 1) / (valids + 1)))
        }

        func loss(_ point: (slope: Double, offset: Double)) -> Double {
            var sum = 0.0
            for row in x.indices {
                let f = point.slope * x[row] + point.offset
                // −t·log p − (1 − t)·log(1 − p), in the form that does not cancel (Lin et al., §3.1).
                let loss = f >= 0 ? (1 - targets[row]) * f + log1p(exp(-f)) : -targets[row] * f + log1p(exp(f))
                sum += (weights?[row] ?? 1) * loss
            }
            return sum
        }

        func derivatives(_ point: (slope: Double, offset: Double)) -> Derivatives {
            var d = Derivatives()
            for row in x.indices {
                let f = point.slope * x[row] + point.offset
                let e = exp(-abs(f))
                let p = f >= 0 ? 1 / (1 + e) : e / (1 + e)
                let weight = weights?[row] ?? 1
                let gradient = weight * (p - targets[row])
                let curvature = weight * e / ((1 + e) * (1 + e))
                d.slope += gradient * x[row]
                d.offset += gradient
                d.slopeSlope += curvature * x[row] * x[row]
                d.slopeOffset += curvature * x[row]
                d.offsetOffset += curvature
            }
            return d
        }
    }

    private struct Derivatives {
        var slope = 0.0
        var offset = 0.0
        var slopeSlope = 0.0
        var slopeOffset = 0.0
        var offsetOffset = 0.0
    }
}

internal import Foundation
internal import LinearAlgebra

/// Standard errors of coefficients, from the inverse of the objective's Hessian at the optimum.
///
/// Without a penalty it is the inverse of the observed information: errors, z and p-values are those of maximum likelihood
/// (statsmodels' `Logit.fit().bse`), with weights read as numbers of rows (`GLM(freq_weights=)`), class weights included.
/// With an L2 penalty it is the inverse of the penalized Hessian, the covariance of the Gaussian approximation of the
/// posterior under the prior that the penalty stands for: smaller, and about a shrunken estimate. An L1 penalty has none.
///
/// The scale is that of the design's columns, for a trained model standardized ones: the change of the log-odds per
/// standard deviation. `onOriginalScale` gives it per unit of the feature (after its transform).
package struct CoefficientInference: Hashable, Codable, Sendable {
    /// Weights and then the intercept.
    package let estimates: [Double]
    /// order × order, both triangles.
    package let covariance: [Double]

    /// nil: λ₁ > 0, or a Hessian that is singular or not finite at the coefficients.
    ///
    /// - Parameter coefficients: weights and then the intercept, at the optimum of the objective.
    /// - Complexity: one Hessian, and O(columns³).
    package init?(_ objective: LogisticObjective, at coefficients: [Double]) {
        guard objective.l1 == 0, objective.totalWeight > 0, coefficients.count == objective.order else { return nil }
        let point = objective.evaluate(at: coefficients, hessian: true)
        guard let factor = try? CholeskyFactor(lowerTriangle: point.hessian, order: objective.order, equilibrated: true),
            factor.conditionLowerBound < 1e14, let inverse = try? factor.inverse(), inverse.allSatisfy(\.isFinite)
        else { return nil }
        estimates = coefficients
        covariance = inverse
    }

    private init(estimates: [Double], covariance: [Double]) {
        self.estimates = estimates
        self.covariance = covariance
    }

    package var standardErrors: [Double] {
        estimates.indices.map { max(0, covariance[$0 + $0 * estimates.count]).squareRoot() }
    }

    /// Estimates in standard errors.
    package var zValues: [Double] { zip(estimates, standardErrors).map { $0 / $1 } }

    /// Two-sided, of the normal distribution: how probable a |z| this large is when the true coefficient is 0.
    package var pValues: [Double] { zValues.map { erfc(abs($0) / 2.0.squareRoot()) } }

    /// Estimates ± a multiple of the standard error: the interval that holds the true coefficient at this `level`,
    /// between 0 and 1, under the normal approximation (Wald).
    package func intervals(level: Double = 0.95) -> [ClosedRange<Double>] {
        let multiple = Self.normalMultiple(level: level)
        return zip(estimates, standardErrors).map { $0 - multiple * $1...$0 + multiple * $1 }
    }

    /// The coefficients as a table for a terminal or a log: one a row, the intercept last, with its 95 % interval.
    ///
    /// - Parameter names: one a weight.
    package func table(names: [String]) -> String {
        precondition(names.count == estimates.count - 1, "a name a weight")
        var text = TextTable(["coefficient", "estimate", "±", "std. error", "z", "p"])
        let (errors, z, p) = (standardErrors, zValues, pValues)
        for (index, interval) in intervals().enumerated() {
            text.add([
                index < names.count ? names[index] : "intercept", TextTable.fixed(estimates[index]),
                TextTable.fixed((interval.upperBound - interval.lowerBound) / 2), TextTable.fixed(errors[index]),
                TextTable.fixed(z[index], digits: 2), TextTable.number(p[index]),
            ])
        }
        return text.lines.joined(separator: "\n") + "\n"
    }

    /// The same for columns x = (v − center) / scale, in terms of v: weights w / scale, intercept b − Σ w·center / scale,
    /// and the covariance of these.
    ///
    /// - Parameters:
    ///   - centers, scales: one a weight; scales over 0.
    package func onOriginalScale(centers: [Double], scales: [Double]) -> CoefficientInference {
        let order = estimates.count
        precondition(centers.count == order - 1 && scales.count == order - 1 && scales.allSatisfy { $0 > 0 }, "a center and scale a weight")
        // T·(w, b): a diagonal, and a last row that takes the centers out of the intercept.
        let diagonal = scales.map { 1 / $0 } + [1]
        let last = zip(centers, scales).map { -$0 / $1 } + [1]
        let vectors = (0..<order).map { column in covariance[column * order..<(column + 1) * order] }
        // V·lastᵀ, and last·V·lastᵀ.
        let withLast = vectors.map { zip($0, last).reduce(0) { $0 + $1.0 * $1.1 } }
        var result = [Double](repeating: 0, count: order * order)
        for column in 0..<order - 1 {
            for row in 0..<order - 1 { result[row + column * order] = covariance[row + column * order] * diagonal[row] * diagonal[column] }
            result[order - 1 + column * order] = withLast[column] * diagonal[column]
            result[column + (order - 1) * order] = withLast[column] * diagonal[column]
        }
        result[order * order - 1] = zip(withLast, last).reduce(0) { $0 + $1.0 * $1.1 }
        let intercept = zip(estimates, last).reduce(0) { $0 + $1.0 * $1.1 }
        return CoefficientInference(
            estimates: zip(estimates, diagonal).dropLast().map { $0 * $1 } + [intercept], covariance: result)
    }

    /// z with P(|Z| ≤ z) = level, by bisection.
    static func normalMultiple(level: Double) -> Double {
        precondition(level > 0 && level < 1, "a level between 0 and 1")
        var (low, high) = (0.0, 40.0)
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if erfc(middle / 2.0.squareRoot()) > 1 - level { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

extension LogisticSolution {
    /// Standard errors at this solution; nil when it is no unique optimum, or has an L1 penalty: see `CoefficientInference`.
    package func inference(_ objective: LogisticObjective) -> CoefficientInference? {
        guard status == .converged || status == .roundingLimit else { return nil }
        return CoefficientInference(objective, at: coefficients)
    }
}

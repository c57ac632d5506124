/// A fitted additive model: logit = intercept + Σ f_j(x_j) + Σ f_jk(x_j, x_k).
package struct AdditiveTerms: Hashable, Sendable {
    /// f_j: a value per bin of a feature; `[0]` is unknown, then one more than there are edges.
    package struct Curve: Hashable, Sendable {
        package var feature: Int
        package var edges: [Float]
        package var values: [Double]
        /// Training rows in each bin.
        package var counts: [Int]
    }

    /// f_jk: a value per pair of bins, row-major, `(firstEdges + 2) × (secondEdges + 2)`; row and column 0 are unknown.
    package struct Surface: Hashable, Sendable {
        package var first: Int
        package var second: Int
        package var firstEdges: [Float]
        package var secondEdges: [Float]
        package var values: [Double]
        /// Mean square over the training rows.
        package var variance: Double
    }

    package var intercept: Double
    package var curves: [Curve]
    /// The strongest first.
    package var surfaces: [Surface]

    /// The logit of a row, given the value of each feature.
    package func logit(_ value: (Int) -> Float) -> Double {
        var logit = intercept
        for curve in curves { logit += curve.values[FeatureBinning(edges: curve.edges).bin(of: value(curve.feature))] }
        for surface in surfaces {
            let row = FeatureBinning(edges: surface.firstEdges).bin(of: value(surface.first))
            let column = FeatureBinning(edges: surface.secondEdges).bin(of: value(surface.second))
            logit += surface.values[row * (surface.secondEdges.count + 2) + column]
        }
        return logit
    }
}

/// How many times more a row counts because of its label.
package enum ClassWeights: Hashable, Sendable {
    /// 1 each.
    case none
    /// Both labels weigh the same together: rows / (2 × rows of the label), as scikit-learn's `balanced`; rows are
    /// counted by their weights. Scores are then no longer probabilities at the rate of fraud in the rows.
    case balanced
    /// Factors ≥ 0, finite.
    case given(valid: Double, fraud: Double)

    /// The two factors. `balanced` with one label only gives 1 each.
    func factors(labels: [Bool], weights: [Double]?) -> (valid: Double, fraud: Double) {
        switch self {
        case .none: return (1, 1)
        case .given(let valid, let fraud): return (valid, fraud)
        case .balanced:
            var (valid, fraud) = (0.0, 0.0)
            for (row, isFraud) in labels.enumerated() {
                let weight = weights?[row] ?? 1
                if isFraud { fraud += weight } else { valid += weight }
            }
            guard valid > 0, fraud > 0 else { return (1, 1) }
            return ((valid + fraud) / (2 * valid), (valid + fraud) / (2 * fraud))
        }
    }
}

/// Sums over rows: gradient, Hessian, weight; the fourth lane is unused.
typealias RowSums = SIMD4<Double>

extension RowSums {
    var gradient: Double { x }
    var hessian: Double { y }
    var weight: Double { z }
}

/// Finds the cut of a node that lowers the loss most, by the second-order expansion of Newton boosting
/// (Chen and Guestrin 2016, XGBoost, equation 7): loss(v) ≈ G·v + ½·(H + λ)·v².
struct SplitSearch: Sendable {
    let l2: Double
    let minimumRows: Double
    let minimumHessian: Double

    struct Split: Sendable {
        let cut: PairTree.Cut
        let gain: Double
        let low: Double
        let high: Double
        let lowSums: RowSums
        let highSums: RowSums
    }

    /// Values a leaf may take, so that a monotone feature stays so.
    struct Bounds: Sendable {
        var least = -Double.infinity
        var most = Double.infinity
        func clamp(_ value: Double) -> Double { min(max(value, least), most) }
    }

    func value(_ sums: RowSums, _ bounds: Bounds = Bounds()) -> Double { bounds.clamp(-sums.gradient / (sums.hessian + l2)) }

    /// Twice the fall of the loss when a leaf takes `value`.
    func gain(_ sums: RowSums, at value: Double) -> Double { -(2 * sums.gradient + (sums.hessian + l2) * value) * value }

    /// The best cut of one feature, nil when none lowers the loss with leaves large enough.
    ///
    /// - Parameters:
    ///   - histogram: sums of the node's rows in each bin of the feature.
    ///   - bounds: of the leaves.
    func best(
        _ feature: Int, _ facts: BinnedTable.Feature, histogram: UnsafePointer<RowSums>, bounds: Bounds
    ) -> Split? {
        let last = facts.binning.edges.count + 1
        let isLevel = facts.unknown == .level
        let unknown = isLevel ? histogram[0] : RowSums.zero
        var total = unknown
        for bin in 1...last { total += histogram[bin] }
        let parent = gain(total, at: value(total, bounds))
        var best: Split?
        func consider(_ low: RowSums, _ bin: Int, isUnknownLow: Bool) {
            let high = total - low
            guard low.weight >= minimumRows, high.weight >= minimumRows, low.hessian >= minimumHessian, high.hessian >= minimumHessian
            else { return }
            let lowValue = value(low, bounds)
            let highValue = value(high, bounds)
            guard facts.direction * (highValue - lowValue) >= 0 else { return }
            let gained = gain(low, at: lowValue) + gain(high, at: highValue) - parent
            guard gained > max(best?.gain ?? 0, 1e-10) else { return }
            let cut = PairTree.Cut(feature: feature, bin: bin, isUnknownLow: isUnknownLow, isUnknownSilent: !isLevel)
            best = Split(cut: cut, gain: gained, low: lowValue, high: highValue, lowSums: low, highSums: high)
        }
        var prefix = RowSums.zero
        for bin in 1...last {
            prefix += histogram[bin]
            if bin < last {
                // Where a node has no unknown rows, they go with the heavier side.
                let follows = isLevel && unknown.weight == 0 && prefix.weight > total.weight / 2
                if isLevel, unknown.weight > 0 || follows { consider(prefix + unknown, bin, isUnknownLow: true) }
                if !follows { consider(prefix, bin, isUnknownLow: false) }
            } else if unknown.weight > 0 {
                consider(prefix, bin, isUnknownLow: false)
            }
        }
        return best
    }
}

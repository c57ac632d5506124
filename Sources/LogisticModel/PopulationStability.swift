internal import Foundation

/// The population stability index: how far a distribution has moved from the one a model was trained on.
///
///     PSI = Σ (pᵢ − qᵢ) · ln(pᵢ / qᵢ),   pᵢ = (cᵢ + ½) / (N + ½·B)
///
/// over B bins with counts c of N rows; q the same of M observed ones. The halves (Jeffreys' prior) keep an empty bin finite.
/// Bands as in credit scoring (Siddiqi 2006, *Credit Risk Scorecards*): under 0.1 no change to speak of, from 0.25 on a shift.
/// Without any drift it is distributed about as (1/N + 1/M) · χ² with B − 1 degrees of freedom (Yurdakul & Naranjo 2020,
/// *Journal of Risk Model Validation* 14), so small samples reach 0.1 by chance alone.
package struct PopulationStability: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable {
        case stable, moderate, shifted
        /// So few rows were counted that chance alone could move the index as far.
        case tooFew = "too few clicks"
    }

    package static let moderateFrom = 0.1
    package static let shiftedFrom = 0.25

    package let index: Double
    /// What the index stays under 19 times in 20 when nothing has moved.
    package let chance: Double

    package var verdict: Verdict {
        if index < Self.moderateFrom { return chance > Self.shiftedFrom ? .tooFew : .stable }
        if index <= chance { return .tooFew }
        return index < Self.shiftedFrom ? .moderate : .shifted
    }

    /// - Parameters: counts of the same bins. Nil when they are not as many, fewer than two, or one side has no row.
    package init?(reference: [Int], observed: [Int]) {
        let (n, m) = (reference.reduce(0, +), observed.reduce(0, +))
        guard reference.count == observed.count, reference.count > 1, n > 0, m > 0 else { return nil }
        let bins = Double(reference.count)
        index = zip(reference, observed).reduce(0) { sum, pair in
            let p = (Double(pair.0) + 0.5) / (Double(n) + 0.5 * bins)
            let q = (Double(pair.1) + 0.5) / (Double(m) + 0.5 * bins)
            return sum + (p - q) * log(p / q)
        }
        // Bins that both sides leave empty move nothing.
        let free = max(1, zip(reference, observed).count { $0.0 + $0.1 > 0 } - 1)
        chance = (1 / Double(n) + 1 / Double(m)) * Self.chiSquare95(free)
    }

    /// The 95 % quantile of χ² by Wilson and Hilferty's cube root (1931): within 2 % for one degree of freedom, 0.1 % from five on.
    private static func chiSquare95(_ degrees: Int) -> Double {
        let k = Double(degrees)
        let root = 1 - 2 / (9 * k) + 1.644_853_627 * (2 / (9 * k)).squareRoot()
        return k * root * root * root
    }
}

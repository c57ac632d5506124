/// Wilson's score interval of a share: unlike the normal approximation it stays within 0–1 and is sound for few rows and for
/// shares of 0 and 1 (Wilson 1927; recommended by Brown, Cai and DasGupta 2001).
package enum WilsonInterval {
    /// 97.5 % quantile of the normal distribution.
    static let z = 1.959963984540054

    /// The share `hits / rows` with its 95 % interval; without values when there are no rows.
    ///
    /// - Parameters:
    ///   - hits, rows: counts or weights, 0 ≤ hits ≤ rows.
    ///   - effectiveRows: rows of a simple random sample that would say as much; nil: `rows`.
    package static func estimate(hits: Double, rows: Double, effectiveRows: Double? = nil) -> Estimate {
        guard rows > 0 else { return Estimate() }
        let share = hits / rows
        let n = max(effectiveRows ?? rows, 1e-9)
        let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        let spread = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        // At 0 and 1 the bound is the share itself, which rounding would miss.
        return Estimate(value: share, low: hits == 0 ? 0 : max(0, centre - spread), high: hits == rows ? 1 : min(1, centre + spread))
    }

    /// Rows of a simple random sample that would estimate a share as exactly as rows that come in groups: rows over the design
    /// effect, the ratio of the between-group variance to the binomial one (Kish 1965; used in Wilson's interval as Dean and
    /// Pagano 2015 recommend). Where all rows agree no effect can be measured: then the number of groups.
    ///
    /// - Parameter groups: hits and rows of each group that has rows.
    static func effectiveRows(_ groups: [(hits: Double, rows: Double)]) -> Double {
        let rows = groups.reduce(0) { $0 + $1.rows }
        let share = groups.reduce(0) { $0 + $1.hits } / rows
        let count = Double(groups.count)
        let binomial = share * (1 - share) / rows
        guard count > 1, binomial > 0 else { return count }
        let squares = groups.reduce(0) { sum, group in
            let difference = group.hits - share * group.rows
            return sum + difference * difference
        }
        let variance = squares / (rows * rows) * count / (count - 1)
        return variance > binomial ? rows * binomial / variance : rows
    }
}

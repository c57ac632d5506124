package import LogisticModel
internal import Foundation

/// How often the rows of a category are fraud, shrunken towards the share of fraud in all rows, in log-odds:
///
///     p(c) = (frauds(c) + m · p) / (rows(c) + m)        encoded(c) = ln p(c) / (1 − p(c))
///
/// The m-estimate of Micci-Barreca 2001 ("A preprocessing scheme for high-cardinality categorical attributes", eq. 3–7;
/// scikit-learn's `TargetEncoder` with a fixed `smooth`). m comes from the data, one a column: it is (1 − ρ)/ρ for the
/// intraclass correlation ρ of the labels within categories, by the analysis-of-variance estimator (Donner 1986; for binary
/// data Ridout, Demétrio & Firth 1999), which makes p(c) the posterior mean under a beta prior. A column whose categories
/// tell fraud no better than chance would (ρ ≤ 0) has m = ∞: every category is worth the prior.
///
/// Log-odds, so that a linear term of weight 1 is naive Bayes; bins do not care.
package struct TargetStatistics: Sendable {
    /// Rows, and frauds among them, of each category, by weight.
    struct Counts {
        var rows: [Double]
        var frauds: [Double]

        init(categories: Int) {
            rows = Array(repeating: 0, count: categories)
            frauds = rows
        }

        mutating func add(_ code: Int32, isFraud: Bool, weight: Double) {
            guard code >= 0 else { return }
            rows[Int(code)] += weight
            if isFraud { frauds[Int(code)] += weight }
        }
    }

    /// Categories of a column that are told apart; the rarer ones are worth the prior.
    package static let maximumCategories = 10_000
    /// m is at least this, so that one row alone never decides.
    package static let leastStrength = 1.0

    /// Share of fraud in all rows, also those whose category is missing.
    package let prior: Double
    /// m; may be infinite.
    package let strength: Double
    private let counts: Counts
    /// Categories that are told apart.
    private let isKept: [Bool]

    /// Statistics of a column over some rows that hold both labels.
    ///
    /// - Parameters:
    ///   - weights: one a row of the table; nil: 1 each.
    ///   - strength: m; nil: from the data.
    /// - Complexity: O(rows + categories · log categories).
    package init(_ column: CategoricalColumn, labels: [Bool], weights: [Double]?, rows: [Int], strength: Double? = nil) {
        var counts = Counts(categories: column.categories.count)
        var (total, frauds) = (0.0, 0.0)
        for row in rows {
            let weight = weights?[row] ?? 1
            counts.add(column.codes[row], isFraud: labels[row], weight: weight)
            total += weight
            if labels[row] { frauds += weight }
        }
        precondition(frauds > 0 && frauds < total, "rows of both labels")
        prior = frauds / total
        self.strength = strength ?? Self.strength(counts)
        isKept = Self.mostFrequent(column, counts)
        self.counts = counts
    }

    private static func mostFrequent(_ column: CategoricalColumn, _ counts: Counts) -> [Bool] {
        guard column.categories.count > maximumCategories else { return Array(repeating: true, count: column.categories.count) }
        let order = column.categories.indices.sorted {
            counts.rows[$0] != counts.rows[$1] ? counts.rows[$0] > counts.rows[$1] : column.categories[$0] < column.categories[$1]
        }
        var kept = [Bool](repeating: false, count: column.categories.count)
        for index in order.prefix(maximumCategories) { kept[index] = true }
        return kept
    }

    /// m = (1 − ρ)/ρ by one-way analysis of variance of the labels, categories being the groups.
    static func strength(_ counts: Counts) -> Double {
        var (groups, total, squares, frauds) = (0.0, 0.0, 0.0, 0.0)
        for (rows, hits) in zip(counts.rows, counts.frauds) where rows > 0 {
            groups += 1
            total += rows
            squares += rows * rows
            frauds += hits
        }
        guard groups > 1, total > groups else { return .infinity }
        let mean = frauds / total
        var (between, within) = (0.0, 0.0)
        for (rows, hits) in zip(counts.rows, counts.frauds) where rows > 0 {
            let share = hits / rows
            between += rows * (share - mean) * (share - mean)
            within += hits * (1 - share)
        }
        between /= groups - 1
        within /= total - groups
        let size = (total - squares / total) / (groups - 1)
        let correlation = (between - within) / (between + (size - 1) * within)
        guard correlation > 0 else { return .infinity }
        return max(leastStrength, (1 - correlation) / correlation)
    }

    /// The number of a category in log-odds, without the rows of `held`; NaN for a missing one.
    func value(_ code: Int32, without held: Counts? = nil) -> Double {
        guard code >= 0 else { return .nan }
        let index = Int(code)
        guard isKept[index], strength.isFinite else { return Self.logit(prior) }
        let rows = counts.rows[index] - (held?.rows[index] ?? 0)
        let frauds = counts.frauds[index] - (held?.frauds[index] ?? 0)
        // A difference of sums of weights may miss 0 by a rounding.
        return Self.logit((max(0, frauds) + strength * prior) / (max(0, rows) + strength))
    }

    /// What goes into the model file: every category that is told apart and occurred in the rows.
    package func encoding(of column: CategoricalColumn) -> LogisticModel.CategoryEncoding {
        var values: [String: Double] = [:]
        if strength.isFinite {
            for (code, text) in column.categories.enumerated() where isKept[code] && counts.rows[code] > 0 {
                values[text] = value(Int32(code))
            }
        }
        return LogisticModel.CategoryEncoding(feature: column.name, prior: Self.logit(prior), categories: values)
    }

    private static func logit(_ p: Double) -> Double { log(p / (1 - p)) }
}

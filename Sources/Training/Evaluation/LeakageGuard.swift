internal import Foundation

/// A feature that seems to know the label from somewhere it should not.
package struct Leak: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable {
        /// The feature alone tells nearly every fraud from nearly every valid click, earlier and later.
        case copiesLabel = "copies_label"
        /// Whether the feature is unknown alone does.
        case missingIsLabel = "missing_is_label"
        /// It tells them apart in the earlier rows, and not in the later ones: an id or a row number.
        case collapses
        /// It alone tells nearly all of them: strong, perhaps honest.
        case suspicious
    }

    package var feature: String
    package var kind: Kind
    /// ROC AUC of the feature alone, on the earlier and on the later rows.
    package var earlierAUC: Double
    package var laterAUC: Double

    enum CodingKeys: String, CodingKey {
        case feature, kind
        case earlierAUC = "earlier_auc"
        case laterAUC = "later_auc"
    }

    /// Whether a strict run refuses the table.
    package var isRefused: Bool { kind != .suspicious }

    package var description: String {
        let figures = "AUC alone \(TextTable.fixed(earlierAUC)) on the earlier rows, \(TextTable.fixed(laterAUC)) on the later ones"
        return switch kind {
        case .copiesLabel: "LEAK? \(feature) by itself tells fraud from valid (\(figures)): is it made from the label?"
        case .missingIsLabel: "LEAK? \(feature) is unknown just where the label says so (\(figures)): is it filled in after the label is known?"
        case .collapses: "LEAK? \(feature) tells fraud in the earlier rows only (\(figures)): an id, a row number, or a change of data"
        case .suspicious: "\(feature) by itself nearly tells fraud from valid (\(figures)): make sure it is known at the click"
        }
    }
}

/// Looks for features that leak the label.
///
/// A replay cannot leak: features are computed click by click, before the label is read. A table brought ready may. Each
/// feature alone becomes a model: its share of fraud per quantile bin of the earlier rows, unknown being a bin, which finds
/// copies of the label that are not monotone too; its AUC on the earlier and later rows is compared with bounds.
/// A feature that honestly marks one family of fraud is not named: it is silent about the others, which keeps its AUC far from
/// 1. A feature that honestly marks nearly all fraud cannot be told from a copy of the label by statistics; the message asks.
enum LeakageGuard {
    static let copyAUC = 0.999
    static let suspiciousAUC = 0.98
    /// From at least this on the earlier rows to less than a quarter of the way from chance on the later ones.
    static let strongAUC = 0.9
    /// With fewer rows of a label in a part, chance passes the bounds.
    static let leastRows = 20
    /// Longer parts are thinned evenly.
    static let maximumRows = 200_000
    static let maximumBins = 64

    /// What leaks, by feature in the table's order; nil when there are too few rows to say.
    ///
    /// - Complexity: O(features × rows × log bins), on all cores; at most 400,000 rows are read.
    static func leaks(_ table: LabelledTable, earlier: [Int], later: [Int]) -> [Leak]? {
        let parts = [thinned(earlier), thinned(later)]
        for part in parts {
            let frauds = part.count { table.labels[$0] }
            guard frauds >= leastRows, part.count - frauds >= leastRows else { return nil }
        }
        return parallelMap(table.columns.count) { column -> Leak? in
            let values = table.columns[column]
            let known = OneFeature(values: values, labels: table.labels, rows: parts[0])
            let aucs = parts.map { auc($0, table.labels, score: { known.score(values[$0]) }) }
            let missing = parts.map { auc($0, table.labels, score: { values[$0].isNaN ? 1 : 0 }) }
            return verdict(table.names[column], aucs, missing: missing.map { max($0, 1 - $0) })
        }.compactMap { $0 }
    }

    private static func verdict(_ feature: String, _ aucs: [Double], missing: [Double]) -> Leak? {
        func leak(_ kind: Leak.Kind, _ aucs: [Double]) -> Leak {
            Leak(feature: feature, kind: kind, earlierAUC: aucs[0], laterAUC: aucs[1])
        }
        if missing.allSatisfy({ $0 >= copyAUC }) { return leak(.missingIsLabel, missing) }
        if aucs.allSatisfy({ $0 >= copyAUC }) { return leak(.copiesLabel, aucs) }
        if aucs[0] >= strongAUC, aucs[1] < 0.5 + (aucs[0] - 0.5) / 4 { return leak(.collapses, aucs) }
        return aucs.allSatisfy { $0 >= suspiciousAUC } ? leak(.suspicious, aucs) : nil
    }

    private static func auc(_ rows: [Int], _ labels: [Bool], score: (Int) -> Float) -> Double {
        RankingCurve(scores: rows.map(score), labels: rows.map { labels[$0] }).rocAUC ?? 0.5
    }

    private static func thinned(_ rows: [Int]) -> [Int] {
        guard rows.count > maximumRows else { return rows }
        return (0..<maximumRows).map { rows[$0 * rows.count / maximumRows] }
    }

    /// The share of fraud per quantile bin of one feature.
    private struct OneFeature {
        private var edges: [Float] = []
        /// Of unknown values, then of each bin.
        private var shares: [Float]

        init(values: [Float], labels: [Bool], rows: [Int]) {
            let frauds = rows.count { labels[$0] }
            // Few frauds a bin would make shares of chance.
            let bins = max(2, min(LeakageGuard.maximumBins, min(frauds, rows.count - frauds) / 5))
            let sorted = rows.map { values[$0] }.filter { !$0.isNaN }.sorted()
            // Quantiles of the frauds too, their least included: where fraud is rare, those of all rows never get to it.
            let fraudulent = rows.filter { labels[$0] }.map { values[$0] }.filter { !$0.isNaN }.sorted()
            let candidates = (1..<bins).compactMap { sorted.isEmpty ? nil : sorted[sorted.count * $0 / bins] }
                + (0..<bins).compactMap { fraudulent.isEmpty ? nil : fraudulent[fraudulent.count * $0 / bins] }
                + [sorted.first { $0 > sorted[0] }, fraudulent.last?.nextUp].compactMap { $0 }
            for edge in candidates.sorted() where edge > edges.last ?? sorted[0] { edges.append(edge) }
            shares = []
            var counts = [(frauds: Float, rows: Float)](repeating: (0, 0), count: edges.count + 2)
            for row in rows {
                let bin = self.bin(values[row])
                counts[bin].rows += 1
                if labels[row] { counts[bin].frauds += 1 }
            }
            let prior = Float(frauds) / Float(max(1, rows.count))
            shares = counts.map { ($0.frauds + prior) / ($0.rows + 1) }
        }

        private func bin(_ value: Float) -> Int {
            guard !value.isNaN else { return 0 }
            var (low, high) = (0, edges.count)
            while low < high {
                let middle = (low + high) / 2
                if edges[middle] <= value { low = middle + 1 } else { high = middle }
            }
            return low + 1
        }

        func score(_ value: Float) -> Float { shares[bin(value)] }
    }
}

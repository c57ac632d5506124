internal import LogisticModel

/// How much each feature, and each pair of features, moves the log-odds of a typical training row.
///
/// The mean of |term| over the training rows, as explainable boosting machines rank theirs (Nori, Jenkins, Koch & Caruana 2019,
/// *InterpretML*). A pair's is over the product of the two features' own distributions; without a distribution every bin
/// weighs the same.
struct TermImportance {
    private let distributions: [String: LogisticModel.FeatureDistribution]

    init(_ model: LogisticModel) {
        var distributions: [String: LogisticModel.FeatureDistribution] = [:]
        for curve in model.curves where !curve.counts.isEmpty {
            distributions[curve.feature] = LogisticModel.FeatureDistribution(feature: curve.feature, edges: curve.edges, counts: curve.counts)
        }
        for distribution in model.reference where distributions[distribution.feature] == nil {
            distributions[distribution.feature] = distribution
        }
        self.distributions = distributions
    }

    /// Training rows per bin; nil when the model does not say.
    func distribution(_ feature: String) -> LogisticModel.FeatureDistribution? {
        distributions[feature].flatMap { $0.counts.contains { $0 > 0 } ? $0 : nil }
    }

    /// Shares of the rows over bins, the first unknown; even over the known bins when nothing is known.
    func shares(_ feature: String, edges: [Double]) -> [Double] {
        guard let distribution = distribution(feature) else {
            return [0] + Array(repeating: 1 / Double(edges.count + 1), count: edges.count + 1)
        }
        let counts = BinShares.rebinned(distribution, over: edges)
        let total = counts.reduce(0, +)
        return counts.map { $0 / total }
    }

    func of(_ curve: LogisticModel.Curve) -> Double {
        zip(shares(curve.feature, edges: curve.edges), curve.values).reduce(0) { $0 + $1.0 * abs($1.1 * curve.weight) }
    }

    func of(_ surface: LogisticModel.Surface) -> Double {
        let rows = shares(surface.first, edges: surface.firstEdges)
        let columns = shares(surface.second, edges: surface.secondEdges)
        var sum = 0.0
        for (i, row) in rows.enumerated() where row > 0 {
            var inner = 0.0
            for (j, column) in columns.enumerated() { inner += column * abs(surface.values[i * columns.count + j]) }
            sum += row * inner
        }
        return sum * abs(surface.weight)
    }

    /// Of a standard normal input, whose mean magnitude is √(2/π), as a linear term's input is scaled.
    func of(_ feature: LogisticModel.Weighting) -> Double {
        let unknown = distribution(feature.name).map { Double($0.counts[0]) / Double($0.counts.reduce(0, +)) } ?? 0
        return (1 - unknown) * abs(feature.weight) * (2 / Double.pi).squareRoot() + unknown * abs(feature.missingWeight)
    }
}

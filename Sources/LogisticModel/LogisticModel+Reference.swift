extension LogisticModel {
    /// The name under which `reference` holds the spread of the model's own scores over the training rows; no feature has it.
    package static let scoreDistributionName = "score"

    /// Edges at which scores are binned when the reference holds none of its own: narrow at the ends, where scores are.
    package static let scoreEdges = [
        0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999,
    ]
}

extension LogisticModel.FeatureDistribution {
    /// The spread of a model's scores: what its trainer adds to the reference, so that the stream's scores can be held against it.
    package init(scores: some Sequence<Float>) {
        self.init(feature: LogisticModel.scoreDistributionName, edges: LogisticModel.scoreEdges, values: scores)
    }

    /// Counts values in the bins of some edges.
    /// - Complexity: O(values × log edges).
    package init(feature: String, edges: [Double], values: some Sequence<Float>) {
        var counts = [Int](repeating: 0, count: edges.count + 2)
        for value in values { counts[LogisticModel.bin(of: value, edges: edges)] += 1 }
        self.init(feature: feature, edges: edges, counts: counts)
    }
}

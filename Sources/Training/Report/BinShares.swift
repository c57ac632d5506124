internal import LogisticModel

/// Counts moved from one set of bins to another, so that two models' distributions, whose edges were learned apart, can be
/// held against each other.
enum BinShares {
    /// The counts over `edges`. Exact where the edges are also the distribution's own; else a bin's rows are shared out evenly
    /// over its width, and the rows of the unbounded outer bins stand just outside the outermost edges.
    /// - Complexity: O(both numbers of edges).
    static func rebinned(_ distribution: LogisticModel.FeatureDistribution, over edges: [Double]) -> [Double] {
        let own = distribution.edges
        guard own != edges else { return distribution.counts.map(Double.init) }
        let known = distribution.counts.dropFirst().map(Double.init)
        // Rows under x.
        var below = [0.0]
        for count in known { below.append(below[below.count - 1] + count) }
        let total = below[below.count - 1]
        var position = 0
        func cumulative(_ x: Double) -> Double {
            while position < own.count && own[position] <= x { position += 1 }
            guard position > 0 else { return 0 }
            guard position < own.count else { return own[position - 1] == x ? below[position] : total }
            let (low, high) = (own[position - 1], own[position])
            return below[position] + known[position] * (x - low) / (high - low)
        }
        var counts = [Double(distribution.counts[0])]
        var before = 0.0
        for edge in edges {
            let under = cumulative(edge)
            counts.append(max(0, under - before))
            before = max(before, under)
        }
        counts.append(max(0, total - before))
        return counts
    }

    /// Whether rebinning loses nothing.
    static func isExact(_ distribution: LogisticModel.FeatureDistribution, over edges: [Double]) -> Bool {
        let own = Set(distribution.edges)
        return edges.allSatisfy(own.contains)
    }
}

internal import LogisticModel

/// Counts moved from one set of bins to another, so that two models' distributions, whose edges were learned apart, can be
/// held against each other.
enum BinShares {
    /// The counts over `edges`. Exact where the edges are also the distribution's own; else a bin's rows are shared out evenly
    /// over its width, an unbounded outer bin having that of its neighbour.
    /// - Complexity: O(both numbers of edges).
    static func rebinned(_ distribution: LogisticModel.FeatureDistribution, over edges: [Double]) -> [Double] {
        let own = distribution.edges
        guard own != edges else { return distribution.counts.map(Double.init) }
        let known = distribution.counts.dropFirst().map(Double.init)
        let borders = bounded(own)
        // Rows under each border.
        var below = [0.0]
        for count in known { below.append(below[below.count - 1] + count) }
        var position = 0
        func cumulative(_ x: Double) -> Double {
            while position < borders.count && borders[position] <= x { position += 1 }
            guard position > 0 else { return 0 }
            guard position < borders.count else { return below[below.count - 1] }
            let (low, high) = (borders[position - 1], borders[position])
            return below[position - 1] + known[position - 1] * (x - low) / (high - low)
        }
        var counts = [Double(distribution.counts[0])]
        var before = 0.0
        for edge in edges {
            let under = cumulative(edge)
            counts.append(max(0, under - before))
            before = max(before, under)
        }
        counts.append(max(0, below[below.count - 1] - before))
        return counts
    }

    /// The edges with an outermost one at each end, as far out as the next bin is wide.
    private static func bounded(_ edges: [Double]) -> [Double] {
        guard let first = edges.first, let last = edges.last else { return [-1, 1] }
        guard edges.count > 1 else { return [first - 1, first, first + 1] }
        return [first - (edges[1] - first)] + edges + [last + (last - edges[edges.count - 2])]
    }

    /// Whether rebinning loses nothing.
    static func isExact(_ distribution: LogisticModel.FeatureDistribution, over edges: [Double]) -> Bool {
        let own = Set(distribution.edges)
        return edges.allSatisfy(own.contains)
    }
}

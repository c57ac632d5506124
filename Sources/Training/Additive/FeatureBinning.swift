/// Edges that cut a feature's known values into bins of about equal weight.
///
///     bin 0: unknown (NaN) · 1: x < edges[0] · … · n + 1: x ≥ edges[n − 1]
package struct FeatureBinning: Hashable, Sendable {
    /// Strictly ascending, finite; at most `bins − 1`.
    package let edges: [Float]

    package init(edges: [Float]) { self.edges = edges }

    /// Quantile bins over distinct values: a value heavier than a bin gets one of its own, and the others share what is
    /// left, as LightGBM's `GreedyFindBin`. An edge is a midpoint of neighbouring values.
    ///
    /// - Parameters:
    ///   - values: any order; NaN is left out, infinities count as the largest finite numbers.
    ///   - weights: one a value, ≥ 0; nil: 1 each.
    ///   - bins: most bins, at least 1.
    ///   - minimum: a bin holds at least this weight.
    /// - Complexity: O(n log n).
    package init(values: [Float], weights: [Double]?, bins: Int, minimum: Double = 3) {
        precondition(bins >= 1)
        let levels = Self.levels(values, weights)
        let total = levels.reduce(0) { $0 + $1.weight }
        var remaining = bins
        var rest = total
        if minimum > 0 { remaining = max(1, Int(min(Double(bins), total / minimum))) }
        let mean = total / Double(remaining)
        let isHeavy = levels.map { levels.count > remaining && $0.weight >= mean }
        for (level, heavy) in zip(levels, isHeavy) where heavy {
            remaining -= 1
            rest -= level.weight
        }
        let most = remaining + isHeavy.count { $0 }
        var size = levels.count <= most ? minimum : rest / Double(max(1, remaining))
        var edges: [Float] = []
        var filled = 0.0
        for index in levels.indices.dropLast() where edges.count + 1 < most {
            if !isHeavy[index] { rest -= levels[index].weight }
            filled += levels[index].weight
            guard isHeavy[index] || filled >= size || (isHeavy[index + 1] && filled >= max(1, size / 2)) else { continue }
            edges.append(Self.middle(levels[index].value, levels[index + 1].value))
            filled = 0
            if !isHeavy[index], levels.count > most {
                remaining -= 1
                size = rest / Double(max(1, remaining))
            }
        }
        self.edges = edges
    }

    /// Bins, the unknown one included.
    package var binCount: Int { edges.count + 2 }

    /// 0 for NaN, else 1 + the number of edges ≤ `value`.
    /// - Complexity: O(log edges).
    @inlinable
    package func bin(of value: Float) -> Int {
        if value.isNaN { return 0 }
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low + 1
    }

    private static func levels(_ values: [Float], _ weights: [Double]?) -> [(value: Float, weight: Double)] {
        let most = Float.greatestFiniteMagnitude
        var levels: [(value: Float, weight: Double)] = []
        func add(_ value: Float, _ weight: Double) {
            if let last = levels.last, last.value == value {
                levels[levels.count - 1].weight += weight
            } else if weight > 0 {
                levels.append((value, weight))
            }
        }
        if let weights {
            let rows = values.indices.filter { !values[$0].isNaN && weights[$0] > 0 }.sorted { (values[$0], $0) < (values[$1], $1) }
            for row in rows { add(min(max(values[row], -most), most), weights[row]) }
        } else {
            for value in values.filter({ !$0.isNaN }).sorted() { add(min(max(value, -most), most), 1) }
        }
        return levels
    }

    /// Over `a` and at most `b`, for a < b.
    private static func middle(_ a: Float, _ b: Float) -> Float {
        let middle = a / 2 + b / 2
        return middle > a && middle <= b ? middle : b
    }
}

/// Turns trees into the terms that sum to exactly the same: a tree of depth two is a curve of its root's feature and,
/// for each side cut by another feature, a surface of the two.
struct TermCollapse {
    let table: BinnedTable
    /// Surfaces are weighed on at most about this many rows, evenly spaced.
    static let maximumRows = 1 << 18

    /// A side of a root that another feature cuts: what its leaves add to the node's own value.
    private struct Patch {
        let root: PairTree.Cut
        let side: PairTree.Cut.Side
        let child: PairTree.Cut
        let low: Double
        let high: Double

        func value(root rootBin: Int, child childBin: Int) -> Double {
            guard root.side(rootBin) == side else { return 0 }
            switch child.side(childBin) {
            case .low: return low
            case .high: return high
            case .unknown: return 0
            }
        }
    }

    private struct Pair: Hashable, Comparable {
        let first: Int
        let second: Int
        static func < (a: Pair, b: Pair) -> Bool { (a.first, a.second) < (b.first, b.second) }
    }

    /// The mean of bags as pure curves and surfaces: every curve that can be is centred, and a surface holds no effect of
    /// one feature alone that a curve can hold. Surfaces come strongest first.
    ///
    /// - Complexity: O(trees × bins + pairs × (rows + cells × trees of the pair)).
    func terms(of bags: [PairBooster.Bag]) -> AdditiveTerms {
        let share = 1 / Double(max(1, bags.count))
        var curves = table.features.map { [Double](repeating: 0, count: $0.binning.binCount) }
        var patches: [Pair: [Patch]] = [:]
        for tree in bags.lazy.flatMap(\.trees) {
            for (side, node) in [(PairTree.Cut.Side.low, tree.low), (.high, tree.high)] {
                let ownChild = node.child.flatMap { $0.cut.feature == tree.root.feature ? $0 : nil }
                for bin in curves[tree.root.feature].indices where tree.root.side(bin) == side {
                    curves[tree.root.feature][bin] += share * (ownChild?.value(bin, of: node.value) ?? node.value)
                }
                guard let child = node.child, ownChild == nil else { continue }
                let features = [tree.root.feature, child.cut.feature].sorted()
                patches[Pair(first: features[0], second: features[1]), default: []].append(
                    Patch(
                        root: tree.root, side: side, child: child.cut, low: share * (child.low - node.value),
                        high: share * (child.high - node.value)))
            }
        }
        var intercept = bags.reduce(0) { $0 + share * $1.intercept }
        let pairs = patches.keys.sorted()
        let found = patches
        let parts = parallelMap(pairs.count) { surface(pairs[$0], found[pairs[$0]] ?? []) }
        for part in parts {
            for (feature, effects) in [(part.surface.first, part.firstEffects), (part.surface.second, part.secondEffects)] {
                for bin in effects.indices { curves[feature][bin] += effects[bin] }
            }
        }
        for feature in table.features.indices { intercept += center(&curves[feature], table.features[feature]) }
        let surfaces = parts.map(\.surface).filter { $0.values.contains { abs($0) > 1e-12 } }
        return AdditiveTerms(
            intercept: intercept, curves: curves.indices.compactMap { curve($0, curves[$0]) },
            // Ties keep the order of features.
            surfaces: surfaces.enumerated().sorted { ($1.element.variance, $0.offset) < ($0.element.variance, $1.offset) }.map(\.element))
    }

    /// Moves a curve's mean over the training rows out, and returns it. A silent feature's stays: its unknown adds 0.
    private func center(_ values: inout [Double], _ feature: BinnedTable.Feature) -> Double {
        guard feature.unknown != .silent, table.totalWeight > 0 else { return 0 }
        let mean = zip(values, feature.weights).reduce(0) { $0 + $1.0 * $1.1 } / table.totalWeight
        for bin in values.indices where bin > 0 || feature.unknown == .level { values[bin] -= mean }
        return mean
    }

    /// A curve whose edges are those where its values change; nil when it is 0 everywhere.
    private func curve(_ index: Int, _ values: [Double]) -> AdditiveTerms.Curve? {
        guard values.contains(where: { $0 != 0 }) else { return nil }
        let feature = table.features[index]
        var curve = AdditiveTerms.Curve(
            feature: index, edges: [], values: Array(values[..<2]), counts: Array(feature.counts[..<2]))
        for bin in values.indices.dropFirst(2) {
            if values[bin] == values[bin - 1] {
                curve.counts[curve.counts.count - 1] += feature.counts[bin]
            } else {
                curve.edges.append(feature.binning.edges[bin - 2])
                curve.values.append(values[bin])
                curve.counts.append(feature.counts[bin])
            }
        }
        return curve
    }

    // MARK: One pair

    private typealias PurePair = (surface: AdditiveTerms.Surface, firstEffects: [Double], secondEffects: [Double])

    private func surface(_ pair: Pair, _ patches: [Patch]) -> PurePair {
        let cuts = patches.flatMap { [$0.root, $0.child] }
        let first = Axis(table.features[pair.first], cuts.filter { $0.feature == pair.first })
        let second = Axis(table.features[pair.second], cuts.filter { $0.feature == pair.second })
        var grid = PairGrid(rows: first.levels, columns: second.levels)
        for row in 0..<first.levels {
            for column in 0..<second.levels {
                let bins = (first: first.representative[row], second: second.representative[column])
                for patch in patches {
                    let isRootFirst = patch.root.feature == pair.first
                    grid.values[row * second.levels + column] += patch.value(
                        root: isRootFirst ? bins.first : bins.second, child: isRootFirst ? bins.second : bins.first)
                }
            }
        }
        weigh(&grid, pair, first, second)
        let effects = grid.purify(
            rows: table.features[pair.second].unknown != .silent, columns: table.features[pair.first].unknown != .silent,
            isFirstRowFixed: table.features[pair.first].unknown != .level, isFirstColumnFixed: table.features[pair.second].unknown != .level)
        let surface = AdditiveTerms.Surface(
            first: pair.first, second: pair.second, firstEdges: first.edges, secondEdges: second.edges, values: grid.values,
            variance: grid.meanSquare)
        return (surface, first.level.map { effects.rows[$0] }, second.level.map { effects.columns[$0] })
    }

    private func weigh(_ grid: inout PairGrid, _ pair: Pair, _ first: Axis, _ second: Axis) {
        let (a, b) = (table.columns[pair.first], table.columns[pair.second])
        for row in stride(from: 0, to: table.rows, by: max(1, table.rows / Self.maximumRows)) {
            grid.weights[first.level[Int(a[row])] * second.levels + second.level[Int(b[row])]] += table.weights?[row] ?? 1
        }
    }

    /// The levels of one feature that some cuts tell apart.
    private struct Axis {
        let edges: [Float]
        /// Level of each bin.
        let level: [Int]
        /// A bin of each level.
        let representative: [Int]
        var levels: Int { representative.count }

        init(_ feature: BinnedTable.Feature, _ cuts: [PairTree.Cut]) {
            let last = feature.binning.edges.count + 1
            let bins = Set(cuts.map(\.bin)).filter { $0 < last }.sorted()
            edges = bins.map { feature.binning.edges[$0 - 1] }
            representative = [0, 1] + bins.map { $0 + 1 }
            level = (0...last).map { bin in bin == 0 ? 0 : 1 + bins.count { $0 < bin } }
        }
    }
}

internal import Foundation

/// Boosts one bag: Newton gradient boosting of depth-two trees over histograms, as LightGBM, with both the rows and the
/// features of each tree drawn anew.
///
/// Where a silent feature is unknown a tree adds nothing, and where it is known the tree's mean is 0, so that being
/// known is no evidence either.
struct PairBooster {
    let table: BinnedTable
    /// With what was left open filled in.
    let options: AdditiveOptions
    /// Features each feature may share a surface with; nil: any.
    let partners: [Set<Int>]?
    /// Rows not to learn from; nil: none.
    let isHeldOut: [Bool]?

    struct Bag: Sendable {
        var intercept: Double
        /// Already multiplied by the learning rate.
        var trees: [PairTree] = []
        /// Σ of all of it for every row of the table.
        var logits: [Double]
    }

    private let search: SplitSearch
    private let learningRate: Double
    private let stride: Int
    private var random: SplitMix64
    private var bag: Bag
    /// The rows drawn for a tree, their gradient and Hessian.
    private var drawn = NodeRows()
    private var histogram: [RowSums]
    private var childHistogram: [RowSums]
    private let learners: [Int32]

    init(table: BinnedTable, options: AdditiveOptions, partners: [Set<Int>]?, isHeldOut: [Bool]?, seed: UInt64) {
        self.table = table
        self.options = options
        self.partners = partners
        self.isHeldOut = isHeldOut
        search = SplitSearch(l2: options.l2, minimumRows: options.minimumRows, minimumHessian: options.minimumHessian)
        learningRate = options.learningRate ?? 0.05
        stride = (table.features.map(\.binning.binCount).max() ?? 2)
        random = SplitMix64(seed: seed)
        learners = (0..<table.rows).filter { isHeldOut?[$0] != true && (table.weights?[$0] ?? 1) > 0 }.map(Int32.init)
        histogram = [RowSums](repeating: .zero, count: stride * table.features.count)
        childHistogram = histogram
        let intercept = Self.logitOfShare(table, learners)
        bag = Bag(intercept: intercept, logits: [Double](repeating: intercept, count: table.rows))
    }

    /// - Complexity: O(rounds × (drawn rows × drawn features + rows)); the bag holds 8 bytes a row, and 20 a drawn row.
    mutating func boost() -> Bag {
        guard !table.usable.isEmpty, !learners.isEmpty else { return bag }
        let hasSilent = table.features.contains { $0.unknown == .silent }
        for _ in 0..<(options.rounds ?? 0) {
            drawRows()
            if hasSilent { stepIntercept() }
            guard var tree = grow(drawFeatures()) else { continue }
            if hasSilent { center(&tree) }
            tree.scale(learningRate)
            add(tree)
            bag.trees.append(tree)
        }
        return bag
    }

    private static func logitOfShare(_ table: BinnedTable, _ rows: [Int32]) -> Double {
        var frauds = 0.0
        var total = 0.0
        for row in rows {
            let weight = table.weights?[Int(row)] ?? 1
            total += weight
            if table.labels[Int(row)] { frauds += weight }
        }
        let share = min(max(frauds / max(total, .leastNonzeroMagnitude), 1e-9), 1 - 1e-9)
        return log(share / (1 - share))
    }

    private mutating func drawRows() {
        drawn.removeAll()
        let share = min(options.rowShare, Double(options.maximumDraw) / Double(learners.count))
        let bar = share >= 1 ? UInt64.max : UInt64(share * 0x1p64)
        for row in learners where share >= 1 || random.next() < bar {
            let index = Int(row)
            let isFraud = table.labels[index]
            let logit = bag.logits[index]
            let e = exp(-abs(logit))
            let inverse = 1 / (1 + e)
            let probability = logit >= 0 ? inverse : e * inverse
            let weight = table.weights?[index] ?? 1
            // 1 − p without cancellation, for a fraud scored near 1.
            let gradient = isFraud ? -(logit >= 0 ? e * inverse : inverse) : probability
            drawn.append(row, RowSums(weight * gradient, weight * e * inverse * inverse, weight, 0))
        }
    }

    private mutating func drawFeatures() -> [Int] {
        let count = max(1, Int((options.featureShare * Double(table.usable.count)).rounded()))
        var features = table.usable
        for position in 0..<count { features.swapAt(position, Int.random(in: position..<features.count, using: &random)) }
        return features[..<count].sorted()
    }

    /// A Newton step of the intercept, which centred trees cannot take.
    private mutating func stepIntercept() {
        let sums = drawn.sums.reduce(RowSums.zero, +)
        guard sums.hessian > options.minimumHessian else { return }
        let step = -learningRate * sums.gradient / (sums.hessian + options.l2)
        bag.intercept += step
        for row in bag.logits.indices { bag.logits[row] += step }
    }

    // MARK: One tree

    private mutating func grow(_ features: [Int]) -> PairTree? {
        drawn.fill(&histogram, features, table, stride)
        guard let root = best(features, histogram) else { return nil }
        let (low, high, unknown) = drawn.split(root.cut, table)
        // The smaller side is counted; the other is what is left.
        let lowIsSmaller = low.rows.count <= high.rows.count
        let candidates = features.filter { isAllowed($0, below: root.cut.feature) }
        (lowIsSmaller ? low : high).fill(&childHistogram, candidates, table, stride)
        for feature in candidates {
            for slot in feature * stride..<feature * stride + table.features[feature].binning.binCount {
                histogram[slot] -= childHistogram[slot]
            }
        }
        if !unknown.rows.isEmpty {
            var rest = [RowSums](repeating: .zero, count: histogram.count)
            unknown.fill(&rest, candidates, table, stride)
            for feature in candidates {
                for slot in feature * stride..<(feature + 1) * stride { histogram[slot] -= rest[slot] }
            }
        }
        let lowSplit = best(candidates, lowIsSmaller ? childHistogram : histogram, bounds: bounds(of: root, isLow: true))
        let highSplit = best(candidates, lowIsSmaller ? histogram : childHistogram, bounds: bounds(of: root, isLow: false))
        return PairTree(root: root.cut, low: node(root.low, lowSplit), high: node(root.high, highSplit))
    }

    /// The sides of a monotone root meet half-way, so that leaves below it keep its direction.
    private func bounds(of root: SplitSearch.Split, isLow: Bool) -> SplitSearch.Bounds {
        let direction = table.features[root.cut.feature].direction
        guard direction != 0 else { return SplitSearch.Bounds() }
        let middle = (root.low + root.high) / 2
        return isLow == (direction > 0) ? SplitSearch.Bounds(most: middle) : SplitSearch.Bounds(least: middle)
    }

    /// Whether a feature may be cut below another: itself always, and partners unless one is monotone.
    private func isAllowed(_ feature: Int, below root: Int) -> Bool {
        guard feature != root else { return true }
        guard options.interactions != 0 else { return false }
        guard table.features[feature].direction == 0, table.features[root].direction == 0 else { return false }
        return partners?[root].contains(feature) ?? true
    }

    private func node(_ value: Double, _ split: SplitSearch.Split?) -> PairTree.Node {
        PairTree.Node(value: value, child: split.map { PairTree.Child(cut: $0.cut, low: $0.low, high: $0.high) })
    }

    private func best(
        _ features: [Int], _ histogram: [RowSums], bounds: SplitSearch.Bounds = SplitSearch.Bounds()
    ) -> SplitSearch.Split? {
        var best: SplitSearch.Split?
        histogram.withUnsafeBufferPointer { histogram in
            for feature in features {
                let found = search.best(
                    feature, table.features[feature], histogram: histogram.baseAddress! + feature * stride, bounds: bounds)
                // On a tie the first feature stays.
                if let found, found.gain > (best?.gain ?? 0) { best = found }
            }
        }
        return best
    }

    // MARK: Every row

    private mutating func add(_ tree: PairTree) {
        let walk = TreeWalk(tree, table)
        bag.logits.withUnsafeMutableBufferPointer { logits in
            walk.values.withUnsafeBufferPointer { values in
                walk.forEachRow(rows: table.rows) { row, side, bin in logits[row] += values[side * TreeWalk.bins + bin] }
            }
        }
    }

    /// Moves values so that a silent feature's known rows have mean 0: first each child's about its node, then the root's.
    private func center(_ tree: inout PairTree) {
        func isSilent(_ cut: PairTree.Cut?) -> Bool { cut.map { table.features[$0.feature].unknown == .silent } ?? false }
        let isRootSilent = isSilent(tree.root)
        guard isRootSilent || isSilent(tree.low.child?.cut) || isSilent(tree.high.child?.cut) else { return }
        let walk = TreeWalk(tree, table)
        // Weight by root side and child side.
        var weights = [Double](repeating: 0, count: 9)
        walk.forEachRow(rows: table.rows) { row, side, bin in
            weights[side * 3 + walk.childSide(side, bin)] += table.weights?[row] ?? 1
        }
        // A child that cuts the root's own feature again is centred with the root: on its own it could break a monotone curve.
        let rootFeature = tree.root.feature
        func isOther(_ cut: PairTree.Cut?) -> Bool { isSilent(cut) && cut?.feature != rootFeature }
        tree.low.center(isChildSilent: isOther(tree.low.child?.cut), low: weights[0], high: weights[1])
        tree.high.center(isChildSilent: isOther(tree.high.child?.cut), low: weights[3], high: weights[4])
        guard isRootSilent else { return }
        let sum = tree.low.sum(weights[0], weights[1], weights[2]) + tree.high.sum(weights[3], weights[4], weights[5])
        let known = weights[..<6].reduce(0, +)
        if known > 0 { tree.shift(-sum / known) }
    }
}

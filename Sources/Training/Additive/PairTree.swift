/// A tree of depth two: the sum of a curve and at most two pair surfaces.
///
///              root feature
///             /      |      \
///          low     high   unknown, when silent: 0
///         /  \     /  \
///       low high low high      (unknown, when silent: the node's own value)
struct PairTree: Sendable {
    /// Which bins of a feature go to which side.
    struct Cut: Sendable, Hashable {
        let feature: Int
        /// The last known bin of the low side.
        let bin: Int
        let isUnknownLow: Bool
        /// Unknown goes to neither side.
        let isUnknownSilent: Bool

        enum Side: UInt8 { case low, high, unknown }

        func side(_ bin: Int) -> Side {
            if bin == 0 { return isUnknownSilent ? .unknown : isUnknownLow ? .low : .high }
            return bin <= self.bin ? .low : .high
        }
    }

    /// A side of the root.
    struct Node: Sendable {
        /// Of rows that reach no leaf below it.
        var value: Double
        var child: Child?
    }

    struct Child: Sendable {
        let cut: Cut
        var low: Double
        var high: Double

        func value(_ bin: Int, of node: Double) -> Double {
            switch cut.side(bin) {
            case .low: low
            case .high: high
            case .unknown: node
            }
        }
    }

    let root: Cut
    var low: Node
    var high: Node

    /// What a row adds, given the bin of each feature.
    func value(_ bin: (Int) -> Int) -> Double {
        let node: Node
        switch root.side(bin(root.feature)) {
        case .low: node = low
        case .high: node = high
        case .unknown: return 0
        }
        return node.child.map { $0.value(bin($0.cut.feature), of: node.value) } ?? node.value
    }
}

extension PairTree.Node {
    mutating func scale(_ factor: Double) {
        value *= factor
        child?.low *= factor
        child?.high *= factor
    }

    mutating func shift(_ by: Double) {
        value += by
        child?.low += by
        child?.high += by
    }

    /// Moves a silent child's leaves so that their mean is the node's own value.
    ///
    /// - Parameters:
    ///   - low, high: weight of the rows in each leaf.
    mutating func center(isChildSilent: Bool, low: Double, high: Double) {
        guard isChildSilent, let leaves = child, low + high > 0 else { return }
        let mean = (low * leaves.low + high * leaves.high) / (low + high)
        child?.low += value - mean
        child?.high += value - mean
    }

    /// Σ of values over rows: those in each leaf and those in none.
    func sum(_ low: Double, _ high: Double, _ neither: Double) -> Double {
        (child?.low ?? value) * low + (child?.high ?? value) * high + value * neither
    }
}

extension PairTree {
    mutating func scale(_ factor: Double) {
        low.scale(factor)
        high.scale(factor)
    }

    mutating func shift(_ by: Double) {
        low.shift(by)
        high.shift(by)
    }
}

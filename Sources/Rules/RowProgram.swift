internal import CVectorKernels

/// Conditions for one row: every comparison at once, then the rules as masks over their truths.
///
///     row ──► quantities: features, constants, results of arithmetic ──► ± quantity < or ≤ bound ──► truths, a bit each
///     rule: all or any of some truths, and of nodes below it
///
/// A row alone has no others to share an instruction with, but its comparisons have each other; and it takes the same
/// few steps whatever it holds, so nothing is mispredicted.
struct RowProgram {
    /// A comparison: whether ±quantity is less than the bound (or at most so).
    private struct Leaf: Hashable {
        var quantity: UInt16
        var isNegated = false
        var isInclusive: Bool
        /// The bound, or the quantity that is it.
        var bound: UInt32
        var isBoundQuantity = false
        /// Whether its opposite is meant.
        var isFlipped = false
    }

    /// A condition over leaves.
    private indirect enum Tree {
        case leaf(Int)
        case all([Tree])
        case any([Tree])
    }

    struct Arithmetic: Hashable, BitwiseCopyable {
        var operation: ArithmeticOperator
        var a: UInt16
        var b: UInt16
    }

    struct Mask: BitwiseCopyable {
        var bits: UInt64
        var word: Int
    }

    /// All or any of the bits of some masks, and of some nodes.
    struct Node: BitwiseCopyable {
        var isAll: Bool
        var firstMask: UInt32
        var endMask: UInt32
        var firstChild: UInt32
        var endChild: UInt32
    }

    struct DynamicBound: BitwiseCopyable {
        var lane: Int
        var quantity: Int
    }

    let featureCount: Int
    /// Quantities after the features.
    private(set) var constants: [Float] = []
    /// Each makes one more quantity, after the constants.
    private(set) var arithmetic: [Arithmetic] = []

    /// Lanes of comparisons, sixteens of them, the strict ones first.
    private(set) var which: [UInt16] = []
    private(set) var signs: [UInt32] = []
    private(set) var bounds: [Float] = []
    private(set) var firstInclusive = 0
    private(set) var dynamicBounds: [DynamicBound] = []
    /// Truths to be turned round, a bit a lane.
    private(set) var flips: [UInt64] = []

    private(set) var masks: [Mask] = []
    private(set) var nodes: [Node] = []
    /// Nodes of the rules, in their order.
    private(set) var rules: Range<Int> = 0..<0

    private var constantIndex: [UInt32: Int] = [:]
    private var arithmeticIndex: [Arithmetic: Int] = [:]
    private var leaves: [Leaf] = []
    private var leafIndex: [Leaf: Int] = [:]
    /// The lane of each leaf.
    private var lanes: [Int] = []

    init(_ conditions: [Condition], featureCount: Int) {
        self.featureCount = featureCount
        for condition in conditions { condition.eachConstant { addConstant($0) } }
        let trees = conditions.map { tree($0) }
        layOutLeaves()
        let roots = trees.map { node($0) }
        rules = nodes.count..<nodes.count + roots.count
        nodes += roots
    }

    private mutating func tree(_ condition: Condition) -> Tree {
        switch condition {
        case .all(let parts): .all(parts.map { tree($0) })
        case .any(let parts): .any(parts.map { tree($0) })
        case .known(let feature): leaf(Leaf(quantity: UInt16(feature), isInclusive: true, bound: Float.infinity.bitPattern))
        case .unknown(let feature):
            leaf(Leaf(quantity: UInt16(feature), isInclusive: true, bound: Float.infinity.bitPattern, isFlipped: true))
        case .compare(let comparison, let a, .constant(let value)): compare(comparison, quantity(a), to: value)
        case .compare(let comparison, let a, let b): compare(comparison, quantity(a), quantity(b))
        }
    }

    /// x > c is −x < −c, x = c is x ≤ c and x ≥ c, and so on: of known numbers exactly, and never true of an unknown one.
    private mutating func compare(_ comparison: Comparison, _ a: UInt16, to value: Float) -> Tree {
        func leaf(negated: Bool, inclusive: Bool) -> Leaf {
            Leaf(quantity: a, isNegated: negated, isInclusive: inclusive, bound: (negated ? -value : value).bitPattern)
        }
        return switch comparison {
        case .less: self.leaf(leaf(negated: false, inclusive: false))
        case .lessOrEqual: self.leaf(leaf(negated: false, inclusive: true))
        case .greater: self.leaf(leaf(negated: true, inclusive: false))
        case .greaterOrEqual: self.leaf(leaf(negated: true, inclusive: true))
        case .equal: .all([self.leaf(leaf(negated: false, inclusive: true)), self.leaf(leaf(negated: true, inclusive: true))])
        case .notEqual: .any([self.leaf(leaf(negated: false, inclusive: false)), self.leaf(leaf(negated: true, inclusive: false))])
        }
    }

    private mutating func compare(_ comparison: Comparison, _ a: UInt16, _ b: UInt16) -> Tree {
        func leaf(_ a: UInt16, _ b: UInt16, inclusive: Bool) -> Leaf {
            Leaf(quantity: a, isInclusive: inclusive, bound: UInt32(b), isBoundQuantity: true)
        }
        return switch comparison {
        case .less: self.leaf(leaf(a, b, inclusive: false))
        case .lessOrEqual: self.leaf(leaf(a, b, inclusive: true))
        case .greater: self.leaf(leaf(b, a, inclusive: false))
        case .greaterOrEqual: self.leaf(leaf(b, a, inclusive: true))
        case .equal: .all([self.leaf(leaf(a, b, inclusive: true)), self.leaf(leaf(b, a, inclusive: true))])
        case .notEqual: .any([self.leaf(leaf(a, b, inclusive: false)), self.leaf(leaf(b, a, inclusive: false))])
        }
    }

    /// A comparison that several rules make is made once.
    private mutating func leaf(_ leaf: Leaf) -> Tree {
        if let known = leafIndex[leaf] { return .leaf(known) }
        leafIndex[leaf] = leaves.count
        leaves.append(leaf)
        return .leaf(leaves.count - 1)
    }

    private mutating func quantity(_ quantity: Quantity) -> UInt16 {
        switch quantity {
        case .feature(let index): return UInt16(index)
        case .constant(let value): return UInt16(featureCount + constantIndex[value.bitPattern]!)
        case .arithmetic(let operation, let a, let b):
            let step = Arithmetic(operation: operation, a: self.quantity(a), b: self.quantity(b))
            let index = arithmeticIndex[step] ?? arithmetic.count
            if index == arithmetic.count {
                arithmeticIndex[step] = index
                arithmetic.append(step)
            }
            return UInt16(featureCount + constants.count + index)
        }
    }

    private mutating func layOutLeaves() {
        lanes = [Int](repeating: 0, count: leaves.count)
        for isInclusive in [false, true] {
            if isInclusive { firstInclusive = which.count }
            for (index, leaf) in leaves.enumerated() where leaf.isInclusive == isInclusive {
                let lane = which.count
                lanes[index] = lane
                which.append(leaf.quantity)
                signs.append(leaf.isNegated ? 1 << 31 : 0)
                bounds.append(leaf.isBoundQuantity ? .nan : Float(bitPattern: leaf.bound))
                if leaf.isBoundQuantity { dynamicBounds.append(DynamicBound(lane: lane, quantity: Int(leaf.bound))) }
                while flips.count <= lane / 64 { flips.append(0) }
                if leaf.isFlipped { flips[lane / 64] |= 1 << UInt64(lane % 64) }
            }
            // Nothing is under NaN.
            while which.count % 16 != 0 {
                which.append(0)
                signs.append(0)
                bounds.append(.nan)
            }
        }
    }

    private mutating func node(_ tree: Tree) -> Node {
        let isAll = if case .any = tree { false } else { true }
        var words: [Int: UInt64] = [:]
        var below: [Node] = []
        for part in Self.parts(of: tree, isAll: isAll) {
            if case .leaf(let leaf) = part {
                words[lanes[leaf] / 64, default: 0] |= 1 << UInt64(lanes[leaf] % 64)
            } else {
                below.append(node(part))
            }
        }
        let firstMask = masks.count
        masks += words.sorted { $0.key < $1.key }.map { Mask(bits: $0.value, word: $0.key) }
        let firstChild = nodes.count
        nodes += below
        return Node(
            isAll: isAll, firstMask: UInt32(firstMask), endMask: UInt32(masks.count), firstChild: UInt32(firstChild), endChild: UInt32(nodes.count))
    }

    /// The parts of a conjunction, or of a disjunction, those of its like within it too.
    private static func parts(of tree: Tree, isAll: Bool) -> [Tree] {
        switch tree {
        case .all(let parts) where isAll: parts.flatMap { Self.parts(of: $0, isAll: isAll) }
        case .any(let parts) where !isAll: parts.flatMap { Self.parts(of: $0, isAll: isAll) }
        default: [tree]
        }
    }

    private mutating func addConstant(_ value: Float) {
        guard constantIndex[value.bitPattern] == nil else { return }
        constantIndex[value.bitPattern] = constants.count
        constants.append(value)
    }
}

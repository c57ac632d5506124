internal import CVectorKernels
internal import ClickModel

/// A `RowProgram` in memory, ready to run: the rules of one click alone. One thread uses it at a time.
final class RowRules {
    private let featureCount: Int
    private let leaves: UnsafeMutablePointer<fraud_leaves>
    private let which: UnsafeMutablePointer<UInt16>
    private let signs: UnsafeMutablePointer<UInt32>
    private let bounds: UnsafeMutablePointer<Float>
    private let dynamicBounds: UnsafeMutableBufferPointer<RowProgram.DynamicBound>
    private let arithmetic: UnsafeMutableBufferPointer<RowProgram.Arithmetic>
    /// Features, constants, results of arithmetic.
    private let quantities: UnsafeMutablePointer<Float>
    private let firstResult: Int
    private let flips: UnsafeMutableBufferPointer<UInt64>
    private let truths: UnsafeMutablePointer<UInt64>
    private let masks: UnsafeMutablePointer<RowProgram.Mask>
    private let nodes: UnsafeMutablePointer<RowProgram.Node>
    private let rules: UnsafeMutableBufferPointer<RowProgram.Node>
    /// The rules' own masks, to be looked at together, and which rules are conjunctions and which have nodes below them.
    private let ruleMasks: UnsafeMutablePointer<fraud_rule_masks>
    private let required, sufficient: UnsafeMutablePointer<UInt64>
    private let conjunctions, parents: UInt64

    init(_ program: RowProgram) {
        featureCount = program.featureCount
        firstResult = program.featureCount + program.constants.count
        which = Self.copy(program.which).baseAddress!
        signs = Self.copy(program.signs).baseAddress!
        bounds = Self.copy(program.bounds).baseAddress!
        dynamicBounds = Self.copy(program.dynamicBounds)
        arithmetic = Self.copy(program.arithmetic)
        let features = [Float](repeating: .nan, count: program.featureCount)
        let known = features + program.constants + program.arithmetic.map { _ in .nan }
        quantities = Self.copy(known + [Float](repeating: .nan, count: max(0, 128 - known.count))).baseAddress!
        flips = Self.copy(program.flips)
        truths = Self.copy(program.flips).baseAddress!
        masks = Self.copy(program.masks).baseAddress!
        nodes = Self.copy(Array(program.nodes[..<program.rules.lowerBound])).baseAddress!
        rules = Self.copy(Array(program.nodes[program.rules]))
        let ruleCount = (rules.count + 7) / 8 * 8
        var bits = (required: [UInt64](repeating: 0, count: ruleCount * flips.count), sufficient: [UInt64](repeating: 0, count: ruleCount * flips.count))
        var (conjunctions, parents): (UInt64, UInt64) = (0, 0)
        for (index, rule) in rules.enumerated() {
            if rule.isAll { conjunctions |= 1 << UInt64(index) }
            if rule.firstChild < rule.endChild { parents |= 1 << UInt64(index) }
            for mask in program.masks[Int(rule.firstMask)..<Int(rule.endMask)] {
                let place = mask.word * ruleCount + index
                if rule.isAll { bits.required[place] |= mask.bits } else { bits.sufficient[place] |= mask.bits }
            }
        }
        (self.conjunctions, self.parents) = (conjunctions, parents)
        required = Self.copy(bits.required).baseAddress!
        sufficient = Self.copy(bits.sufficient).baseAddress!
        ruleMasks = .allocate(capacity: 1)
        ruleMasks.initialize(to: fraud_rule_masks(
            required: required, sufficient: sufficient, count: Int32(ruleCount), words: Int32(flips.count)))
        leaves = .allocate(capacity: 1)
        leaves.initialize(to: fraud_leaves(
            which: which, signs: signs, bounds: bounds, first_inclusive: Int32(program.firstInclusive), count: Int32(program.which.count),
            quantity_count: Int32(known.count)))
    }

    deinit {
        leaves.deallocate()
        which.deallocate()
        signs.deallocate()
        bounds.deallocate()
        dynamicBounds.deallocate()
        arithmetic.deallocate()
        quantities.deallocate()
        flips.deallocate()
        truths.deallocate()
        masks.deallocate()
        nodes.deallocate()
        rules.deallocate()
        ruleMasks.deallocate()
        required.deallocate()
        sufficient.deallocate()
    }

    /// A copy at the start of a cache line, with memory of its own even when it is empty.
    private static func copy<T: BitwiseCopyable>(_ array: [T]) -> UnsafeMutableBufferPointer<T> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, array.count) * MemoryLayout<T>.stride, alignment: 64)
            .bindMemory(to: T.self, capacity: max(1, array.count))
        memory.initialize(from: array, count: array.count)
        return UnsafeMutableBufferPointer(start: memory, count: array.count)
    }

    /// The rules that fire on the row whose features lie `stride` floats apart: bit i for rule i.
    /// - Complexity: O(comparisons + rules), no allocation.
    func evaluate(_ row: UnsafePointer<Float>, stride: Int) -> UInt64 {
        let quantities = quantities
        if stride == 1 {
            quantities.update(from: row, count: featureCount)
        } else {
            for feature in 0..<featureCount { quantities[feature] = row[feature &* stride] }
        }
        var result = firstResult
        for step in arithmetic {
            quantities[result] = step.operation.apply(quantities[Int(step.a)], quantities[Int(step.b)])
            result &+= 1
        }
        for bound in dynamicBounds { bounds[bound.lane] = quantities[bound.quantity] }
        fraud_leaves_compare(leaves, quantities, truths)
        for word in flips.indices { truths[word] ^= flips[word] }
        return settle()
    }

    /// Which rules hold. Most are settled by their own masks, all at once.
    @inline(__always)
    private func settle() -> UInt64 {
        var (complete, hit): (UInt64, UInt64) = (0, 0)
        fraud_rules_settle(ruleMasks, truths, &complete, &hit)
        // A conjunction that lacks nothing holds unless it has nodes below it; what a disjunction finds is enough.
        var fired = conjunctions & complete & ~parents | ~conjunctions & hit
        var open = parents & (conjunctions & complete | ~conjunctions & ~hit)
        let view = View(truths: truths, masks: masks, nodes: nodes)
        while open != 0 {
            let rule = open.trailingZeroBitCount
            if view.childrenHold(rules.baseAddress.unsafelyUnwrapped + rule) { fired |= 1 &<< UInt64(truncatingIfNeeded: rule) }
            open &= open &- 1
        }
        return fired
    }

    /// What a node looks at.
    private struct View {
        let truths: UnsafePointer<UInt64>
        let masks: UnsafePointer<RowProgram.Mask>
        let nodes: UnsafePointer<RowProgram.Node>

        @inline(__always)
        func holds(_ node: UnsafePointer<RowProgram.Node>) -> Bool {
            let isAll = node.pointee.isAll
            var mask = node.pointee.firstMask
            while mask < node.pointee.endMask {
                let bits = masks[Int(mask)].bits
                let found = truths[masks[Int(mask)].word] & bits
                if isAll ? found != bits : found != 0 { return !isAll }
                mask &+= 1
            }
            return node.pointee.firstChild == node.pointee.endChild ? isAll : childrenHold(node)
        }

        @inline(never)
        func childrenHold(_ node: UnsafePointer<RowProgram.Node>) -> Bool {
            var child = node.pointee.firstChild
            while child < node.pointee.endChild {
                if holds(nodes + Int(child)) != node.pointee.isAll { return !node.pointee.isAll }
                child &+= 1
            }
            return node.pointee.isAll
        }
    }
}

package import ClickModel

/// A rule set as a program over feature columns.
///
/// Rows go through in groups of 64. Each rule narrows the set of rows for which it may still be true and stops when the
/// set is empty, so a group of honest clicks costs little more than the first comparison of each rule. Nothing is
/// allocated after `init`. A row alone takes another way to the same answer (`RowRules`). One thread uses it at a time, hence `@unchecked Sendable`.
package final class CompiledRules: @unchecked Sendable {
    package let ruleSet: RuleSet
    private let program: UnsafeMutablePointer<Instruction>
    private let programCount: Int
    private let scratch: UnsafeMutablePointer<Float>
    private let sets: UnsafeMutablePointer<UInt64>
    private let row: RowRules

    init(_ ruleSet: RuleSet) {
        self.ruleSet = ruleSet
        let built = ColumnProgram(ruleSet.conditions)
        programCount = built.instructions.count
        program = .allocate(capacity: max(1, programCount))
        program.initialize(from: built.instructions, count: programCount)
        let floats = built.scratchColumns * RowGroup.rows
        scratch = .allocate(capacity: max(1, floats))
        scratch.initialize(repeating: 0, count: max(1, floats))
        for (column, value) in built.constants.enumerated() {
            (scratch + column * RowGroup.rows).update(repeating: value, count: RowGroup.rows)
        }
        sets = .allocate(capacity: built.slots)
        sets.initialize(repeating: 0, count: built.slots)
        row = RowRules(RowProgram(ruleSet.conditions, featureCount: ruleSet.featureCount))
    }

    deinit {
        program.deallocate()
        scratch.deallocate()
        sets.deallocate()
    }

    /// Evaluates every rule on the first `rows` rows of `block`: bit i of `fired[r]` is set when rule i fires on row r.
    ///
    /// - Precondition: the block has the catalogue's columns and at least `rows` rows of capacity; `fired` has room for `rows`.
    /// - Complexity: O(rows × rules). No allocation.
    package func evaluate(_ block: FeatureBlock, rows: Int, into fired: UnsafeMutablePointer<UInt64>) {
        precondition(rows >= 0 && rows <= block.capacity && block.columnCount == ruleSet.featureCount)
        if rows == 1 {
            fired[0] = row.evaluate(block.values, stride: block.stride)
            return
        }
        fired.update(repeating: 0, count: rows)
        var first = 0
        while first < rows {
            run(block, first: first, RowGroup(rows: min(RowGroup.rows, rows - first)), fired + first)
            first += RowGroup.rows
        }
    }

    /// Index of the rule that decides; −1 for none. See `RuleSet.decide`.
    package func decide(fired: UInt64) -> Int { ruleSet.decide(fired: fired) }

    private func run(_ block: FeatureBlock, first: Int, _ group: RowGroup, _ fired: UnsafeMutablePointer<UInt64>) {
        let base = UnsafePointer(block.values) + first
        let stride = block.stride
        let scratch = scratch
        let sets = sets
        let program = program
        let end = programCount
        @inline(__always) func column(_ operand: Operand) -> UnsafePointer<Float> {
            operand.place == .feature
                ? base + Int(operand.index) &* stride : UnsafePointer(scratch) + Int(operand.index) &* RowGroup.rows
        }
        var next = 0
        @inline(__always) func narrow(_ target: Narrowing, to rows: UInt64) {
            let left = sets[Int(target.from)] & rows
            if target.joins {
                sets[Int(target.into)] |= left
            } else {
                sets[Int(target.into)] = left
                if left == 0 { next = Int(target.ifEmpty) }
            }
        }
        sets[0] = group.all
        while next < end {
            let instruction = program[next]
            next &+= 1
            switch instruction {
            case .compareConstant(let comparison, let a, let value, let target):
                narrow(target, to: group.compare(comparison, column(a), constant: value))
            case .compare(let comparison, let a, let b, let target):
                narrow(target, to: group.compare(comparison, column(a), column(b)))
            case .known(let a, let target): narrow(target, to: group.known(column(a)))
            case .unknown(let a, let target): narrow(target, to: ~group.known(column(a)))
            case .arithmetic(let op, let a, let b, let target):
                group.arithmetic(op, column(a), column(b), into: scratch + Int(target) &* RowGroup.rows)
            case .clear(let slot): sets[Int(slot)] = 0
            case .fire(let rule, let slot): mark(sets[Int(slot)], rule, fired)
            }
        }
    }

    @inline(__always)
    private func mark(_ set: UInt64, _ rule: UInt8, _ fired: UnsafeMutablePointer<UInt64>) {
        var left = set
        while left != 0 {
            fired[RowGroup.firstRow(of: left)] |= 1 << UInt64(rule)
            left &= left &- 1
        }
    }
}

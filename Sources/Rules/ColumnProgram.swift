/// Where a column of floats lies while a group of rows is evaluated.
struct Operand: BitwiseCopyable {
    enum Place: UInt8, BitwiseCopyable {
        /// A column of the feature block.
        case feature
        /// A column of the program's scratch memory: a constant, or a result of arithmetic.
        case scratch
    }

    let place: Place
    let index: UInt16
}

/// What a leaf does with the rows for which it is true. A row set is 64 bits, one a row (see `RowGroup`).
struct Narrowing: BitwiseCopyable {
    /// Slot of the rows it looks at.
    let from: UInt16
    /// Slot of the rows that are left.
    let into: UInt16
    /// Joins them to what is in `into`: a part of a disjunction. Else replaces it.
    let joins: Bool
    /// Where to go on when a replaced `into` is empty: the rest of the conjunction cannot matter.
    var ifEmpty: UInt32
}

/// One step over a group of rows. `sets[0]` always holds all rows of the group.
enum Instruction: BitwiseCopyable {
    case arithmetic(ArithmeticOperator, Operand, Operand, into: UInt16)
    case compare(Comparison, Operand, Operand, Narrowing)
    case compareConstant(Comparison, Operand, Float, Narrowing)
    case known(Operand, Narrowing)
    case unknown(Operand, Narrowing)
    /// sets[slot] = ∅
    case clear(UInt16)
    /// Every row of sets[slot] fired the rule.
    case fire(rule: UInt8, slot: UInt16)
}

/// Conditions as straight code with forward jumps; built once, when rules are loaded.
struct ColumnProgram {
    private(set) var instructions: [Instruction] = []
    /// Values of the first scratch columns.
    private(set) var constants: [Float] = []
    /// Scratch columns in all.
    private(set) var scratchColumns = 0
    /// Row-set slots.
    private(set) var slots = 1

    private var constantColumns: [UInt32: UInt16] = [:]
    private var temporaries = 0
    private var nextSlot: UInt16 = 1

    init(_ conditions: [Condition]) {
        for condition in conditions { condition.eachConstant { addConstant($0) } }
        for (index, condition) in conditions.enumerated() {
            nextSlot = 1
            let result = newSlot()
            var exits: [Int] = []
            emit(condition, Narrowing(from: 0, into: result, joins: false, ifEmpty: 0), exits: &exits)
            instructions.append(.fire(rule: UInt8(index), slot: result))
            patch(exits)
        }
        scratchColumns = constants.count + temporaries
    }

    /// A slot of its own for every intermediate set of a rule: at most one a leaf, so never more than a few hundred.
    private mutating func newSlot() -> UInt16 {
        defer { nextSlot += 1 }
        slots = max(slots, Int(nextSlot) + 1)
        return nextSlot
    }

    /// Emits code that puts the rows of `target.from` for which `condition` is true into `target.into`.
    ///
    /// Instructions added to `exits` jump, when nothing is left, to where the caller patches them to. There `into` is
    /// not set, so a caller that replaces (`joins == false`) must not read it after an exit.
    private mutating func emit(_ condition: Condition, _ target: Narrowing, exits: inout [Int]) {
        switch condition {
        case .all(let parts):
            var from = target.from
            for part in parts.dropLast() {
                let left = newSlot()
                emit(part, Narrowing(from: from, into: left, joins: false, ifEmpty: 0), exits: &exits)
                from = left
            }
            emit(parts[parts.count - 1], Narrowing(from: from, into: target.into, joins: target.joins, ifEmpty: 0), exits: &exits)
        case .any(let parts):
            if !target.joins { instructions.append(.clear(target.into)) }
            for part in parts {
                var partExits: [Int] = []
                emit(part, Narrowing(from: target.from, into: target.into, joins: true, ifEmpty: 0), exits: &partExits)
                patch(partExits)
            }
        case .compare(let comparison, let a, .constant(let value)):
            append(.compareConstant(comparison, operand(a, depth: 0), value, target), exits: &exits)
        case .compare(let comparison, let a, let b):
            let left = operand(a, depth: 0)
            append(.compare(comparison, left, operand(b, depth: 1), target), exits: &exits)
        case .known(let feature):
            append(.known(Operand(place: .feature, index: UInt16(feature)), target), exits: &exits)
        case .unknown(let feature):
            append(.unknown(Operand(place: .feature, index: UInt16(feature)), target), exits: &exits)
        }
    }

    private mutating func append(_ instruction: Instruction, exits: inout [Int]) {
        exits.append(instructions.count)
        instructions.append(instruction)
    }

    /// The column of a quantity, after the code that computes it. `depth` temporaries are in use.
    private mutating func operand(_ quantity: Quantity, depth: Int) -> Operand {
        switch quantity {
        case .feature(let index): return Operand(place: .feature, index: UInt16(index))
        case .constant(let value): return Operand(place: .scratch, index: constantColumns[value.bitPattern]!)
        case .arithmetic(let op, let a, let b):
            let left = operand(a, depth: depth)
            let right = operand(b, depth: depth + 1)
            temporaries = max(temporaries, depth + 1)
            let target = UInt16(constants.count + depth)
            instructions.append(.arithmetic(op, left, right, into: target))
            return Operand(place: .scratch, index: target)
        }
    }

    private mutating func addConstant(_ value: Float) {
        guard constantColumns[value.bitPattern] == nil else { return }
        constantColumns[value.bitPattern] = UInt16(constants.count)
        constants.append(value)
    }

    /// Makes the instructions jump to the end of what is emitted so far.
    private mutating func patch(_ exits: [Int]) {
        let end = UInt32(instructions.count)
        func moved(_ old: Narrowing) -> Narrowing { Narrowing(from: old.from, into: old.into, joins: old.joins, ifEmpty: end) }
        for index in exits {
            switch instructions[index] {
            case .compare(let comparison, let a, let b, let target):
                instructions[index] = .compare(comparison, a, b, moved(target))
            case .compareConstant(let comparison, let a, let value, let target):
                instructions[index] = .compareConstant(comparison, a, value, moved(target))
            case .known(let a, let target): instructions[index] = .known(a, moved(target))
            case .unknown(let a, let target): instructions[index] = .unknown(a, moved(target))
            case .arithmetic, .clear, .fire: preconditionFailure("only a leaf jumps")
            }
        }
    }
}

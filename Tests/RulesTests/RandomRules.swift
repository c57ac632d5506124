/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// The truth of Kleene's logic; nil is unknown.
typealias Truth = Bool?

/// An expression as a test builds it: spelled into text for the module, and evaluated here by walking the tree in
/// three-valued logic, `not` included. Shares no code with the module.
indirect enum SlowExpression {
    case number(Float)
    case feature(Int)
    case arithmetic(String, SlowExpression, SlowExpression)
    case minus(SlowExpression)
    case compare(String, SlowExpression, SlowExpression)
    case known(Int)
    case not(SlowExpression)
    case and([SlowExpression])
    case or([SlowExpression])

    func value(_ row: [Float]) -> Float {
        switch self {
        case .number(let x): return x
        case .feature(let j): return row[j]
        case .minus(let a): return 0 - a.value(row)
        case .arithmetic(let op, let a, let b):
            let (x, y) = (a.value(row), b.value(row))
            switch op {
            case "+": return x + y
            case "-": return x - y
            case "*": return x * y
            default: return y == 0 ? .nan : x / y
            }
        default: fatalError("not a number")
        }
    }

    func truth(_ row: [Float]) -> Truth {
        switch self {
        case .compare(let op, let a, let b):
            let (x, y) = (a.value(row), b.value(row))
            if x.isNaN || y.isNaN { return nil }
            switch op {
            case "<": return x < y
            case "<=": return x <= y
            case ">": return x > y
            case ">=": return x >= y
            case "==": return x == y
            default: return x != y
            }
        case .known(let j): return !row[j].isNaN
        case .not(let a): return a.truth(row).map { !$0 }
        case .and(let parts):
            let truths = parts.map { $0.truth(row) }
            return truths.contains(false) ? false : (truths.contains(nil) ? nil : true)
        case .or(let parts):
            let truths = parts.map { $0.truth(row) }
            return truths.contains(true) ? true : (truths.contains(nil) ? nil : false)
        default: fatalError("not a condition")
        }
    }

    /// A spelling with random blanks, and parentheses wherever the tree needs or chance adds them.
    func spelled(_ names: [String], _ rng: inout SplitMix64) -> String {
        let text: String
        switch self {
        case .number(let x): return x < 0 ? "(-\(-x))" : "\(x)"
        case .feature(let j): return names[j]
        case .minus(let a): text = "-" + a.wrapped(names, &rng)
        case .arithmetic(let op, let a, let b), .compare(let op, let a, let b):
            text = a.wrapped(names, &rng) + blank(&rng) + op + blank(&rng) + b.wrapped(names, &rng)
        case .known(let j): return "known" + blank(&rng) + "(" + blank(&rng) + names[j] + blank(&rng) + ")"
        case .not(let a): text = "not " + a.wrapped(names, &rng)
        case .and(let parts): text = Self.join(parts, "and", names, &rng)
        case .or(let parts): text = Self.join(parts, "or", names, &rng)
        }
        return rng.next() % 8 == 0 ? "(\(text))" : text
    }

    private static func join(_ parts: [SlowExpression], _ word: String, _ names: [String], _ rng: inout SplitMix64) -> String {
        var text = parts[0].wrapped(names, &rng)
        for part in parts.dropFirst() { text += " " + word + " " + part.wrapped(names, &rng) }
        return text
    }

    private func wrapped(_ names: [String], _ rng: inout SplitMix64) -> String {
        switch self {
        case .number, .feature, .known: spelled(names, &rng)
        default: "(" + spelled(names, &rng) + ")"
        }
    }

    private func blank(_ rng: inout SplitMix64) -> String { ["", " ", "  "].randomElement(using: &rng)! }

    static func randomCondition(depth: Int, features: Int, _ rng: inout SplitMix64) -> SlowExpression {
        switch depth == 0 ? rng.next() % 4 : rng.next() % 10 {
        case 0: return .known(Int.random(in: 0..<features, using: &rng))
        case 1...4:
            let op = ["<", "<=", ">", ">=", "==", "!="].randomElement(using: &rng)!
            let feature = SlowExpression.feature(Int.random(in: 0..<features, using: &rng))
            let other = randomNumber(depth: 2, features: features, &rng)
            return Bool.random(using: &rng) ? .compare(op, feature, other) : .compare(op, other, feature)
        case 5, 6: return .not(randomCondition(depth: depth - 1, features: features, &rng))
        case let pick:
            let parts = (0..<Int.random(in: 2...3, using: &rng)).map { _ in
                randomCondition(depth: depth - 1, features: features, &rng)
            }
            return pick == 7 ? .or(parts) : .and(parts)
        }
    }

    static func randomNumber(depth: Int, features: Int, _ rng: inout SplitMix64) -> SlowExpression {
        switch depth == 0 ? rng.next() % 3 : rng.next() % 5 {
        case 0: return .number(Float(Int.random(in: -3...3, using: &rng)))
        case 1, 2: return .feature(Int.random(in: 0..<features, using: &rng))
        case 3 where rng.next() % 3 == 0: return .minus(.feature(Int.random(in: 0..<features, using: &rng)))
        default:
            let op = ["+", "-", "*", "/"].randomElement(using: &rng)!
            // A feature stands on the left: constants alone may fold to something not finite, which is an error.
            return .arithmetic(
                op, .feature(Int.random(in: 0..<features, using: &rng)), randomNumber(depth: depth - 1, features: features, &rng))
        }
    }

    /// Small integers, so that equality happens, with unknown, infinite and signed-zero values among them.
    static func randomRow(_ features: Int, _ rng: inout SplitMix64) -> [Float] {
        (0..<features).map { _ in
            switch rng.next() % 20 {
            case 0...4: .nan
            case 5: .infinity
            case 6: -0.0
            default: Float(Int.random(in: -3...3, using: &rng))
            }
        }
    }
}

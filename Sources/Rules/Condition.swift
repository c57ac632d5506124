/// A comparison. Every one is false when a side is unknown, `!=` too.
enum Comparison: String, Sendable, CaseIterable {
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="
    case notEqual = "!="

    /// The comparison that holds, of known sides, exactly when this one does not.
    var negated: Comparison {
        switch self {
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        case .greaterOrEqual: .less
        case .equal: .notEqual
        case .notEqual: .equal
        }
    }

    /// The comparison that says the same with its sides exchanged.
    var mirrored: Comparison {
        switch self {
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        case .equal, .notEqual: self
        }
    }
}

enum ArithmeticOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"

    /// The value in `Float`; division by zero is unknown, for a rate without a base is no evidence.
    func apply(_ a: Float, _ b: Float) -> Float {
        switch self {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: b == 0 ? .nan : a / b
        }
    }
}

/// A number computed from a click's features.
indirect enum Quantity: Sendable {
    case constant(Float)
    /// Index in the catalogue.
    case feature(Int)
    case arithmetic(ArithmeticOperator, Quantity, Quantity)

    /// Calls `visit` with every feature index.
    func eachFeature(_ visit: (Int) -> Void) {
        switch self {
        case .constant: break
        case .feature(let index): visit(index)
        case .arithmetic(_, let a, let b):
            a.eachFeature(visit)
            b.eachFeature(visit)
        }
    }

    func eachConstant(_ visit: (Float) -> Void) {
        switch self {
        case .constant(let value): visit(value)
        case .feature: break
        case .arithmetic(_, let a, let b):
            a.eachConstant(visit)
            b.eachConstant(visit)
        }
    }

    func spelled(_ names: [String]) -> String {
        switch self {
        case .constant(let value): "\(value)"
        case .feature(let index): names[index]
        case .arithmetic(let op, let a, let b): "(\(a.spelled(names)) \(op.rawValue) \(b.spelled(names)))"
        }
    }
}

/// A condition in negation normal form: `not` has been pushed down to the leaves.
///
/// In Kleene's three-valued logic `not` of unknown is unknown, so "is true" cannot be computed from "is true" of the
/// part below a `not`. Without `not` it can: `and`/`or` of "is true" of the parts. Hence this form, in which each leaf
/// needs one bit per click instead of two.
indirect enum Condition: Sendable {
    case compare(Comparison, Quantity, Quantity)
    case known(feature: Int)
    case unknown(feature: Int)
    case all([Condition])
    case any([Condition])

    /// The condition that is true exactly when this one is false (De Morgan; unknown stays unknown).
    var negated: Condition {
        switch self {
        case .compare(let comparison, let a, let b): .compare(comparison.negated, a, b)
        case .known(let feature): .unknown(feature: feature)
        case .unknown(let feature): .known(feature: feature)
        case .all(let parts): .any(parts.map(\.negated))
        case .any(let parts): .all(parts.map(\.negated))
        }
    }

    func eachFeature(_ visit: (Int) -> Void) {
        switch self {
        case .compare(_, let a, let b):
            a.eachFeature(visit)
            b.eachFeature(visit)
        case .known(let feature), .unknown(let feature): visit(feature)
        case .all(let parts), .any(let parts): parts.forEach { $0.eachFeature(visit) }
        }
    }

    /// Constants that are operands of their own: all but one that something is compared with.
    func eachConstant(_ visit: (Float) -> Void) {
        switch self {
        case .compare(_, let a, .constant): a.eachConstant(visit)
        case .compare(_, let a, let b):
            a.eachConstant(visit)
            b.eachConstant(visit)
        case .known, .unknown: break
        case .all(let parts), .any(let parts): parts.forEach { $0.eachConstant(visit) }
        }
    }

    /// The canonical spelling: parses back to the same condition.
    func spelled(_ names: [String]) -> String {
        func join(_ parts: [Condition], _ word: String) -> String {
            parts.map { part in
                switch part {
                case .all, .any: "(\(part.spelled(names)))"
                default: part.spelled(names)
                }
            }.joined(separator: " \(word) ")
        }
        return switch self {
        case .compare(let comparison, let a, let b): "\(a.spelled(names)) \(comparison.rawValue) \(b.spelled(names))"
        case .known(let feature): "known(\(names[feature]))"
        case .unknown(let feature): "not known(\(names[feature]))"
        case .all(let parts): join(parts, "and")
        case .any(let parts): join(parts, "or")
        }
    }
}

/// Parses the condition of a rule by recursive descent.
///
///     or      := and ("or" and)*
///     and     := not ("and" not)*
///     not     := "not" not | compare
///     compare := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
///     sum     := product (("+" | "-") product)*
///     product := atom (("*" | "/") atom)*
///     atom    := number | feature | "-" atom | "(" or ")" | "known" "(" feature ")"
///
/// Numbers and conditions are told apart while parsing: `and`, `or`, `not` take conditions, all else numbers.
struct ExpressionParser {
    /// Scalars in one expression.
    static let maxLength = 4096
    /// Parentheses, `not` and unary minus inside each other.
    static let maxDepth = 32
    /// Operators in one expression; bounds the tree, and so the recursion over it.
    static let maxOperators = 256

    private enum Value {
        case number(Quantity)
        case condition(Condition)
    }

    private var lexer: ExpressionLexer
    private var token = Token.end
    private var offset = 0
    private var depth = 0
    private var operators = 0
    private let catalogue: [String: Int]
    /// Problems that do not stop the parse: unknown names.
    private var problems: [ExpressionProblem] = []

    private init(_ scalars: [Unicode.Scalar], catalogue: [String: Int]) {
        lexer = ExpressionLexer(scalars)
        self.catalogue = catalogue
    }

    /// The condition, or everything wrong with it: every unknown name, and the first error of grammar.
    static func parse(_ text: String, catalogue: [String: Int]) -> Result<Condition, ExpressionProblems> {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= maxLength else {
            let message = "the expression has \(scalars.count) characters; at most \(maxLength) are allowed"
            return .failure(ExpressionProblems(list: [ExpressionProblem(offset: 0, message: message)]))
        }
        var parser = ExpressionParser(scalars, catalogue: catalogue)
        do throws(ExpressionProblem) {
            let condition = try parser.whole()
            return parser.problems.isEmpty ? .success(condition) : .failure(ExpressionProblems(list: parser.problems))
        } catch {
            return .failure(ExpressionProblems(list: parser.problems + [error]))
        }
    }

    private mutating func whole() throws(ExpressionProblem) -> Condition {
        try advance()
        if token == .end { throw problem("the expression is empty") }
        let start = offset
        let value = try disjunction()
        guard token == .end else { throw problem("unexpected \(token.spelled)") }
        return try condition(value, at: start)
    }

    private mutating func disjunction() throws(ExpressionProblem) -> Value {
        let start = offset
        let first = try conjunction()
        guard token == .or else { return first }
        var parts = [try condition(first, at: start)]
        while token == .or {
            try operate()
            let start = offset
            parts.append(try condition(try conjunction(), at: start))
        }
        return .condition(.any(parts))
    }

    private mutating func conjunction() throws(ExpressionProblem) -> Value {
        let start = offset
        let first = try negation()
        guard token == .and else { return first }
        var parts = [try condition(first, at: start)]
        while token == .and {
            try operate()
            let start = offset
            parts.append(try condition(try negation(), at: start))
        }
        return .condition(.all(parts))
    }

    private mutating func negation() throws(ExpressionProblem) -> Value {
        guard token == .not else { return try comparison() }
        try enter()
        try operate()
        let start = offset
        let part = try condition(try negation(), at: start)
        depth -= 1
        return .condition(part.negated)
    }

    private mutating func comparison() throws(ExpressionProblem) -> Value {
        let start = offset
        let left = try sum()
        guard case .comparison(let comparison) = token else { return left }
        let a = try number(left, at: start)
        let operatorOffset = offset
        try operate()
        let rightStart = offset
        let b = try number(try sum(), at: rightStart)
        if case .comparison = token { throw problem("comparisons do not chain; join two with \"and\"") }
        if case .constant = a, case .constant = b {
            throw ExpressionProblem(offset: operatorOffset, message: "compares two constants; one side must have a feature")
        }
        // A constant is kept on the right, where the compiled program has a faster form for it.
        if case .constant = a { return .condition(.compare(comparison.mirrored, b, a)) }
        return .condition(.compare(comparison, a, b))
    }

    private mutating func sum() throws(ExpressionProblem) -> Value {
        let start = offset
        var left = try product()
        while token == .plus || token == .minus {
            let op: ArithmeticOperator = token == .plus ? .add : .subtract
            left = try arithmetic(op, left, at: start) { parser throws(ExpressionProblem) in try parser.product() }
        }
        return left
    }

    private mutating func product() throws(ExpressionProblem) -> Value {
        let start = offset
        var left = try atom()
        while token == .times || token == .divide {
            let op: ArithmeticOperator = token == .times ? .multiply : .divide
            left = try arithmetic(op, left, at: start) { parser throws(ExpressionProblem) in try parser.atom() }
        }
        return left
    }

    private mutating func arithmetic(
        _ op: ArithmeticOperator, _ left: Value, at start: Int,
        right: (inout ExpressionParser) throws(ExpressionProblem) -> Value
    ) throws(ExpressionProblem) -> Value {
        let a = try number(left, at: start)
        let operatorOffset = offset
        try operate()
        let rightStart = offset
        let b = try number(try right(&self), at: rightStart)
        if case .constant(let x) = a, case .constant(let y) = b {
            let value = op.apply(x, y)
            guard value.isFinite else { throw ExpressionProblem(offset: operatorOffset, message: "the constant is not finite") }
            return .number(.constant(value))
        }
        return .number(.arithmetic(op, a, b))
    }

    private mutating func atom() throws(ExpressionProblem) -> Value {
        switch token {
        case .number(let value):
            try advance()
            return .number(.constant(value))
        case .name(let name):
            let index = feature(name)
            try advance()
            return .number(.feature(index))
        case .minus:
            try enter()
            try operate()
            let start = offset
            let part = try number(try atom(), at: start)
            depth -= 1
            if case .constant(let value) = part { return .number(.constant(0 - value)) }
            return .number(.arithmetic(.subtract, .constant(0), part))
        case .open:
            try enter()
            try advance()
            let inner = try disjunction()
            guard token == .close else { throw problem("expected \")\" but found \(token.spelled)") }
            depth -= 1
            try advance()
            return inner
        case .known:
            return .condition(try knownCall())
        default:
            throw problem("expected a feature, a number or \"(\" but found \(token.spelled)")
        }
    }

    private mutating func knownCall() throws(ExpressionProblem) -> Condition {
        try advance()
        guard token == .open else { throw problem("expected \"(\" after \"known\" but found \(token.spelled)") }
        try advance()
        guard case .name(let name) = token else { throw problem("known() takes a feature's name, not \(token.spelled)") }
        let index = feature(name)
        try advance()
        guard token == .close else { throw problem("expected \")\" but found \(token.spelled)") }
        try advance()
        return .known(feature: index)
    }

    /// The index of a name; an unknown one is noted and stands as feature 0, so that the parse can go on.
    private mutating func feature(_ name: String) -> Int {
        if let index = catalogue[name] { return index }
        let suggestion = NameSuggestion.phrase(for: name, among: catalogue.keys.sorted())
        problems.append(ExpressionProblem(offset: offset, message: "unknown feature \"\(name)\"\(suggestion)"))
        return 0
    }

    private func number(_ value: Value, at start: Int) throws(ExpressionProblem) -> Quantity {
        guard case .number(let quantity) = value else {
            throw ExpressionProblem(offset: start, message: "expected a number but found a condition")
        }
        return quantity
    }

    private func condition(_ value: Value, at start: Int) throws(ExpressionProblem) -> Condition {
        guard case .condition(let condition) = value else {
            throw ExpressionProblem(offset: start, message: "expected a condition but found a number; compare it, as in \"… == 1\"")
        }
        return condition
    }

    private func problem(_ message: String) -> ExpressionProblem { ExpressionProblem(offset: offset, message: message) }

    private mutating func advance() throws(ExpressionProblem) { (token, offset) = try lexer.next() }

    /// Takes an operator, counted against the limit.
    private mutating func operate() throws(ExpressionProblem) {
        operators += 1
        guard operators <= Self.maxOperators else { throw problem("more than \(Self.maxOperators) operators in one expression") }
        try advance()
    }

    private mutating func enter() throws(ExpressionProblem) {
        depth += 1
        guard depth <= Self.maxDepth else { throw problem("nested more than \(Self.maxDepth) deep") }
    }
}

/// Everything wrong with one expression.
struct ExpressionProblems: Error {
    let list: [ExpressionProblem]
}

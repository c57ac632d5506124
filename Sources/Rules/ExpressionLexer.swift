/// A problem in an expression, at an offset in its Unicode scalars.
struct ExpressionProblem: Error {
    let offset: Int
    let message: String
}

enum Token: Equatable {
    case name(String)
    case number(Float)
    case comparison(Comparison)
    case plus, minus, times, divide
    case open, close
    case and, or, not, known
    case end

    /// How a message names the token.
    var spelled: String {
        switch self {
        case .name(let name): "\"\(name)\""
        case .number(let value): "number \(value)"
        case .comparison(let comparison): "\"\(comparison.rawValue)\""
        case .plus: "\"+\""
        case .minus: "\"-\""
        case .times: "\"*\""
        case .divide: "\"/\""
        case .open: "\"(\""
        case .close: "\")\""
        case .and: "\"and\""
        case .or: "\"or\""
        case .not: "\"not\""
        case .known: "\"known\""
        case .end: "the end of the expression"
        }
    }
}

/// Cuts an expression into tokens.
struct ExpressionLexer {
    private let scalars: [Unicode.Scalar]
    private var position = 0

    init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

    /// The next token and the offset of its first scalar; `.end` lies just after the last scalar that is not white space.
    mutating func next() throws(ExpressionProblem) -> (token: Token, offset: Int) {
        while position < scalars.count, scalars[position].properties.isWhitespace { position += 1 }
        guard position < scalars.count else {
            let last = scalars.lastIndex { !$0.properties.isWhitespace }
            return (.end, last.map { $0 + 1 } ?? 0)
        }
        let start = position
        let scalar = scalars[position]
        if Self.isLetter(scalar) { return (word(), start) }
        if Self.isDigit(scalar) { return (try number(), start) }
        return (try symbol(), start)
    }

    private mutating func word() -> Token {
        let start = position
        while position < scalars.count, Self.isLetter(scalars[position]) || Self.isDigit(scalars[position]) { position += 1 }
        let text = string(start..<position)
        return switch text {
        case "and": .and
        case "or": .or
        case "not": .not
        case "known": .known
        default: .name(text)
        }
    }

    /// Digits with single underscores between them, a fraction, an exponent: `1_000`, `0.5`, `1e3`.
    private mutating func number() throws(ExpressionProblem) -> Token {
        let start = position
        while position < scalars.count {
            let scalar = scalars[position]
            let isExponentSign = (scalar == "+" || scalar == "-") && (scalars[position - 1] == "e" || scalars[position - 1] == "E")
                && string(start..<position - 1).unicodeScalars.allSatisfy { Self.isDigit($0) || $0 == "." || $0 == "_" }
            guard Self.isDigit(scalar) || Self.isLetter(scalar) || scalar == "." || isExponentSign else { break }
            position += 1
        }
        let text = string(start..<position)
        let digitsOnly = text.filter { $0 != "_" }
        let wellPlaced = !text.hasSuffix("_") && !text.contains("__") && !text.contains("_.") && !text.contains("._")
        guard wellPlaced, digitsOnly.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) }), !digitsOnly.hasSuffix("."),
            let value = Float(digitsOnly)
        else {
            throw ExpressionProblem(offset: start, message: "\"\(text)\" is no number; write plain numbers, in the feature's own unit")
        }
        guard value.isFinite else { throw ExpressionProblem(offset: start, message: "\"\(text)\" is too large") }
        return .number(value)
    }

    private mutating func symbol() throws(ExpressionProblem) -> Token {
        let scalar = scalars[position]
        let doubled = position + 1 < scalars.count && scalars[position + 1] == "="
        func take(_ count: Int, _ token: Token) -> Token {
            position += count
            return token
        }
        switch scalar {
        case "(": return take(1, .open)
        case ")": return take(1, .close)
        case "+": return take(1, .plus)
        case "-": return take(1, .minus)
        case "*": return take(1, .times)
        case "/": return take(1, .divide)
        case "<": return doubled ? take(2, .comparison(.lessOrEqual)) : take(1, .comparison(.less))
        case ">": return doubled ? take(2, .comparison(.greaterOrEqual)) : take(1, .comparison(.greater))
        case "=" where doubled: return take(2, .comparison(.equal))
        case "!" where doubled: return take(2, .comparison(.notEqual))
        case "=": throw ExpressionProblem(offset: position, message: "unexpected \"=\" (did you mean \"==\"?)")
        case "!": throw ExpressionProblem(offset: position, message: "unexpected \"!\" (did you mean \"not\"?)")
        case "&": throw ExpressionProblem(offset: position, message: "unexpected \"&\" (did you mean \"and\"?)")
        case "|": throw ExpressionProblem(offset: position, message: "unexpected \"|\" (did you mean \"or\"?)")
        default:
            let shown = scalar.properties.isDefaultIgnorableCodePoint || scalar.value < 0x20 || scalar.value == 0x7f
                ? "U+" + String(scalar.value, radix: 16, uppercase: true) : String(scalar)
            throw ExpressionProblem(offset: position, message: "unexpected character \"\(shown)\"")
        }
    }

    private func string(_ range: Range<Int>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[range])
        return String(text)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= 0x30 && scalar.value <= 0x39 }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "_": true
        default: false
        }
    }
}

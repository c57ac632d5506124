internal import Yams

/// Where each character of a YAML scalar's value stands in the file.
///
/// YAML gives the start of a scalar only, and its value has quotes, indentation and line folding removed. In a rule's
/// condition white space has no meaning and everything else stands as written, so the value's other characters are the
/// source's other characters, one by one, from the start of the scalar's content:
///
///     when: >                         value "a > 1 and\nb < 2": the 4th non-blank character of the value
///       a > 1 and                     is the 4th non-blank one of the source
///       b < 2
///
/// Where that does not hold (an escape in a quoted scalar), the place is the start of the scalar.
struct ScalarPositions {
    private var places: [(line: Int, column: Int)?] = []
    private let start: (line: Int, column: Int)

    /// - Parameter lines: the scalars of the file's lines, without their ends.
    init(of scalar: Node.Scalar, in lines: [[Unicode.Scalar]]) {
        start = (scalar.mark?.line ?? 1, scalar.mark?.column ?? 1)
        var line = start.line - 1
        var column = start.column - 1
        // The mark of a scalar with a tag or an anchor is theirs.
        while line < lines.count, column < lines[line].count, lines[line][column] == "!" || lines[line][column] == "&" {
            while column < lines[line].count, !lines[line][column].properties.isWhitespace { column += 1 }
            while column < lines[line].count, lines[line][column].properties.isWhitespace { column += 1 }
        }
        switch scalar.style {
        case .singleQuoted, .doubleQuoted: column += 1
        case .literal, .folded:
            line += 1
            column = 0
        case .plain, .any: break
        }
        var aligned = true
        for value in scalar.string.unicodeScalars {
            guard aligned, !value.properties.isWhitespace else {
                places.append(nil)
                continue
            }
            while line < lines.count, column >= lines[line].count || lines[line][column].properties.isWhitespace {
                if column >= lines[line].count {
                    line += 1
                    column = 0
                } else {
                    column += 1
                }
            }
            aligned = line < lines.count && lines[line][column] == value
            places.append(aligned ? (line + 1, column + 1) : nil)
            column += 1
        }
    }

    /// The place of the value's character at `offset`, or just after the one before it (the end of an expression).
    subscript(offset: Int) -> (line: Int, column: Int) {
        if offset < places.count, let place = places[offset] { return place }
        if offset > 0, offset <= places.count, let before = places[offset - 1] { return (before.line, before.column + 1) }
        return start
    }

    /// Splits a text into lines as YAML counts them.
    static func lines(of text: String) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var afterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where afterReturn: afterReturn = false
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                lines.append([])
                afterReturn = scalar == "\r"
            default:
                lines[lines.count - 1].append(scalar)
                afterReturn = false
            }
        }
        return lines
    }
}

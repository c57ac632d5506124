/// What the texts of a label column mean.
struct LabelWords {
    /// The one text that means fraud; nil: the usual pairs of words.
    let positive: String?

    static let expected = "0/1, true/false, valid/fraud or yes/no; --positive VALUE names another"

    /// - Returns: true for fraud; nil for a text that says neither.
    func isFraud(_ text: String) -> Bool? {
        if let positive { return text == positive }
        switch text.lowercased() {
        case "1", "true", "t", "fraud", "yes", "y", "1.0": return true
        case "0", "false", "f", "valid", "no", "n", "0.0": return false
        default: return nil
        }
    }

    /// - Parameter row: 1 for the first row under the header.
    /// - Throws: `CommandError` with file, row and what was expected.
    func label(_ text: String?, column: String, file: String, row: Int) throws -> Bool {
        guard let text else { throw CommandError("\(file): row \(row): the label \(column) is missing") }
        guard let isFraud = isFraud(text) else {
            throw CommandError("\(file): row \(row): the label \(column) is `\(OutputTable.printable(text, widest: 40))`; expected \(Self.expected)")
        }
        return isFraud
    }
}

/// Why a table file cannot be read: which file, where in it, and what was expected.
package struct TableFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let detail: String

    package init(file: String, detail: String) {
        self.file = file
        self.detail = detail
    }

    package var description: String { "\(file): \(detail)" }

    /// DuckDB's words about a file, cut to what a reader of the message can act on.
    init(_ file: String, _ error: StorageError) {
        self.file = file
        guard case .database(let message) = error else {
            detail = error.description
            return
        }
        detail = Self.detail(of: message)
    }

    private static func detail(of message: String) -> String {
        guard let line = value(after: "CSV Error on Line: ", in: message) else {
            let first = String(message.split(separator: "\n").first ?? "cannot be read")
            // DuckDB puts the kind of its error first, e.g. `IO Error: `.
            return first.firstRange(of: " Error: ").map { String(first[$0.upperBound...]) } ?? first
        }
        if let counts = value(after: "Expected Number of Columns: ", in: message) {
            let numbers = counts.split(separator: " ").compactMap { Int($0) }
            if numbers.count == 2 { return "line \(line): expected \(numbers[0]) columns as in the first line, found \(numbers[1])" }
        }
        if message.contains("unterminated quote") { return "line \(line): expected a closing quote, found none" }
        if message.contains("not utf-8") { return "line \(line): expected UTF-8 text, found other bytes" }
        let words = message.split(separator: "\n").dropFirst().first { !$0.hasPrefix("Original Line") && !$0.isEmpty }
        return "line \(line): \(words ?? "not a row of a CSV table")"
    }

    /// The rest of the line that starts with `mark` somewhere in `message`.
    private static func value(after mark: String, in message: String) -> String? {
        guard let found = message.firstRange(of: mark) else { return nil }
        return String(message[found.upperBound...].prefix { $0 != "\n" })
    }
}

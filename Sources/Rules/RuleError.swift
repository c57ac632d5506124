/// One thing wrong with a rule file, with the place a person has to look at.
package struct RuleDiagnostic: Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named to the loader.
    package let file: String
    /// From 1; 0 when the whole file is meant.
    package let line: Int
    /// From 1, in Unicode scalars; 0 when the whole file is meant.
    package let column: Int
    package let message: String

    package init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `rules.yaml:12:17: unknown feature …`
    package var description: String {
        line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)"
    }
}

/// Everything wrong with a rule file, in the order of the file; never empty.
package struct RuleError: Error, Hashable, CustomStringConvertible {
    /// Diagnostics kept of one file; what is over it is left out, and said to be.
    package static let maxDiagnostics = 100

    package let diagnostics: [RuleDiagnostic]

    package init(_ diagnostics: [RuleDiagnostic]) {
        precondition(!diagnostics.isEmpty, "an error says what is wrong")
        let sorted = diagnostics.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        guard sorted.count > Self.maxDiagnostics else {
            self.diagnostics = sorted
            return
        }
        let rest = sorted.count - Self.maxDiagnostics
        let last = RuleDiagnostic(file: sorted[0].file, line: 0, column: 0, message: "\(rest) more errors are not shown")
        self.diagnostics = sorted.prefix(Self.maxDiagnostics) + [last]
    }

    /// One diagnostic a line.
    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

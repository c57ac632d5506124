/// What a scenario file says: a named simulation.
///
/// ```yaml
/// version: 1
/// name: an evening with a burst
/// seed: 7
/// start: 2026-11-10T16:00Z
/// clicks: 50000
/// profile: test                      # where attackers draw from what is not said below
/// families:                          # a family that is left out does not occur
///   humanoid: 1                      # its weight
///   ip_burst: {weight: 2, clicks: [40, 90], gap_ms: [200, 400]}
/// look_alikes: {stadium: 0.02, commuter: 0.01}
/// phases:                            # one after another; each may have its own families
///   - {hours: 4, fraud_share: 0.05}
///   - {hours: 1, fraud_share: 0.4, volume: 2, families: {ip_burst: 1}}
/// ```
///
/// Beside these, `fraud_share` and `hours` (instead of `phases`), `description`, `inventory` (`ads`, `campaigns`,
/// `advertisers`, `publishers`, `users`) and `delivery` (`duplicate_share`, `late_share`, `slow_share`, `bad_line_share`,
/// `jitter_ms`) are known. What is left out has the default of `SimulationOptions`.
package struct Scenario: Sendable {
    /// Bytes of a scenario file at most.
    package static let maxFileBytes = 256 << 10

    package var name: String
    package var description: String
    package var options: SimulationOptions

    /// Reads a scenario from the text of a file; `file` is how diagnostics name it.
    /// - Throws: `ScenarioError` with everything that is wrong.
    package static func parse(_ text: String, file: String) throws(ScenarioError) -> Scenario {
        var reader = ScenarioReader(file: file)
        let scenario = reader.read(text)
        guard let scenario, reader.diagnostics.isEmpty else { throw ScenarioError(reader.diagnostics) }
        return scenario
    }
}

/// One thing wrong with a scenario file, with the place a person has to look at.
package struct ScenarioDiagnostic: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 when the whole file is meant.
    package let line: Int
    /// From 1, in Unicode scalars; 0 when the whole file is meant.
    package let column: Int
    package let message: String

    /// `evening.yaml:4:11: …`
    package var description: String { line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)" }
}

/// Everything wrong with a scenario file, in the order of the file; never empty.
package struct ScenarioError: Error, Hashable, CustomStringConvertible {
    /// Diagnostics kept of one file; the last says how many more there are.
    package static let maxDiagnostics = 100

    package let diagnostics: [ScenarioDiagnostic]

    init(_ all: [ScenarioDiagnostic]) {
        let sorted = all.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        let rest = sorted.count - Self.maxDiagnostics
        guard rest > 0 else {
            diagnostics = sorted
            return
        }
        let last = ScenarioDiagnostic(file: sorted[0].file, line: 0, column: 0, message: "\(rest) more errors are not shown")
        diagnostics = sorted.prefix(Self.maxDiagnostics) + [last]
    }

    /// One diagnostic a line.
    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

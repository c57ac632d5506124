internal import Foundation
internal import Simulation

/// Scenario files on disk.
enum ScenarioFile {
    /// - Throws: `ScenarioError` with everything wrong in it; `CommandError` when it cannot be read as text.
    static func load(_ path: String) throws -> Scenario {
        guard let file = FileHandle(forReadingAtPath: path) else { throw CommandError("\(path): there is no such file, or it cannot be read") }
        defer { try? file.close() }
        // One byte more than allowed is enough to be refused for its size.
        guard let data = try? file.read(upToCount: Scenario.maxFileBytes + 1) else { throw CommandError("\(path): expected a scenario file with text in it") }
        guard let text = String(data: data, encoding: .utf8) else { throw CommandError("\(path): not UTF-8; expected a scenario in YAML") }
        return try Scenario.parse(text, file: path)
    }
}

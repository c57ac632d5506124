import Foundation
import Testing

/// A folder of its own for each test, removed with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "fraud-storage-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

/// Python with the packages that `make deps` installs: DuckDB's own client reads what we wrote.
enum Python {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    static func packages() throws -> String {
        if let named = ProcessInfo.processInfo.environment["FRAUD_PYTHON"], !named.isEmpty { return named }
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let found = folder.appendingPathComponent(".deps/python").path
            if FileManager.default.fileExists(atPath: found) { return found }
            folder.deleteLastPathComponent()
        }
        throw Missing(description: "no .deps/python above the tests: run `make deps`, or set FRAUD_PYTHON")
    }

    static func start(_ script: String, _ arguments: [String]) throws -> (Process, output: Pipe, input: Pipe) {
        let process = Process()
        let output = Pipe()
        let input = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": try packages()]) { $1 }
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        return (process, output, input)
    }

    /// Runs a script to its end; its standard output.
    static func run(_ script: String, _ arguments: [String]) throws -> String {
        let (process, output, _) = try start(script, arguments)
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Missing(description: "python3 failed (its message is above); \(text)") }
        return text
    }
}

/// Seeded randomness (Steele, Lea, Flood 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

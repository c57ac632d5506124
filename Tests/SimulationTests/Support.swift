import Foundation
import Simulation
import Testing

/// All bytes of a simulation and its summary.
func simulate(_ options: SimulationOptions) throws -> (bytes: [UInt8], summary: SimulationSummary) {
    var simulator = try TrafficSimulator(options)
    var bytes: [UInt8] = []
    while simulator.next(into: &bytes) {}
    return (bytes, simulator.summary)
}

func options(clicks: Int, seed: UInt64 = 11, _ change: (inout SimulationOptions) -> Void = { _ in }) -> SimulationOptions {
    var options = SimulationOptions()
    options.clicks = clicks
    options.seed = seed
    change(&options)
    return options
}

/// The lines that are clicks (bad ones left out), parsed by Foundation.
func clicks(_ bytes: [UInt8]) -> [[String: Any]] {
    bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
        guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any], object["label"] != nil
        else { return nil }
        return object
    }
}

extension [String: Any] {
    func text(_ key: String) -> String? { self[key] as? String }
    func number(_ key: String) -> Double? { (self[key] as? NSNumber)?.doubleValue }
    var isFraud: Bool { text("label") == "fraud" }
}

struct PythonError: Error, CustomStringConvertible {
    let description: String
}

/// Runs a Python program with `arguments`, the project's packages on its path; returns what it printed.
func python(_ program: String, _ arguments: [String], file: String = #filePath) throws -> String {
    var root = URL(fileURLWithPath: file).deletingLastPathComponent()
    var packages = ProcessInfo.processInfo.environment["FRAUD_PYTHON"]
    while packages == nil, root.path != "/" {
        let candidate = root.appendingPathComponent(".deps/python").path
        if FileManager.default.fileExists(atPath: candidate) { packages = candidate }
        root.deleteLastPathComponent()
    }
    guard let packages, FileManager.default.fileExists(atPath: packages) else {
        throw PythonError(description: "no Python packages: run `make deps`, or set FRAUD_PYTHON")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": packages]) { _, new in new }
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw PythonError(description: "python failed: \(String(decoding: complaint, as: UTF8.self))")
    }
    return String(decoding: printed, as: UTF8.self)
}

/// A file of these bytes for the time of `body`.
func withFile<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("simulation-\(UUID().uuidString).ndjson")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
}

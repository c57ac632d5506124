internal import Foundation
internal import Simulation

/// Simulated traffic written to files.
enum SimulatedFile {
    /// Writes a simulation's lines to a file, or to standard output when `path` is `-`.
    ///
    /// - Parameters:
    ///   - progress: called now and then with the lines written and their share of all.
    ///   - truth: called with the truth of each line in turn, bad lines left out; nil to spare it.
    /// - Throws: `SimulationError` for options outside their range; `CommandError` when the file cannot be opened.
    static func write(
        _ options: SimulationOptions, to path: String, progress: (Int, Double) -> Void, truth: ((ClickTruth) throws -> Void)? = nil
    ) throws -> SimulationSummary {
        var simulator = try TrafficSimulator(options)
        let file = try open(path)
        var buffer: [UInt8] = []
        buffer.reserveCapacity(2 << 20)
        while simulator.next(into: &buffer) {
            if let truth, let last = simulator.lastTruth { try truth(last) }
            guard buffer.count >= 1 << 20 else { continue }
            try file.write(contentsOf: Data(buffer))
            buffer.removeAll(keepingCapacity: true)
            progress(simulator.summary.lines, Double(simulator.summary.lines) / Double(max(1, options.clicks)))
        }
        try file.write(contentsOf: Data(buffer))
        if path != "-" { try file.close() }
        return simulator.summary
    }

    /// A file opened for writing, made empty; standard output for `-`.
    static func open(_ path: String) throws -> FileHandle {
        if path == "-" { return .standardOutput }
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw CommandError("\(path): cannot be opened for writing: \(String(cString: strerror(errno)))") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Writes the hosting and Tor lists that fit simulated traffic into a folder, made when it is not there.
    static func writeLists(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try TrafficSimulator.hostingList.write(toFile: folder + "/hosting.txt", atomically: true, encoding: .utf8)
        try TrafficSimulator.torList.write(toFile: folder + "/tor.txt", atomically: true, encoding: .utf8)
    }
}

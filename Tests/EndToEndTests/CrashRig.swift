import Foundation
import Testing

/// A form in which clicks come to `fraud score`.
struct CrashSource: Sendable, CustomStringConvertible {
    let name: String
    /// Files of the rig's folder, merged by the job when there are several; `-` for standard input.
    let inputs: [String]
    /// The file that a pipe to standard input gives, from its start, at every run.
    var piped: String?

    var description: String { name }

    /// All sources there are; `crash_sources.py` writes their files.
    static let all = [
        CrashSource(name: "ndjson", inputs: ["clicks.ndjson"]), CrashSource(name: "csv", inputs: ["clicks.csv"]),
        CrashSource(name: "combined", inputs: ["clicks.log"]), CrashSource(name: "gzip", inputs: ["clicks.ndjson.gz"]),
        CrashSource(name: "zstd", inputs: ["clicks.ndjson.zst"]), CrashSource(name: "merged", inputs: ["merged-0", "merged-1", "merged-2", "merged-3"]),
        CrashSource(name: "pipe", inputs: ["-"], piped: "clicks.ndjson"),
    ]
}

/// Inputs in every form, each scored once undisturbed; tests disturb other runs and compare.
final class CrashRig: Sendable {
    /// Points of a commit that `FRAUD_FAULT=name:count` names, in the order they are reached.
    static let points = [
        "snapshot-created", "snapshot-written", "snapshot-synced", "snapshot-renamed", "snapshot-saved", "rows-ahead", "rows-staged",
        "archive-staged",
        "epoch-committed", "archive-published", "verdicts-flushed",
    ]

    /// Small inputs that still make at least five epochs: an epoch ends at the end of a batch of 1,024 events.
    static let events = 5_000
    static let epochEvents = 1_000

    /// What names of runs begin with that save the state before the first event and at the last epoch only.
    static let rare = "rare"

    static let shared = Result { try CrashRig() }

    let scratch: Scratch
    /// Seconds an undisturbed run takes, by source.
    let seconds: [String: Double]

    private init() throws {
        scratch = try Scratch()
        let made = try Programs.python("crash_sources.py", ["31", "\(Self.events)", scratch.folder.path])
        try #require(made.status == 0, "\(made.errors)")
        try ModelFiles.write(scratch.path("challenger.json"), raisedBy: 2)
        var seconds: [String: Double] = [:]
        for source in CrashSource.all {
            let started = Date()
            let run = try Self.finish(source, "calm", in: scratch)
            try #require(run.status == 0, "\(source): \(run.errors)")
            seconds[source.name] = Date().timeIntervalSince(started)
        }
        self.seconds = seconds
    }

    func database(_ source: CrashSource, _ name: String) -> String { scratch.path("\(source)-\(name).duckdb") }

    private static func arguments(_ source: CrashSource, _ name: String, in scratch: Scratch) throws -> [String] {
        let there = try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path)
        // The forms of the merged files are drawn by their seed.
        let inputs = source.inputs.map { input in input == "-" ? input : scratch.path(there.first { $0.hasPrefix(input) } ?? input) }
        let base = scratch.path("\(source)-\(name)")
        return ["score"] + inputs + ["--db", base + ".duckdb", "--verdicts", base + ".verdicts", "--epoch-events", "\(epochEvents)", "--json", "--challenger", scratch.path("challenger.json")]
            + (name.hasPrefix(rare) ? ["--snapshots", "rare"] : [])
    }

    /// Starts a run of a source; its output goes to files of `output`.
    func start(_ source: CrashSource, _ name: String, fault: String? = nil, output: Scratch) throws -> Process {
        try Self.start(source, name, fault: fault, in: scratch, output: output)
    }

    private static func start(_ source: CrashSource, _ name: String, fault: String?, in scratch: Scratch, output: Scratch) throws -> Process {
        var environment = ProcessInfo.processInfo.environment
        environment["FRAUD_FAULT"] = fault
        let arguments = try arguments(source, name, in: scratch)
        guard let piped = source.piped else { return try Programs.start(Programs.fraud, arguments, environment: environment, scratch: output) }
        // Through a true pipe, which cannot be read again from where it stopped.
        let pipe = Pipe()
        let producer = Process()
        producer.executableURL = URL(filePath: "/bin/cat")
        producer.arguments = [scratch.path(piped)]
        producer.standardOutput = pipe
        producer.standardError = FileHandle.nullDevice
        let process = try Programs.start(Programs.fraud, arguments, environment: environment, standardInput: pipe, scratch: output)
        try producer.run()
        try? pipe.fileHandleForReading.close()
        try? pipe.fileHandleForWriting.close()
        return process
    }

    /// Runs a source to its end, or to where the fault stops it.
    func finish(_ source: CrashSource, _ name: String, fault: String? = nil) throws -> Finished {
        try Self.finish(source, name, fault: fault, in: scratch)
    }

    private static func finish(_ source: CrashSource, _ name: String, fault: String? = nil, in scratch: Scratch) throws -> Finished {
        let output = try Scratch()
        let process = try start(source, name, fault: fault, in: scratch, output: output)
        process.waitUntilExit()
        return Finished(status: process.terminationStatus, output: output.text("stdout"), errors: output.text("stderr"))
    }

    /// The command line of a run, for a shell.
    func command(_ source: CrashSource, _ name: String) throws -> String {
        ([Programs.fraud.path] + (try Self.arguments(source, name, in: scratch))).map { "'\($0)'" }.joined(separator: " ")
    }

    /// Holds disturbed runs that were finished against the undisturbed one, and removes them.
    func expectEqual(_ source: CrashSource, _ names: [String], _ comment: String = "") throws {
        guard !names.isEmpty else { return }
        let compared = try Programs.python("tables_equal.py", [database(source, "calm")] + names.map { database(source, $0) })
        #expect(compared.status == 0, "\(source) \(comment): \(compared.errors)")
        for name in names { try remove(source, name) }
    }

    func remove(_ source: CrashSource, _ name: String) throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path) where file.hasPrefix("\(source)-\(name).") {
            try FileManager.default.removeItem(atPath: scratch.path(file))
        }
    }

    /// Bytes of the largest file a run wrote.
    func largestFile(_ source: CrashSource, _ name: String) throws -> Int {
        let walk = FileManager.default.enumerator(atPath: scratch.folder.path)
        return (walk?.compactMap { $0 as? String } ?? []).filter { $0.hasPrefix("\(source)-\(name).") }.reduce(0) {
            max($0, ((try? FileManager.default.attributesOfItem(atPath: scratch.path($1))[.size]) as? NSNumber)?.intValue ?? 0)
        }
    }

    /// Snapshots of a run, the newest first.
    func snapshots(_ source: CrashSource, _ name: String) throws -> [String] {
        let folder = database(source, name) + ".state"
        let epoch = { (file: String) in Int(file.dropFirst("epoch-".count).dropLast(".snapshot".count)) ?? -1 }
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".snapshot") }
            .sorted { epoch($0) > epoch($1) }.map { "\(folder)/\($0)" }
    }
}

import ClickCodec
import ClickModel
import Foundation
import Pipeline
import Scoring

/// From the start of a process to its first scored click.
enum StartTime {
    private static let runs = 20
    private static let variable = "FRAUD_BENCH_STARTED"

    /// - Parameter fraud: the program; nil leaves its line out.
    static func report(_ input: String, fraud: String?, folder: String) throws -> String {
        let click = folder + "/one.ndjson"
        let text = try firstLine(of: input)
        try text.write(toFile: click, atomically: true, encoding: .utf8)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var table = TextTable(["start, median of \(runs)", "ms", "least", "most"])
        func add(_ name: String, _ run: () throws -> Double) rethrows {
            let times = try (0..<runs).map { _ in try run() }
            table.add([name] + [times.median, times.min() ?? 0, times.max() ?? 0].map { $0.rounded(to: 1) })
        }
        try add("process start → click scored inline") { try spawn([own, "first-click", click]) ?? 0 }
        try add("process start → click scored by a job") {
            let database = folder + "/start.duckdb"
            defer { removeDatabase(database) }
            return try spawn([own, "first-click", click, database]) ?? 0
        }
        if let fraud {
            try add("fraud score of one click, to its end") {
                let database = folder + "/start.duckdb"
                defer { removeDatabase(database) }
                let before = BenchClock.wall
                _ = try spawn([fraud, "score", click, "--db", database, "--no-archive", "--json"])
                return Double(BenchClock.wall - before) / 1e6
            }
        }
        return table.text
    }

    private static func firstLine(of input: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(filePath: input))
        let bytes = try file.read(upToCount: 1 << 17) ?? Data()
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) + "\n"
    }

    /// - Returns: the number that the program printed, if it did.
    private static func spawn(_ command: [String]) throws -> Double? {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: URL(filePath: "/dev/null"))
        process.environment = ProcessInfo.processInfo.environment.merging([variable: String(BenchClock.wall)]) { $1 }
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Double(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// In the process that is measured: scores the first click and prints the milliseconds since before its start.
    static func firstClick(_ input: String, database: String?) throws {
        let started = Int(ProcessInfo.processInfo.environment[variable] ?? "") ?? 0
        var scored = 0
        if let database {
            var options = ScoreJobOptions(inputs: [input], database: database)
            options.writesArchive = false
            _ = try ScoreJob(options).run { _ in if scored == 0 { scored = BenchClock.wall } }
        } else {
            let scorer = try ScorerConfiguration().makeScorer()
            let (stream, batch) = (try ClickStream(path: input), ClickBatch())
            _ = try stream.next(into: batch)
            _ = scorer.score(batch, row: 0)
            scored = BenchClock.wall
        }
        print(Double(scored - started) / 1e6)
    }
}

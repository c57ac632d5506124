import ClickCodec
import ClickModel
import Foundation
import Pipeline

/// The whole way, and larger parts of it than a stage.
enum WholeJob {
    private static let runs = 3

    static func table(_ inputs: BenchInputs, folder: String) throws -> String {
        var table = TextTable(["whole", "ns/click", "clicks/s", "CPU ns/click"])
        func add(_ name: String, clicks: Int, _ run: () throws -> (wall: Int, cpu: Int)) rethrows {
            let times = try (0..<runs).map { _ in try run() }
            let wall = Double(times.map(\.wall).median) / Double(clicks)
            table.add([name, wall.rounded(to: 1), (1e9 / wall).rounded(to: 0), (Double(times.map(\.cpu).median) / Double(clicks)).rounded(to: 1)])
        }
        let clicks = try count(inputs.ndjson)
        try add("scoring core: decoded → rows, one thread, its CPU", clicks: clicks) { try core(inputs.ndjson) }
        try add("job, NDJSON → tables", clicks: clicks) { try job(inputs.ndjson, folder, archive: false) }
        try add("job, with the archive", clicks: clicks) { try job(inputs.ndjson, folder, archive: true) }
        if let gzip = inputs.gzip {
            try add("job, NDJSON in gzip", clicks: clicks) { try job(gzip, folder, archive: false) }
            try add("  inflate alone, as the job reads it", clicks: clicks) { try inflate(gzip) }
            try add("  gzip -dc", clicks: clicks) { try spawn(["gzip", "-dc", gzip]) }
        }
        if let csv = inputs.csv { try add("job, CSV", clicks: clicks) { try job(csv, folder, archive: false) } }
        if let combined = inputs.combined { try add("job, combined log", clicks: clicks) { try job(combined, folder, archive: false) } }
        return table.text
    }

    private static func measured(_ work: () throws -> Void) rethrows -> (wall: Int, cpu: Int) {
        let before = (wall: BenchClock.wall, cpu: BenchClock.process)
        try work()
        return (BenchClock.wall - before.wall, BenchClock.process - before.cpu)
    }

    private static func count(_ input: String) throws -> Int {
        let (stream, batch) = (try ClickStream(path: input), ClickBatch())
        var count = 0
        while try stream.next(into: batch) { count += batch.count }
        return count
    }

    /// The engine alone, on batches as they are decoded; rows are dropped.
    private static func core(_ input: String) throws -> (wall: Int, cpu: Int) {
        var engine = Engine(scorer: try ScorerConfiguration().makeScorer())
        let (stream, batch, rows) = (try ClickStream(path: input), ClickBatch(), EpochRows())
        var taken = 0
        var isFirst = true
        while try stream.next(into: batch) {
            if isFirst { engine.open(source: 1, first: batch) }
            isFirst = false
            let before = BenchClock.thread
            try engine.process(batch, into: rows, verdictWriter: nil)
            taken += BenchClock.thread - before
            if rows.isFull { rows.removeAll() }
        }
        return (taken, taken)
    }

    private static func job(_ input: String, _ folder: String, archive: Bool) throws -> (wall: Int, cpu: Int) {
        let database = folder + "/job-\(UUID().uuidString).duckdb"
        defer { removeDatabase(database) }
        var options = ScoreJobOptions(inputs: [input], database: database)
        options.writesArchive = archive
        if input.hasSuffix(".log") { options.defaults = try CombinedDefaults(adID: "ad", campaignID: "campaign", advertiserID: "advertiser") }
        return try measured { _ = try ScoreJob(options).run { _ in } }
    }

    /// Decompression and the search for line ends.
    private static func inflate(_ input: String) throws -> (wall: Int, cpu: Int) {
        let (reader, chunk) = (try SourceReader(path: input), Chunk())
        return try measured { while try reader.read(into: chunk) {} }
    }

    /// Wall time stands for the CPU of another process that does nothing but compute.
    private static func spawn(_ command: [String]) throws -> (wall: Int, cpu: Int) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: "/dev/null"))
        let before = BenchClock.wall
        try process.run()
        process.waitUntilExit()
        let taken = BenchClock.wall - before
        return (taken, taken)
    }
}

/// The files of a benchmark, made by `Tests/Benchmarks/Python/bench_inputs.py`: the same clicks in each format.
struct BenchInputs {
    let ndjson: String
    let gzip, csv, combined: String?

    /// - Parameter ndjson: the others stand beside it, if they are there.
    init(_ ndjson: String) {
        func beside(_ name: String) -> String? { FileManager.default.fileExists(atPath: name) ? name : nil }
        let stem = ndjson.hasSuffix(".ndjson") ? String(ndjson.dropLast(7)) : ndjson
        self.ndjson = ndjson
        gzip = beside(ndjson + ".gz")
        csv = beside(stem + ".csv")
        combined = beside(stem + ".log")
    }
}

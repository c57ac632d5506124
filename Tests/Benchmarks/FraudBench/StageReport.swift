import CClickRecord
import ClickModel
import Features
import Foundation
import Pipeline
import Storage
import Windows

/// The table of stages: medians over a few runs of the whole file.
///
/// *Bytes touched* are an estimate from layouts and counts, of what a stage must at least read or write of a click, each byte counted
/// once although a cache line brings 64: `read` the line twice (page cache and chunk); `decode` the line, the record and its texts;
/// the stages of state their part of the record (`keys`: hashes, time, cost; `facts`: the numbers) with what `StateTraffic` and
/// `FeatureExtractor.bytesPerClick` say of tables whose keys are known; `rules` and `model` every column of features once; the stages of
/// rows what they append (and `flagged` the features it copies), spread over all clicks. Growth, sketches that outgrew their cell and
/// what DuckDB does with the rows are not in it.
struct StageReport {
    let clicks: Int
    let flaggedShare: Double
    private let nanoseconds: [Stage: Double]
    private let bytes: [Stage: Double]
    private let instructions: [String: Double]

    /// - Parameter instructions: a file of lines `stage <tab> instructions a click`, or nil.
    init(_ input: String, runs: Int, folder: String, instructions: String?) throws {
        var times: [[Stage: Int]] = []
        var last = Counts()
        for _ in 0..<runs {
            let database = folder + "/stages-\(UUID().uuidString).duckdb"
            defer { removeDatabase(database) }
            var run = try StageRun(input, warehouse: Warehouse(path: database))
            try run.run()
            times.append(run.nanoseconds)
            last = Counts(run)
        }
        let size = try FileManager.default.attributesOfItem(atPath: input)[.size] as? NSNumber
        clicks = last.events
        flaggedShare = Double(last.flagged) / Double(max(1, last.scored))
        bytes = Self.bytes(last, line: Double(size?.intValue ?? 0) / Double(last.events))
        nanoseconds = Dictionary(
            uniqueKeysWithValues: Stage.allCases.map { stage in (stage, Double(times.map { $0[stage] ?? 0 }.median) / Double(last.events)) })
        self.instructions = Self.read(instructions)
    }

    struct Counts {
        var events = 0, scored = 0, flagged = 0, rowBytes = 0, flaggedBytes = 0, textBytes = 0

        init() {}

        init(_ run: borrowing StageRun) {
            (events, scored, flagged) = (run.events, run.scored, run.flagged)
            (rowBytes, flaggedBytes, textBytes) = (run.rowBytes, run.flaggedBytes, run.textBytes)
        }
    }

    private static func bytes(_ counts: Counts, line: Double) -> [Stage: Double] {
        let events = Double(counts.events)
        let scored = Double(counts.scored) / events
        let record = Double(MemoryLayout<ClickRecord>.stride)
        let keys = Double(MemoryLayout<ClickRecord>.offset(of: \.impression_ts_ms) ?? 0)
        let facts = record - Double(MemoryLayout<ClickRecord>.offset(of: \.lat) ?? 0)
        let columns = Double(Feature.count * MemoryLayout<Float>.stride)
        let verdict = Double(MemoryLayout<Verdict>.stride)
        return [
            .read: 2 * line,
            .decode: line + record + Double(counts.textBytes) / events,
            .admission: keys + Double(StateTraffic.deduplication),
            .features: scored * (keys + facts + Double(FeatureExtractor.bytesPerClick) + columns),
            .rules: scored * (columns + 8),
            .model: scored * (columns + 4 + 8 + verdict),
            .windows: scored * (keys + verdict + Double(StateTraffic.windows)),
            .sessions: scored * (keys + Double(StateTraffic.session)),
            .remembered: scored * (keys + verdict + Double(StateTraffic.remembered)),
            .flagged: Double(counts.flagged) / events * (record + columns) + 2 * Double(counts.flaggedBytes) / events,
            .drain: 2 * Double(counts.rowBytes - counts.flaggedBytes) / events,
            .commit: Double(counts.rowBytes) / events,
        ]
    }

    private static func read(_ path: String?) -> [String: Double] {
        guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [:] }
        var found: [String: Double] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t")
            if parts.count == 2, let count = Double(parts[1]) { found[String(parts[0])] = count }
        }
        return found
    }

    var text: String {
        var table = TextTable(["stage", "ns/click", "clicks/s", "bytes/click", "instr/click"])
        func add(_ name: String, _ stages: [Stage]) {
            let time = stages.reduce(0) { $0 + (nanoseconds[$1] ?? 0) }
            let counted = stages.compactMap { instructions[$0.rawValue] }
            table.add([
                name, time.rounded(to: 1), time > 0 ? (1e9 / time).rounded(to: 0) : "–",
                stages.reduce(0) { $0 + (bytes[$1] ?? 0) }.rounded(to: 0), counted.isEmpty ? "–" : counted.reduce(0, +).rounded(to: 0),
            ])
        }
        for stage in Stage.allCases { add(stage.title, [stage]) }
        add("read and decode", [.read, .decode])
        add("admission … rows", [.admission, .features, .rules, .model, .windows, .sessions, .remembered, .flagged, .drain])
        return table.text
    }
}

/// Removes a database and what stands beside it.
func removeDatabase(_ path: String) {
    for suffix in ["", ".wal", ".state", ".archive"] { try? FileManager.default.removeItem(atPath: path + suffix) }
}

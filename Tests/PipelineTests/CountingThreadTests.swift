import ClickCodec
import ClickModel
import Foundation
import Pipeline
import Storage
import Synchronization
import Testing

/// Scoring and counting run on two threads; nothing that is committed may tell which was faster.
@Suite struct CountingThreadTests {
    private static let start: Int64 = 1_700_000_000_000

    /// Clicks of many ads in two hours, some of them repeated, some lines broken: many live windows.
    private func lines(seed: UInt64, count: Int) -> String {
        var random = SplitMix64(seed)
        var out = ""
        for i in 0..<count {
            let id = Int.random(in: 0..<20, using: &random) == 0 ? Int.random(in: 0...i, using: &random) : i
            let ts = Self.start + Int64(i) * 7_200_000 / Int64(count) - Int64.random(in: 0..<60_000, using: &random)
            out +=
                Int.random(in: 0..<200, using: &random) == 0
                ? "{broken \(i)\n"
                : #"{"click_id":"c\#(id)","ts":\#(ts),"ad_id":"ad\#(Int.random(in: 0..<2000, using: &random))","campaign_id":"k","advertiser_id":"v","cost":"0.25","user_id":"u\#(Int.random(in: 0..<5000, using: &random))"}"#
                    + "\n"
        }
        return out
    }

    /// Epochs and minutes of a job over the file, as text.
    private func tables(_ input: String, _ folder: URL, maximumCells: Int) throws -> (epochs: [String], minutes: [String], totals: JobTotals) {
        var options = ScoreJobOptions(inputs: [input], database: folder.appending(path: "\(UUID().uuidString).duckdb").path)
        options.epochEvents = 30_000
        options.maximumCells = maximumCells
        let job = try ScoreJob(options)
        let report = try job.run { _ in }
        func rows(_ sql: String) throws -> [String] { try job.database.query(sql).rows.map { "\($0)" } }
        return (
            try rows("SELECT epoch, \"offset\", received, valid, fraud, duplicate, late, rejected FROM epochs ORDER BY epoch"),
            try rows("SELECT * EXCLUDE (campaign_id, advertiser_id) FROM click_aggregates_minute ORDER BY ad_id, window_start"), report.run
        )
    }

    /// What the engine comes to when it does one batch after the other.
    private func engineTotals(_ input: String) throws -> JobTotals {
        var engine = Engine(scorer: try ScorerConfiguration().makeScorer())
        let (stream, batch, rows) = (try ClickStream(path: input), ClickBatch(), EpochRows())
        while try stream.next(into: batch) {
            if engine.totals.received == 0 { engine.open(source: 1, first: batch) }
            try engine.process(batch, into: rows, verdictWriter: nil)
            rows.removeAll()
        }
        return engine.totals
    }

    @Test("epochs that live windows end early end at the same events in every run", arguments: [3 as UInt64, 4])
    func sameEpochs(seed: UInt64) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fraud-counting-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "clicks.ndjson").path
        try Data(lines(seed: seed, count: 60_000).utf8).write(to: URL(filePath: input))
        let first = try tables(input, folder, maximumCells: 2000)
        #expect(first.epochs.count > 60_000 / 30_000 + 1, "no epoch ended early: seed \(seed)")
        // Another job beside it makes other threads wait.
        let others = Mutex<[(epochs: [String], minutes: [String], totals: JobTotals)]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            guard let made = try? tables(input, folder, maximumCells: 2000) else { return }
            others.withLock { $0.append(made) }
        }
        let made = others.withLock { $0 }
        #expect(made.count == 4, "seed \(seed)")
        for other in made {
            #expect(other.epochs == first.epochs, "seed \(seed)")
            #expect(other.minutes == first.minutes, "seed \(seed)")
        }
        #expect(first.totals == (try engineTotals(input)), "seed \(seed)")
    }
}

import ClickModel
import Foundation
import LogisticModel
import Pipeline
import Scoring

/// What state costs: bytes by table, and the scoring core's speed by the number of live keys.
enum StateMemory {
    /// Ten clicks of each visitor within an hour: every id is held, and every address, device and user lives.
    static func footprint(visitors: Int, clicks: Int) throws -> String {
        var engine = Engine(scorer: try scorer())
        var source = SyntheticVisitors(visitors: visitors, microsecondsApart: 3_000_000_000 / Int64(clicks))
        let taken = try feed(&engine, &source, clicks: clicks)
        var table = TextTable(["table", "keys", "MiB", "bytes/key"])
        for (name, keys, bytes) in engine.tables {
            table.add([name, keys.grouped, (Double(bytes) / 1_048_576).rounded(to: 1), keys > 0 ? (bytes / keys).grouped : "–"])
        }
        let bytes = engine.tables.reduce(0) { $0 + $1.bytes }
        table.add(["all tables", engine.keyCount.grouped, (Double(bytes) / 1_048_576).rounded(to: 1), (bytes / max(1, engine.keyCount)).grouped])
        return """
            \(clicks.grouped) clicks of \(visitors.grouped) visitors, each with an address, a device and a user
            \(table.text)
            process: \(ProcessMemory.status("VmRSS")), at most \(ProcessMemory.status("VmHWM")); \((Double(taken.nanoseconds) / Double(clicks)).rounded(to: 1)) ns CPU a click, flagged \(taken.flagged)
            """
    }

    /// The core on a full house of visitors: after one click of each, some minutes of the same traffic whatever their number.
    static func speed(keys: [Int]) throws -> String {
        var table = TextTable(["live keys", "visitors", "MiB of state", "ns/click", "clicks/s", "share of the first", "flagged"])
        var first = 0.0
        for wanted in keys {
            let visitors = max(1, wanted / keysPerVisitor)
            var engine = Engine(scorer: try scorer())
            // Half an hour for the first round, so that nothing expires.
            var source = SyntheticVisitors(visitors: visitors, microsecondsApart: 1_800_000_000 / Int64(visitors))
            _ = try feed(&engine, &source, clicks: max(visitors, ClickBatch.defaultCapacity))
            let (live, bytes) = (engine.keyCount, engine.tables.reduce(0) { $0 + $1.bytes })
            source.microsecondsApart = 4000
            let taken = try feed(&engine, &source, clicks: measuredClicks)
            let time = Double(taken.nanoseconds) / Double(measuredClicks)
            if first == 0 { first = time }
            table.add([
                live.grouped, visitors.grouped, (Double(bytes) / 1_048_576).rounded(to: 1), time.rounded(to: 1), (1e9 / time).rounded(to: 0),
                (first / time).rounded(to: 2), taken.flagged,
            ])
        }
        return table.text
    }

    /// The shipped scorer with a threshold out of the model's reach: rows of flagged clicks cost time, and how many there are depends on
    /// how often a visitor comes, not on how many keys live.
    private static func scorer() throws -> Scorer {
        let shipped = ScorerConfiguration()
        var model = try shipped.loadModel()
        model.threshold = 1
        return try Scorer(ruleSet: shipped.loadRules(), model: model, extractor: shipped.makeExtractor())
    }

    private static let measuredClicks = 300 * ClickBatch.defaultCapacity
    /// About: state of address, device, user, a quarter of a network, pairs, session and click id.
    private static let keysPerVisitor = 8

    private static func feed(
        _ engine: inout Engine, _ source: inout SyntheticVisitors, clicks: Int
    ) throws -> (nanoseconds: Int, flagged: String) {
        let (batch, rows) = (ClickBatch(), EpochRows())
        let before = engine.totals
        var taken = 0
        var done = 0
        while done < clicks {
            source.fill(batch)
            if engine.totals.received == 0 { engine.open(source: 1, first: batch) }
            let started = BenchClock.thread
            try engine.process(batch, into: rows, verdictWriter: nil)
            taken += BenchClock.thread - started
            rows.removeAll()
            done += batch.count
        }
        let now = engine.totals
        let share = Double(now.fraud - before.fraud) / Double(max(1, now.received - before.received))
        return (taken, (share * 100).rounded(to: 1) + " %")
    }
}

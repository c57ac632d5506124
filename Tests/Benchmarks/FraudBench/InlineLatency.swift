import AllocationCounter
import CClickRecord
import ClickCodec
import ClickModel
import Pipeline
import Scoring

/// `score(batch, row:)`, one call at a time, as an ingestion path makes them.
enum InlineLatency {
    /// The first half of the file warms the tables up; the second is measured. The last batches are then scored again: their keys are
    /// known, so no table grows, and nothing may allocate.
    static func report(_ input: String) throws -> String {
        let scorer = try ScorerConfiguration().makeScorer()
        let stream = try ClickStream(path: input)
        let last = (0..<16).map { _ in ClickBatch() }
        var histogram = LatencyHistogram()
        var allocations: UInt64 = 0
        var turn = 0
        while try stream.next(into: last[turn % last.count]) {
            let isWarm = stream.bytesConsumedOfInput * 2 > (stream.inputSize ?? 0)
            let counted = score(last[turn % last.count], scorer, into: &histogram, isMeasured: isWarm)
            if isWarm { allocations += counted }
            turn += 1
        }
        var again = LatencyHistogram()
        var steady: UInt64 = 0
        for step in 1...last.count where last[(turn + step) % last.count].count > 0 {
            steady += score(last[(turn + step) % last.count], scorer, into: &again, isMeasured: true)
        }
        var table = TextTable(["inline score(click)", "calls", "p50 ns", "p90", "p99", "p99.9", "max", "allocations/click"])
        func add(_ name: String, _ values: LatencyHistogram, _ allocations: UInt64?) {
            table.add(
                [name, values.count.grouped] + [0.5, 0.9, 0.99, 0.999, 1].map { values.quantile($0).grouped }
                    + [allocations.map { (Double($0) / Double(max(1, values.count))).rounded(to: 6) } ?? "–"])
        }
        add("new clicks, tables still grow", histogram, allocations)
        add("known keys", again, steady)
        add("the clock alone", clockAlone(), nil)
        return table.text
    }

    /// - Returns: allocations.
    private static func score(_ batch: ClickBatch, _ scorer: Scorer, into histogram: inout LatencyHistogram, isMeasured: Bool) -> UInt64 {
        allocation_counter_start()
        for row in 0..<batch.count where Int(batch.records[row].event) == FRAUD_EVENT_CLICK {
            let before = BenchClock.wall
            _ = scorer.score(batch, row: row)
            let taken = BenchClock.wall - before
            if isMeasured { histogram.record(taken) }
        }
        return allocation_counter_stop()
    }

    private static func clockAlone() -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for _ in 0..<100_000 {
            let before = BenchClock.wall
            histogram.record(BenchClock.wall - before)
        }
        return histogram
    }
}

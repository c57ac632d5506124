import ClickModel
import Foundation
import Pipeline
import Scoring

/// What state and time a stream takes that never ends: clicks made straight as records, a million an hour, whose visitors come, click five
/// times within five hours, and never come again. Everything a job does with a decoded click, but no row is kept.
enum LongStream {
    private static let visitorsAtOnce = 1_000_000
    private static let clicksOfVisitor = 5
    private static let hour: Int64 = 3_600_000_000
    private static let clicksAnHour: Int64 = 1_000_000

    /// Prints a line when it has seen 1, 3, 10, 30, … million clicks, and one at the end.
    static func run(clicks: Int, line: (String) -> Void) throws {
        var engine = Engine(scorer: try ScorerConfiguration().makeScorer())
        var source = SyntheticVisitors(
            visitors: visitorsAtOnce, microsecondsApart: hour / clicksAnHour, clicksUntilNext: clicksOfVisitor)
        let (batch, rows) = (ClickBatch(), EpochRows())
        var (done, inEpoch, atLast, taken) = (0, 0, 0, 0)
        var marks = [1, 3, 10, 30, 100, 300, 1000].map { $0 * 1_000_000 }.filter { $0 < clicks } + [clicks]
        while done < clicks {
            source.fill(batch, atMost: clicks - done)
            if done == 0 { engine.open(source: 1, first: batch) }
            let started = BenchClock.process
            try engine.process(batch, into: rows, verdictWriter: nil)
            inEpoch += batch.count
            if inEpoch >= ScoreJobOptions.defaultEpochEvents {
                engine.drain(final: false, into: rows)
                inEpoch = 0
            }
            rows.removeAll()
            taken += BenchClock.process - started
            done += batch.count
            guard done >= marks[0] else { continue }
            marks.removeFirst()
            line(row(engine, done: done, nanoseconds: Double(taken) / Double(done - atLast)))
            (atLast, taken) = (done, 0)
        }
        guard engine.totals.received == clicks, engine.totals.isConserved else { throw LongStreamError(totals: engine.totals, clicks: clicks) }
    }

    private static func row(_ engine: borrowing Engine, done: Int, nanoseconds: Double) -> String {
        let bytes = engine.tables.reduce(0) { $0 + $1.bytes }
        let share = Double(engine.totals.fraud) / Double(max(1, engine.totals.received))
        let columns = [
            done.grouped + " clicks", (done / Int(clicksAnHour)).grouped + " h", engine.keyCount.grouped + " live keys",
            (bytes >> 20).grouped + " MiB of state", ProcessMemory.status("VmRSS"), ProcessMemory.status("VmHWM"),
            nanoseconds.rounded(to: 0) + " ns CPU a click", (share * 100).rounded(to: 1) + " % flagged",
        ]
        return columns.joined(separator: ", ")
    }
}

struct LongStreamError: Error, CustomStringConvertible {
    let totals: JobTotals
    let clicks: Int
    var description: String { "of \(clicks) clicks, \(totals) were counted" }
}

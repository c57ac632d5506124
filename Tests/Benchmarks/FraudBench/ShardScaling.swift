import CClickRecord
import ClickCodec
import ClickModel
import Foundation
import Pipeline
import Scoring

/// Features, rules and model of whole batches by number of shards.
///
/// Wall time is what a job waits; the processor time of all threads beside it says what sharing costs, and that of the calling thread what is
/// left to it. Decoding goes on between the batches and is in nobody's time.
enum ShardScaling {
    private static let runs = 3

    static func table(_ input: String) throws -> String {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let counts = [1, 2, 4, 8, 16].filter { $0 <= max(2, cores) }
        var figures = [Int: [Figures]]()
        // In turn, so that a slow minute of the machine is everyone's.
        for _ in 0..<runs { for count in counts { figures[count, default: []].append(try run(input, count)) } }
        var table = TextTable(["features, rules, model", "ns/click", "clicks/s", "CPU ns/click", "of the caller"])
        for count in counts {
            let all = figures[count] ?? []
            let wall = all.map(\.wall).median
            table.add([
                count == 1 ? "1 shard" : "\(count) shards", wall.rounded(to: 1), (1e9 / wall).rounded(to: 0), all.map(\.process).median.rounded(to: 1),
                all.map(\.caller).median.rounded(to: 1),
            ])
        }
        return table.text
    }

    /// Nanoseconds a click.
    private struct Figures {
        var wall = 0.0, process = 0.0, caller = 0.0
    }

    private static func run(_ input: String, _ shards: Int) throws -> Figures {
        var configuration = ScorerConfiguration()
        configuration.shards = shards
        let scorer = try configuration.makeScorer()
        let (stream, batch) = (try ClickStream(path: input), ClickBatch())
        let rows = (0..<Int32(ClickBatch.defaultCapacity)).map { $0 }
        var (sums, clicks, horizon) = (Figures(), 0, Int64.min / 2)
        while try stream.next(into: batch) {
            guard batch.count > 0 else { continue }
            let (wall, process, caller) = (BenchClock.wall, BenchClock.process, BenchClock.thread)
            rows.withUnsafeBufferPointer {
                _ = scorer.score(batch, rows: UnsafeBufferPointer(rebasing: $0[..<batch.count]), horizon: horizon)
            }
            sums.caller += Double(BenchClock.thread - caller)
            sums.process += Double(BenchClock.process - process)
            sums.wall += Double(BenchClock.wall - wall)
            clicks += batch.count
            // What a job's watermark would say, and ten minutes less.
            horizon = max(horizon, batch.records[0].ts_ms - 600_000)
        }
        let count = Double(max(1, clicks))
        return Figures(wall: sums.wall / count, process: sums.process / count, caller: sums.caller / count)
    }
}

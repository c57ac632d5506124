import AllocationCounter
import CClickRecord
import ClickCodec
import ClickModel
import Foundation
import Pipeline
import Scoring
import Synchronization

/// `score(batch, row:)`, one call at a time, as an ingestion path makes them.
enum InlineLatency {
    private struct Measured {
        var new = LatencyHistogram()
        var known = LatencyHistogram()
        var newAllocations: UInt64 = 0
        var knownAllocations: UInt64 = 0
    }

    /// Calls of which the tables still grow, of which they grow in memory that another thread takes ahead, and of known keys; beside
    /// them a loop of fixed work, as long as a call: what the machine itself does to a thread.
    static func report(_ input: String) throws -> String {
        let plain = try measure(input, isReady: false)
        let ready = try measure(input, isReady: true)
        var table = TextTable(["inline score(click)", "calls", "p50 ns", "p90", "p99", "p99.9", "max", "allocations/click"])
        func add(_ name: String, _ values: LatencyHistogram, _ allocations: UInt64?) {
            table.add(
                [name, values.count.grouped] + [0.5, 0.9, 0.99, 0.999, 1].map { values.quantile($0).grouped }
                    + [allocations.map { (Double($0) / Double(max(1, values.count))).rounded(to: 6) } ?? "–"])
        }
        add("new clicks, tables still grow", plain.new, plain.newAllocations)
        add("the same, memory taken ahead", ready.new, nil)
        add("known keys", plain.known, plain.knownAllocations)
        add("a busy loop: the machine's own", busyLoop(nanoseconds: plain.new.quantile(0.5), calls: Int(plain.new.count)), nil)
        add("the clock alone", clockAlone(), nil)
        return table.text
    }

    /// The first half of the file warms the tables up; the second is measured. The last batches are then scored again: their keys are
    /// known, so no table grows, and nothing may allocate.
    private static func measure(_ input: String, isReady: Bool) throws -> Measured {
        let scorer = try ScorerConfiguration().makeScorer()
        let stream = try ClickStream(path: input)
        let last = (0..<16).map { _ in ClickBatch() }
        var measured = Measured()
        let helper = isReady ? Helper(scorer.memory) : nil
        defer { helper?.isOver.store(true, ordering: .relaxed) }
        var turn = 0
        while try stream.next(into: last[turn % last.count]) {
            let isWarm = stream.bytesConsumedOfInput * 2 > (stream.inputSize ?? 0)
            let counted = score(last[turn % last.count], scorer, into: &measured.new, isMeasured: isWarm)
            if isWarm { measured.newAllocations += counted }
            turn += 1
        }
        for step in 1...last.count where last[(turn + step) % last.count].count > 0 {
            measured.knownAllocations += score(last[(turn + step) % last.count], scorer, into: &measured.known, isMeasured: true)
        }
        return measured
    }

    /// A thread that takes memory ahead of a scorer.
    private final class Helper: Sendable {
        let isOver = Atomic(false)

        init(_ memory: ScorerMemory) {
            memory.makeReady()
            Thread.detachNewThread {
                while !self.isOver.load(ordering: .relaxed) {
                    memory.makeReady()
                    Thread.sleep(forTimeInterval: 0.01)
                }
            }
        }
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

    /// A loop of about so many nanoseconds: arithmetic of one register, so that whatever takes longer is not its own.
    private static func busyLoop(nanoseconds: Int, calls: Int) -> LatencyHistogram {
        var state = UInt64(truncatingIfNeeded: nanoseconds) | 1
        @inline(never)
        func run(_ steps: Int) -> Int {
            let before = BenchClock.wall
            for _ in 0..<steps {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
            }
            return BenchClock.wall - before
        }
        let trials = 1000
        let usual = (0..<101).map { _ in run(trials) }.median
        var histogram = LatencyHistogram()
        for _ in 0..<calls { histogram.record(run(max(1, nanoseconds * trials / max(1, usual)))) }
        // 0 it never is: for the compiler, which else would leave the loop out.
        return state == 0 ? LatencyHistogram() : histogram
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

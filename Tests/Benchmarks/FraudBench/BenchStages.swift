import AllocationCounter
import ClickCodec
import ClickModel
import Foundation
import Pipeline
import Scoring
import Simulation

/// Median times of stages, in nanoseconds a click and clicks a second.
struct StageTable {
    private var rows: [(String, Double)] = []
    private static let runs = 3

    /// Runs a stage a few times; the stage returns the seconds that count, so that set-up stays out.
    mutating func measure(_ name: String, clicks: Int, _ stage: () throws -> Double) rethrows {
        var seconds: [Double] = []
        for _ in 0..<Self.runs { seconds.append(try stage()) }
        rows.append((name, seconds.sorted()[Self.runs / 2] * 1e9 / Double(clicks)))
    }

    var text: String {
        let width = rows.map(\.0.count).max() ?? 0
        let head = "stage" + String(repeating: " ", count: width - 5) + "   ns/click     clicks/s"
        return ([head] + rows.map { name, nanoseconds in
            name + String(repeating: " ", count: width - name.count) + String(format: "   %8.1f   %10.0f", nanoseconds, 1e9 / nanoseconds)
        }).joined(separator: "\n") + "\n"
    }
}

enum BenchInput {
    /// Writes simulated traffic with the test profile; returns its bytes.
    static func write(clicks: Int, to path: String) throws -> Int {
        var options = SimulationOptions()
        options.clicks = clicks
        options.seed = 42
        options.durationMilliseconds = 3_600_000
        if let test = SimulationProfile.named("test") { options.profile = test }
        var simulator = try TrafficSimulator(options)
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        var buffer: [UInt8] = []
        var total = 0
        while simulator.next(into: &buffer) {
            guard buffer.count > 1 << 20 else { continue }
            total += buffer.count
            try file.write(contentsOf: Data(buffer))
            buffer.removeAll(keepingCapacity: true)
        }
        try file.write(contentsOf: Data(buffer))
        return total + buffer.count
    }
}

enum BenchStages {
    private static func seconds(_ work: () throws -> Void) rethrows -> Double {
        let started = ContinuousClock.now
        try work()
        return (ContinuousClock.now - started) / .seconds(1)
    }

    static func decode(_ input: String) throws -> Double {
        let batch = ClickBatch()
        return try seconds {
            let stream = try ClickStream(path: input)
            while try stream.next(into: batch) {}
        }
    }

    static func decodedBatches(_ input: String) throws -> [ClickBatch] {
        var batches: [ClickBatch] = []
        let stream = try ClickStream(path: input)
        while true {
            let batch = ClickBatch(arenaBytes: 1 << 20)
            guard try stream.next(into: batch) else { return batches }
            batches.append(batch)
        }
    }

    static func score(_ batches: [ClickBatch]) throws -> Double {
        let scorer = try ScorerConfiguration().makeScorer()
        let rows = (0..<Int32(ClickBatch.defaultCapacity)).map { $0 }
        return rows.withUnsafeBufferPointer { all in
            seconds {
                for batch in batches {
                    _ = scorer.score(batch, rows: UnsafeBufferPointer(rebasing: all[..<batch.count]), horizon: Int64.min / 2)
                }
            }
        }
    }

    static func core(_ batches: [ClickBatch]) throws -> Double {
        var engine = Engine(scorer: try ScorerConfiguration().makeScorer())
        let rows = EpochRows()
        if let first = batches.first { engine.open(source: 1, first: first) }
        return try seconds {
            for batch in batches {
                try engine.process(batch, into: rows, verdictWriter: nil)
                if rows.isFull { rows.removeAll() }
            }
        }
    }

    static func job(_ input: String, folder: String, archive: Bool) throws -> Double {
        let database = folder + "/\(UUID().uuidString).duckdb"
        defer {
            for suffix in ["", ".wal", ".state", ".archive"] { try? FileManager.default.removeItem(atPath: database + suffix) }
        }
        var options = ScoreJobOptions(inputs: [input], database: database)
        options.writesArchive = archive
        return try seconds { _ = try ScoreJob(options).run { _ in } }
    }

    /// One inline call at a time, over all clicks, after a warm-up of half of them.
    static func inlineLatency(_ batches: [ClickBatch]) throws -> String {
        let scorer = try ScorerConfiguration().makeScorer()
        var nanoseconds: [UInt32] = []
        nanoseconds.reserveCapacity(batches.count * ClickBatch.defaultCapacity)
        var allocations: UInt64 = 0
        var measured = 0
        for (index, batch) in batches.enumerated() {
            let warm = index >= batches.count / 2
            if warm { allocation_counter_start() }
            for row in 0..<batch.count {
                var before = timespec(), after = timespec()
                clock_gettime(CLOCK_MONOTONIC, &before)
                _ = scorer.score(batch, row: row)
                clock_gettime(CLOCK_MONOTONIC, &after)
                let taken = (after.tv_sec - before.tv_sec) * 1_000_000_000 + after.tv_nsec - before.tv_nsec
                if warm { nanoseconds.append(UInt32(clamping: taken)) }
            }
            if warm {
                allocations += allocation_counter_stop()
                measured += batch.count
            }
        }
        nanoseconds.sort()
        func at(_ share: Double) -> UInt32 { nanoseconds[min(nanoseconds.count - 1, Int(share * Double(nanoseconds.count)))] }
        return """
            inline score(click), \(measured) calls, clock included: p50 \(at(0.5)) ns, p99 \(at(0.99)) ns, p99.9 \(at(0.999)) ns, max \(at(1)) ns
            allocations: \(String(format: "%.6f", Double(allocations) / Double(max(1, measured)))) per click (state tables still grow)
            """
    }
}

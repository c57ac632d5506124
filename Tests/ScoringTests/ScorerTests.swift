import AllocationCounter
import CClickRecord
import ClickModel
import Features
import Foundation
import LogisticModel
import Rules
import Scoring
import Testing

@Suite("Scoring")
struct ScorerTests {
    static let rules = """
        version: 1
        rules:
          - {id: hidden, description: a, when: hidden_element == 1, action: fraud, ivt: sivt, reason: hidden_element}
          - {id: burst, description: b, when: ip_clicks_1m > 5 and ip_distinct_users_1h < 3, action: fraud, ivt: givt, reason: ip_burst}
          - {id: noted, description: c, when: no_pointer_movement == 1, action: note, reason: no_pointer_movement}
        """

    static func weighting(_ name: String, _ weight: Double) -> LogisticModel.Weighting {
        LogisticModel.Weighting(
            name: name, transform: .log1p, clipLow: 0, clipHigh: 1000, center: 1, scale: 1, weight: weight, missingWeight: 0)
    }

    static func model(_ features: [LogisticModel.Weighting], intercept: Double = -1) -> LogisticModel {
        LogisticModel(
            name: "test", features: features, intercept: intercept, threshold: 0.9,
            training: .init(
                dataHash: "", rows: 1, frauds: 0, firstEventMs: nil, lastEventMs: nil, l2: 1, seed: 1, solverStatus: "converged", iterations: 1))
    }

    static func scorer(_ model: LogisticModel, shards: Int = 1) throws -> Scorer {
        try Scorer(
            ruleSet: RuleSet.load(text: rules, catalogue: Feature.catalogue), model: model,
            extractor: FeatureExtractor(lists: nil, geo: nil, shards: shards))
    }

    static func scorer(shards: Int = 1) throws -> Scorer {
        try scorer(model([weighting("ip_clicks_1m", 0.7), weighting("device_clicks_1h", 0.4), weighting("dwell_ms", -0.3)]), shards: shards)
    }

    /// Clicks of few addresses and devices, so that rules fire and the model varies.
    static func fill(_ batch: ClickBatch, from first: Int, count: Int) {
        batch.removeAll()
        for i in first..<first + count { append(i, to: batch) }
    }

    private static func append(_ i: Int, to batch: ClickBatch) {
        let record = batch.records + batch.count
        fraud_record_clear(record)
        func text(_ value: String) -> TextRange {
            let start = batch.raw.arena_used
            for byte in value.utf8 {
                batch.raw.arena[Int(batch.raw.arena_used)] = byte
                batch.raw.arena_used += 1
            }
            return TextRange(offset: start, length: batch.raw.arena_used - start)
        }
        record.pointee.ts_ms = 1_790_000_000_000 + Int64(i) * 700
        record.pointee.click_id = text("c\(i)")
        record.pointee.ad_id = text("ad\(i % 5)")
        record.pointee.campaign_id = text("c")
        record.pointee.advertiser_id = text("a")
        record.pointee.publisher_id = text("p\(i % 3)")
        record.pointee.user_id = text("u\(i * 7 % 40)")
        record.pointee.device_fingerprint = text("d\(i * 11 % 60)")
        record.pointee.ip = text("10.0.\(i % 2).\(i * 3 % 13)")
        record.pointee.user_agent = text("agent \(i % 4)")
        record.pointee.visible_ratio = i % 17 == 0 ? 0 : 1
        record.pointee.pointer_moves = i % 3 == 0 ? 0 : 20
        record.pointee.dwell_ms = i % 4 == 0 ? .nan : Float(i % 9000)
        fraud_record_finish(record, batch.raw.arena)
        batch.raw.count += 1
    }

    static func verdicts(batchSizes: [Int], total: Int, shards: Int = 1) throws -> [Verdict] {
        let scorer = try scorer(shards: shards)
        let batch = ClickBatch()
        let rows = (0..<Int32(ClickBatch.defaultCapacity)).map { $0 }
        var out: [Verdict] = []
        var turn = 0
        while out.count < total {
            fill(batch, from: out.count, count: min(batchSizes[turn % batchSizes.count], total - out.count))
            rows.withUnsafeBufferPointer {
                out += scorer.score(batch, rows: UnsafeBufferPointer(rebasing: $0[..<batch.count]), horizon: Int64.min / 2)
            }
            turn += 1
        }
        return out
    }

    @Test("a click gets the same bits alone, in any batch, and through the inline call")
    func batchEqualsSingle() throws {
        let whole = try Self.verdicts(batchSizes: [1024], total: 5000)
        #expect(Set(whole.map(\.score)).count > 500 && whole.contains { $0.label == .fraud } && whole.contains { $0.label == .valid })
        for sizes in [[1], [3, 70, 511], [64]] {
            #expect(try Self.verdicts(batchSizes: sizes, total: 5000) == whole, "batch sizes \(sizes)")
        }
        let scorer = try Self.scorer()
        let batch = ClickBatch()
        for i in 0..<5000 {
            Self.fill(batch, from: i, count: 1)
            #expect(scorer.score(batch, row: 0) == whole[i], "click \(i)")
        }
    }

    @Test("a click gets the same bits from any number of shards, in any batch and through the inline call", arguments: [2, 3, 8])
    func shards(count: Int) throws {
        let whole = try Self.verdicts(batchSizes: [1024], total: 5000)
        for sizes in [[1024], [3, 70, 511, 129, 1000], [64, 65]] {
            #expect(try Self.verdicts(batchSizes: sizes, total: 5000, shards: count) == whole, "\(count) shards, batch sizes \(sizes)")
        }
        let scorer = try Self.scorer(shards: count)
        let batch = ClickBatch()
        for i in 0..<1000 {
            Self.fill(batch, from: i, count: 1)
            #expect(scorer.score(batch, row: 0) == whole[i], "\(count) shards, click \(i)")
        }
    }

    @Test("scoring allocates nothing once the tables have grown, in batches and inline", arguments: [1, 2, 3])
    func noAllocation(shards: Int) throws {
        let scorer = try Self.scorer(shards: shards)
        let batches = (0..<6).map { _ in ClickBatch() }
        for (n, batch) in batches.enumerated() { Self.fill(batch, from: n * 1000, count: 1000) }
        let rows = (0..<Int32(1000)).map { $0 }
        var counted: UInt64 = 0
        rows.withUnsafeBufferPointer { all in
            for batch in batches[..<4] { _ = scorer.score(batch, rows: all, horizon: Int64.min / 2) }
            allocation_counter_start()
            _ = scorer.score(batches[4], rows: all, horizon: Int64.min / 2)
            for row in 0..<1000 { _ = scorer.score(batches[5], row: row) }
            counted = allocation_counter_stop()
        }
        #expect(counted == 0)
        allocation_counter_start()
        let probe = UnsafeMutablePointer<Int>.allocate(capacity: 100)
        let seen = allocation_counter_stop()
        probe.deallocate()
        #expect(seen == 1, "the counter must count, or the check above says nothing")
    }

    @Test("memory taken ahead by another thread changes no verdict")
    func memoryAhead() async throws {
        let plain = try Self.scorer(), ready = try Self.scorer()
        let memory = ready.memory
        memory.makeReady(bytes: 1 << 20)
        let other = Task.detached {
            while !Task.isCancelled {
                memory.makeReady(bytes: 64 << 10)
                await Task.yield()
            }
        }
        let batch = ClickBatch()
        for first in stride(from: 0, to: 20_000, by: 1000) {
            Self.fill(batch, from: first, count: 1000)
            for row in 0..<1000 { #expect(ready.score(batch, row: row) == plain.score(batch, row: row), "click \(first + row)") }
        }
        other.cancel()
        await other.value
        #expect(ready.extractor.keyCount == plain.extractor.keyCount)
    }

    @Test("the first fraud rule in file order decides; notes never do; all that fired are kept")
    func ruleOrder() throws {
        let scorer = try Self.scorer()
        let batch = ClickBatch()
        var seenNote = false
        for i in 0..<3000 {
            Self.fill(batch, from: i, count: 1)
            let verdict = scorer.score(batch, row: 0)
            if verdict.rules & 1 != 0 { #expect(verdict.decidingRule == 0 && verdict.ivt == .sivt && scorer.decider(of: verdict) == "hidden") }
            if verdict.rules & 0b11 == 0b10 { #expect(verdict.decidingRule == 1 && verdict.ivt == .givt) }
            if verdict.rules == 0b100 {
                seenNote = true
                #expect(verdict.decidingRule == Verdict.noRule || verdict.decidingRule == Verdict.model)
            }
            #expect((verdict.label == .fraud) == (verdict.decidingRule != Verdict.noRule))
            #expect(scorer.reasons(of: verdict).isEmpty == (verdict.label == .valid))
        }
        #expect(seenNote)
    }

    @Test("a model that names a feature the catalogue lacks is refused by name")
    func unknownFeature() throws {
        let error = #expect(throws: ModelError.self) { _ = try Self.scorer(Self.model([Self.weighting("ip_clicks_1y", 1)])) }
        #expect(error.map { "\($0)".contains("ip_clicks_1y") } == true)
    }

    @Test("a scorer is made from the files that ship, and says which file is missing")
    func fromFiles() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        let scorer = try Scorer(modelFile: root + "/models/champion.json", ruleFile: root + "/models/rules.yaml", listsDirectory: root + "/training-data")
        let batch = ClickBatch(capacity: 1)
        for i in 0..<50 {
            Self.fill(batch, from: i, count: 1)
            let verdict = scorer.score(batch, row: 0)
            #expect(scorer.explain(verdict).isEmpty == (verdict.label == .valid))
            #expect(i % 17 != 0 || scorer.explain(verdict).first == ReasonCode(rawValue: "hidden_element"))
        }
        let error = #expect(throws: (any Error).self) {
            _ = try Scorer(modelFile: root + "/models/none.json", ruleFile: root + "/models/rules.yaml", listsDirectory: nil)
        }
        #expect(error.map { "\($0)".contains("none.json") } == true)
    }
}

internal import CClickRecord
public import ClickModel
package import Features
package import LogisticModel
package import Rules

/// Scores clicks in order: features, rules and model to a verdict.
///
/// One thread owns a scorer; it is deterministic: the same clicks, model, rules and lists give bit-identical verdicts,
/// however the stream is cut into batches. An extractor of several shards brings threads that share its work on a batch; a click by
/// itself is scored without them. After its tables have grown it neither allocates nor locks.
public final class Scorer {
    package let rules: CompiledRules
    package let ruleSet: RuleSet
    package let model: CompiledModel
    package let threshold: Float
    package let modelID: String
    package let rulesetID: String
    /// Rule ids by index.
    package let ruleIDs: [String]
    package let extractor: FeatureExtractor

    /// Of the batch that was scored last without memory given for it.
    private let own = ScoredClicks()
    /// Features of a click scored by itself, side by side.
    private let single: FeatureBlock
    private let scores: UnsafeMutablePointer<Float>
    private let fired: UnsafeMutablePointer<UInt64>
    private let oneRow: UnsafeMutablePointer<Int32>
    /// InvalidTraffic of each rule, by index.
    private let ruleClasses: [InvalidTraffic]
    /// Bit i is set when rule i labels fraud.
    private let fraudRules: UInt64
    /// The newest event time of clicks scored one by one. Apart from the object: the run time checks each access to a class's variables.
    private let latest: UnsafeMutablePointer<Int64>
    /// Rules and model by threads; nil with one shard.
    private let rowShards: RowShards?

    package init(ruleSet: RuleSet, model: LogisticModel, extractor: FeatureExtractor) throws {
        self.ruleSet = ruleSet
        self.extractor = extractor
        rules = ruleSet.compile()
        self.model = try CompiledModel(model, catalogue: Feature.catalogue)
        threshold = Float(model.threshold)
        modelID = self.model.modelID
        rulesetID = ruleSet.id
        ruleIDs = ruleSet.rules.map(\.id)
        ruleClasses = ruleSet.rules.map(\.ivt)
        fraudRules = ruleSet.fraudMask
        single = FeatureBlock(rowOf: Feature.count)
        scores = .allocate(capacity: own.block.capacity)
        fired = .allocate(capacity: own.block.capacity)
        oneRow = .allocate(capacity: 1)
        latest = .allocate(capacity: 1)
        latest.initialize(to: .min)
        scores.initialize(repeating: 0, count: own.block.capacity)
        fired.initialize(repeating: 0, count: own.block.capacity)
        rowShards = try RowShards(extractor.workers, rules: ruleSet, model: model)
    }

    deinit {
        scores.deallocate()
        fired.deallocate()
        oneRow.deallocate()
        latest.deallocate()
    }

    /// Features of the batch scored last: row i is the i-th scored click of the batch.
    package var block: FeatureBlock { own.block }

    /// Scores the chosen clicks of a batch, in order.
    ///
    /// - Parameters:
    ///   - rows: indices into the batch, ascending; at most `ClickBatch.defaultCapacity`.
    ///   - horizon: event time before which no click will be scored any more.
    /// - Returns: one verdict a row, valid until the next call.
    package func score(_ batch: ClickBatch, rows: UnsafeBufferPointer<Int32>, horizon: Int64) -> UnsafeBufferPointer<Verdict> {
        score(batch, rows: rows, horizon: horizon, into: own)
        return UnsafeBufferPointer(start: own.verdicts, count: rows.count)
    }

    /// The same into memory that the caller keeps: who reads it may be behind the scorer.
    package func score(_ batch: ClickBatch, rows: UnsafeBufferPointer<Int32>, horizon: Int64, into scored: ScoredClicks) {
        if let rowShards, rows.count > FeatureBlock.rowGroup {
            extractor.extract(batch, rows: rows, horizon: horizon, into: scored.block)
            rowShards.evaluate(scored, rows: rows.count, fired: fired, scores: scores)
            decide(rows.count, verdicts: scored.verdicts)
        } else {
            score(batch, rows: rows, horizon: horizon, in: scored.block, verdicts: scored.verdicts)
        }
    }

    @inline(__always)
    private func score(
        _ batch: ClickBatch, rows: UnsafeBufferPointer<Int32>, horizon: Int64, in block: FeatureBlock, verdicts: UnsafeMutablePointer<Verdict>
    ) {
        extractor.extract(batch, rows: rows, horizon: horizon, into: block)
        rules.evaluate(block, rows: rows.count, into: fired)
        model.score(block, rows: rows.count, into: scores)
        decide(rows.count, verdicts: verdicts)
    }

    @inline(__always)
    private func decide(_ rows: Int, verdicts: UnsafeMutablePointer<Verdict>) {
        for row in 0..<rows { verdicts[row] = verdict(fired: fired[row], score: scores[row]) }
    }

    /// Scores one click of a batch at once: the call of an ingestion path. No allocation.
    ///
    /// - Parameter row: index of a click in the batch; clicks come in the order of their arrival.
    public func score(_ batch: ClickBatch, row: Int) -> Verdict {
        let record = batch.records + row
        // Its lines at once, not one behind the other.
        for line in 0..<7 { fraud_prefetch(UnsafeRawPointer(record) + line &* 64) }
        let ts = record.pointee.ts_ms
        // A broken clock moves it by a minute at most.
        latest.pointee = latest.pointee == Int64.min ? ts : min(max(latest.pointee, ts), latest.pointee + 60_000)
        oneRow.pointee = Int32(truncatingIfNeeded: row)
        score(
            batch, rows: UnsafeBufferPointer(start: oneRow, count: 1), horizon: latest.pointee &- Self.inlineLateness, in: single,
            verdicts: own.verdicts)
        return own.verdicts[0]
    }

    /// A click more than this behind the newest one is no longer expected inline: allowed lateness, window and bound.
    private static let inlineLateness: Int64 = 365_000

    /// A rule decides when one fired; else the model does.
    @inline(__always)
    package func verdict(fired: UInt64, score: Float) -> Verdict {
        let deciding = fired & fraudRules
        if deciding != 0 {
            let rule = deciding.trailingZeroBitCount
            return Verdict(label: .fraud, ivt: ruleClasses[rule], score: score, rules: fired, decidingRule: Int16(truncatingIfNeeded: rule))
        }
        if score >= threshold {
            return Verdict(label: .fraud, ivt: .sivt, score: score, rules: fired, decidingRule: Verdict.model)
        }
        return Verdict(label: .valid, ivt: .none, score: score, rules: fired, decidingRule: Verdict.noRule)
    }

    /// Reason codes of a verdict: the deciding one first, then those of the other rules that fired, without repeats.
    /// Empty for a valid click. Allocates.
    package func reasons(of verdict: Verdict) -> [ReasonCode] {
        guard verdict.label == .fraud else { return [] }
        var reasons = [verdict.decidingRule >= 0 ? ruleSet.rules[Int(verdict.decidingRule)].reason : ReasonCode.modelScore]
        for rule in firedRules(verdict) where !reasons.contains(ruleSet.rules[rule].reason) {
            reasons.append(ruleSet.rules[rule].reason)
        }
        return reasons
    }

    /// Indices of the rules that fired, in file order.
    package func firedRules(_ verdict: Verdict) -> [Int] {
        (0..<ruleSet.rules.count).filter { verdict.rules & (1 << UInt64($0)) != 0 }
    }

    /// Id of the rule that decided, `model`, or empty when nothing did.
    package func decider(of verdict: Verdict) -> String {
        switch verdict.decidingRule {
        case Verdict.noRule: ""
        case Verdict.model: "model"
        default: ruleSet.rules[Int(verdict.decidingRule)].id
        }
    }
}

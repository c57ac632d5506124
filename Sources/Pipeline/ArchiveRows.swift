internal import CClickRecord
internal import ClickModel
internal import Features
internal import Scoring
internal import Storage

/// Turns scored events into rows of the archive. One thread's.
final class ArchiveRows: @unchecked Sendable {
    private let modelID: String
    private let rulesetID: String
    private let listsID: String
    private let scorer: Scorer
    /// Reasons and decider by deciding rule and bitmap: a stream has few different ones.
    private var known: [Key: (decider: String?, reasons: [ReasonCode])] = [:]
    /// The epoch that rows belong to.
    var epoch: Int64 = 0

    private struct Key: Hashable {
        var rules: UInt64
        var decidingRule: Int16
    }

    private static let maximumKnown = 4096

    /// - Parameter scorer: asked only for what never changes: ids and reasons.
    init(scorer: Scorer) {
        self.scorer = scorer
        modelID = scorer.modelID
        rulesetID = scorer.rulesetID
        listsID = scorer.extractor.listsID
    }

    /// - Parameters:
    ///   - source: key of the source it came from.
    ///   - verdict: nil unless the click was counted.
    ///   - sequence: its number in order of arrival.
    func append(
        _ record: UnsafePointer<ClickRecord>, _ batch: ClickBatch, source: String, status: EventStatus, isConflict: Bool, verdict: Verdict?,
        watermark: Int64, sequence: Int64, to rows: ArrowTableBuilder
    ) {
        let outcome = ArchivedOutcome(
            status: status, conflict: status == .duplicate ? isConflict : nil, verdict: verdict.map(archived), modelID: modelID,
            rulesetID: rulesetID, listsID: listsID, watermark: watermark == .min ? nil : EventTime(milliseconds: watermark), source: source, epoch: epoch, seq: sequence)
        ClickArchive.append(record, arena: batch.raw.arena, outcome, to: rows)
    }

    private func archived(_ verdict: Verdict) -> ArchivedVerdict {
        let key = Key(rules: verdict.rules, decidingRule: verdict.decidingRule)
        if known[key] == nil {
            if known.count >= Self.maximumKnown { known.removeAll(keepingCapacity: true) }
            let decider = scorer.decider(of: verdict)
            known[key] = (decider.isEmpty ? nil : decider, scorer.reasons(of: verdict))
        }
        let entry = known[key]!
        return ArchivedVerdict(
            label: verdict.label, score: verdict.score, ivt: verdict.ivt, decidingRule: entry.decider, reasons: entry.reasons, rules: verdict.rules)
    }
}

internal import CClickRecord
internal import ClickModel
internal import Features
internal import Scoring
internal import Storage

/// Turns scored events into rows of the archive. One thread's.
final class ArchiveRows: @unchecked Sendable {
    private let verdicts: VerdictNames
    private let names: ArchivedNames
    /// Keys of the sources by slot, and the same as bytes.
    private var sources: [String] = []
    private var sourceNames = NameBytes([])
    /// The epoch that rows belong to.
    var epoch: Int64 = 0

    init(scorer: Scorer) {
        verdicts = VerdictNames(scorer)
        names = ArchivedNames(verdicts.texts, listsID: scorer.extractor.listsID)
    }

    /// Appends the events of a batch that were counted, duplicate or late.
    func append(_ scored: ScoredBatch, to rows: ArrowTableBuilder) {
        guard let batch = scored.merged?.batch else { return }
        if scored.sources != sources {
            sources = scored.sources
            sourceNames = NameBytes(sources)
        }
        let outcomes = scored.outcomes, counted = outcomes.counted
        let arena = UnsafePointer(batch.raw.arena)
        var k = 0
        for i in 0..<batch.count {
            let isScored = k < counted.count && Int(counted[k]) == i
            defer { if isScored { k += 1 } }
            let status = outcomes.statuses[i]
            guard status == .counted || status == .duplicate || status == .late else { continue }
            let record = UnsafePointer(batch.records + i)
            // What was scored and then found no room in the windows is late, and has no label.
            let outcome = ArchivedOutcome(
                status: status, conflict: status == .duplicate ? outcomes.conflicts[i] : nil,
                verdict: status == .counted ? archived(scored.clicks.verdicts[k]) : nil, watermark: outcomes.watermarks[i],
                source: sourceNames[Int(record.pointee.partition)], epoch: epoch, seq: scored.sequence + Int64(i))
            ClickArchive.append(record, arena: arena, outcome, names, to: rows)
        }
    }

    @inline(__always)
    private func archived(_ verdict: Verdict) -> ArchivedVerdict {
        let isFraud = verdict.label == .fraud
        return ArchivedVerdict(
            label: verdict.label, score: verdict.score, ivt: verdict.ivt,
            decider: verdict.decidingRule == Verdict.noRule ? nil : verdicts.decider(verdict), firstReason: isFraud ? verdicts.decider(verdict) : nil,
            furtherReasons: isFraud ? verdicts.furtherReasons(verdict) : 0, rules: verdict.rules)
    }
}

internal import CClickRecord
package import ClickModel
internal import Features
package import Scoring
internal import Windows

/// The deterministic single writer: decoded events in, verdicts and window totals out.
///
/// It knows no clock, and no file but the writer of verdict lines it may be given. The same events, model, rules and lists give the same totals and the same verdicts,
/// bit for bit, however they come in batches.
package final class Engine {
    package let scorer: Scorer
    private var admission = Admission()
    private var windows = WindowStore()
    /// Everything this state has seen since its database began.
    package private(set) var totals = JobTotals()

    package init(scorer: Scorer) { self.scorer = scorer }

    /// Event time up to which the stream is complete, ms; `Int64.min` before the first event.
    package var watermark: Int64 { admission.watermark.current }
    /// Live cells of the window store: the job commits early when they grow too many.
    package var liveCells: Int { windows.cellCount }
    /// Bytes of feature state held.
    package var featureBytes: Int { scorer.extractor.byteCount }

    /// Takes one batch through deduplication, lateness, scoring and windows.
    package func process(_ batch: ClickBatch, into rows: EpochRows, verdictWriter: VerdictWriter?) throws {
        let arena = UnsafePointer(batch.raw.arena)
        // Of before the batch: what has expired by it reads as expired for each of its clicks, wherever the batch was cut.
        let horizon = admission.horizon(allowedLateness: windows.allowedLatenessMilliseconds)
        let chosen = admission.admit(batch, isLate: { windows.isLate($0, watermark: $1) }) { status, record, watermark in
            switch status {
            case .counted: break
            case .duplicate:
                totals.duplicate += 1
                rows.appendDuplicate(record, arena: arena)
            case .late:
                totals.late += 1
                rows.appendLate(record, arena: arena, watermark: watermark)
            case .rejected:
                totals.rejected += 1
                rows.appendRejected(record, arena: arena)
            case .notAClick: totals.notClicks += 1
            }
            if status != .notAClick { totals.received += 1 }
        }
        totals.received += chosen
        let selected = UnsafeBufferPointer(start: UnsafePointer(admission.selected), count: chosen)
        let verdicts = scorer.score(batch, rows: selected, horizon: horizon)
        var warmed = 0
        for k in 0..<chosen {
            let index = Int(selected[k])
            while index >= warmed {
                windows.warm(UnsafePointer(batch.records + warmed), count: min(WindowStore.warmGroup, batch.count - warmed))
                warmed += WindowStore.warmGroup
            }
            count(batch, index, k, verdicts[k], into: rows)
        }
        if let verdictWriter { try write(batch, verdicts, to: verdictWriter) }
    }

    /// Counts a scored click; `row` is its row in the scorer's feature block.
    @inline(__always)
    private func count(_ batch: ClickBatch, _ index: Int, _ row: Int, _ verdict: Verdict, into rows: EpochRows) {
        let record = UnsafePointer(batch.records + index)
        let arena = UnsafePointer(batch.raw.arena)
        if !windows.add(record: record, arena: arena, label: verdict.label) {
            // At the windows' limit: what is complete makes room; else the click belongs to the daily batch.
            drain(final: false, into: rows)
            guard windows.add(record: record, arena: arena, label: verdict.label) else {
                admission.statuses[index] = .late
                totals.late += 1
                rows.appendLate(record, arena: arena, watermark: watermark)
                return
            }
        }
        let cost = Money(e4: record.pointee.cost_e4)
        totals.gross += cost
        if verdict.label == .valid {
            totals.valid += 1
            totals.billable += cost
        } else {
            totals.fraud += 1
            rows.appendFlagged(record, arena: arena, verdict: verdict, scorer: scorer, row: row)
        }
    }

    private func write(_ batch: ClickBatch, _ verdicts: UnsafeBufferPointer<Verdict>, to writer: VerdictWriter) throws {
        var k = 0
        for i in 0..<batch.count where admission.statuses[i] != .notAClick {
            let status = admission.statuses[i]
            try writer.append(batch.records + i, arena: batch.raw.arena, status: status, verdict: status == .counted ? verdicts[k] : nil)
            if k < verdicts.count, Int(admission.selected[k]) == i { k += 1 }
        }
    }

    /// Moves the window rows that changed into `rows`; with `final`, also minutes the watermark has not reached.
    func drain(final: Bool, into rows: EpochRows) {
        windows.drain(watermark: watermark, final: final) { rows.appendWindow($0) }
    }

    // MARK: Snapshot

    /// Changes with the layout of any state below.
    private static let stateVersion: UInt32 = 2

    package func snapshot() -> [UInt8] {
        var writer = StateWriter(reservingBytes: featureBytes + windows.byteCount + admission.byteCount + (1 << 20))
        writer.append(tag: "ENGN")
        writer.append(Self.stateVersion)
        writer.append(totals)
        admission.write(to: &writer)
        windows.write(to: &writer)
        scorer.extractor.write(to: &writer)
        return writer.bytes
    }

    /// - Throws: `StateError` when the bytes were written by another version of the code.
    package func restore(_ bytes: [UInt8]) throws(StateError) {
        var reader = StateReader(bytes)
        try reader.expect(tag: "ENGN")
        let version = try reader.read(UInt32.self)
        guard version == Self.stateVersion else { throw StateError("snapshot has state version \(version), this program reads \(Self.stateVersion)") }
        totals = try reader.read(JobTotals.self)
        try admission.restore(from: &reader)
        windows = try WindowStore(from: &reader)
        try scorer.extractor.restore(from: &reader)
        guard reader.isAtEnd else { throw StateError("snapshot has bytes after its end") }
    }
}

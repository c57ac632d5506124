internal import CClickRecord
internal import ClickModel
internal import Sketches
internal import Storage
internal import Windows

/// Labels that change after a click was counted: `valid −1, fraud +1`, never a second count.
extension ClickCounter {
    /// Takes an engagement event: one that is short relabels its click.
    mutating func engage(_ batch: ClickBatch, _ index: Int, watermark: Int64, into rows: EpochRows) {
        let record = UnsafePointer(batch.records + index)
        // NaN, an unknown dwell, is not short.
        guard record.pointee.dwell_ms < Self.bounceMilliseconds else { return }
        let outcome = engage(
            record, UnsafePointer(batch.raw.arena), ts: record.pointee.ts_ms, dwell: Int64(max(0, record.pointee.dwell_ms)),
            watermark: watermark, into: rows)
        if outcome == .unknownClick { rows.appendUnmatchedEngagement(record, arena: batch.raw.arena) }
    }

    /// Who leaves the landing page sooner than this has bounced.
    private static let bounceMilliseconds: Float = 1000

    /// - Parameter record: the engagement, or the click that one was waiting for: both carry the click's id.
    @discardableResult
    mutating func engage(
        _ record: UnsafePointer<ClickRecord>, _ arena: UnsafePointer<UInt8>, ts: Int64, dwell: Int64, watermark: Int64, into rows: EpochRows
    ) -> EngagementOutcome {
        let id = (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1)
        var moved: (source: UInt64, totals: JobTotals)?
        let scorer = scorer
        let outcome = windows.engage(idHash: id, ts: ts, dwellMilliseconds: dwell, watermark: watermark) { change in
            var totals = JobTotals()
            totals.valid = -1
            totals.fraud = 1
            totals.billable = Money.zero - change.cost
            totals.relabelled = 1
            moved = (change.source, totals)
            rows.appendRelabelling(change, clickID: record.pointee.click_id, arena: arena, engagementTime: ts, dwell: dwell, scorer: scorer)
        }
        if let moved {
            totals += moved.totals
            relabelledTotals[moved.source, default: JobTotals()] += moved.totals
        }
        return outcome
    }

    /// Takes changes that a command wrote to the database, an auditor's or a reconciliation's, into the live windows: their rows
    /// would else be written again without them.
    mutating func apply(_ changes: [LabelChange]) {
        for change in changes {
            windows.apply(
                idHash: hash128(change.clickID), ts: change.clickTime.milliseconds, cost: change.cost.e4, ad: MurmurHash3.hash64(change.adID),
                campaign: MurmurHash3.hash64(change.campaignID), advertiser: MurmurHash3.hash64(change.advertiserID), from: change.from, to: change.to,
                isDecided: change.cause == .review)
        }
    }

    /// Marks clicks on which a person decided, so that no engagement overrides them; their windows have the decision already.
    mutating func confirm(_ decisions: [ReviewDecision]) {
        for decision in decisions {
            windows.apply(
                idHash: hash128(decision.clickID), ts: decision.clickTime.milliseconds, cost: 0, ad: 0, campaign: 0, advertiser: 0,
                from: decision.label, to: decision.label)
        }
    }

    private func hash128(_ text: String) -> (UInt64, UInt64) {
        var text = text
        return text.withUTF8 { MurmurHash3.hash128(UnsafeRawBufferPointer($0)) }
    }
}

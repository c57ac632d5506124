internal import CClickRecord
package import ClickModel
internal import Features
package import Scoring
internal import Storage
internal import Windows

/// The deterministic single writer: decoded events in, verdicts and window totals out.
///
/// It knows no clock, and no file but the writer of verdict lines it may be given. The same events, model, rules and lists give the same totals and the same verdicts,
/// bit for bit, however they come in batches.
///
/// A struct, so that what it holds is reached without a check of exclusive access at every click.
package struct Engine: ~Copyable {
    package let scorer: Scorer
    /// Challengers; nil without any.
    let shadow: ShadowBook?
    private var drift: DriftBook
    var admission = Admission()
    var windows = WindowStore()
    private(set) var sessions = SessionStore()
    /// Everything this state has seen since its database began.
    package internal(set) var totals = JobTotals()
    /// What each open source's events came to since it was last asked, by slot.
    private var slotTotals = [JobTotals](repeating: JobTotals(), count: StreamWatermark.maximumOpen)
    /// Numbers of the open sources, by slot.
    private(set) var slotSources = [UInt64](repeating: 0, count: StreamWatermark.maximumOpen)
    /// What relabelling moved since it was last asked, by source number.
    var relabelledTotals: [UInt64: JobTotals] = [:]
    /// Events before the batch at hand: what an archived row is numbered by.
    package private(set) var sequence: Int64 = 0

    /// - Parameter shadow: challengers, whose verdicts are stored beside the scorer's and change nothing.
    package init(scorer: Scorer, shadow: ShadowScorer? = nil) {
        self.scorer = scorer
        self.shadow = shadow.map { ShadowBook($0, champion: scorer) }
        drift = DriftBook(scorer)
    }

    /// Event time up to which the stream is complete, ms; `Int64.min` before the first event.
    package var watermark: Int64 { admission.watermark.current }
    /// Live cells of the window store: the job commits early when they grow too many.
    package var liveCells: Int { windows.cellCount }
    /// Bytes of feature state held.
    package var featureBytes: Int { scorer.extractor.byteCount }

    /// Live keys of all state: of features, deduplication, windows and sessions.
    package var keyCount: Int { scorer.extractor.keyCount + admission.entryCount + windows.cellCount + sessions.count }

    // MARK: Sources

    /// Takes up a source; its first batch tells where its time begins. Returns the slot that its records are to carry.
    @discardableResult
    package mutating func open(source: UInt64, first batch: ClickBatch) -> Int {
        let slot = admission.open(source: source, first: batch)
        slotSources[slot] = source
        return slot
    }

    /// Whether a partition is open, in this run or left open by an earlier one.
    func knows(source: UInt64) -> Bool { (0..<StreamWatermark.maximumOpen).contains { admission.watermark.source($0) == source } }

    /// Whether one more partition can be opened.
    var hasFreeSlot: Bool { admission.watermark.openCount < StreamWatermark.maximumOpen }

    /// Every event taken ended in one place, over all events ever.
    var isConserved: Bool { totals.isConserved && totals.received + totals.notClicks == Int(sequence) }

    /// Marks clicks on which a person decided, so that no engagement overrides them; their windows have the decision already.
    mutating func confirm(_ decisions: [ReviewDecision]) {
        for decision in decisions {
            windows.apply(
                idHash: hash128(decision.clickID), ts: decision.clickTime.milliseconds, cost: 0, ad: 0, campaign: 0, advertiser: 0,
                from: decision.label, to: decision.label)
        }
    }

    /// What nobody sees but who asks: what was forgotten or not taken because a limit was met. Empty when nothing was.
    var limitNotes: [String] {
        [
            (admission.forgottenEarly, "click ids were forgotten before their hour was over: a replay of theirs would count as new"),
            (windows.forgottenClicks, "clicks were forgotten before engagements could no longer reach them"),
            (windows.forgottenEngagements, "engagements were dropped before their click came"),
            (sessions.refused, "clicks found no room among the sessions"),
            (scorer.extractor.evicted, "keys of feature state were overwritten before their time"),
        ].filter { $0.0 > 0 }.map { "at a limit of memory: \($0.0) \($0.1)" }
    }

    mutating func close(slot: Int) { admission.close(slot) }

    mutating func closeAll(except slots: [Int]) { admission.closeAll(except: slots) }

    /// What an open source's events came to since the last call.
    mutating func takeTotals(slot: Int) -> JobTotals {
        defer { slotTotals[slot] = JobTotals() }
        return slotTotals[slot]
    }

    // MARK: Events

    /// Takes one batch through deduplication, lateness, scoring and windows.
    package mutating func process(_ batch: ClickBatch, into rows: EpochRows, verdictWriter: VerdictWriter?, archive: ScoredBatch? = nil) throws {
        // Of before the batch: what has expired by it reads as expired for each of its clicks, wherever the batch was cut.
        let horizon = admission.horizon(allowedLateness: windows.allowedLatenessMilliseconds)
        let chosen = admission.admit(batch, isLate: { windows.isLate($0, watermark: $1) })
        var sums = SlotSums()
        if chosen < batch.count {
            for i in 0..<batch.count where admission.statuses[i] != .counted { end(batch, i, into: rows, &sums) }
        }
        let selected = UnsafeBufferPointer(start: UnsafePointer(admission.selected), count: chosen)
        let verdicts = scorer.score(batch, rows: selected, horizon: horizon)
        shadow?.scorer.score(scorer.block, rows: chosen)
        var k = 0
        // Clicks and engagements in their order: what is remembered of a click goes by the watermark.
        for i in 0..<batch.count {
            if i % WindowStore.warmGroup == 0 {
                windows.warm(UnsafePointer(batch.records), from: i, count: batch.count)
                sessions.warm(UnsafePointer(batch.records), from: i, count: batch.count)
            }
            if k < chosen, Int(selected[k]) == i {
                count(batch, i, k, verdicts[k], into: rows, &sums)
                k += 1
            } else if Int(batch.records[i].event) == FRAUD_EVENT_ENGAGEMENT {
                engage(batch, i, into: rows)
            }
        }
        settle(&sums)
        archive?.take(batch, admission, verdicts, sequence: sequence)
        sequence += Int64(batch.count)
        if let verdictWriter { try write(batch, verdicts, to: verdictWriter) }
    }

    /// Sums of consecutive events of one source: most batches are of one.
    private struct SlotSums {
        var slot = 0
        var totals = JobTotals()
    }

    @inline(__always)
    private mutating func move(_ sums: inout SlotSums, to record: UnsafePointer<ClickRecord>) {
        if Int(record.pointee.partition) != sums.slot {
            settle(&sums)
            sums.slot = Int(record.pointee.partition)
        }
    }

    private mutating func settle(_ sums: inout SlotSums) {
        totals += sums.totals
        slotTotals[sums.slot] += sums.totals
        sums.totals = JobTotals()
    }

    /// Books an event that is not counted.
    private mutating func end(_ batch: ClickBatch, _ index: Int, into rows: EpochRows, _ sums: inout SlotSums) {
        let record = UnsafePointer(batch.records + index)
        let arena = UnsafePointer(batch.raw.arena)
        move(&sums, to: record)
        switch admission.statuses[index] {
        case .counted: return
        case .duplicate:
            sums.totals.duplicate += 1
            sums.totals.conflicts += admission.conflicts[index] ? 1 : 0
            rows.appendDuplicate(record, arena: arena, isConflict: admission.conflicts[index])
        case .late:
            sums.totals.late += 1
            sums.totals.lateCost += Money(e4: record.pointee.cost_e4)
            rows.appendLate(record, arena: arena, watermark: admission.watermarks[index])
        case .rejected:
            sums.totals.rejected += 1
            rows.appendRejected(record, arena: arena)
        case .notAClick: sums.totals.notClicks += 1
        }
        if admission.statuses[index] != .notAClick { sums.totals.received += 1 }
    }

    /// Counts a scored click; `row` is its row in the scorer's feature block.
    @inline(__always)
    private mutating func count(_ batch: ClickBatch, _ index: Int, _ row: Int, _ verdict: Verdict, into rows: EpochRows, _ sums: inout SlotSums) {
        let record = UnsafePointer(batch.records + index)
        let arena = UnsafePointer(batch.raw.arena)
        if !windows.add(record: record, arena: arena, label: verdict.label) {
            // At the windows' limit: what was complete at this click makes room; else the click belongs to the daily batch.
            let reached = admission.watermarks[index]
            windows.drain(watermark: reached, floor: min(reached, admission.watermark.floor)) { rows.appendWindow($0) }
            guard windows.add(record: record, arena: arena, label: verdict.label) else {
                admission.statuses[index] = .late
                end(batch, index, into: rows, &sums)
                return
            }
        }
        sessions.add(record: record, arena: arena)
        move(&sums, to: record)
        let cost = Money(e4: record.pointee.cost_e4)
        sums.totals.received += 1
        sums.totals.gross += cost
        if verdict.label == .valid {
            sums.totals.valid += 1
            sums.totals.billable += cost
        } else {
            sums.totals.fraud += 1
            rows.appendFlagged(record, arena: arena, verdict: verdict, scorer: scorer, row: row)
        }
        shadow?.count(record, arena, row: row, verdict: verdict, champion: scorer, into: rows)
        drift.count(record, row: row, verdict: verdict, scorer: scorer)
        let source = slotSources[Int(record.pointee.partition)]
        let early = windows.remember(
            record: record, label: verdict.label, score: verdict.score, source: source, watermark: admission.watermarks[index])
        if let early { engage(record, arena, ts: early.ts, dwell: early.dwellMilliseconds, watermark: admission.watermarks[index], into: rows) }
    }

    private func write(_ batch: ClickBatch, _ verdicts: UnsafeBufferPointer<Verdict>, to writer: VerdictWriter) throws {
        var k = 0
        for i in 0..<batch.count where admission.statuses[i] != .notAClick {
            let status = admission.statuses[i]
            try writer.append(batch.records + i, arena: batch.raw.arena, status: status, verdict: status == .counted ? verdicts[k] : nil)
            if k < verdicts.count, Int(admission.selected[k]) == i { k += 1 }
        }
    }

    /// Moves the window and session rows that changed into `rows`, and what was counted for comparison; with `final`, also those the watermark has not reached; with
    /// `early`, of these the minutes.
    mutating func drain(final: Bool, early: Bool = false, into rows: EpochRows) {
        let floor = admission.watermark.floor
        windows.drain(watermark: watermark, floor: floor, final: final, early: early) { rows.appendWindow($0) }
        // Session rows may be removed again, but a session that is dropped is not found again.
        sessions.drain(watermark: floor, final: final) { rows.appendSession($0) }
        shadow?.close(into: rows)
        drift.close(into: rows)
    }

    // MARK: Snapshot

    /// Changes with the layout of any state below.
    private static let stateVersion: UInt32 = 4

    package func write(to writer: inout StateWriter) {
        writer.append(tag: "ENGN")
        writer.append(Self.stateVersion)
        writer.append(totals)
        writer.append(sequence)
        admission.write(to: &writer)
        windows.write(to: &writer)
        sessions.write(to: &writer)
        scorer.extractor.write(to: &writer)
    }

    /// Bytes that `write` will take, about.
    package var snapshotBytes: Int { featureBytes + windows.byteCount + sessions.byteCount + admission.byteCount + (1 << 20) }

    /// - Throws: `StateError` when the bytes were written by another version of the code.
    package mutating func restore(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "ENGN")
        let version = try reader.read(UInt32.self)
        guard version == Self.stateVersion else { throw StateError("snapshot has state version \(version), this program reads \(Self.stateVersion)") }
        totals = try reader.read(JobTotals.self)
        sequence = try reader.read(Int64.self)
        try admission.restore(from: &reader)
        windows = try WindowStore(from: &reader)
        sessions = try SessionStore(from: &reader)
        try scorer.extractor.restore(from: &reader)
    }
}

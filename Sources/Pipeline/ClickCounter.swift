internal import CClickRecord
internal import ClickModel
internal import Scoring
internal import Storage
internal import Windows

/// Where a state stands, for a thread that works there while its owner does not.
struct StateElsewhere<State: ~Copyable>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<State>
}

/// The half of the engine behind the verdict: windows, sessions, remembered clicks and totals, and the rows that come of them.
///
/// It reads nothing of the scoring half but the scored batch, so that the two may work on two threads.
struct ClickCounter: ~Copyable {
    /// Asked for what never changes: ids, names, thresholds.
    let scorer: Scorer
    /// Challengers; nil without any.
    let shadow: ShadowBook?
    var drift: DriftBook
    var windows = WindowStore()
    /// In memory of their own: another thread drains them while the windows are drained.
    let sessions: UnsafeMutablePointer<SessionStore>
    /// Everything this state has seen since its database began.
    var totals = JobTotals()
    /// What each open source's events came to since it was last asked, by slot.
    private var slotTotals = [JobTotals](repeating: JobTotals(), count: StreamWatermark.maximumOpen)
    /// Numbers of the open sources, by slot.
    var slotSources = [UInt64](repeating: 0, count: StreamWatermark.maximumOpen)
    /// What relabelling moved since it was last asked, by source number.
    var relabelledTotals: [UInt64: JobTotals] = [:]
    /// Events before the batch at hand: what an archived row is numbered by.
    private(set) var sequence: Int64 = 0

    init(scorer: Scorer, shadow: ShadowScorer?) {
        self.scorer = scorer
        self.shadow = shadow.map { ShadowBook($0, champion: scorer) }
        drift = DriftBook(scorer)
        sessions = .allocate(capacity: 1)
        sessions.initialize(to: SessionStore())
    }

    deinit {
        sessions.deinitialize(count: 1)
        sessions.deallocate()
    }

    /// What an open source's events came to since the last call.
    mutating func takeTotals(slot: Int) -> JobTotals {
        defer { slotTotals[slot] = JobTotals() }
        return slotTotals[slot]
    }

    // MARK: Events

    /// Counts a batch that was scored.
    mutating func count(_ batch: ClickBatch, _ scored: ScoredBatch, into rows: EpochRows, verdictWriter: VerdictWriter?) throws {
        let outcomes = scored.outcomes
        var sums = SlotSums()
        if outcomes.countedClicks < batch.count {
            for i in 0..<batch.count where outcomes.statuses[i] != .counted { end(batch, i, outcomes, into: rows, &sums) }
        }
        shadow?.scorer.score(scored.clicks.block, rows: outcomes.countedClicks)
        let counted = outcomes.counted
        var k = 0
        // Clicks and engagements in their order: what is remembered of a click goes by the watermark.
        for i in 0..<batch.count {
            if i % WindowStore.warmGroup == 0 {
                windows.warm(UnsafePointer(batch.records), from: i, count: batch.count)
                sessions.pointee.warm(UnsafePointer(batch.records), from: i, count: batch.count)
            }
            if k < counted.count, Int(counted[k]) == i {
                count(batch, i, k, scored, into: rows, &sums)
                k += 1
            } else if Int(batch.records[i].event) == FRAUD_EVENT_ENGAGEMENT {
                engage(batch, i, watermark: outcomes.watermarks[i], into: rows)
            }
        }
        settle(&sums)
        rows.handOver(rows.commit.flagged)
        scored.sequence = sequence
        sequence += Int64(batch.count)
        if let verdictWriter { try write(batch, scored, to: verdictWriter) }
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
    private mutating func end(_ batch: ClickBatch, _ index: Int, _ outcomes: BatchOutcomes, into rows: EpochRows, _ sums: inout SlotSums) {
        let record = UnsafePointer(batch.records + index)
        let arena = UnsafePointer(batch.raw.arena)
        move(&sums, to: record)
        switch outcomes.statuses[index] {
        case .counted: return
        case .duplicate:
            sums.totals.duplicate += 1
            sums.totals.conflicts += outcomes.conflicts[index] ? 1 : 0
            rows.appendDuplicate(record, arena: arena, isConflict: outcomes.conflicts[index])
        case .late:
            sums.totals.late += 1
            sums.totals.lateCost += Money(e4: record.pointee.cost_e4)
            rows.appendLate(record, arena: arena, watermark: outcomes.watermarks[index])
        case .rejected:
            sums.totals.rejected += 1
            rows.appendRejected(record, arena: arena)
        case .notAClick: sums.totals.notClicks += 1
        }
        if outcomes.statuses[index] != .notAClick { sums.totals.received += 1 }
    }

    /// Counts a scored click; `row` is its row in the feature block.
    @inline(__always)
    private mutating func count(_ batch: ClickBatch, _ index: Int, _ row: Int, _ scored: ScoredBatch, into rows: EpochRows, _ sums: inout SlotSums) {
        let record = UnsafePointer(batch.records + index)
        let arena = UnsafePointer(batch.raw.arena)
        let (outcomes, block, verdict) = (scored.outcomes, scored.clicks.block, scored.clicks.verdicts[row])
        let watermark = outcomes.watermarks[index]
        if !windows.add(record: record, arena: arena, label: verdict.label) {
            // At the windows' limit: what was complete at this click makes room; else the click belongs to the daily batch.
            windows.drain(watermark: watermark, floor: min(watermark, outcomes.floor)) { rows.appendWindow($0) }
            guard windows.add(record: record, arena: arena, label: verdict.label) else {
                outcomes.statuses[index] = .late
                end(batch, index, outcomes, into: rows, &sums)
                return
            }
        }
        sessions.pointee.add(record: record, arena: arena)
        move(&sums, to: record)
        let cost = Money(e4: record.pointee.cost_e4)
        sums.totals.received += 1
        sums.totals.gross += cost
        if verdict.label == .valid {
            sums.totals.valid += 1
            sums.totals.billable += cost
        } else {
            sums.totals.fraud += 1
            rows.appendFlagged(record, arena: arena, verdict: verdict, scorer: scorer, block: block, row: row)
        }
        shadow?.count(record, arena, row: row, verdict: verdict, champion: scorer, block: block, into: rows)
        drift.count(record, row: row, verdict: verdict, block: block)
        let source = slotSources[Int(record.pointee.partition)]
        let early = windows.remember(record: record, label: verdict.label, score: verdict.score, source: source, watermark: watermark)
        if let early { engage(record, arena, ts: early.ts, dwell: early.dwellMilliseconds, watermark: watermark, into: rows) }
    }

    private func write(_ batch: ClickBatch, _ scored: ScoredBatch, to writer: VerdictWriter) throws {
        let outcomes = scored.outcomes, counted = outcomes.counted
        var k = 0
        for i in 0..<batch.count where outcomes.statuses[i] != .notAClick {
            let status = outcomes.statuses[i]
            try writer.append(batch.records + i, arena: batch.raw.arena, status: status, verdict: status == .counted ? scored.clicks.verdicts[k] : nil)
            if k < counted.count, Int(counted[k]) == i { k += 1 }
        }
    }

    // MARK: Snapshot

    func writeTotals(to writer: inout StateWriter) {
        writer.append(totals)
        writer.append(sequence)
    }

    func writeWindows(to writer: inout StateWriter) {
        windows.write(to: &writer)
        sessions.pointee.write(to: &writer)
    }

    mutating func restoreTotals(from reader: inout StateReader) throws(StateError) {
        totals = try reader.read(JobTotals.self)
        sequence = try reader.read(Int64.self)
    }

    mutating func restoreWindows(from reader: inout StateReader) throws(StateError) {
        windows = try WindowStore(from: &reader)
        sessions.pointee = try SessionStore(from: &reader)
    }
}

internal import CClickRecord
internal import ClickModel
internal import Scoring
internal import Storage
internal import Windows

/// One way through the archive: scores its clicks in event-time order and books those of the day.
struct ReconciliationPass: ~Copyable {
    private let reconciliation: Reconciliation
    private let scorer: Scorer
    private let time: EventTime
    private let batch = ArchivedBatch()
    private var notes: [ArchiveNote] = []
    private var watermark = Watermark()
    private var deduplicator = Deduplicator()
    private var ads = ReconciledAds()
    private var result: ReconciledDay
    /// Indices of the batch's clicks to score, ascending.
    private let selected: UnsafeMutablePointer<Int32>
    /// How far the watermark may pass a click's time before none like it is scored any more, ms: as in the stream.
    private let lateness = WindowStore().allowedLatenessMilliseconds + EventTime.millisecondsPerMinute

    init(_ reconciliation: Reconciliation, at time: EventTime) {
        self.reconciliation = reconciliation
        self.time = time
        scorer = reconciliation.scorer
        result = ReconciledDay(date: reconciliation.options.date)
        selected = .allocate(capacity: ClickBatch.defaultCapacity)
        notes.reserveCapacity(ClickBatch.defaultCapacity)
    }

    deinit { selected.deallocate() }

    /// Reads a span; those before it were read.
    ///
    /// - Parameter progress: called after each batch with the events read so far, over all spans.
    mutating func run(_ span: ArchiveSpan, progress: (Int) -> Void) throws {
        let isDay = span.end == reconciliation.options.date.next
        let reader = try reconciliation.archive.read(from: span.start, before: span.end, order: .eventTime)
        let noteReader = try ArchiveNotes(
            reconciliation.archive, span, decisions: isDay, hour: Deduplicator.timeToLiveMilliseconds)
        let start = reconciliation.options.date.start.milliseconds
        while try reader.next(into: batch) {
            try readNotes(noteReader)
            // Of before the batch, as in the stream.
            let horizon = watermark.current == .min ? Int64.min / 2 : watermark.current - lateness
            let chosen = admit()
            let verdicts = scorer.score(batch.clicks, rows: UnsafeBufferPointer(start: UnsafePointer(selected), count: chosen), horizon: horizon)
            if isDay { try book(verdicts, from: start) }
            result.events += batch.count
            progress(result.events)
        }
        guard try noteReader.next() == nil else { throw Self.changed }
    }

    private mutating func readNotes(_ reader: ArchiveNotes) throws {
        notes.removeAll(keepingCapacity: true)
        for i in 0..<batch.count {
            guard let note = try reader.next(), note.seq == batch.seq[i] else { throw Self.changed }
            notes.append(note)
        }
    }

    private static var changed: PipelineError { .state("the archive changed while it was read; nothing was reconciled") }

    /// Chooses the clicks to score: those that are counted.
    private mutating func admit() -> Int {
        var chosen = 0
        for i in 0..<batch.count {
            if i % WindowStore.warmGroup == 0 {
                deduplicator.warm(UnsafePointer(batch.clicks.records), from: i, count: batch.count)
            }
            let record = UnsafePointer(batch.clicks.records + i)
            let ts = record.pointee.ts_ms
            watermark.observe(ts)
            guard batch.status[i] == .counted || (batch.status[i] == .late && !notes[i].isReplay) else { continue }
            let id = (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1)
            // Event times never go back here: an id whose hour is over at this click's time repeats nothing that comes.
            guard deduplicator.admit(id, content: fraud_content_fingerprint(record), ts: ts, watermark: ts) == .new else { continue }
            selected[chosen] = Int32(truncatingIfNeeded: i)
            chosen += 1
        }
        return chosen
    }

    /// Books the events of the day.
    private mutating func book(_ verdicts: UnsafeBufferPointer<Verdict>, from start: Int64) throws {
        var k = 0
        for i in 0..<batch.count {
            let isScored = k < verdicts.count && Int(selected[k]) == i
            defer { if isScored { k += 1 } }
            let record = UnsafePointer(batch.clicks.records + i)
            guard record.pointee.ts_ms >= start else { continue }
            switch batch.status[i] {
            case .counted: try bookCounted(record, i, isScored ? verdicts[k] : nil)
            case .late:
                if isScored { bookLate(record, i, verdicts[k]) } else { result.lateReplays += 1 }
            default: result.streamDuplicates += 1
            }
        }
    }

    /// What the batch calls a click.
    @inline(__always)
    private func label(_ scored: Label, _ note: ArchiveNote) -> Label { note.review ?? (note.isEngaged ? .fraud : scored) }

    private mutating func bookLate(_ record: UnsafePointer<ClickRecord>, _ index: Int, _ verdict: Verdict) {
        let place = ads.place(of: record, batch.clicks)
        ads.all[place].late.add(Money(e4: record.pointee.cost_e4), label(verdict.label, notes[index]))
        ads.addVisitor(record, at: place)
    }

    /// - Parameter verdict: nil when the click's id was counted within the hour before it; its label then stays the stream's.
    private mutating func bookCounted(_ record: UnsafePointer<ClickRecord>, _ index: Int, _ verdict: Verdict?) throws {
        let note = notes[index]
        let cost = Money(e4: record.pointee.cost_e4)
        let verdictLabel = batch.verdictLabel[index] ?? .valid
        let (streamLabel, currentLabel) = (note.streamLabel ?? verdictLabel, note.currentLabel ?? verdictLabel)
        let batchLabel = verdict.map { label($0.label, note) } ?? streamLabel
        let place = ads.place(of: record, batch.clicks)
        ads.all[place].stream.add(cost, streamLabel)
        ads.all[place].current.add(cost, currentLabel)
        ads.all[place].counted.add(cost, batchLabel)
        if currentLabel != batchLabel { try appendChange(record, from: currentLabel, to: batchLabel, note, verdict) }
        guard let verdict else {
            ads.all[place].repeated.add(cost, batchLabel)
            result.countedTwice += 1
            return
        }
        ads.addVisitor(record, at: place)
        result.clicks += 1
        if streamLabel == batchLabel { result.agreeing += 1 }
        if verdict.score.bitPattern != note.score.bitPattern { result.scoreDifferences += 1 }
    }

    private mutating func appendChange(
        _ record: UnsafePointer<ClickRecord>, from: Label, to: Label, _ note: ArchiveNote, _ verdict: Verdict?
    ) throws {
        let out = reconciliation.rows.changes.rows
        let texts = record.pointee
        out.append(text: batch.clicks.bytes(texts.click_id))
        out.append(time: EventTime(milliseconds: texts.ts_ms))
        for text in [texts.ad_id, texts.campaign_id, texts.advertiser_id] { out.append(text: batch.clicks.bytes(text)) }
        out.append(money: Money(e4: texts.cost_e4))
        out.append(text: from.name)
        out.append(text: to.name)
        out.append(text: LabelChange.Cause.reconciliation.rawValue)
        out.append(text: "fraud reconcile")
        out.append(text: reason(note, verdict))
        out.append(time: time)
        // Epochs are those of the transaction that takes it in.
        out.append(int64: 0)
        out.appendNull()
        out.endRow()
        try reconciliation.rows.changes.flushIfFull()
    }

    /// Why a label changed, in words.
    private func reason(_ note: ArchiveNote, _ verdict: Verdict?) -> String {
        if note.review != nil { return "a person decided" }
        if note.isEngaged { return "a short engagement within ten minutes" }
        guard let verdict else { return "counted twice; the stream's label holds" }
        let decider = scorer.decider(of: verdict)
        return "scored again in order of event time: \(verdict.score)" + (decider.isEmpty ? "" : " by \(decider)")
    }

    /// Ends the pass: rows of the batch's day go to where they wait to be written.
    consuming func finish() throws -> ReconciledDay {
        for row in try reconciliation.warehouse.streamDays(reconciliation.options.date) { ads.add(row) }
        var sorted: [ReconciledAd] = []
        sorted.reserveCapacity(ads.all.count)
        let (rows, date, time) = (reconciliation.rows.days, reconciliation.options.date, time)
        try ads.forEach { ad, uniqueUsers, sketch in
            sorted.append(ad)
            guard ad.batch.clicks > 0 else { return }
            try Self.append(ad, uniqueUsers, sketch, date, time, to: rows)
        }
        result.ads = sorted
        result.modelID = scorer.modelID
        result.rulesetID = scorer.rulesetID
        return result
    }

    private static func append(
        _ ad: ReconciledAd, _ uniqueUsers: Int64, _ sketch: [UInt8], _ date: CivilDate, _ time: EventTime, to spool: RowSpool
    ) throws {
        let (out, batch) = (spool.rows, ad.batch)
        for text in [ad.adID, ad.campaignID, ad.advertiserID] { out.append(text: text) }
        out.append(date: date)
        out.append(int64: batch.clicks)
        out.append(int64: uniqueUsers)
        out.append(int64: batch.valid)
        out.append(int64: batch.fraud)
        out.append(money: batch.cost)
        out.append(binary: sketch)
        out.append(int64: batch.valid)
        out.append(money: batch.billable)
        out.append(int64: ad.late.clicks)
        out.append(money: ad.late.cost)
        out.append(time: time)
        out.endRow()
        try spool.flushIfFull()
    }
}

internal import CClickRecord
package import ClickModel
internal import Features
package import Scoring
internal import Storage
internal import Windows

/// The deterministic core: decoded events in, verdicts and window totals out.
///
/// It knows no clock, and no file but the writer of verdict lines it may be given. The same events, model, rules and lists give the same totals and the same verdicts,
/// bit for bit, however they come in batches.
///
///     events ──► admission ──► features, rules, model ──► ScoredBatch ──► windows, sessions, rows
///                └──────── score(_:into:) ────────┘                      └── ClickCounter ──┘
///
/// The second half reads of the first nothing but the scored batch, and the first nothing of the second: a job runs them on two threads
/// (`CountingThread`), and both stand still where one looks at the whole.
package struct Engine: ~Copyable {
    package let scorer: Scorer
    var admission = Admission()
    /// In memory of its own: another thread may be at work there.
    let counter: UnsafeMutablePointer<ClickCounter>
    /// For who does one batch after the other.
    private let scored = ScoredBatch()

    /// - Parameter shadow: challengers, whose verdicts are stored beside the scorer's and change nothing.
    package init(scorer: Scorer, shadow: ShadowScorer? = nil) {
        self.scorer = scorer
        counter = .allocate(capacity: 1)
        counter.initialize(to: ClickCounter(scorer: scorer, shadow: shadow))
    }

    deinit {
        counter.deinitialize(count: 1)
        counter.deallocate()
    }

    /// Everything this state has seen since its database began.
    package var totals: JobTotals { counter.pointee.totals }
    /// Challengers; nil without any.
    var shadow: ShadowBook? { counter.pointee.shadow }
    /// Event time up to which the stream is complete, ms; `Int64.min` before the first event.
    package var watermark: Int64 { admission.watermark.current }
    /// Bytes of feature state held.
    package var featureBytes: Int { scorer.extractor.byteCount }

    /// Live keys of all state: of features, deduplication, windows and sessions.
    package var keyCount: Int {
        scorer.extractor.keyCount + admission.entryCount + counter.pointee.windows.cellCount + counter.pointee.sessions.pointee.count
    }

    // MARK: Sources

    /// Takes up a source; its first batch tells where its time begins. Returns the slot that its records are to carry.
    @discardableResult
    package mutating func open(source: UInt64, first batch: ClickBatch) -> Int {
        let slot = admission.open(source: source, first: batch)
        counter.pointee.slotSources[slot] = source
        return slot
    }

    /// Whether a partition is open, in this run or left open by an earlier one.
    func knows(source: UInt64) -> Bool { (0..<StreamWatermark.maximumOpen).contains { admission.watermark.source($0) == source } }

    /// Whether one more partition can be opened.
    var hasFreeSlot: Bool { admission.watermark.openCount < StreamWatermark.maximumOpen }

    /// Every event taken ended in one place, over all events ever.
    var isConserved: Bool { totals.isConserved && totals.received + totals.notClicks == Int(counter.pointee.sequence) }

    /// Marks clicks on which a person decided, so that no engagement overrides them; their windows have the decision already.
    mutating func confirm(_ decisions: [ReviewDecision]) { counter.pointee.confirm(decisions) }

    /// Takes changes that a command wrote to the database into the live windows.
    mutating func apply(_ changes: [LabelChange]) { counter.pointee.apply(changes) }

    /// What nobody sees but who asks: what was forgotten or not taken because a limit was met. Empty when nothing was.
    var limitNotes: [String] {
        [
            (admission.forgottenEarly, "click ids were forgotten before their hour was over: a replay of theirs would count as new"),
            (counter.pointee.windows.forgottenClicks, "clicks were forgotten before engagements could no longer reach them"),
            (counter.pointee.windows.forgottenEngagements, "engagements were dropped before their click came"),
            (counter.pointee.sessions.pointee.refused, "clicks found no room among the sessions"),
            (scorer.extractor.evicted, "keys of feature state were overwritten before their time"),
        ].filter { $0.0 > 0 }.map { "at a limit of memory: \($0.0) \($0.1)" }
    }

    mutating func close(slot: Int) { admission.close(slot) }

    mutating func closeAll(except slots: [Int]) { admission.closeAll(except: slots) }

    /// What an open source's events came to since the last call.
    mutating func takeTotals(slot: Int) -> JobTotals { counter.pointee.takeTotals(slot: slot) }

    /// What relabelling moved since the last call, by source number.
    mutating func takeRelabelledTotals() -> [UInt64: JobTotals] {
        defer { counter.pointee.relabelledTotals.removeAll(keepingCapacity: true) }
        return counter.pointee.relabelledTotals
    }

    // MARK: Events

    /// Takes one batch through deduplication, lateness and scoring; it is then the counter's.
    mutating func score(_ batch: ClickBatch, into scored: ScoredBatch) {
        let lateness = WindowStore.defaultAllowedLatenessMilliseconds
        // Of before the batch: what has expired by it reads as expired for each of its clicks, wherever the batch was cut.
        let horizon = admission.horizon(allowedLateness: lateness)
        admission.admit(batch, allowedLateness: lateness, into: scored.outcomes)
        scorer.score(batch, rows: scored.outcomes.counted, horizon: horizon, into: scored.clicks)
    }

    /// Takes one batch all the way.
    package mutating func process(_ batch: ClickBatch, into rows: EpochRows, verdictWriter: VerdictWriter?) throws {
        score(batch, into: scored)
        try counter.pointee.count(batch, scored, into: rows, verdictWriter: verdictWriter)
    }

    /// Moves the window and session rows that changed into `rows`, and what was counted for comparison; with `final`, also those the watermark has not reached; with
    /// `early`, of these the minutes.
    package mutating func drain(final: Bool, early: Bool = false, into rows: EpochRows) {
        let floor = admission.watermark.floor
        let sessions = StateElsewhere(pointer: counter.pointee.sessions)
        let drainSessions = { @Sendable in
            // Session rows may be removed again, but a session that is dropped is not found again.
            sessions.pointer.pointee.drain(watermark: floor, final: final) { rows.appendSession($0) }
        }
        // Windows and sessions share nothing, neither here nor in the rows.
        let beside = sessions.pointer.pointee.count > Self.manySessions ? Concurrently(drainSessions) : nil
        if beside == nil { drainSessions() }
        counter.pointee.windows.drain(watermark: watermark, floor: floor, final: final, early: early) { rows.appendWindow($0) }
        counter.pointee.shadow?.close(into: rows)
        counter.pointee.drift.close(into: rows)
        beside?.wait()
    }

    /// Sessions from which on their rows are worth a thread.
    private static let manySessions = 4096

    // MARK: Snapshot

    /// Changes with the layout of any state below.
    private static let stateVersion: UInt32 = 5

    package func write(to writer: inout StateWriter) {
        writer.append(tag: "ENGN")
        writer.append(Self.stateVersion)
        counter.pointee.writeTotals(to: &writer)
        admission.write(to: &writer)
        counter.pointee.writeWindows(to: &writer)
        scorer.extractor.write(to: &writer)
    }

    /// Bytes that `write` will take, about.
    package var snapshotBytes: Int { featureBytes + counter.pointee.windows.byteCount + counter.pointee.sessions.pointee.byteCount + admission.byteCount + (1 << 20) }

    /// - Throws: `StateError` when the bytes were written by another version of the code.
    package mutating func restore(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "ENGN")
        let version = try reader.read(UInt32.self)
        guard version == Self.stateVersion else { throw StateError("snapshot has state version \(version), this program reads \(Self.stateVersion)") }
        try counter.pointee.restoreTotals(from: &reader)
        try admission.restore(from: &reader)
        try counter.pointee.restoreWindows(from: &reader)
        try scorer.extractor.restore(from: &reader)
    }
}

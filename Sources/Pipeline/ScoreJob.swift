internal import ClickCodec
internal import ClickModel
internal import Features
internal import Foundation
internal import Scoring
package import Storage

/// Scores inputs into a database: sources → decode threads → merge → scoring → counting thread → commit thread, recovering from the last
/// epoch.
package final class ScoreJob {
    let options: ScoreJobOptions
    let warehouse: Warehouse
    var engine: Engine
    let merge: SourceMerge
    var ledger: SourceLedger
    var report = JobReport()
    /// Inputs that are not open yet.
    var waiting: ArraySlice<String>
    /// Set while events are read again whose epochs are committed, because the newest snapshot was damaged.
    var replay: Replay?
    var hasNotedLimit = false
    /// Bytes of the inputs that have ended.
    var bytesOfEnded: Int64 = 0

    private let snapshots: SnapshotFile
    private let committer: Committer
    let counting: CountingThread
    private let archive: ArchiveThread?
    /// Two sets of row buffers: one fills while the other is written.
    var rows = EpochRows()
    private var spareRows = EpochRows()
    private let state = StateBuffer()
    /// The state before the first event of a new database, until its first epoch is handed over.
    private var beginning: StateBuffer?
    var eventsInEpoch = 0
    /// Of what earlier runs counted.
    private var totalsBefore = JobTotals()
    private var snapshotPlan: SnapshotPlan
    private var isStatePrepared = false
    private var verdictWriter: VerdictWriter?
    private var appliesLabelChanges = false

    /// Opens the database and brings the engine to its last epoch.
    ///
    /// - Throws: `StorageError` (file in use, no DuckDB, …), `PipelineError`, and the model's and rules' own errors.
    package init(_ options: ScoreJobOptions) throws {
        self.options = options
        snapshotPlan = SnapshotPlan(options.snapshots)
        // Beside each other: each takes about as long. A new file waits for the scorer, so that what is refused leaves none.
        let made = Concurrently { [options] in
            let scorer = try options.scorer.makeScorer()
            return (scorer: scorer, challengers: try options.challengers.load(champion: scorer.modelID))
        }
        let isNew = Self.size(of: options.database) == nil
        let opened = Result { () throws(StorageError) in
            try Warehouse(path: options.database, memoryLimitBytes: Self.databaseBytes) { () throws(StorageError) in
                if isNew, !made.succeeds { throw .database("no scorer") }
            }
        }
        let (scorer, challengers) = try made.get()
        warehouse = try opened.get()
        engine = Engine(scorer: scorer, shadow: challengers.models.isEmpty ? nil : try ShadowScorer(challengers.models))
        report.notes += challengers.notes
        report.challengerIDs = engine.shadow?.scorer.modelIDs ?? []
        snapshots = SnapshotFile(databasePath: options.database)
        let last = try warehouse.lastEpoch()
        let clicks = try ClickArchive(warehouse.database)
        // Also without archiving: an earlier run's staged files belong to their epochs.
        try clicks.recover(lastEpoch: last?.epoch ?? 0)
        ledger = SourceLedger(try warehouse.sources())
        waiting = options.inputs[...]
        rows.epoch = (last?.epoch ?? 0) + 1
        if let last { replay = try Self.restore(&engine, to: last, snapshots, warehouse, &report) }
        rows.knowsRows = replay == nil
        merge = SourceMerge(isAlone: Self.isOneFile(options.inputs))
        report.modelID = engine.scorer.modelID
        report.rulesetID = engine.scorer.rulesetID
        if let path = options.verdictsPath {
            let committed = ledger.verdictBytes(of: Self.standard(path))
            try Self.checkVerdicts(path, options, isKnown: committed != nil, isNewDatabase: last == nil)
            verdictWriter = try VerdictWriter(path: path, committedLength: committed ?? 0, scorer: engine.scorer)
        }
        let changes = try Self.decisions(warehouse, watermark: engine.watermark)
        // Nothing fails from here on: who leaves `init` by an error leaves no thread behind.
        let free = BoundedQueue<ScoredBatch>(limit: CountingThread.depth + ArchiveThread.depth)
        for _ in 0..<CountingThread.depth + (options.writesArchive ? ArchiveThread.depth : 0) { free.push(ScoredBatch()) }
        archive = options.writesArchive ? ArchiveThread(clicks, rows: ArchiveRows(scorer: engine.scorer), free: free) : nil
        counting = CountingThread(
            engine.counter, maximumCells: options.maximumCells, verdictWriter: verdictWriter, archive: archive, free: free)
        committer = Committer(warehouse: warehouse, snapshots: snapshots, archive: archive)
        rows.ahead = .forgotten
        rows.portion = portionRows
        if last == nil { beginning = stateBeforeAll() }
        if replay == nil { beginNewEvents(changes) }
    }

    deinit {
        counting.stop()
        committer.stop()
        archive?.stop()
    }

    /// What DuckDB may hold for a job, which reads next to nothing of what it wrote; what a transaction has beyond it goes to a file.
    private static let databaseBytes = 512 << 20

    private static func standard(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }

    /// - Throws: `PipelineError.verdicts` when the file is an input or the database, or holds what this database did not write.
    private static func checkVerdicts(_ path: String, _ options: ScoreJobOptions, isKnown: Bool, isNewDatabase: Bool) throws {
        var own = stat()
        guard stat(path, &own) == 0 else { return }
        for other in options.inputs + [options.database] where other != "-" {
            var facts = stat()
            if stat(other, &facts) == 0, facts.st_dev == own.st_dev, facts.st_ino == own.st_ino {
                throw PipelineError.verdicts("\(path): is \(other) itself, and would be overwritten; name another file")
            }
        }
        guard isKnown || isNewDatabase || own.st_size == 0 || own.st_mode & S_IFMT != S_IFREG else {
            throw PipelineError.verdicts(
                "\(path): is there already, and the verdicts in it are not where \(options.database) goes on; name another file, or remove it")
        }
    }

    /// The open database, to read what was committed.
    package var database: DuckDB { warehouse.database }

    /// Scores every input and commits; once it returns, all of it is durable.
    ///
    /// - Parameter progress: called after every batch, on the calling thread.
    /// - Throws: the first input's error, once every event before it is committed.
    package func run(progress: (JobProgress) -> Void) throws -> JobReport {
        defer { merge.abandon() }
        let started = ContinuousClock.now
        let sizes = options.inputs.map { Self.size(of: $0) }
        let whole = sizes.contains(nil) ? nil : sizes.compactMap { $0 }.reduce(0, +)
        var failure: (any Error)?
        do {
            while try openAndClose() {
                guard let merged = merge.next() else {
                    try replay.map(endReplay)
                    continue
                }
                try take(merged)
                let read = bytesOfEnded + merge.open.reduce(0) { $0 + $1.bytesConsumed }
                progress(JobProgress(events: report.events, share: whole.map { $0 > 0 ? min(1, Double(read) / Double($0)) : 1 }))
            }
        } catch let error as SourceError {
            failure = PipelineError.input("\(error)")
        } catch let error as PipelineError {
            // Only an input that was refused leaves everything before it whole.
            guard case .input = error else { throw error }
            failure = error
        }
        if let replay {
            // Every input was read to its end.
            if let failure { throw failure }
            try endReplay(replay)
            return try run(progress: progress)
        }
        if report.events > 0 || ledger.hasChanges { try commitEpoch(final: true) }
        try committer.finish()
        if let failure { throw failure }
        if report.run.late * 2 > report.run.received {
            report.notes.append(
                "\(report.run.late) of \(report.run.received) clicks were late: were they scored in order of time, and are the first events' times right?")
        }
        report.notes += engine.limitNotes
        if report.run.rejected * 2 > report.run.received { report.notes.append("\(report.run.rejected) of \(report.run.received) lines were rejected: \(try mainRejection())") }
        if report.events > 0, !engine.scorer.extractor.hasLists { report.notes.append("no crawler, hosting or Tor lists: what they would say of an address or agent is unknown (--lists, or make deps)") }
        for record in ledger.touched { report.inputs += JobTotals(record) }
        report.seconds = (ContinuousClock.now - started) / .seconds(1)
        return report
    }

    /// Whether the inputs are one regular file. Of a pipe, batches come as it was written; cut anew, they are the same the next time.
    private static func isOneFile(_ inputs: [String]) -> Bool {
        var facts = stat()
        return inputs.count == 1 && stat(inputs[0], &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    /// What commands decided since the stream last ran, as far as the live state can still have the clicks.
    struct Decisions {
        var arePending: Bool
        var changes: [LabelChange]
        var reviews: [ReviewDecision]
    }

    static func decisions(_ warehouse: Warehouse, watermark: Int64) throws -> Decisions {
        // Days live for two at most, remembered clicks for less.
        let since = EventTime(milliseconds: max(watermark, Int64.min / 2) - 2 * EventTime.millisecondsPerDay)
        return Decisions(
            arePending: try warehouse.hasPendingLabelChanges(), changes: try warehouse.pendingLabelChanges(since: since),
            reviews: try warehouse.reviews(since: since))
    }

    /// Why most lines were rejected, in words.
    private func mainRejection() throws -> String {
        try warehouse.database.query("SELECT message, count(*) FROM rejected_events GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 1").rows.first?.first?.text ?? ""
    }

    /// Bytes of a file, of what a link points to; nil when there is none.
    static func size(of path: String) -> Int64? {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int64(facts.st_size) : nil
    }

    /// The engine is at the last epoch: takes changes of commands into the live windows (the next epoch notes that they are in),
    /// and opens the archive.
    func beginNewEvents(_ decisions: Decisions) {
        engine.apply(decisions.changes)
        engine.confirm(decisions.reviews)
        totalsBefore = engine.totals
        rows.ahead = .written(committer)
        archive?.begin(epoch: rows.epoch)
        appliesLabelChanges = decisions.arePending
    }

    /// Flagged clicks that are written at a time, ahead of their epoch; a few times even in a small epoch.
    private var portionRows: Int { max(16, min(8192, options.epochEvents / 16)) }

    /// Scores one batch, has it counted, and commits when the epoch is full.
    private func take(_ merged: MergedBatch) throws {
        let scored = counting.take()
        scored.merged = merged
        scored.sources = rows.sources
        engine.score(merged.batch, into: scored)
        eventsInEpoch += merged.batch.count
        try counting.push(scored, into: rows, isNew: replay == nil, isLongEnough: eventsInEpoch >= options.epochEvents / 10)
        if replay == nil {
            report.events += merged.batch.count
            snapshotPlan.events += merged.batch.count
            try prepareState()
        }
        // Many live cells end an epoch early too, but not again and again when its end frees none.
        guard eventsInEpoch >= options.epochEvents || counting.isEpochFull else { return }
        if replay == nil { try commitEpoch(final: false) } else { try forgetRows(final: false) }
    }

    /// Has memory for the epoch's snapshot made ready, half an epoch before it is taken.
    private func prepareState() throws {
        guard !isStatePrepared, eventsInEpoch > options.epochEvents / 2 else { return }
        isStatePrepared = true
        try counting.finish()
        let bytes = engine.snapshotBytes
        if snapshotPlan.willCopy(bytes, more: options.epochEvents - eventsInEpoch) { committer.prepare(state, bytes: bytes) }
    }

    /// Cuts the epoch here and hands it to the committer.
    ///
    /// - Parameter final: the inputs end here, so open minutes are written as they are.
    private func commitEpoch(final: Bool) throws {
        let started = ContinuousClock.now
        try counting.finish()
        engine.drain(final: final, early: options.earlyFirings, into: rows)
        settleSources()
        try checkConservation()
        report.run = engine.totals - totalsBefore
        try verdictWriter?.synchronize()
        try FaultPoint.pass("verdicts-flushed", path: options.verdictsPath ?? options.database, operation: "write verdicts to")
        if let verdictWriter, let path = options.verdictsPath { ledger.setVerdicts(path: Self.standard(path), bytes: verdictWriter.length) }
        let latest = ledger.record(ledger.latest)
        let sources = ledger.takeChanges()
        rows.close(
            totals: engine.totals, source: latest ?? sources.first ?? SourceRecord(source: "", name: ""), sources: sources, isFinal: final,
            committedAt: EventTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        rows.commit.appliesLabelChanges = appliesLabelChanges
        archive?.end()
        // What was handed over before must be durable first: it may use the memory, and nothing is gained by waiting later.
        try committer.finish()
        try submit(isFinal: final)
        appliesLabelChanges = false
        // The committer has let go of the spare rows: it takes one epoch at a time.
        swap(&rows, &spareRows)
        rows.removeAll()
        rows.takeSources(of: spareRows)
        rows.epoch = spareRows.epoch + 1
        eventsInEpoch = 0
        counting.beginEpoch()
        isStatePrepared = false
        if !final { archive?.begin(epoch: rows.epoch) }
        report.longestEpochStall = max(report.longestEpochStall, (ContinuousClock.now - started) / .seconds(1))
    }

    /// No event was lost or counted twice: by the engine's count of events, and by what the sources say they brought.
    private func checkConservation() throws {
        var ofSources = EventTotals()
        for source in ledger.all { ofSources += source.totals }
        guard engine.isConserved, ofSources == engine.totals.ends else {
            throw PipelineError.state("conservation check failed: \(engine.counter.pointee.sequence) events, \(engine.totals), of the sources \(ofSources)")
        }
    }

    /// Hands the epoch over, with a snapshot when one is due.
    private func submit(isFinal: Bool) throws {
        let bytes = engine.snapshotBytes
        let beginning = beginning.take()
        guard snapshotPlan.isDue(bytes, isForced: isFinal || appliesLabelChanges) else {
            return try committer.submit(PendingEpoch(rows: rows, state: beginning.map { .copied($0, epoch: 0) } ?? .none))
        }
        snapshotPlan.events = 0
        let started = ContinuousClock.now
        defer { if !isFinal { report.longestSnapshotPause = max(report.longestSnapshotPause, (ContinuousClock.now - started) / .seconds(1)) } }
        if !isFinal, bytes <= SnapshotPlan.maximumCopyBytes {
            state.fill(reserving: bytes) { writeState(to: &$0) }
            try committer.submit(PendingEpoch(rows: rows, state: .copied(state, epoch: rows.epoch)))
        } else {
            let saving = Saving()
            try committer.submit(PendingEpoch(rows: rows, state: .underWay(saving)))
            saving.run { () throws(StorageError) in
                try snapshots.save(epoch: rows.epoch) { writeState(to: &$0) }
                try FaultPoint.pass("snapshot-saved", path: snapshots.folder, operation: "save to")
            }
        }
    }

    private func stateBeforeAll() -> StateBuffer {
        let made = StateBuffer()
        made.fill(reserving: engine.snapshotBytes) { writeState(to: &$0) }
        return made
    }

    private func writeState(to writer: inout StateWriter) {
        Places(ledger.all.map { ($0.source, SourcePosition(offset: $0.offset, line: $0.line)) }).write(to: &writer)
        engine.write(to: &writer)
    }

    /// Writes the snapshot of a committed epoch, after events up to it were read again.
    func saveState(epoch: Int64) throws {
        try snapshots.save(epoch: epoch) { writeState(to: &$0) }
        snapshotPlan.events = 0
    }
}

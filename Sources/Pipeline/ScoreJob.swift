package import ClickCodec
internal import ClickModel
internal import Foundation
internal import Scoring
package import Storage

/// What `fraud score` was asked to do.
package struct ScoreJobOptions: Sendable {
    /// Paths, and `-` for standard input, in the order they are to be read.
    package var inputs: [String]
    package var database: String
    /// nil to tell it from the content.
    package var format: SourceFormat?
    package var defaults = CombinedDefaults.none
    package var scorer = ScorerConfiguration()
    package var verdictsPath: String?
    /// Events after which an epoch is committed, at the next batch's end.
    package var epochEvents = 250_000
    /// Live window cells that force an epoch early: what bounds the memory of the windows.
    package var maximumCells = 4_000_000

    package init(inputs: [String], database: String) {
        self.inputs = inputs
        self.database = database
    }
}

/// How far a job is.
package struct JobProgress: Sendable {
    /// Events read in this run.
    package var events: Int
    /// Share of all input bytes read, 0–1; nil when an input's size is not known.
    package var share: Double?
}

/// What a job did.
package struct JobReport: Sendable {
    /// Totals of the inputs named, from their first event, also when earlier runs scored part of them.
    package var inputs = JobTotals()
    /// Totals of this run alone.
    package var run = JobTotals()
    /// Events read in this run, those that are no clicks included.
    package var events = 0
    /// Inputs that earlier runs had finished and that had nothing new.
    package var alreadyScored: [String] = []
    /// Inputs that went on from an earlier run's last epoch.
    package var resumed: [String] = []
    package var seconds = 0.0
    package var modelID = ""
    package var rulesetID = ""
    /// Notes a person should see, e.g. which lists were used.
    package var notes: [String] = []
}

/// Scores inputs into a database: source → decode thread → engine → commit thread, recovering from the last epoch.
package final class ScoreJob {
    private let options: ScoreJobOptions
    private let warehouse: Warehouse
    private let snapshots: SnapshotFile
    private let committer: Committer
    private let engine: Engine
    private var ledger: SourceLedger
    /// Two sets of row buffers: one fills while the other is written.
    private var rows = EpochRows()
    private var spareRows = EpochRows()
    private var eventsInEpoch = 0
    private var isPlainFile = false
    private var verdictWriter: VerdictWriter?
    private var report = JobReport()
    private let batches = (0..<DecodeThread.depth).map { _ in ClickBatch() }

    /// Opens the database and brings the engine to its last epoch.
    ///
    /// - Throws: `StorageError` (file in use, no DuckDB, …), `PipelineError`, and the model's and rules' own errors.
    package init(_ options: ScoreJobOptions) throws {
        self.options = options
        engine = Engine(scorer: try options.scorer.makeScorer())
        warehouse = try Warehouse(path: options.database)
        snapshots = SnapshotFile(databasePath: options.database)
        committer = Committer(warehouse: warehouse, snapshots: snapshots)
        ledger = SourceLedger(try warehouse.sources())
        rows.epoch = 1
        if let last = try warehouse.lastEpoch() {
            rows.epoch = last.epoch + 1
            do { try engine.restore(snapshots.load(epoch: last.epoch)) } catch {
                throw PipelineError.state(
                    "\(options.database) is at epoch \(last.epoch), but its state cannot be read: \(error). Keep FILE.state/ beside the database; without it, score the inputs again into a new database.")
            }
            guard engine.totals.ends == last.totals else {
                throw PipelineError.state("\(options.database).state belongs to another database: its totals are not those of epoch \(last.epoch)")
            }
        }
        report.modelID = engine.scorer.modelID
        report.rulesetID = engine.scorer.rulesetID
        if let path = options.verdictsPath {
            let committed = ledger.verdictBytes(of: Self.standard(path))
            try Self.checkVerdicts(path, options, isKnown: committed != nil, isNewDatabase: rows.epoch == 1)
            verdictWriter = try VerdictWriter(path: path, committedLength: committed ?? 0, scorer: engine.scorer)
        }
    }

    deinit { committer.stop() }

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
        let started = ContinuousClock.now
        let sizes = options.inputs.map { Self.size(of: $0) }
        var failure: (any Error)?
        var done: Int64 = 0
        for (index, input) in options.inputs.enumerated() {
            do {
                try score(input) { consumed in
                    let whole = sizes.contains(nil) ? nil : sizes.compactMap { $0 }.reduce(0, +)
                    progress(JobProgress(events: report.events, share: whole.map { $0 > 0 ? Double(done + consumed) / Double($0) : 1 }))
                }
            } catch let error as SourceError {
                failure = PipelineError.input("\(error)")
                break
            } catch let error as PipelineError {
                // Only an input that was refused leaves everything before it whole.
                guard case .input = error else { throw error }
                failure = error
                break
            }
            done += sizes[index] ?? 0
        }
        if report.events > 0 || ledger.hasChanges { try commitEpoch(final: true) }
        try committer.finish()
        if let failure { throw failure }
        if report.run.late * 2 > report.run.received {
            report.notes.append(
                "\(report.run.late) of \(report.run.received) clicks were late: were the inputs given in order of time, and are the first events' times right?")
        }
        for record in ledger.touched { report.inputs = report.inputs + JobTotals(record) }
        report.seconds = (ContinuousClock.now - started) / .seconds(1)
        return report
    }

    private static func size(of path: String) -> Int64? {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.int64Value
    }

    private func score(_ input: String, progress: (Int64) -> Void) throws {
        let stream = try ClickStream(path: input, format: options.format, defaults: options.defaults, waitsForPrefix: true)
        guard !stream.prefix.isEmpty else {
            // An archive that is broken before its first byte of content says so now.
            _ = try stream.next(into: batches[0])
            report.notes.append("\(input): empty")
            return
        }
        let before = ledger
        let position = ledger.begin(input, identity: SourceIdentity(prefix: stream.prefix))
        let isPlain = stream.compression == .none && stream.inputSize != nil
        if position.offset > 0 {
            do { if isPlain { try SourceIdentity.checkResume(input, ledger.current) } } catch {
                // What is refused leaves no trace: the next run must refuse it too.
                ledger = before
                throw error
            }
            stream.resume(at: position)
        }
        rows.source = ledger.current.source
        isPlainFile = false
        let eventsBefore = report.events
        let decoder = DecodeThread(stream, batches: batches)
        do {
            while let decoded = try decoder.next() {
                try take(decoded, isPlain: isPlain)
                decoder.giveBack(decoded.batch)
                progress(stream.bytesConsumedOfInput)
            }
        } catch {
            decoder.abandon()
            throw error
        }
        if report.events > eventsBefore, isPlain { ledger.setTail(SourceIdentity.tailHash(of: input, before: ledger.current.offset)) }
        ledger.finish()
        if position.offset > 0 {
            if report.events == eventsBefore { report.alreadyScored.append(input) } else { report.resumed.append(input) }
        }
    }

    /// Scores one batch and commits when the epoch is full.
    private func take(_ decoded: DecodedBatch, isPlain: Bool) throws {
        let before = engine.totals
        try engine.process(decoded.batch, into: rows, verdictWriter: verdictWriter)
        let added = engine.totals - before
        ledger.advance(to: decoded.end, adding: added)
        isPlainFile = isPlain
        report.run = report.run + added
        report.events += decoded.batch.count
        eventsInEpoch += decoded.batch.count
        if eventsInEpoch >= options.epochEvents || rows.isFull || engine.liveCells >= options.maximumCells {
            try commitEpoch(final: false)
        }
    }

    /// Cuts the epoch here and hands it to the committer.
    ///
    /// - Parameter final: the inputs end here, so open minutes are written as they are.
    private func commitEpoch(final: Bool) throws {
        guard engine.totals.isConserved else { throw PipelineError.state("conservation check failed: \(engine.totals)") }
        engine.drain(final: final, into: rows)
        if isPlainFile { ledger.setTail(SourceIdentity.tailHash(of: ledger.current.name, before: ledger.current.offset)) }
        try verdictWriter?.synchronize()
        if let verdictWriter, let path = options.verdictsPath { ledger.setVerdicts(path: Self.standard(path), bytes: verdictWriter.length) }
        rows.close(
            totals: engine.totals, source: ledger.current, sources: ledger.takeChanges(),
            committedAt: EventTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        let snapshot = engine.snapshot()
        try committer.submit(PendingEpoch(rows: rows, snapshot: snapshot))
        // The committer has let go of the spare set: it takes one epoch at a time.
        swap(&rows, &spareRows)
        rows.removeAll()
        rows.source = ledger.current.source
        rows.epoch = spareRows.epoch + 1
        eventsInEpoch = 0
    }
}

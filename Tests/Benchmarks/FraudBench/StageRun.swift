import CClickRecord
import ClickCodec
import ClickModel
import Features
import LogisticModel
import Pipeline
import Rules
import Scoring
import Storage
import Windows

/// A stage of the way from file to tables, in order.
enum Stage: String, CaseIterable {
    case read, decode, admission, features, rules, model, windows, sessions, remembered, flagged, drain, commit

    var title: String {
        switch self {
        case .read: "read (page cache → memory)"
        case .decode: "decode (NDJSON → records)"
        case .admission: "deduplication, watermark"
        case .features: "features"
        case .rules: "rules"
        case .model: "model, verdict"
        case .windows: "windows"
        case .sessions: "sessions"
        case .remembered: "remembered clicks"
        case .flagged: "rows of flagged clicks"
        case .drain: "rows of windows, sessions"
        case .commit: "commit (its own thread)"
        }
    }
}

/// Takes a file through the engine's parts, one after the other over whole batches, with a clock around each.
///
/// The engine itself takes windows, sessions and remembered clicks click by click; here each goes over the batch alone, so their sum
/// may differ from the engine's, which is measured beside. Each stage is a function that is not inlined, so that instructions can be
/// counted by function.
struct StageRun: ~Copyable {
    /// Nanoseconds by stage: of this thread; of the process while it commits.
    private(set) var nanoseconds = [Stage: Int]()
    /// Lines read, of them scored, of those flagged.
    private(set) var events = 0, scored = 0, flagged = 0
    /// Bytes of the rows that were committed.
    private(set) var rowBytes = 0, flaggedBytes = 0
    /// Bytes of texts that were decoded.
    private(set) var textBytes = 0

    private let reader: SourceReader
    private let chunk = Chunk()
    private let batch = ClickBatch()
    private var decoder = ClickDecoder(.ndjson)
    private var admission = Admission()
    private let outcomes = BatchOutcomes()
    private let scorer: Scorer
    private var windows = WindowStore()
    private var sessions = SessionStore()
    private let rows = EpochRows()
    private let warehouse: Warehouse?
    private let fired: UnsafeMutablePointer<UInt64>
    private let scores: UnsafeMutablePointer<Float>
    private let verdicts: UnsafeMutablePointer<Verdict>
    private var totals = JobTotals()
    private var mark = 0

    /// - Parameter warehouse: where epochs are committed; nil to leave that out.
    init(_ input: String, warehouse: Warehouse?) throws {
        self.init(try SourceReader(path: input), try ScorerConfiguration().makeScorer(), warehouse)
    }

    private init(_ reader: SourceReader, _ scorer: Scorer, _ warehouse: Warehouse?) {
        self.reader = reader
        self.scorer = scorer
        self.warehouse = warehouse
        fired = .allocate(capacity: ClickBatch.defaultCapacity)
        scores = .allocate(capacity: ClickBatch.defaultCapacity)
        verdicts = .allocate(capacity: ClickBatch.defaultCapacity)
        rows.epoch = 1
    }

    deinit {
        fired.deallocate()
        scores.deallocate()
        verdicts.deallocate()
    }

    @inline(never)
    mutating func run() throws {
        var inEpoch = 0
        mark = BenchClock.thread
        while try fill() {
            if events == 0 { _ = admission.open(source: 1, first: batch) }
            mark = BenchClock.thread
            let horizon = admission.horizon(allowedLateness: windows.allowedLatenessMilliseconds)
            let chosen = stageAdmission()
            charge(.admission)
            stageFeatures(chosen, horizon)
            charge(.features)
            stageRules(chosen)
            charge(.rules)
            stageModel(chosen)
            charge(.model)
            stageWindows(chosen)
            charge(.windows)
            stageSessions(chosen)
            charge(.sessions)
            stageRemembered(chosen)
            charge(.remembered)
            stageFlagged(chosen)
            charge(.flagged)
            note(chosen)
            inEpoch += batch.count
            if inEpoch >= ScoreJobOptions.defaultEpochEvents {
                try endEpoch(final: false)
                inEpoch = 0
            }
        }
        try endEpoch(final: true)
    }

    private mutating func charge(_ stage: Stage) {
        let now = BenchClock.thread
        nanoseconds[stage, default: 0] += now - mark
        mark = now
    }

    // MARK: Stages

    private mutating func fill() throws -> Bool {
        batch.removeAll()
        mark = BenchClock.thread
        while true {
            if !chunk.isFinished {
                let isEmptied = stageDecode()
                charge(.decode)
                if !isEmptied { return true }
            }
            let hasMore = try stageRead()
            charge(.read)
            if !hasMore { return batch.count > 0 }
        }
    }

    @inline(never) private mutating func stageRead() throws -> Bool { try reader.read(into: chunk) }

    @inline(never) private mutating func stageDecode() -> Bool { decoder.decode(chunk, into: batch) }

    @inline(never)
    private mutating func stageAdmission() -> Int {
        admission.admit(batch, allowedLateness: windows.allowedLatenessMilliseconds, into: outcomes)
        return outcomes.countedClicks
    }

    @inline(never)
    private mutating func stageFeatures(_ chosen: Int, _ horizon: Int64) {
        scorer.extractor.extract(batch, rows: outcomes.counted, horizon: horizon, into: scorer.block)
    }

    @inline(never)
    private mutating func stageRules(_ chosen: Int) { scorer.rules.evaluate(scorer.block, rows: chosen, into: fired) }

    @inline(never)
    private mutating func stageModel(_ chosen: Int) {
        scorer.model.score(scorer.block, rows: chosen, into: scores)
        for k in 0..<chosen { verdicts[k] = scorer.verdict(fired: fired[k], score: scores[k]) }
    }

    @inline(never)
    private mutating func stageWindows(_ chosen: Int) {
        let counted = outcomes.counted
        var group = 0
        for k in 0..<chosen {
            let index = Int(counted[k])
            while group <= index {
                windows.warm(UnsafePointer(batch.records), from: group, count: batch.count)
                group += WindowStore.warmGroup
            }
            _ = windows.add(record: batch.records + index, arena: batch.raw.arena, label: verdicts[k].label)
        }
    }

    @inline(never)
    private mutating func stageSessions(_ chosen: Int) {
        let counted = outcomes.counted
        var group = 0
        for k in 0..<chosen {
            let index = Int(counted[k])
            while group <= index {
                sessions.warm(UnsafePointer(batch.records), from: group, count: batch.count)
                group += WindowStore.warmGroup
            }
            sessions.add(record: batch.records + index, arena: batch.raw.arena)
        }
    }

    @inline(never)
    private mutating func stageRemembered(_ chosen: Int) {
        let counted = outcomes.counted
        for k in 0..<chosen {
            let index = Int(counted[k])
            _ = windows.remember(
                record: batch.records + index, label: verdicts[k].label, score: verdicts[k].score, source: 1, watermark: outcomes.watermarks[index])
        }
    }

    @inline(never)
    private mutating func stageFlagged(_ chosen: Int) {
        let counted = outcomes.counted
        for k in 0..<chosen where verdicts[k].label == .fraud {
            rows.appendFlagged(
                batch.records + Int(counted[k]), arena: batch.raw.arena, verdict: verdicts[k], scorer: scorer, block: scorer.block, row: k)
        }
    }

    @inline(never)
    private mutating func stageDrain(final: Bool) {
        let rows = rows
        windows.drain(watermark: admission.watermark.current, floor: admission.watermark.floor, final: final) { rows.appendWindow($0) }
        sessions.drain(watermark: admission.watermark.floor, final: final) { rows.appendSession($0) }
    }

    // MARK: Books

    /// What a commit checks, and the table of stages divides by; in nobody's time.
    private mutating func note(_ chosen: Int) {
        events += batch.count
        scored += chosen
        textBytes += Int(batch.raw.arena_used)
        for i in 0..<batch.count {
            switch outcomes.statuses[i] {
            case .counted: break
            case .duplicate: totals.duplicate += 1
            case .late: totals.late += 1
            case .rejected: totals.rejected += 1
            case .notAClick: totals.notClicks += 1
            }
        }
        for k in 0..<chosen {
            if verdicts[k].label == .fraud { totals.fraud += 1 } else { totals.valid += 1 }
        }
        totals.received = totals.valid + totals.fraud + totals.duplicate + totals.late + totals.rejected
        flagged = totals.fraud
    }

    private mutating func endEpoch(final: Bool) throws {
        mark = BenchClock.thread
        stageDrain(final: final)
        charge(.drain)
        flaggedBytes += rows.commit.flagged.rows.byteCount
        rows.close(
            totals: totals, source: SourceRecord(source: "bench", name: "bench"), sources: [], isFinal: final,
            committedAt: EventTime(milliseconds: 1_800_000_000_000))
        rowBytes += rows.commit.byteCount
        if let warehouse {
            let before = BenchClock.process
            try warehouse.commit(rows.commit)
            nanoseconds[.commit, default: 0] += BenchClock.process - before
        }
        rows.removeAll()
        rows.epoch += 1
    }
}

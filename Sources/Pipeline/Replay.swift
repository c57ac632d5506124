internal import ClickCodec
internal import ClickModel
internal import Storage

/// How far sources were read, by key: kept in a snapshot, so that an older one can be brought up to date from the inputs.
struct Places {
    private(set) var all: [String: SourcePosition] = [:]

    init(_ places: [(String, SourcePosition)]) {
        for (key, place) in places { all[key] = place }
    }

    subscript(key: String) -> SourcePosition? { all[key] }

    func write(to writer: inout StateWriter) {
        writer.append(tag: "PLCS")
        writer.append(all.count)
        for (key, place) in all.sorted(by: { $0.key < $1.key }) {
            Array(key.utf8).withUnsafeBufferPointer { writer.append($0) }
            writer.append(place.offset)
            writer.append(place.line)
        }
    }

    init(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "PLCS")
        let count = try reader.read(Int.self)
        guard (0...1 << 20).contains(count) else { throw StateError("\(count) sources in a snapshot") }
        for _ in 0..<count {
            let key = String(decoding: try reader.readArray(UInt8.self), as: UTF8.self)
            all[key] = SourcePosition(offset: try reader.read(Int64.self), line: try reader.read(Int64.self))
        }
    }
}

/// The way from an older snapshot to the last committed epoch: the events between are read and scored again, and only the
/// state is kept. Deterministic scoring makes it the state that was lost.
struct Replay {
    /// The last committed epoch.
    let last: EpochRecord
    /// Where the sources stood at the older snapshot; at the last epoch they stood where the database says.
    let places: Places

    /// - Throws: `PipelineError.state` when what was read led elsewhere.
    func check(_ totals: EventTotals) throws {
        guard totals != last.totals else { return }
        throw PipelineError.state(
            "the state of epoch \(last.epoch) has no whole snapshot, and reading the inputs again did not lead there: received \(totals.received) of \(last.totals.received) events. Give the inputs that were read for it, with the same options")
    }
}

extension ScoreJob {
    /// Brings the engine to the newest snapshot that is whole.
    ///
    /// - Returns: nil when that is the last epoch's; else the way there.
    /// - Throws: `PipelineError.state` when there is none.
    static func restore(
        _ engine: inout Engine, to last: EpochRecord, _ snapshots: SnapshotFile, _ warehouse: Warehouse, _ report: inout JobReport
    ) throws -> Replay? {
        let newest = snapshots.loadNewest(upTo: last.epoch)
        let damage = newest.skipped.isEmpty ? "its snapshot is missing" : newest.skipped.map { "\($0)" }.joined(separator: "; ")
        guard let epoch = newest.epoch else {
            if last.epoch == 1, !newest.skipped.isEmpty {
                report.notes.append("\(damage): read everything again")
                return Replay(last: last, places: Places([]))
            }
            throw PipelineError.state(
                "\(snapshots.folder): the database is at epoch \(last.epoch), but its state cannot be read: \(damage). Keep FILE.state/ beside the database; without it, score the inputs again into a new database.")
        }
        let places: Places
        do {
            var reader = StateReader(newest.payload)
            places = try Places(from: &reader)
            try engine.restore(from: &reader)
            guard reader.isAtEnd else { throw StateError("snapshot has bytes after its end") }
        } catch {
            throw PipelineError.state("\(snapshots.folder): the state of epoch \(epoch) cannot be used: \(error)")
        }
        guard epoch < last.epoch else {
            guard engine.totals.ends == last.totals else {
                throw PipelineError.state("\(snapshots.folder) belongs to another database: its totals are not those of epoch \(last.epoch)")
            }
            return nil
        }
        // What the stream took in at the epoch that follows; its own engagements come again with the events.
        let changes = try warehouse.labelChanges(appliedAfter: epoch)
        guard epoch == last.epoch - 1 || changes.isEmpty else {
            throw PipelineError.state(
                "\(snapshots.folder): only the snapshot of epoch \(epoch) is whole, the database is at epoch \(last.epoch), and labels were changed by people or reconciliations in between, which cannot be put in their place again. Restore a backup, or score the inputs again into a new database.")
        }
        engine.apply(changes)
        let reason = newest.skipped.isEmpty ? "" : damage + ": "
        report.notes.append(reason + (epoch == 0 ? "read everything again" : "went on from the snapshot of epoch \(epoch) and read what came after it again"))
        return Replay(last: last, places: places)
    }

    /// Ends an epoch of events that are read again, for the state alone: where it was cut, windows were drained, which leaves its trace in
    /// their state.
    func forgetRows(final: Bool) throws {
        try counting.finish()
        counting.beginEpoch()
        engine.drain(final: final, early: options.earlyFirings, into: rows)
        for source in merge.open { _ = engine.takeTotals(slot: source.slot) }
        _ = engine.takeRelabelledTotals()
        rows.removeAll()
        eventsInEpoch = 0
    }

    /// All sources stand where the last epoch left them: from here on events are new.
    func endReplay(_ replay: Replay) throws {
        try forgetRows(final: replay.last.isFinal)
        try replay.check(engine.totals.ends)
        for source in merge.open { source.limit = nil }
        try saveState(epoch: replay.last.epoch)
        self.replay = nil
        beginNewEvents(try Self.decisions(warehouse, watermark: engine.watermark))
    }
}

package import ClickModel
internal import Features
internal import Foundation
internal import Scoring
package import Storage
internal import Windows

/// What `fraud reconcile` was asked to do.
package struct ReconciliationOptions: Sendable {
    package var database: String
    package var date: CivilDate
    package var scorer = ScorerConfiguration()
    /// Days before `date` whose clicks are scored too, so that the features of the day's first clicks know them; nil for all that
    /// the archive has.
    package var warmUpDays: Int?
    /// Whether the day may be scored with another model or other rules than the stream's.
    package var acceptsOtherModel = false

    package init(database: String, date: CivilDate) {
        self.database = database
        self.date = date
    }
}

/// The batch layer: a day computed again from the archive, in event-time order, with every late click in.
///
/// The archived clicks are scored by a fresh scorer from the archive's first day on, for a click's features depend on all before
/// it. Counted is what the stream counted, and late clicks whose `click_id` nobody counted within the deduplication hour around
/// them in event time; what the stream called a duplicate is not. A click's label is, in this order, a person's last decision;
/// fraud when a short engagement belongs to it; what scoring says.
///
/// *Bit-identical.* When the archived clicks came in order of event time and none was late, scorer and watermark go through the
/// states they had in the stream, and every score and label is the same to the bit, given the same lists, as long as no table of
/// feature state was at its limit: there what is evicted depends on where batches end. (The horizon alone decides when room is
/// made, and only entries that read as never seen are dropped for it.)
///
/// *Memory.* The scorer's tables (`FeatureExtractor.Budget`); about 40 bytes for each click id of an hour (`Deduplicator`); an
/// ad's totals and visitors, under 1 KiB for few visitors and 12 KiB at most; two batches. Sorting, joins and what is to be
/// written are DuckDB's, which spills beside the database beyond its own limit.
package final class Reconciliation {
    let options: ReconciliationOptions
    let warehouse: Warehouse
    let archive: ClickArchive
    let scorer: Scorer
    /// What the day's archive held when this was made.
    package let day: ArchivedDay
    var rows: Warehouse.BatchDay
    private var notes: [String] = []

    /// Opens the database, completes its archive after a crash, and checks that the day can be computed again.
    ///
    /// - Throws: `PipelineError.input` when there is no archive of the day or only a part, `PipelineError.configuration` for another
    ///   model or other rules; what opening throws.
    package init(_ options: ReconciliationOptions) throws {
        guard FileManager.default.fileExists(atPath: options.database) else {
            throw PipelineError.input("there is no database \(options.database); `fraud score INPUT --db \(options.database)` makes one")
        }
        self.options = options
        scorer = try options.scorer.makeScorer()
        warehouse = try Warehouse(path: options.database, threads: 2)
        archive = try ClickArchive(warehouse.database)
        try archive.recover(lastEpoch: try warehouse.lastEpoch()?.epoch ?? 0)
        day = try archive.day(options.date, readingFrom: options.firstDay)
        rows = try Warehouse.BatchDay(options.date, in: warehouse)
        try checkArchive()
        try checkScorer()
        if try !warehouse.hasStreamDay(after: options.date) {
            notes.append("no click of a later day has been scored: if \(options.date) is not over, reconcile it again when it is")
        }
    }

    private func checkArchive() throws {
        let inTables = try warehouse.streamClicks(options.date)
        guard day.events > 0 else {
            throw PipelineError.input(
                inTables == 0
                    ? "there are no clicks of \(options.date) in \(options.database)"
                    : "\(options.date) has no archive: its \(inTables) clicks were scored with --no-archive, or \(archive.folder) was moved away")
        }
        let late = try warehouse.lateClicks(options.date)
        guard day.late >= late else {
            throw PipelineError.input(
                "the archive of \(options.date) has \(day.late) late clicks, late_clicks has \(late): a part of them was scored with --no-archive, or files are missing. Nothing was reconciled")
        }
        guard day.counted == inTables else {
            throw PipelineError.input(
                "the archive of \(options.date) has \(day.counted) counted clicks, the stream's tables have \(inTables): "
                    + (day.counted < inTables ? "a part of it was scored with --no-archive, or files are missing" : "the tables were changed")
                    + ". Nothing was reconciled")
        }
    }

    private func checkScorer() throws {
        let own = ArchivedDay.ScorerIDs(modelID: scorer.modelID, rulesetID: scorer.rulesetID, listsID: scorer.extractor.listsID)
        let others = day.scorers.filter { $0 != own }
        guard !others.isEmpty else { return }
        func named(_ ids: ArchivedDay.ScorerIDs) -> String { "model \(ids.modelID), rules \(ids.rulesetID), lists \(ids.listsID)" }
        let text = "clicks of \(options.date) were scored with \(others.map(named).joined(separator: ", and with ")); at hand are \(named(own))"
        guard options.acceptsOtherModel else {
            throw PipelineError.configuration(
                "\(text). Give the ones they were scored with (--model, --rules, --lists, --geoip), or --accept-other-model to label the day anew")
        }
        notes.append(text)
    }

    /// Scores the archive up to the end of the day and compares. Writes nothing that stays.
    ///
    /// - Parameters:
    ///   - time: when labels are changed: the wall clock, given by the caller.
    ///   - progress: called after each batch.
    package func run(at time: EventTime, progress: (JobProgress) -> Void) throws -> ReconciledDay {
        let started = ContinuousClock.now
        var pass = ReconciliationPass(self, at: time)
        for span in archive.spans(from: options.firstDay, through: options.date) {
            try pass.run(span) { [day] events in
                progress(JobProgress(events: events, share: min(1, Double(events) / Double(max(1, day.eventsToRead)))))
            }
        }
        var result = try pass.finish()
        result.seconds = (ContinuousClock.now - started) / .seconds(1)
        result.notes = notes
        return result
    }

    /// Writes what `run` found, with what billing makes of it, in one transaction. Doing it again changes nothing.
    ///
    /// - Returns: how many labels changed, and whether anything did.
    package func commit(_ result: ReconciledDay, adjustments: [BatchAdjustment], at time: EventTime) throws -> (relabelled: Int, isChanged: Bool) {
        for adjustment in adjustments {
            let out = rows.adjustments.rows
            out.append(date: options.date)
            for text in [adjustment.advertiserID, adjustment.campaignID, adjustment.adID] { out.append(text: text) }
            out.append(int64: adjustment.clicks)
            out.append(money: adjustment.amount)
            out.append(text: adjustment.cause)
            out.append(time: time)
            out.endRow()
            try rows.adjustments.flushIfFull()
        }
        let out = rows.reconciliation.rows
        out.append(date: options.date)
        for count in [result.clicks, result.agreeing, result.late.clicks, result.duplicates] { out.append(int64: count) }
        out.append(money: result.stream.billable)
        out.append(money: result.batch.billable)
        out.append(text: scorer.modelID)
        out.append(text: scorer.rulesetID)
        out.append(time: time)
        out.endRow()
        return try warehouse.commit(rows)
    }
}

/// A row of `billing_adjustments`: what the batch bills more for an ad on the day, or less when negative.
package struct BatchAdjustment: Hashable, Sendable {
    package var advertiserID: String
    package var campaignID: String
    package var adID: String
    package var clicks: Int64
    package var amount: Money
    /// In a word.
    package var cause: String

    package init(advertiserID: String, campaignID: String, adID: String, clicks: Int64, amount: Money, cause: String) {
        self.advertiserID = advertiserID
        self.campaignID = campaignID
        self.adID = adID
        self.clicks = clicks
        self.amount = amount
        self.cause = cause
    }
}

extension ReconciliationOptions {
    /// The first day to read; nil for the archive's beginning.
    var firstDay: CivilDate? { warmUpDays.map { CivilDate(daysSince1970: date.daysSince1970 - Int64($0)) } }
}

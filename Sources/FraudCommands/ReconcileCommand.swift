public import ArgumentParser
internal import Billing
internal import ClickModel
internal import Foundation
internal import Pipeline

/// `fraud reconcile`: a day computed again from the archive, compared with the stream, and corrected.
public struct ReconcileCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Computes a day again from the archive, compares it with the stream, and corrects the bill.",
        discussion: """
            Archived clicks are scored again in order of event time, late ones included. Labels that come out different move in
            all tables, and late clicks reach the bill as adjustments; click_totals_daily has the batch's totals for the day
            from then on. Do it once a day is over; doing it again takes in what came since, and else changes nothing.
            EXAMPLE: fraud reconcile --db clicks.duckdb --date 2026-11-20
            """)

    @Option(name: .customLong("db"), help: ArgumentHelp("The database that `fraud score` wrote, beside its archive.", valueName: "file")) var database: String
    @Option(help: ArgumentHelp("The day, UTC.", valueName: "day")) var date: String
    @Option(help: ArgumentHelp("Model file instead of models/champion.json.", valueName: "file")) var model: String?
    @Option(help: ArgumentHelp("Rule file instead of models/rules.yaml.", valueName: "file")) var rules: String?
    @Option(help: ArgumentHelp("Folder of crawler, hosting and Tor lists, as when the day was scored.", valueName: "dir")) var lists: String?
    @Option(help: ArgumentHelp("GeoIP database (.mmdb), as when the day was scored.", valueName: "file")) var geoip: String?
    @Option(help: ArgumentHelp("Score only so many days before it first; else all that the archive has.", valueName: "days")) var warmUpDays: Int?
    @Flag(help: "Label the day with this model and these rules, although others scored it.") var acceptOtherModel = false
    @Flag(help: "Print every ad, not only those that differ.") var all = false
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func validate() throws {
        guard CivilDate(date) != nil else { throw ValidationError("--date \(date): expected a day like 2026-11-21") }
        guard warmUpDays.map({ 0...36_500 ~= $0 }) ?? true else { throw ValidationError("--warm-up-days must be 0 to 36500") }
    }

    public func run() throws {
        var options = ReconciliationOptions(database: database, date: CivilDate(date)!)
        options.scorer = ScorerConfiguration(modelPath: model, rulesPath: rules, listsDirectory: lists, geoPath: geoip)
        options.warmUpDays = warmUpDays
        options.acceptsOtherModel = acceptOtherModel
        let reconciliation = try Reconciliation(options)
        let now = EventTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let bar = ProgressBar(unit: "clicks")
        let day = try {
            defer { bar.finish() }
            return try reconciliation.run(at: now) { bar.update(done: $0.events, share: $0.share) }
        }()
        let adjustments = day.ads.flatMap(Self.adjustments)
        let written = try reconciliation.commit(day, adjustments: adjustments, at: now)
        for note in day.notes { Terminal.error(note + "\n") }
        let output = ReconciliationSummary(day: day, adjustments: adjustments, relabelled: written.relabelled, isChanged: written.isChanged)
        try Terminal.output(json ? output.json(all: all) + "\n" : output.screen(all: all))
    }

    /// What billing makes of an ad's day.
    static func adjustments(_ ad: ReconciledAd) -> [BatchAdjustment] {
        func sum(_ clicks: ClickSum) -> BilledDay.Sum { BilledDay.Sum(clicks: clicks.valid, cost: clicks.billable) }
        let billed = BilledDay(stream: sum(ad.relabelledRow), batch: sum(ad.batch), late: sum(ad.late), repeated: sum(ad.repeated))
        return billed.adjustments.map {
            BatchAdjustment(
                advertiserID: ad.advertiserID, campaignID: ad.campaignID, adID: ad.adID, clicks: $0.clicks, amount: $0.amount,
                cause: $0.cause.rawValue)
        }
    }
}

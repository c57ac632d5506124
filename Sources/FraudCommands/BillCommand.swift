public import ArgumentParser
internal import Billing
internal import ClickModel

/// `fraud bill`: what is charged for a period.
public struct BillCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "bill", abstract: "A period's gross, fraud and billable money by advertiser and campaign.",
        discussion: """
            Whole UTC days. gross is the cost of the counted clicks, fraud that of those called fraud now, adjusted what \
            `fraud reconcile` bills more (or less) than the stream, late clicks above all: due = gross − fraud + adjusted. \
            A reviewer's decision is in these figures at once; overturned says how many clicks a review made valid.
            EXAMPLE: fraud bill --db clicks.duckdb --period 2026-11 --by campaign --format csv
            """)

    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case advertiser, campaign
    }

    @OptionGroup var database: DatabaseArgument
    @OptionGroup var output: OutputArguments
    @Option(help: ArgumentHelp("A month, 2026-11, or a day, 2026-11-21; else all days there are.", valueName: "period")) var period: String?
    @Option(help: ArgumentHelp("First day.", valueName: "day")) var from: String?
    @Option(help: ArgumentHelp("The day after the last.", valueName: "day")) var to: String?
    @Option(help: "One line for each advertiser or campaign.") var by: Grouping = .campaign

    public init() {}

    public func validate() throws { _ = try days() }

    public func run() throws {
        let (first, end) = try days()
        let connection = try database.openForReading()
        let statement = try Statement(charges: BillingQuery(from: first, to: end).charges(connection))
        try Terminal.output(table(statement).rendered(as: output.chosen))
        if statement.charges.isEmpty { Terminal.error("no clicks in the period\n") }
        let late = LateClicksQuery(from: first?.start, to: end?.start)
        for note in [try late.note(connection), try late.staleDaysNote(connection)] { if let note { Terminal.error(note + "\n") } }
    }

    /// The days asked for: [first, end).
    private func days() throws -> (CivilDate?, CivilDate?) {
        func day(_ text: String?, _ option: String) throws -> CivilDate? {
            guard let text else { return nil }
            guard let date = CivilDate(text) else { throw ValidationError("--\(option) \(text): expected a day like 2026-11-21") }
            return date
        }
        guard let period else { return (try day(from, "from"), try day(to, "to")) }
        guard from == nil, to == nil else { throw ValidationError("give --period, or --from and --to") }
        if let date = CivilDate(period) { return (date, CivilDate(daysSince1970: date.daysSince1970 + 1)) }
        guard let first = CivilDate(period + "-01") else { throw ValidationError("--period \(period): expected 2026-11 or 2026-11-21") }
        let next = first.month == 12 ? CivilDate.days(year: first.year + 1, month: 1, day: 1) : CivilDate.days(year: first.year, month: first.month + 1, day: 1)
        return (first, CivilDate(daysSince1970: next))
    }

    private func table(_ statement: Statement) -> OutputTable {
        let byCampaign = by == .campaign
        var table = OutputTable(
            columns: ["advertiser_id"] + (byCampaign ? ["campaign_id"] : []) + ["clicks", "fraud_clicks", "overturned", "gross", "fraud", "adjusted", "due"])
        for charge in byCampaign ? statement.charges : statement.byAdvertiser {
            table.rows.append(
                [.text(charge.advertiser)] + (byCampaign ? [.text(charge.campaign)] : []) + [
                    .integer(charge.clicks), .integer(charge.fraudClicks), .integer(charge.overturnedClicks),
                    .number(charge.gross.description), .number(charge.fraud.description), .number(charge.adjusted.description),
                    .number(charge.due.description),
                ])
        }
        return table
    }
}

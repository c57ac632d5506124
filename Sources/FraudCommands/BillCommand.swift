public import ArgumentParser
internal import Billing
internal import ClickModel
internal import Storage

/// `fraud bill`: what is charged for a period.
public struct BillCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "bill", abstract: "A period's gross, fraud and billable money by advertiser and campaign.",
        discussion: """
            Whole UTC days. `due` is the cost of the clicks labelled valid, and of flagged clicks an auditor called valid since.
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
        let statement = try Statement(charges: Self.charges(database.openForReading(), from: first, to: end))
        try Terminal.output(table(statement).rendered(as: output.chosen))
        if statement.charges.isEmpty { Terminal.error("no clicks in the period\n") }
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

    /// Daily totals of the period, with the clicks whose last review called them valid.
    static func charges(_ database: DuckDB, from: CivilDate?, to: CivilDate?) throws -> [Charge] {
        let first: Value = .date(from ?? CivilDate(daysSince1970: -700_000))
        let end: Value = .date(to ?? CivilDate(daysSince1970: 2_900_000))
        let rows = try database.query(
            """
            WITH last_review AS (
                SELECT DISTINCT ON (click_id, click_ts) * FROM reviews ORDER BY click_id, click_ts, reviewed_at DESC, rowid DESC
            ), overturned AS (
                SELECT advertiser_id, campaign_id, count(*) AS clicks, sum(cost) AS cost
                FROM last_review WHERE label = 'valid' AND original_label = 'fraud' AND date >= $1 AND date < $2
                GROUP BY ALL
            ), totals AS (
                SELECT advertiser_id, campaign_id, sum(click_count)::BIGINT AS clicks, sum(fraud_clicks)::BIGINT AS fraud,
                    sum(total_cost)::DECIMAL(19,4) AS gross, sum(billable_cost)::DECIMAL(19,4) AS billable
                FROM click_aggregates_daily WHERE date >= $1 AND date < $2 GROUP BY ALL
            )
            SELECT t.advertiser_id, t.campaign_id, t.clicks, t.fraud, t.gross, t.billable,
                coalesce(o.clicks, 0)::BIGINT, coalesce(o.cost, 0)::DECIMAL(19,4)
            FROM totals t LEFT JOIN overturned o USING (advertiser_id, campaign_id)
            """, [first, end]
        ).rows
        return rows.map { row in
            Charge(
                advertiser: row[0].text ?? "", campaign: row[1].text ?? "", clicks: Int(row[2].int ?? 0), fraudClicks: Int(row[3].int ?? 0),
                gross: row[4].money ?? .zero, billable: row[5].money ?? .zero,
                overturnedClicks: Int(row[6].int ?? 0), overturned: row[7].money ?? .zero)
        }
    }

    private func table(_ statement: Statement) -> OutputTable {
        let byCampaign = by == .campaign
        var table = OutputTable(
            columns: ["advertiser_id"] + (byCampaign ? ["campaign_id"] : []) + ["clicks", "fraud_clicks", "overturned", "gross", "fraud", "due"])
        for charge in byCampaign ? statement.charges : statement.byAdvertiser {
            table.rows.append(
                [.text(charge.advertiser)] + (byCampaign ? [.text(charge.campaign)] : []) + [
                    .integer(charge.clicks), .integer(charge.netFraudClicks), .integer(charge.overturnedClicks),
                    .number(charge.gross.description), .number(charge.fraud.description), .number(charge.due.description),
                ])
        }
        return table
    }
}

public import ArgumentParser
internal import ClickModel
internal import Sketches
internal import Storage

/// `fraud report`: totals of the window tables.
public struct ReportCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Counts and money by ad, campaign or advertiser, per minute, hour or day.",
        discussion: """
            Without --per, one line for the whole period. unique_users is the union of the windows' HyperLogLogs (0.81 %
            standard error, exact for few). By publisher only flagged clicks are known; see --by publisher.
            EXAMPLE: fraud report --db clicks.duckdb --by campaign --per hour --from 2026-11-01
            """)

    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case ad, campaign, advertiser, publisher
        var column: String { "\(rawValue)_id" }
    }

    enum Step: String, ExpressibleByArgument, CaseIterable {
        case minute, hour, day
        /// The table, and its time column.
        var table: (name: String, time: String) {
            switch self {
            case .minute: ("click_aggregates_minute", "window_start")
            case .hour: ("click_aggregates_hourly", "hour")
            case .day: ("click_aggregates_daily", "date")
            }
        }
    }

    @OptionGroup var database: DatabaseArgument
    @OptionGroup var period: PeriodArguments
    @OptionGroup var output: OutputArguments
    @Option(help: "One line for each ad, campaign, advertiser, or publisher (flagged clicks only).") var by: Grouping = .advertiser
    @Option(help: "And for each minute, hour or day.") var per: Step?

    public init() {}

    public func run() throws {
        let database = try database.openForReading()
        let table = by == .publisher ? try flaggedByPublisher(database) : try totals(database)
        try Terminal.output(table.rendered(as: output.chosen))
        if table.rows.isEmpty { Terminal.error("no clicks in the period\n") }
    }

    /// The finest table that fits the period's ends, so that a report from 09:30 does not count the whole day.
    private var source: Step {
        let times = [period.from, period.to].compactMap { $0?.time.milliseconds }
        if per == .minute { return .minute }
        if per != .hour, times.allSatisfy({ $0 % EventTime.millisecondsPerDay == 0 }) { return .day }
        return times.allSatisfy { $0 % EventTime.millisecondsPerHour == 0 } ? .hour : .minute
    }

    private func bounds(_ column: String) -> (String, [Value]) {
        var conditions: [String] = []
        var parameters: [Value] = []
        for (sign, time) in [(">=", period.from?.time), ("<", period.to?.time)] {
            guard let time else { continue }
            conditions.append("\(column)::TIMESTAMP \(sign) ?")
            parameters.append(.time(time))
        }
        return (conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "), parameters)
    }

    private func totals(_ database: DuckDB) throws -> OutputTable {
        let (name, time) = source.table
        let (condition, parameters) = bounds(time)
        let column = per?.table.time ?? ""
        let step = per.map { "date_trunc('\($0.rawValue)', \(time))\($0 == .day ? "::DATE" : "::TIMESTAMP") AS \(column), " } ?? ""
        let rows = try database.query(
            """
            SELECT \(by.column), \(step)sum(click_count)::BIGINT, sum(valid_clicks)::BIGINT, sum(fraud_clicks)::BIGINT,
                sum(total_cost)::DECIMAL(19,4), list(unique_users_hll)
            FROM \(name) \(condition) GROUP BY ALL ORDER BY \(per == nil ? "" : "2, ")1
            """, parameters
        ).rows
        var table = OutputTable(columns: [by.column] + (per == nil ? [] : [column]) + ["clicks", "valid", "fraud", "cost", "unique_users"])
        for row in rows {
            let sketches = row.last?.list ?? []
            table.rows.append(ScoreSummary.cells(Array(row.dropLast())) + [.integer(try Self.uniqueUsers(sketches))])
        }
        return table
    }

    /// Users of the union of several windows.
    private static func uniqueUsers(_ sketches: [Value]) throws -> Int {
        let memory = SketchMemory()
        var union = HyperLogLog()
        defer { union.release(memory) }
        for case .blob(let bytes) in sketches {
            var sketch = try HyperLogLog(serialized: bytes, memory)
            union.merge(sketch, memory)
            sketch.release(memory)
        }
        return Int(union.roundedEstimate)
    }

    private func flaggedByPublisher(_ database: DuckDB) throws -> OutputTable {
        let (condition, parameters) = bounds("ts")
        let step = per.map { "date_trunc('\($0.rawValue)', ts) AS \($0.rawValue), " } ?? ""
        let result = try database.query(
            """
            SELECT publisher_id, \(step)count(*)::BIGINT AS fraud, sum(cost)::DECIMAL(19,4) AS fraud_cost,
                count(DISTINCT coalesce(user_id, device_fingerprint, coalesce(ip, '') || coalesce(user_agent, '')))::BIGINT AS visitors
            FROM flagged_clicks \(condition) GROUP BY ALL ORDER BY \(per == nil ? "" : "2, ")1
            """, parameters)
        return OutputTable(columns: result.columns, rows: result.rows.map(ScoreSummary.cells))
    }
}

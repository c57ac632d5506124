public import ArgumentParser
internal import Audit
internal import ClickModel
internal import Sketches
internal import Storage
internal import Windows

/// `fraud report`: totals of the window tables.
public struct ReportCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Counts and money by ad, campaign or advertiser: per minute, hour or day, by sliding windows, by sessions.",
        discussion: """
            Without --per, one line for the whole period. unique_users is the union of the windows' HyperLogLogs (0.81 % \
            standard error, exact for few). By publisher only flagged clicks are known; see --by publisher.

            --window sliding:5m/1m: windows of 5 minutes that begin every minute; any whole minutes up to 7 days. Windows \
            without a click are left out; --from and --to bound window_start. --window session: a visitor's clicks without a \
            gap of 30 minutes; --from and --to bound session_start.

            --epoch N: as the totals were when epoch N was committed, today and tomorrow the same. Only what had been written \
            by then is in it. A minute's campaign and advertiser are those of its first click.

            --layer: per day, or for a period of whole days, totals are `merged` unless you say otherwise: from the batch \
            layer, late clicks in them, for days that `fraud reconcile` recomputed, from the stream for the others. Minutes, \
            hours, windows, sessions and --epoch are the stream's.

            --late: the clicks that came too late for their window, by the day they belong to, with their cost and how many a \
            reconciliation has taken in since.
            --drift: the population stability index of each feature, and of the scores, against the model's training clicks, from \
            one click in 16; under 0.1 stable, from 0.25 on shifted. `chance` is what an index without drift stays under 19 \
            times in 20. With --per day, a line a day. The model's file is looked for in models/ by its id, or given with --model.
            EXAMPLE: fraud report --db clicks.duckdb --by campaign --per hour --from 2026-11-01
            EXAMPLE: fraud report --db clicks.duckdb --by ad --window sliding:1h/5m --format csv
            """)

    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case ad, campaign, advertiser, publisher
        var column: String { "\(rawValue)_id" }
    }

    enum Layer: String, ExpressibleByArgument, CaseIterable {
        case stream, batch, merged
    }

    @OptionGroup var database: DatabaseArgument
    @OptionGroup var period: PeriodArguments
    @OptionGroup var output: OutputArguments
    @Option(help: "One line for each ad, campaign, advertiser (the default), or publisher (flagged clicks only).") var by: Grouping?
    @Option(help: "And for each minute, hour or day.") var per: WindowTotalsQuery.Step?
    @Option(help: ArgumentHelp("sliding:SIZE/SLIDE, such as sliding:5m/1m, or session.", valueName: "window"), transform: WindowArgument.init)
    var window: WindowArgument?
    @Option(help: ArgumentHelp("As of this epoch.", valueName: "number")) var epoch: Int?
    @Option(help: "Whose totals of days: stream, batch or merged.") var layer: Layer?
    @Flag(help: "Late clicks instead of counted ones.") var late = false
    @Flag(help: "How far features and scores have moved from those of training.") var drift = false
    @Option(help: ArgumentHelp("With --drift: a model file that is not in models/.", valueName: "file")) var model: String?
    @Option(help: "Only this visitor's sessions.") var visitor: String?
    @Option(help: "How many sessions at most.") var limit: Int?

    public init() {}

    public func validate() throws {
        func refuse(_ condition: Bool, _ words: String) throws { if condition { throw ValidationError(words) } }
        let isSession = window == .session
        try refuse(window != nil && per != nil, "--window and --per exclude each other")
        try refuse(late && (window != nil || per != nil || epoch != nil || layer != nil), "--late goes with --by, --from and --to alone")
        try refuse(
            drift && (window != nil || late || by != nil || epoch != nil || layer != nil || per != nil && per != .day || !isWholeDays),
            "--drift goes with --per day, --model, and --from and --to of whole days alone")
        try refuse(model != nil && !drift, "--model goes with --drift")
        try refuse(epoch.map { $0 < 1 } ?? false, "--epoch counts from 1")
        try refuse(epoch != nil && layer ?? .stream != .stream, "--epoch shows the stream's totals: the batch layer has no epochs")
        try refuse(isSession && by != nil, "sessions are by visitor: --by does not go with --window session")
        try refuse(isSession && epoch != nil, "sessions keep no older versions: --epoch does not go with --window session")
        try refuse(!isSession && (visitor != nil || limit != nil), "--visitor and --limit go with --window session")
        try refuse(limit.map { $0 < 0 } ?? false, "--limit must be 0 or more")
        try refuse(
            by == .publisher && !late && (window != nil || epoch != nil || layer != nil),
            "by publisher only flagged clicks are known: no --window, --epoch or --layer")
        try refuse(layer ?? .stream != .stream && (window != nil || table != .day), "the batch layer has whole days only: see --layer in --help")
    }

    public func run() throws {
        // Where totals are added up here, by threads of our own, those of the database would only be in their way.
        let isAddedUpHere = !late && !drift && window == nil && per != .minute && grouping != .publisher
        let warehouse = try database.openWarehouse(readOnly: true, threads: isAddedUpHere ? 1 : 2)
        let connection = warehouse.database
        if drift { return try printDrift(warehouse) }
        if let epoch { try checkEpoch(epoch, warehouse) }
        let rows =
            switch (late, window) {
            case (true, _): try print(LateClicksQuery(from: period.from?.time, to: period.to?.time).byKey(grouping.column, connection))
            case (false, .session): try sessions(connection)
            case (false, .sliding(let size)): try sliding(connection, size)
            case (false, nil): grouping == .publisher ? try print(flaggedByPublisher(connection)) : try totals(connection)
            }
        if rows == 0 { Terminal.error(late ? "no late clicks in the period\n" : "no clicks in the period\n") }
        if !late, window == nil, epoch == nil, grouping != .publisher { try addNotes(connection) }
    }

    private var grouping: Grouping { by ?? .advertiser }
    private var table: WindowTotalsQuery.Step { WindowTotalsQuery.table(step: per, from: period.from?.time, to: period.to?.time) }

    private var isWholeDays: Bool { [period.from, period.to].allSatisfy { $0.map { $0.time.milliseconds % EventTime.millisecondsPerDay == 0 } ?? true } }

    private func printDrift(_ warehouse: Warehouse) throws {
        guard try warehouse.holds(.featureDrift) else { throw CommandError("\(database.path) is from before drift was counted: score something into it first") }
        let query = DriftQuery(from: period.from?.time, to: period.to?.time, isDaily: per == .day)
        let report = try query.report(warehouse.database, shelf: ModelShelf(named: [model].compactMap { $0 }))
        for note in report.notes { Terminal.error(note + "\n") }
        if try print(report.table) == 0, report.notes.isEmpty { Terminal.error("nothing to compare in the period: no click of the sample, or the first day alone\n") }
    }

    private func checkEpoch(_ epoch: Int, _ warehouse: Warehouse) throws {
        guard let last = try warehouse.lastEpoch()?.epoch else { throw CommandError("\(database.path) has no epoch yet") }
        guard try warehouse.epoch(Int64(epoch)) != nil else {
            throw CommandError("there is no epoch \(epoch): \(database.path) has epochs 1 to \(last)")
        }
    }

    private func print(_ table: OutputTable) throws -> Int {
        try Terminal.output(table.rendered(as: output.chosen))
        return table.rows.count
    }

    // MARK: Totals

    private var source: WindowTotalsQuery.Source {
        if let epoch { return .epoch(epoch) }
        return switch layer {
        case .stream: .stream
        case .batch: .batch
        case .merged: .merged
        case nil: table == .day ? .merged : .stream
        }
    }

    private func totals(_ database: DuckDB) throws -> Int {
        let query = WindowTotalsQuery(
            key: grouping.column, source: source, table: table, step: per, from: period.from?.time, to: period.to?.time)
        var writer = OutputWriter(
            columns: [grouping.column] + (per.map { [$0.column] } ?? []) + ["clicks", "valid", "fraud", "cost", "unique_users"],
            format: output.chosen)
        let memory = SketchMemory()
        try query.forEach(database, memory) { total in
            try writer.append(
                ScoreSummary.cells(per == nil ? [total.key] : [total.key, total.time]) + [
                    .integer(Int(total.clicks)), .integer(Int(total.valid)), .integer(Int(total.fraud)), .number(total.cost.description),
                    .integer(Int(try total.uniqueUsers(memory))),
                ])
        }
        try writer.finish()
        return writer.count
    }

    /// What the totals do not hold, and where they are from.
    private func addNotes(_ database: DuckDB) throws {
        let late = LateClicksQuery(from: period.from?.time, to: period.to?.time)
        let bounds = SQLPeriod("date", from: period.from?.time, to: period.to?.time)
        let counts = try database.query(
            "SELECT (SELECT count(*)::BIGINT FROM late_clicks), (SELECT count(*)::BIGINT FROM reconciliations \(bounds.condition))", bounds.parameters
        ).rows[0]
        if layer != .batch, counts[0] != .int(0), let note = try late.note(database) { Terminal.error(note + "\n") }
        let days = Int(counts[1].int ?? 0)
        guard days > 0 else { return }
        if layer != .stream, let note = try late.staleDaysNote(database) { Terminal.error(note + "\n") }
        guard layer == nil else { return }
        Terminal.error(
            "\(days) day\(days == 1 ? " is" : "s are") reconciled: "
                + (table == .day ? "the batch layer's totals (--layer stream for the stream's)\n" : "their late clicks are in the totals of whole days only\n"))
    }

    // MARK: Windows and sessions

    private func sliding(_ database: DuckDB, _ window: SlidingWindow) throws -> Int {
        var writer = OutputWriter(columns: [grouping.column] + SlidingQuery.columns, format: output.chosen)
        let query = SlidingQuery(window: window, key: grouping.column, source: source, from: period.from?.time, to: period.to?.time)
        try query.forEach(database) { try writer.append($0) }
        try writer.finish()
        return writer.count
    }

    private func sessions(_ database: DuckDB) throws -> Int {
        var writer = OutputWriter(columns: SessionsQuery.columns, format: output.chosen)
        let query = SessionsQuery(from: period.from?.time, to: period.to?.time, visitor: visitor, limit: limit)
        try query.forEach(database) { try writer.append($0) }
        try writer.finish()
        return writer.count
    }

    // MARK: Publishers

    private func flaggedByPublisher(_ database: DuckDB) throws -> OutputTable {
        let bounds = SQLPeriod("ts", from: period.from?.time, to: period.to?.time, and: [("label = 'fraud'", [])])
        let step = per.map { "date_trunc('\($0.rawValue)', ts) AS \($0.rawValue), " } ?? ""
        let result = try database.query(
            """
            SELECT publisher_id, \(step)count(*)::BIGINT AS fraud, sum(cost)::DECIMAL(19,4) AS fraud_cost,
                count(DISTINCT coalesce(user_id, device_fingerprint, coalesce(ip, '') || coalesce(user_agent, '')))::BIGINT AS visitors
            FROM \(ReviewQueue.flaggedClicks) \(bounds.condition) GROUP BY ALL ORDER BY \(per == nil ? "" : "2, ")1
            """, bounds.parameters)
        return OutputTable(columns: result.columns, rows: result.rows.map(ScoreSummary.cells))
    }
}

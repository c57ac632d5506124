internal import ArgumentParser
internal import ClickModel
internal import Sketches
internal import Storage

/// Rows of a window table, added up by key and step.
struct WindowTotalsQuery {
    /// What the rows are of; the source of the numbers.
    enum Source: Equatable {
        /// The stream's tables as they are.
        case stream
        /// The minutes as they were when an epoch was the last.
        case epoch(Int)
        /// Days: the batch layer's for reconciled days, the stream's for others.
        case merged
        /// Days: reconciled ones alone.
        case batch
    }

    enum Step: String, ExpressibleByArgument, CaseIterable {
        case minute, hour, day

        var milliseconds: Int64 {
            switch self {
            case .minute: EventTime.millisecondsPerMinute
            case .hour: EventTime.millisecondsPerHour
            case .day: EventTime.millisecondsPerDay
            }
        }

        /// The next finer one.
        var finer: Step? {
            switch self {
            case .minute: nil
            case .hour: .minute
            case .day: .hour
            }
        }

        /// The name of the step's time in a result, as in its table.
        var column: String {
            switch self {
            case .minute: "window_start"
            case .hour: "hour"
            case .day: "date"
            }
        }
    }

    enum Order {
        /// By time, then key.
        case time
        /// By key, then time.
        case key
    }

    /// `ad_id`, `campaign_id` or `advertiser_id`.
    var key: String
    var source: Source
    /// The table to read: the finest that the period's ends fall between.
    var table: Step
    /// nil for one row a key.
    var step: Step?
    var from: EventTime?
    var to: EventTime?
    var order = Order.time

    /// The finest table a period needs, so that a report from 09:30 does not count the whole day.
    static func table(step: Step?, from: EventTime?, to: EventTime?) -> Step {
        let times = [from, to].compactMap { $0?.milliseconds }
        if step == .minute { return .minute }
        if step != .hour, times.allSatisfy({ $0 % EventTime.millisecondsPerDay == 0 }) { return .day }
        return times.allSatisfy { $0 % EventTime.millisecondsPerHour == 0 } ? .hour : .minute
    }

    /// Calls `body` with each total, in order; its memory is gone afterwards.
    ///
    /// - Complexity: memory for all totals up to `WindowGroups.limitBytes`; when they are more, and for minutes, memory for one
    ///   total, and DuckDB's sort of the rows, which spills.
    func forEach(_ database: DuckDB, _ memory: SketchMemory, _ body: (WindowTotals) throws -> Void) throws {
        guard step != .minute, let groups = try WindowGroups(self, database) else { return try forEachSorted(database, memory, body) }
        try groups.forEach(body)
    }

    /// The same, by rows that DuckDB sorts.
    func forEachSorted(_ database: DuckDB, _ memory: SketchMemory, _ body: (WindowTotals) throws -> Void) throws {
        var current: WindowTotals?
        func finish() throws {
            guard var done = current else { return }
            defer { done.release(memory) }
            try body(done)
        }
        var key = WindowKey.none
        let order = order == .time ? "2, 1" : "1, 2"
        try database.forEachStoredTotals(pieces.map(sql).joined(separator: " UNION ALL ") + " ORDER BY \(order)") { row in
            if key.isOf(row), current != nil {
                try current!.add(row, memory)
            } else {
                try finish()
                key = WindowKey(row)
                current = WindowTotals(key: key.value, time: time(row.time), row)
            }
        }
        try finish()
    }
}

extension WindowTotalsQuery {
    /// A part of the period and the table that its rows are read from.
    struct Piece: Equatable {
        var table: Step
        var from: EventTime?
        var to: EventTime?
    }

    /// What the rows are read from. Totals of hours and days are those of their minutes, so the stream's whole days and hours
    /// of a period are read as such, and only its ends by minutes.
    var pieces: [Piece] {
        guard source == .stream, step != .minute else { return [Piece(table: table, from: from, to: to)] }
        return Self.cover(step == .hour ? .hour : .day, from, to)
    }

    private static func cover(_ table: Step, _ from: EventTime?, _ to: EventTime?) -> [Piece] {
        guard let finer = table.finer else { return [Piece(table: table, from: from, to: to)] }
        let first = from.map { EventTime(milliseconds: $0.milliseconds + table.milliseconds - 1).windowStart(size: table.milliseconds) }
        let last = to?.windowStart(size: table.milliseconds)
        if let first, let last, first >= last { return cover(finer, from, to) }
        var pieces = [Piece(table: table, from: first, to: last)]
        if let from, let first, from < first { pieces.insert(contentsOf: cover(finer, from, first), at: 0) }
        if let to, let last, last < to { pieces += cover(finer, last, to) }
        return pieces
    }

    /// The value of a step's start.
    func time(_ start: Int64) -> Value {
        switch step {
        case nil: .null
        case .day: .date(CivilDate(daysSince1970: start / EventTime.millisecondsPerDay))
        default: .time(EventTime(milliseconds: start))
        }
    }

    private func tableName(_ table: Step) -> String {
        switch (source, table) {
        case (.epoch(let epoch), _): "minutes_as_of(\(epoch))"
        case (.merged, .day): "click_totals_daily"
        case (.batch, .day): WarehouseTable.batchDays.name
        case (_, .day): WarehouseTable.days.name
        case (_, .hour): WarehouseTable.hours.name
        case (_, .minute): WarehouseTable.minutes.name
        }
    }

    /// As of an epoch there are minutes alone.
    private func column(_ table: Step) -> String {
        if case .epoch = source { Step.minute.column } else { table.column }
    }

    /// SQL for the rows of a piece, as `DuckDB.forEachStoredTotals` wants them. Times are constants, by which DuckDB leaves out the
    /// row groups that have none of them; without steps they are not read.
    func sql(_ piece: Piece) -> String {
        let column = column(piece.table)
        let conditions = [(">=", piece.from), ("<", piece.to)].compactMap { sign, time in
            time.map { "\(column) \(sign) \(Self.literal($0))" }
        }
        let time = step.map { "epoch_ms(date_trunc('\($0.rawValue)', \(column))::TIMESTAMP)" } ?? "0::BIGINT"
        return """
            SELECT \(key), \(time), click_count, valid_clicks, total_cost, unique_users_hll FROM \(tableName(piece.table))
            """ + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "))
    }

    private static func literal(_ time: EventTime) -> String { "epoch_ms(\(time.milliseconds)::BIGINT)" }

    /// The first and the last time of the rows of a table; nil when it has none.
    func span(_ database: DuckDB, _ table: Step) throws -> (first: Int64, last: Int64)? {
        let column = column(table)
        let row = try database.query(
            "SELECT epoch_ms(min(\(column))::TIMESTAMP), epoch_ms(max(\(column))::TIMESTAMP) FROM \(tableName(table))"
        ).rows[0]
        guard let first = row[0].int, let last = row[1].int else { return nil }
        return (first, last)
    }
}

/// A condition on a time column, and its parameters.
struct SQLPeriod {
    /// With its WHERE; empty when both ends are open.
    let condition: String
    let parameters: [Value]

    /// - Parameter others: more conditions, already SQL, all to hold.
    init(_ column: String, from: EventTime?, to: EventTime?, and others: [(sql: String, parameters: [Value])] = []) {
        var conditions: [String] = []
        var parameters: [Value] = []
        for (sign, time) in [(">=", from), ("<", to)] {
            guard let time else { continue }
            conditions.append("\(column)::TIMESTAMP \(sign) ?")
            parameters.append(.time(time))
        }
        conditions += others.map(\.sql)
        parameters += others.flatMap(\.parameters)
        condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        self.parameters = parameters
    }
}

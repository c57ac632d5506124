internal import ArgumentParser
internal import ClickModel
internal import Sketches
internal import Storage

/// Totals of one key, and of one time when the query has steps: the sum of one or more rows of a window table.
struct WindowTotals {
    /// An ad, campaign or advertiser.
    let key: Value
    /// Start of the step; null without steps.
    let time: Value
    private(set) var clicks: Int64 = 0
    private(set) var valid: Int64 = 0
    private(set) var cost = Money.zero
    /// The stored sketch while there is one row.
    private var stored: [UInt8]
    private var union = HyperLogLog()
    private var isUnion = false

    var fraud: Int64 { clicks - valid }

    /// From a row with the columns of `WindowTotalsQuery.sql`.
    fileprivate init(_ row: [Value]) {
        (key, time) = (row[0], row[1])
        stored = row[5].blob ?? []
        addCounts(row)
    }

    fileprivate mutating func add(_ row: [Value], _ memory: SketchMemory) throws {
        addCounts(row)
        if !isUnion {
            isUnion = true
            try merge(stored, memory)
        }
        try merge(row[5].blob ?? [], memory)
    }

    private mutating func addCounts(_ row: [Value]) {
        clicks += row[2].int ?? 0
        valid += row[3].int ?? 0
        cost += row[4].money ?? .zero
    }

    private mutating func merge(_ bytes: [UInt8], _ memory: SketchMemory) throws {
        var sketch = try HyperLogLog(serialized: bytes, memory)
        union.merge(sketch, memory)
        sketch.release(memory)
    }

    fileprivate mutating func release(_ memory: SketchMemory) { union.release(memory) }

    /// Distinct visitors: of the union, not the sum of the rows'.
    func uniqueUsers(_ memory: SketchMemory) throws -> Int64 {
        if isUnion { return union.roundedEstimate }
        var sketch = try HyperLogLog(serialized: stored, memory)
        defer { sketch.release(memory) }
        return sketch.roundedEstimate
    }

    /// The stored form of the union.
    var sketch: [UInt8] { isUnion ? union.serialized() : stored }
}

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

    private var tableName: String {
        switch (source, table) {
        case (.epoch(let epoch), _): "minutes_as_of(\(epoch))"
        case (.merged, .day): "click_totals_daily"
        case (.batch, .day): WarehouseTable.batchDays.name
        case (_, .day): WarehouseTable.days.name
        case (_, .hour): WarehouseTable.hours.name
        case (_, .minute): WarehouseTable.minutes.name
        }
    }

    private var sql: (text: String, parameters: [Value]) {
        // As of an epoch there are minutes alone.
        let column = if case .epoch = source { Step.minute.column } else { table.column }
        let bounds = SQLPeriod(column, from: from, to: to)
        let time = step.map { "date_trunc('\($0.rawValue)', \(column))\($0 == .day ? "::DATE" : "::TIMESTAMP")" } ?? "NULL"
        return (
            """
            SELECT \(key), \(time) AS step, click_count, valid_clicks, total_cost, unique_users_hll
            FROM \(tableName) \(bounds.condition) ORDER BY \(order == .time ? "step, \(key)" : "\(key), step")
            """, bounds.parameters
        )
    }

    /// Calls `body` with each total; its memory is gone afterwards.
    ///
    /// - Complexity: DuckDB's sort of the rows, which spills; here memory for one total.
    func forEach(_ database: DuckDB, _ memory: SketchMemory, _ body: (WindowTotals) throws -> Void) throws {
        var current: WindowTotals?
        func finish() throws {
            guard var done = current else { return }
            defer { done.release(memory) }
            try body(done)
        }
        let (text, parameters) = sql
        try database.forEachRow(text, parameters) { row in
            if let open = current, open.key == row[0], open.time == row[1] {
                try current!.add(row, memory)
            } else {
                try finish()
                current = WindowTotals(row)
            }
        }
        try finish()
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

internal import ClickModel

/// Changes to window rows that stand already: `valid_clicks` goes up by what `fraud_clicks` goes down.
extension Warehouse {
    /// What changes rows, and what follows from it.
    enum Correction {
        /// The stream, for windows it has let go of: a correction without a row is an error, and a minute is `late`.
        case stream
        /// A command. The stream may not have written the row yet, and takes the change up later; an `early` minute stays one.
        case command

        var firing: String { self == .stream ? "'late'" : "CASE WHEN t.firing = 'early' THEN 'early' ELSE 'late' END" }
    }

    /// A level's table, and how its rows are found.
    private struct Target {
        let table: WarehouseTable
        let start: String
        /// The columns that identify a row, but for the start.
        let ids: [String]
        let isDay: Bool

        init(_ level: WindowCorrection.Level) {
            switch level {
            case .minute: (table, start) = (.minutes, "window_start")
            case .hour: (table, start) = (.hours, "hour")
            case .day: (table, start) = (.days, "date")
            }
            isDay = level == .day
            ids = isDay ? ["ad_id", "campaign_id", "advertiser_id"] : ["ad_id"]
        }

        var columns: [ArrowColumn] {
            ids.map { ArrowColumn($0, .text) } + [ArrowColumn(start, isDay ? .date : .timestamp), ArrowColumn("delta", .int64), ArrowColumn("cost", .money)]
        }

        /// SQL: `t` is the row of `s`.
        var match: String { (ids + [start]).map { "t.\($0) = s.\($0)" }.joined(separator: " AND ") }
    }

    /// Applies corrections, those of one row summed. Rows that sum to nothing are not touched. Inside a transaction.
    ///
    /// - Throws: `badCorrection` when one of the stream's has no row, or would leave fewer than no clicks in it; `database`.
    /// - Complexity: a fixed number of statements, each one join of the corrections with the rows of their range of time.
    func correct(_ corrections: [WindowCorrection], epoch: Int64, by cause: Correction) throws(StorageError) {
        for level in WindowCorrection.Level.allCases {
            let target = Target(level)
            let rows = ArrowTableBuilder(target.columns)
            for correction in corrections where correction.level == level { Self.append(correction, to: rows) }
            if !rows.isEmpty { try correct(target, rows, epoch, cause) }
        }
    }

    private static func append(_ correction: WindowCorrection, to rows: ArrowTableBuilder) {
        rows.append(text: correction.adID)
        if correction.level == .day {
            rows.append(text: correction.campaignID)
            rows.append(text: correction.advertiserID)
            let day = correction.start.windowStart(size: EventTime.millisecondsPerDay).milliseconds / EventTime.millisecondsPerDay
            rows.append(days: Int32(truncatingIfNeeded: day))
        } else {
            rows.append(time: correction.start)
        }
        rows.append(int64: correction.validDelta)
        rows.append(money: correction.validCostDelta)
        rows.endRow()
    }

    private func correct(_ target: Target, _ rows: ArrowTableBuilder, _ epoch: Int64, _ cause: Correction) throws(StorageError) {
        try database.ingest(rows, into: "stage_corrections", mode: .temporary)
        let key = (target.ids + [target.start]).joined(separator: ", ")
        try database.execute(
            """
            CREATE OR REPLACE TEMPORARY TABLE stage_correction_sums AS
            SELECT \(key), sum(delta)::BIGINT AS delta, sum(cost)::DECIMAL(19,4) AS cost FROM stage_corrections
            GROUP BY ALL HAVING sum(delta) <> 0\(target.isDay ? " OR sum(cost) <> 0" : "")
            """)
        let range = target.table.condition(target.start, within: rows.range(ofColumn: target.ids.count))
        if cause == .stream { try checkRows(of: target, range) }
        if target.table == .minutes {
            try database.execute(
                WarehouseTable.supersedeStatement("stage_correction_sums", match: target.match, condition: range, epoch: epoch))
        }
        var changes = "valid_clicks = t.valid_clicks + s.delta, fraud_clicks = t.fraud_clicks - s.delta"
        if target.table == .minutes { changes += ", firing = \(cause.firing), epoch = \(epoch)" }
        if target.isDay { changes += ", billable_clicks = t.billable_clicks + s.delta, billable_cost = t.billable_cost + s.cost" }
        // A day that was computed again counts the click too. The stream alone does not touch it: it waits for the next time.
        let tables = target.isDay && cause == .command ? [target.table, .batchDays] : [target.table]
        for table in tables {
            try database.execute(
                "UPDATE \(table.name) AS t SET \(changes) FROM stage_correction_sums AS s WHERE \(target.match) AND \(range)")
        }
    }

    private func checkRows(of target: Target, _ range: String) throws(StorageError) {
        let wrong = try database.query(
            """
            SELECT s.ad_id, s.\(target.start)::VARCHAR, s.delta, t.ad_id IS NULL FROM stage_correction_sums AS s
            LEFT JOIN (SELECT * FROM \(target.table.name) AS t WHERE \(range)) AS t ON \(target.match)
            WHERE t.ad_id IS NULL OR t.valid_clicks + s.delta < 0 OR t.fraud_clicks - s.delta < 0 ORDER BY ALL LIMIT 1
            """)
        guard let row = wrong.rows.first else { return }
        let place = "\(target.table.name) of ad \(row[0].text ?? "") at \(row[1].text ?? "")"
        throw .badCorrection(
            detail: row[3].bool == true ? "\(place) has no row" : "\(place) has too few clicks to make \(row[2].int ?? 0) of them valid")
    }
}

package import ClickModel

/// Labels that changed after the click was counted.
extension Warehouse {
    /// Changes that the stream has not taken into its state yet, in the order they were made.
    package func pendingLabelChanges() throws(StorageError) -> [LabelChange] {
        try rows(.labelChanges, "WHERE applied_epoch IS NULL ORDER BY rowid", [], rowLimit: .max) { LabelChange($0) }.compactMap(\.self)
    }

    package func hasPendingLabelChanges() throws(StorageError) -> Bool {
        try database.query("SELECT count(*)::BIGINT FROM label_changes WHERE applied_epoch IS NULL").scalar != .int(0)
    }

    /// Changes of clicks since a time that the stream has not taken into its state yet, in the order they were made.
    package func pendingLabelChanges(since time: EventTime) throws(StorageError) -> [LabelChange] {
        try rows(.labelChanges, "WHERE applied_epoch IS NULL AND click_ts >= ? ORDER BY rowid", [.time(time)], rowLimit: .max) { LabelChange($0) }
            .compactMap(\.self)
    }

    /// The last decision of a person on each click since a time that has one, confirmations too.
    package func reviews(since time: EventTime) throws(StorageError) -> [ReviewDecision] {
        try database.query(
            "SELECT click_id, click_ts, arg_max(label, rowid) FROM reviews WHERE click_ts >= ? GROUP BY click_id, click_ts ORDER BY click_id, click_ts",
            [.time(time)], rowLimit: .max
        ).rows.compactMap { row in
            guard let id = row[0].text, let time = row[1].time else { return nil }
            return ReviewDecision(clickID: id, clickTime: time, label: row[2].text == Label.valid.name ? .valid : .fraud)
        }
    }

    /// Changes by commands that the stream took into its state after an epoch, in the order they were made: what a snapshot of
    /// that epoch lacks. Those still pending are not among them.
    package func labelChanges(appliedAfter epoch: Int64) throws(StorageError) -> [LabelChange] {
        try rows(
            .labelChanges, "WHERE applied_epoch > ? AND cause <> ? ORDER BY rowid", [.int(epoch), .text(LabelChange.Cause.engagement.rawValue)],
            rowLimit: .max
        ) { LabelChange($0) }.compactMap(\.self)
    }

    /// All changes of the clicks with an id, in the order they were made.
    package func labelHistory(clickID: String) throws(StorageError) -> [LabelChange] {
        try rows(.labelChanges, "WHERE click_id = ? ORDER BY rowid", [.text(clickID)], rowLimit: .max) { LabelChange($0) }.compactMap(\.self)
    }

    /// What a click was last changed to; nil when it is what it was scored.
    package func currentLabel(clickID: String, at time: EventTime) throws(StorageError) -> Label? {
        let found = try rows(
            .labelChanges, "WHERE click_id = ? AND click_ts = ? ORDER BY rowid DESC LIMIT 1", [.text(clickID), .time(time)]
        ) { LabelChange($0)?.to }
        return found.first ?? nil
    }

    /// Changes labels while no stream runs: records each change and moves the click within its minute, hour and day, and in the
    /// batch layer's day when that was reconciled. All or none, in a transaction of its own or in the one that is open.
    ///
    /// A change to the label a click has by then is nothing, so the same changes again are nothing. A row that the stream has
    /// not written yet is skipped: the engine takes the change up at its next start (`pendingLabelChanges`), and its rows then
    /// have it. Until it does, a row may lack the click and still lose it. The change counts as of the next epoch.
    ///
    /// - Returns: how many labels changed.
    /// - Complexity: a fixed number of statements; memory for the changes twice.
    @discardableResult
    package func relabel(_ changes: [LabelChange]) throws(StorageError) -> Int {
        guard !changes.isEmpty else { return 0 }
        if database.isInTransaction { return try relabelInTransaction(changes) }
        var count = 0
        try database.transaction { () throws(StorageError) in count = try relabelInTransaction(changes) }
        return count
    }

    private func relabelInTransaction(_ changes: [LabelChange]) throws(StorageError) -> Int {
        let epoch = (try lastEpoch()?.epoch ?? 0) + 1
        let effective = try effectiveChanges(changes)
        let rows = WarehouseTable.labelChanges.builder()
        var corrections: [WindowCorrection] = []
        corrections.reserveCapacity(effective.count * 3)
        for change in effective {
            change.append(to: rows, epoch: epoch, appliedEpoch: nil)
            corrections += change.corrections
        }
        try append(rows, to: .labelChanges)
        try correct(corrections, epoch: epoch, by: .command)
        return effective.count
    }

    /// The changes that change something, each `from` what the click is called at its turn.
    private func effectiveChanges(_ changes: [LabelChange]) throws(StorageError) -> [LabelChange] {
        let staged = ArrowTableBuilder([
            ArrowColumn("i", .int64), ArrowColumn("click_id", .text), ArrowColumn("click_ts", .timestamp), ArrowColumn("from_label", .text),
            ArrowColumn("to_label", .text),
        ])
        for (i, change) in changes.enumerated() {
            staged.append(int64: Int64(i))
            staged.append(text: change.clickID)
            staged.append(time: change.clickTime)
            staged.append(text: change.from.name)
            staged.append(text: change.to.name)
            staged.endRow()
        }
        try database.ingest(staged, into: "stage_label_changes", mode: .temporary)
        // Whether or not the change before changed anything, the click is then called what that one says.
        let found = try database.query(
            """
            WITH stored AS (
                SELECT click_id, click_ts, arg_max(to_label, rowid) AS label FROM label_changes
                WHERE click_id IN (SELECT click_id FROM stage_label_changes) GROUP BY ALL
            ), turns AS (
                SELECT i, to_label, coalesce(
                    lag(s.to_label) OVER (PARTITION BY s.click_id, s.click_ts ORDER BY i), stored.label, s.from_label) AS current
                FROM stage_label_changes AS s LEFT JOIN stored ON stored.click_id = s.click_id AND stored.click_ts = s.click_ts
            )
            SELECT i, current FROM turns WHERE current <> to_label ORDER BY i
            """, rowLimit: .max)
        return found.rows.map { row in
            var change = changes[Int(row[0].int ?? 0)]
            change.from = row[1].text == Label.valid.name ? .valid : .fraud
            return change
        }
    }
}

extension LabelChange {
    /// The three window rows the click is counted in, changed.
    package var corrections: [WindowCorrection] {
        let sign: Int64 = to == from ? 0 : to == .valid ? 1 : -1
        func correction(_ level: WindowCorrection.Level, _ size: Int64) -> WindowCorrection {
            WindowCorrection(
                level: level, adID: adID, campaignID: campaignID, advertiserID: advertiserID, start: clickTime.windowStart(size: size),
                validDelta: sign, validCostDelta: sign < 0 ? .zero - cost : sign > 0 ? cost : .zero)
        }
        return [
            correction(.minute, EventTime.millisecondsPerMinute), correction(.hour, EventTime.millisecondsPerHour),
            correction(.day, EventTime.millisecondsPerDay),
        ]
    }
}

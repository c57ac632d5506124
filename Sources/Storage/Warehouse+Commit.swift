package import ClickModel

extension Warehouse {
    package enum CommitOutcome: Hashable, Sendable {
        case committed
        /// The same epoch is there already: nothing was written.
        case alreadyCommitted
    }

    /// Writes rows of the next epoch before it ends, in the transaction that its `commit` ends: nobody sees them before.
    ///
    /// DuckDB compresses and writes what fills a row group right away, so that little is left to do at the end.
    ///
    /// - Throws: `epochConflict` when rows of another epoch wait for their commit, or the epoch is not above the last; `database`.
    ///   The transaction is then taken back, and with it all that was written ahead.
    package func append(_ rows: ArrowTableBuilder, to table: WarehouseTable, ahead epoch: Int64) throws(StorageError) {
        do throws(StorageError) {
            if ahead == nil {
                let last = try lastEpoch()?.epoch ?? 0
                guard epoch > last else { throw .epochConflict(epoch: epoch, detail: "rows come ahead of it, and epoch \(last) is committed already") }
                try database.begin()
                ahead = (epoch, 0)
            }
            guard ahead?.epoch == epoch else { throw .epochConflict(epoch: epoch, detail: "rows of epoch \(ahead?.epoch ?? 0) wait for their commit") }
            try append(rows, to: table)
            try FaultPoint.pass("rows-ahead", path: path, operation: "write to")
            ahead?.rows += rows.count
        } catch {
            ahead = nil
            database.rollback()
            throw error
        }
    }

    /// Makes an epoch visible: everything an `EpochCommit` holds and what was handed over of it, in one transaction.
    ///
    /// Committing an epoch again changes nothing, when its record (apart from `committedAt`) is the one that is there. On an
    /// error the database is as before, and the epoch keeps its rows and may be committed again, unless rows of it were written
    /// ahead: here, or, when DuckDB could not even take the transaction back (it then says that the database is invalidated),
    /// after opening the file again.
    ///
    /// - Parameter ready: called when the rows are written and only their COMMIT is left, unless there is nothing to write: what the
    ///   epoch needs besides may be made meanwhile.
    /// - Throws: `notConserved`; `badCorrection`; `epochConflict` for a number that is committed with another record, is not
    ///   above the last, comes with fewer received events, or handed over other rows than were written ahead; `database`.
    @discardableResult
    package func commit(_ epoch: EpochCommit, ready: () throws(StorageError) -> Void = {}) throws(StorageError) -> CommitOutcome {
        let ahead = ahead
        self.ahead = nil
        do throws(StorageError) {
            try checkConservation(epoch)
            try check(epoch, ahead)
            if let last = try lastEpoch() {
                if let outcome = try compare(epoch.record, last) { return outcome }
            } else if epoch.record.epoch < 1 {
                throw .epochConflict(epoch: epoch.record.epoch, detail: "epochs count from 1")
            }
            if ahead == nil { try database.begin() }
            try write(epoch)
            try ready()
            try FaultPoint.pass("rows-staged", path: path, operation: "commit to")
            // The file is closed next, which moves the log into it: so nothing is logged that would be moved right away.
            if epoch.record.isFinal { try database.checkpointAtCommit() }
            try database.commit()
        } catch {
            database.rollback()
            // A COMMIT may have taken effect although it failed afterwards: what is there is read again.
            knownLast = nil
            throw error
        }
        knownLast = epoch.record
        return .committed
    }

    private func check(_ epoch: EpochCommit, _ ahead: (epoch: Int64, rows: Int)?) throws(StorageError) {
        guard epoch.handedOver == ahead?.rows ?? 0, ahead == nil || ahead?.epoch == epoch.record.epoch else {
            throw .epochConflict(
                epoch: epoch.record.epoch,
                detail: "it handed over \(epoch.handedOver) rows, and \(ahead?.rows ?? 0) were written ahead of epoch \(ahead?.epoch ?? epoch.record.epoch)")
        }
    }

    private func write(_ epoch: EpochCommit) throws(StorageError) {
        let number = epoch.record.epoch
        for rows in [epoch.newMinutes.rows, epoch.minutes] {
            let written = rows.range(ofColumn: WarehouseTable.minutes.index(of: "epoch"))
            precondition(written == nil || written == number...number, "minute rows of another epoch")
        }
        try append(epoch.newMinutes.rows, to: .minutes)
        try replace(.minutes, with: epoch.minutes, supersededBy: number)
        try replace(.hours, with: epoch.hours)
        try replace(.days, with: epoch.days)
        try correct(epoch.corrections, epoch: number, by: .stream)
        try staging[.sessions]!.delete(keys: epoch.removedSessions, in: database)
        try append(epoch.newSessions.rows, to: .sessions)
        try replace(.sessions, with: epoch.sessions)
        try append(epoch.duplicates, to: .duplicates)
        try append(epoch.conflicts, to: .conflicts)
        try append(epoch.flagged.rows, to: .flagged)
        try append(epoch.late, to: .late)
        try append(epoch.rejected, to: .rejected)
        try append(epoch.unmatchedEngagements, to: .unmatchedEngagements)
        try append(epoch.shadowVerdicts, to: .shadowVerdicts)
        try append(epoch.shadowTotals, to: .shadowTotals)
        try append(epoch.featureDrift, to: .featureDrift)
        if epoch.appliesLabelChanges {
            try database.execute("UPDATE label_changes SET applied_epoch = \(number) WHERE applied_epoch IS NULL")
        }
        try append(epoch.labelChanges, to: .labelChanges)
        try replace(.sources, with: Self.rows(of: epoch.sources))
        try append(Self.rows(of: epoch.record), to: .epochs)
    }

    /// Replaces rows of a keyed table by key. Call it in a `database.transaction`.
    /// - Parameter epoch: needed for minutes, whose replaced versions become history.
    package func replace(_ table: WarehouseTable, with rows: ArrowTableBuilder, supersededBy epoch: Int64? = nil) throws(StorageError) {
        guard let staged = staging[table] else { preconditionFailure("\(table.name) is not replaced by key") }
        precondition((epoch != nil) == (table == .minutes), "minutes, and they alone, have a history")
        try staged.replace(with: rows, in: database, supersededBy: epoch)
    }

    /// Replaces all rows of a date in a table that has a column `date`. Call it in a `database.transaction`.
    package func replace(_ table: WarehouseTable, ofDate date: CivilDate, with rows: ArrowTableBuilder) throws(StorageError) {
        let days = rows.range(ofColumn: table.index(of: "date"))
        precondition(days == nil || days == date.daysSince1970...date.daysSince1970, "rows of another date")
        try database.execute("DELETE FROM \(DuckDB.quoted(table.name)) WHERE date = ?", [.date(date)])
        try append(rows, to: table)
    }

    /// Appends rows to a table. Call it in a `database.transaction` when it belongs with other changes.
    package func append(_ rows: ArrowTableBuilder, to table: WarehouseTable) throws(StorageError) {
        precondition(rows.columns == table.columns, "rows of another table")
        try database.ingest(rows, into: table.name)
    }

    private func checkConservation(_ epoch: EpochCommit) throws(StorageError) {
        guard epoch.record.totals.isConserved else {
            throw .notConserved(of: "epoch \(epoch.record.epoch)", totals: epoch.record.totals)
        }
        for source in epoch.sources where !source.totals.isConserved {
            throw .notConserved(of: "source \(source.name)", totals: source.totals)
        }
    }

    /// What to do besides committing: nil when the epoch simply comes next.
    private func compare(_ record: EpochRecord, _ last: EpochRecord) throws(StorageError) -> CommitOutcome? {
        let number = record.epoch
        guard number > last.epoch else {
            guard var stored = number == last.epoch ? last : try epoch(number) else {
                throw .epochConflict(epoch: number, detail: "epoch \(last.epoch) is committed already, and this one never was")
            }
            stored.committedAt = record.committedAt
            guard stored == record else {
                throw .epochConflict(epoch: number, detail: "it is committed already with another offset or other totals")
            }
            return .alreadyCommitted
        }
        guard record.totals.received >= last.totals.received else {
            throw .epochConflict(
                epoch: number, detail: "it has received \(record.totals.received) events, epoch \(last.epoch) had \(last.totals.received)")
        }
        return nil
    }

    private static func rows(of record: EpochRecord) -> ArrowTableBuilder {
        let rows = ArrowTableBuilder(WarehouseTable.epochs.columns, rowCapacity: 2)
        rows.append(int64: record.epoch)
        rows.append(text: record.source)
        rows.append(int64: record.offset)
        append(record.totals, to: rows)
        rows.append(time: record.committedAt)
        rows.append(bool: record.isFinal)
        rows.endRow()
        return rows
    }

    private static func rows(of sources: [SourceRecord]) -> ArrowTableBuilder {
        let rows = ArrowTableBuilder(WarehouseTable.sources.columns, rowCapacity: sources.count + 1)
        for source in sources {
            rows.append(text: source.source)
            rows.append(text: source.name)
            rows.append(int64: source.prefixBytes)
            rows.append(text: source.prefixHash)
            rows.append(int64: source.offset)
            rows.append(int64: source.line)
            if let tail = source.tailHash { rows.append(text: tail) } else { rows.appendNull() }
            rows.append(bool: source.finished)
            append(source.totals, to: rows)
            rows.append(money: source.grossCost)
            rows.append(money: source.billableCost)
            if let path = source.verdictsPath { rows.append(text: path) } else { rows.appendNull() }
            rows.append(int64: source.verdictsBytes)
            rows.endRow()
        }
        return rows
    }

    private static func append(_ totals: EventTotals, to rows: ArrowTableBuilder) {
        for value in [totals.received, totals.valid, totals.fraud, totals.duplicate, totals.late, totals.rejected] {
            rows.append(int64: value)
        }
    }
}

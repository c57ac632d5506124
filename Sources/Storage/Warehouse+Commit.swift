internal import ClickModel

extension Warehouse {
    package enum CommitOutcome: Hashable, Sendable {
        case committed
        /// The same epoch is there already: nothing was written.
        case alreadyCommitted
    }

    /// Makes an epoch visible: its window rows, clicks, rejected events, duplicates, sources and record, in one transaction.
    ///
    /// Committing an epoch again changes nothing, when its record (apart from `committedAt`) is the one that is there. On an
    /// error the database is as before and can be used on; the epoch keeps its rows and may be committed again.
    ///
    /// - Throws: `notConserved`; `epochConflict` for a number that is committed with another record, is not above the last,
    ///   or comes with fewer received events; `database`.
    @discardableResult
    package func commit(_ epoch: EpochCommit) throws(StorageError) -> CommitOutcome {
        try checkConservation(epoch)
        if let last = try lastEpoch() {
            if let outcome = try compare(epoch.record, last) { return outcome }
        } else if epoch.record.epoch < 1 {
            throw .epochConflict(epoch: epoch.record.epoch, detail: "epochs count from 1")
        }
        try database.transaction { () throws(StorageError) in
            try replace(.minutes, with: epoch.minutes)
            try replace(.hours, with: epoch.hours)
            try replace(.days, with: epoch.days)
            try replace(.duplicates, with: epoch.duplicates)
            try append(epoch.flagged, to: .flagged)
            try append(epoch.late, to: .late)
            try append(epoch.rejected, to: .rejected)
            try replace(.sources, with: Self.rows(of: epoch.sources))
            try append(Self.rows(of: epoch.record), to: .epochs)
        }
        knownLast = epoch.record
        return .committed
    }

    /// Replaces rows of a keyed aggregate table by key, e.g. after a reconciliation. Call it in a `database.transaction`.
    package func replace(_ table: WarehouseTable, with rows: ArrowTableBuilder) throws(StorageError) {
        guard let staged = staging[table] else { preconditionFailure("\(table.name) is not replaced by key") }
        try staged.replace(with: rows, in: database)
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

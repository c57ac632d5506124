internal import CClickRecord
package import ClickModel

/// Archived clicks as the scorer takes them: the batch, and row for row what was archived beside the input.
package final class ArchivedBatch {
    /// The input, bit for bit as it was decoded, but `source_line`, `partition`, and a rejected event's fields, which are not kept.
    package let clicks: ClickBatch
    package fileprivate(set) var status: [EventStatus] = []
    /// What the stream said; nil for an event that it did not score.
    package fileprivate(set) var verdictLabel: [Label?] = []
    package fileprivate(set) var modelID: [String] = []
    package fileprivate(set) var rulesetID: [String] = []
    package fileprivate(set) var seq: [Int64] = []
    package fileprivate(set) var epoch: [Int64] = []
    package fileprivate(set) var source: [String] = []
    package fileprivate(set) var sourceOffset: [Int64] = []

    package init(capacity: Int = ClickBatch.defaultCapacity, arenaBytes: Int = ClickBatch.defaultArenaBytes) {
        clicks = ClickBatch(capacity: capacity, arenaBytes: arenaBytes)
        status.reserveCapacity(capacity)
        verdictLabel.reserveCapacity(capacity)
        modelID.reserveCapacity(capacity)
        rulesetID.reserveCapacity(capacity)
        seq.reserveCapacity(capacity)
        epoch.reserveCapacity(capacity)
        source.reserveCapacity(capacity)
        sourceOffset.reserveCapacity(capacity)
    }

    package var count: Int { clicks.count }

    fileprivate func removeAll() {
        clicks.removeAll()
        status.removeAll(keepingCapacity: true)
        verdictLabel.removeAll(keepingCapacity: true)
        modelID.removeAll(keepingCapacity: true)
        rulesetID.removeAll(keepingCapacity: true)
        seq.removeAll(keepingCapacity: true)
        epoch.removeAll(keepingCapacity: true)
        source.removeAll(keepingCapacity: true)
        sourceOffset.removeAll(keepingCapacity: true)
    }
}

extension ClickArchive {
    package enum Order: Sendable {
        /// By `ts`, then by `seq`.
        case eventTime
        /// By `seq`: as the stream took them.
        case arrival

        fileprivate var sql: String {
            switch self {
            case .eventTime: "ts, seq"
            case .arrival: "seq"
            }
        }
    }

    /// The archived clicks whose event time is in these days; all when both are nil.
    ///
    /// Only published files count: `recover` the archive before.
    /// - Parameters:
    ///   - end: the first day that is not in it.
    ///   - database: what reads the files, on a connection of its own.
    /// - Throws: `database`; `unsupportedType` when a file has a column of another type.
    package static func read(
        _ database: DuckDB, folder: String? = nil, from first: CivilDate? = nil, before end: CivilDate? = nil, order: Order
    ) throws(StorageError) -> ClickArchiveReader {
        let archive = try ClickArchive(database, folder: folder)
        return try archive.read(from: first, before: end, order: order)
    }

    /// The same of this archive.
    package func read(from first: CivilDate? = nil, before end: CivilDate? = nil, order: Order) throws(StorageError) -> ClickArchiveReader {
        let files = files(from: first, before: end)
        guard !files.isEmpty else { return ClickArchiveReader(nil) }
        var bounds: [String] = []
        if let first { bounds.append("ts >= make_timestamp(\(first.start.milliseconds * 1000))") }
        if let end { bounds.append("ts < make_timestamp(\(end.start.milliseconds * 1000))") }
        let sql = """
            SELECT \(ClickArchiveReader.columns.map { DuckDB.quoted($0.name) }.joined(separator: ", ")) \
            FROM read_parquet([\(files.map(Self.literal).joined(separator: ", "))], hive_partitioning = false)\
            \(bounds.isEmpty ? "" : " WHERE " + bounds.joined(separator: " AND ")) ORDER BY \(order.sql)
            """
        return ClickArchiveReader(try ArrowBatchReader(try connection.connect(), sql))
    }
}

/// A stream of archived clicks. Memory: a batch of the caller's and one of DuckDB's; the sort is DuckDB's and spills to its
/// temporary folder at its memory limit.
package final class ClickArchiveReader {
    private static let outcomes = [
        ArrowColumn("status", .text), ArrowColumn("verdict_label", .text), ArrowColumn("model_id", .text), ArrowColumn("ruleset_id", .text),
        ArrowColumn("source", .text), ArrowColumn("source_offset", .int64), ArrowColumn("epoch", .int64), ArrowColumn("seq", .int64),
    ]
    static let columns = ClickArchive.inputCells.map { ArrowColumn($0.name, $0.cell.kind) } + outcomes

    private let rows: ArrowBatchReader?
    private var available = 0
    private var position = 0
    /// The last texts of the columns that seldom change, so that a row seldom makes a string.
    private var interned: [(bytes: [UInt8], text: String)] = Array(repeating: ([], ""), count: outcomes.count)

    init(_ rows: ArrowBatchReader?) { self.rows = rows }

    /// Replaces the batch's content by the next clicks: as many as it holds, fewer where one of DuckDB's batches ends.
    /// - Returns: false at the end; the batch is then empty.
    /// - Throws: `database` when a file cannot be read or holds what no archive does.
    package func next(into batch: ArchivedBatch) throws(StorageError) -> Bool {
        batch.removeAll()
        guard let rows else { return false }
        while batch.count < batch.clicks.capacity {
            if position == available {
                guard batch.count == 0 else { return true }
                position = 0
                available = try rows.next()
                if available == 0 { return false }
                try checkColumns(rows.columns)
            }
            guard try append(row: position, of: rows.columns, to: batch) else {
                guard batch.count > 0 else { throw damaged("a click of more than \(batch.clicks.raw.arena_capacity) bytes") }
                return true
            }
            position += 1
        }
        return true
    }

    private func checkColumns(_ cells: [ArrowCells]) throws(StorageError) {
        for (column, cell) in zip(Self.columns, cells) where !cell.holds(column.kind) {
            throw damaged("column \(column.name) is not a \(column.kind.sqlType)")
        }
    }

    /// False when the arena has no room for the row's texts.
    private func append(row: Int, of cells: [ArrowCells], to batch: ArchivedBatch) throws(StorageError) -> Bool {
        let clicks = batch.clicks
        let record = clicks.records + clicks.count
        let arenaUsed = clicks.raw.arena_used
        fraud_record_clear(record)
        for (i, input) in ClickArchive.inputCells.enumerated() where !cells[i].isNull(row) {
            guard Self.fill(record, input.cell, cells[i], row, clicks) else {
                clicks.raw.arena_used = arenaUsed
                return false
            }
        }
        let first = ClickArchive.inputCells.count
        record.pointee.source_offset = cells[first + 5].int64(row)
        fraud_record_finish(record, clicks.raw.arena)
        try appendOutcome(row: row, of: cells, from: first, to: batch)
        clicks.raw.count += 1
        return true
    }

    /// False when a text has no room.
    @inline(__always)
    private static func fill(
        _ record: UnsafeMutablePointer<ClickRecord>, _ cell: ArchiveCell, _ cells: ArrowCells, _ row: Int, _ clicks: ClickBatch
    ) -> Bool {
        let base = UnsafeMutableRawPointer(record)
        switch cell {
        case .text(let at):
            let text = cells.text(row)
            guard text.count <= Int(clicks.raw.arena_capacity - clicks.raw.arena_used) else { return false }
            guard let start = text.baseAddress else { return true }
            UnsafeMutableRawPointer(clicks.raw.arena + Int(clicks.raw.arena_used)).copyMemory(from: start, byteCount: text.count)
            base.storeBytes(of: TextRange(offset: clicks.raw.arena_used, length: UInt32(text.count)), toByteOffset: at, as: TextRange.self)
            clicks.raw.arena_used += UInt32(text.count)
        case .number(let at): base.storeBytes(of: cells.float(row), toByteOffset: at, as: Float.self)
        case .time(let at):
            let microseconds = cells.int64(row)
            let milliseconds = microseconds / 1000 - (microseconds % 1000 < 0 ? 1 : 0)
            base.storeBytes(of: milliseconds, toByteOffset: at, as: Int64.self)
        case .flag(let at): base.storeBytes(of: UInt8(cells.bool(row) ? FRAUD_YES : FRAUD_NO), toByteOffset: at, as: UInt8.self)
        case .cost: record.pointee.cost_e4 = cells.money(row)
        case .country:
            let text = cells.text(row)
            if text.count == 2 { record.pointee.country = UInt16(text[0]) << 8 | UInt16(text[1]) }
        case .truth:
            let text = cells.text(row)
            record.pointee.truth = Label.allCases.first { text.elementsEqual($0.name.utf8) }?.rawValue ?? UInt8(FRAUD_TRUTH_UNKNOWN)
        }
        return true
    }

    private func appendOutcome(row: Int, of cells: [ArrowCells], from first: Int, to batch: ArchivedBatch) throws(StorageError) {
        let status = cells[first].text(row)
        guard let known = EventStatus.allCases.first(where: { status.elementsEqual($0.name.utf8) }) else {
            throw damaged("status \(String(decoding: status, as: UTF8.self))")
        }
        batch.status.append(known)
        let label = cells[first + 1].isNull(row) ? nil : cells[first + 1].text(row)
        batch.verdictLabel.append(label.flatMap { text in Label.allCases.first { text.elementsEqual($0.name.utf8) } })
        batch.modelID.append(text(2, cells[first + 2], row))
        batch.rulesetID.append(text(3, cells[first + 3], row))
        batch.source.append(text(4, cells[first + 4], row))
        batch.sourceOffset.append(cells[first + 5].int64(row))
        batch.epoch.append(cells[first + 6].int64(row))
        batch.seq.append(cells[first + 7].int64(row))
    }

    private func text(_ column: Int, _ cells: ArrowCells, _ row: Int) -> String {
        let bytes = cells.isNull(row) ? UnsafeRawBufferPointer(start: nil, count: 0) : cells.text(row)
        if !bytes.elementsEqual(interned[column].bytes) { interned[column] = (Array(bytes), String(decoding: bytes, as: UTF8.self)) }
        return interned[column].text
    }

    private func damaged(_ detail: String) -> StorageError { .database("the archive is damaged, or not one: \(detail)") }
}

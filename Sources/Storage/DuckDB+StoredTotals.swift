internal import CADBC
package import ClickModel

/// A row of a window table, read where DuckDB left it. Unsafe: valid during the call that it is handed to.
package struct StoredTotals {
    /// UTF-8 of an ad, campaign or advertiser; nil for NULL.
    package let key: UnsafeRawBufferPointer?
    /// Milliseconds since 1970 of the step that it is asked for by; 0 without steps.
    package let time: Int64
    package let clicks: Int64
    package let valid: Int64
    package let cost: Money
    /// A stored HyperLogLog; empty for NULL.
    package let sketch: UnsafeRawBufferPointer
}

extension DuckDB {
    /// Runs a query for window rows and hands them on as DuckDB makes them, nothing copied. `body` must not use this connection.
    ///
    /// - Parameter sql: gives key VARCHAR, time BIGINT, clicks BIGINT, valid BIGINT, cost DECIMAL(19,4), sketch BLOB.
    /// - Throws: `database`, `unsupportedType` for other columns, and what `body` throws: the query then ends.
    package func forEachStoredTotals(_ sql: String, _ body: (StoredTotals) throws -> Void) throws {
        var stopped: (any Error)?
        try withResult(sql, []) { (stream) throws(StorageError) in
            let formats = try Self.totalsFormats(&stream)
            while true {
                var batch = ArrowArray()
                guard stream.get_next(&stream, &batch) == 0 else { throw Self.failure(&stream) }
                guard batch.release != nil else { return }
                defer { batch.release(&batch) }
                let cells = formats.indices.map { ArrowCells(formats[$0], batch.children[$0]!.pointee, offset: Int(batch.offset)) }
                do { try Self.forEachStoredTotals(cells, count: Int(batch.length), body) } catch {
                    stopped = error
                    return
                }
            }
        }
        if let stopped { throw stopped }
    }

    private static func forEachStoredTotals(_ cells: [ArrowCells], count: Int, _ body: (StoredTotals) throws -> Void) throws {
        let (keys, times, clicks, valid, costs, sketches) = (cells[0], cells[1], cells[2], cells[3], cells[4], cells[5])
        for row in 0..<count {
            try body(
                StoredTotals(
                    key: keys.isNull(row) ? nil : keys.text(row), time: times.isNull(row) ? 0 : times.int64(row),
                    clicks: clicks.isNull(row) ? 0 : clicks.int64(row), valid: valid.isNull(row) ? 0 : valid.int64(row),
                    cost: Money(e4: costs.isNull(row) ? 0 : costs.money(row)),
                    sketch: sketches.isNull(row) ? UnsafeRawBufferPointer(start: nil, count: 0) : sketches.text(row)))
        }
    }

    private static func totalsFormats(_ stream: inout ArrowArrayStream) throws(StorageError) -> [ArrowCells.Format] {
        var schema = ArrowSchema()
        guard stream.get_schema(&stream, &schema) == 0 else { throw failure(&stream) }
        defer { if schema.release != nil { schema.release(&schema) } }
        let kinds: [ArrowColumnKind] = [.text, .int64, .int64, .int64, .money]
        guard Int(schema.n_children) == kinds.count + 1 else { throw .database("window rows have \(kinds.count + 1) columns") }
        var formats: [ArrowCells.Format] = []
        for (i, kind) in kinds.enumerated() {
            let column = schema.children[i]!.pointee
            let format = try ArrowCells.format(column)
            guard format.holds(kind) else { throw unsupported(column) }
            formats.append(format)
        }
        let sketches = schema.children[kinds.count]!.pointee
        guard let format = ArrowCells.Format.bytes(arrowFormat(sketches)) else { throw unsupported(sketches) }
        return formats + [format]
    }

    private static func arrowFormat(_ column: ArrowSchema) -> String { column.format.map { String(cString: $0) } ?? "" }

    private static func unsupported(_ column: ArrowSchema) -> StorageError {
        .unsupportedType(column: column.name.map { String(cString: $0) } ?? "", arrowFormat: arrowFormat(column))
    }
}

internal import CADBC
internal import ClickModel

extension DuckDB {
    package static let defaultRowLimit = 5_000_000

    /// Runs one statement and reads its rows. `?` or `$1` in the text stand for the parameters, which are bound: never paste
    /// text from outside into `sql`.
    ///
    /// - Throws: `database`; `unsupportedType`; `resultTooLarge` beyond `rowLimit` rows.
    package func query(
        _ sql: String, _ parameters: [Value] = [], rowLimit: Int = DuckDB.defaultRowLimit
    ) throws(StorageError) -> ResultTable {
        var result = ResultTable(columns: [], rows: [])
        try withResult(sql, parameters) { (stream) throws(StorageError) in
            try Self.forEachBatch(&stream) { (columns, batch) throws(StorageError) in
                if result.columns.isEmpty { result = ResultTable(columns: columns.map(\.name), rows: []) }
                guard let batch else { return true }
                let count = Int(batch.length)
                guard count <= rowLimit - result.rows.count else { throw .resultTooLarge(rowLimit: rowLimit) }
                let first = result.rows.count
                result.rows.append(contentsOf: repeatElement([], count: count))
                for row in 0..<count { result.rows[first + row].reserveCapacity(columns.count) }
                for (i, column) in columns.enumerated() {
                    let cells = batch.children[i]!.pointee
                    for row in 0..<count { result.rows[first + row].append(column.value(cells, row + Int(batch.offset))) }
                }
                return true
            }
        }
        return result
    }

    /// Runs one statement and hands its rows on, one after another: memory for one of DuckDB's batches, whatever the result's
    /// size. `body` must not use this connection.
    ///
    /// - Throws: what `query` throws, and what `body` throws: the query then ends.
    package func forEachRow(_ sql: String, _ parameters: [Value] = [], _ body: ([Value]) throws -> Void) throws {
        var stopped: (any Error)?
        try withResult(sql, parameters) { (stream) throws(StorageError) in
            try Self.forEachBatch(&stream) { (columns, batch) throws(StorageError) in
                guard let batch else { return true }
                let cells = columns.indices.map { batch.children[$0]!.pointee }
                for row in 0..<Int(batch.length) {
                    do {
                        try body(columns.indices.map { columns[$0].value(cells[$0], row + Int(batch.offset)) })
                    } catch {
                        stopped = error
                        return false
                    }
                }
                return true
            }
        }
        if let stopped { throw stopped }
    }

    func withResult(
        _ sql: String, _ parameters: [Value], _ body: (inout ArrowArrayStream) throws(StorageError) -> Void
    ) throws(StorageError) {
        try withStatement { (statement) throws(StorageError) in
            var error = AdbcError()
            try DuckDBDatabase.check(database.driver.StatementSetSqlQuery(&statement, sql, &error), &error)
            if !parameters.isEmpty {
                try DuckDBDatabase.check(database.driver.StatementPrepare(&statement, &error), &error)
                try bind(&statement, Self.row(of: parameters))
            }
            var stream = ArrowArrayStream()
            try DuckDBDatabase.check(database.driver.StatementExecuteQuery(&statement, &stream, nil, &error), &error)
            defer { if stream.release != nil { stream.release(&stream) } }
            try body(&stream)
        }
    }

    /// Calls `body` once with the columns alone, then with each batch, until it says false.
    private static func forEachBatch(
        _ stream: inout ArrowArrayStream, _ body: ([ArrowDecoder], ArrowArray?) throws(StorageError) -> Bool
    ) throws(StorageError) {
        var schema = ArrowSchema()
        guard stream.get_schema(&stream, &schema) == 0 else { throw failure(&stream) }
        defer { if schema.release != nil { schema.release(&schema) } }
        let columns = try (0..<Int(schema.n_children)).map { (i) throws(StorageError) in try ArrowDecoder(schema.children[i]!.pointee) }
        guard try body(columns, nil) else { return }
        while true {
            var batch = ArrowArray()
            guard stream.get_next(&stream, &batch) == 0 else { throw failure(&stream) }
            guard batch.release != nil else { return }
            defer { batch.release(&batch) }
            guard try body(columns, batch) else { return }
        }
    }

    static func failure(_ stream: inout ArrowArrayStream) -> StorageError {
        let message = stream.get_last_error(&stream).map { String(cString: $0) }
        return .database(message ?? "the query failed while its rows were read")
    }

    /// The parameters as a one-row table, the form in which ADBC binds them.
    private static func row(of parameters: [Value]) throws(StorageError) -> ArrowTableBuilder {
        let columns = try parameters.enumerated().map { (i, value) throws(StorageError) in
            ArrowColumn("p\(i + 1)", try kind(of: value))
        }
        let builder = ArrowTableBuilder(columns, rowCapacity: 1)
        for value in parameters {
            switch value {
            case .null: builder.appendNull()
            case .int(let value): builder.append(int64: value)
            case .double(let value): builder.append(double: value)
            case .money(let value): builder.append(money: value)
            case .text(let value): builder.append(text: value)
            case .bool(let value): builder.append(bool: value)
            case .time(let value): builder.append(time: value)
            case .date(let value): builder.append(date: value)
            case .blob(let value): builder.append(binary: value)
            case .list(let values): builder.append(texts: values.map { $0.text ?? "" })
            }
        }
        builder.endRow()
        return builder
    }

    private static func kind(of value: Value) throws(StorageError) -> ArrowColumnKind {
        switch value {
        case .null, .text: .text
        case .int: .int64
        case .double: .double
        case .money: .money
        case .bool: .bool
        case .time: .timestamp
        case .date: .date
        case .blob: .binary
        case .list(let values):
            if values.allSatisfy({ $0.text != nil }) { .textList } else { throw .database("a list parameter holds texts only") }
        }
    }
}

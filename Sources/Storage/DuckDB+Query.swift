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
            result = try Self.read(&stream, rowLimit)
        }
        return result
    }

    private static func read(_ stream: inout ArrowArrayStream, _ rowLimit: Int) throws(StorageError) -> ResultTable {
        var schema = ArrowSchema()
        guard stream.get_schema(&stream, &schema) == 0 else { throw failure(&stream) }
        defer { if schema.release != nil { schema.release(&schema) } }
        let columns = try (0..<Int(schema.n_children)).map { (i) throws(StorageError) in try ArrowDecoder(schema.children[i]!.pointee) }
        var table = ResultTable(columns: columns.map(\.name), rows: [])
        while true {
            var batch = ArrowArray()
            guard stream.get_next(&stream, &batch) == 0 else { throw failure(&stream) }
            guard batch.release != nil else { return table }
            defer { batch.release(&batch) }
            let count = Int(batch.length)
            guard count <= rowLimit - table.rows.count else { throw .resultTooLarge(rowLimit: rowLimit) }
            let first = table.rows.count
            table.rows.append(contentsOf: repeatElement([], count: count))
            for row in 0..<count { table.rows[first + row].reserveCapacity(columns.count) }
            for (i, column) in columns.enumerated() {
                let cells = batch.children[i]!.pointee
                for row in 0..<count { table.rows[first + row].append(column.value(cells, row + Int(batch.offset))) }
            }
        }
    }

    private static func failure(_ stream: inout ArrowArrayStream) -> StorageError {
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

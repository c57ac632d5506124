internal import CADBC

extension DuckDB {
    /// What `ingest` does with its table.
    package enum IngestMode: Sendable {
        /// Adds to an existing table, column by column in order.
        case append
        /// Makes the table from the builder's columns; an error when it exists.
        case create
        /// Makes a table that only this connection sees, in place of an earlier one.
        case temporary
    }

    /// Writes the builder's rows to a table, in bulk, in the current transaction (or one of its own). The builder keeps them.
    /// `columns` picks some of the builder's columns by index; all by default.
    /// - Returns: the rows written.
    /// - Throws: `StorageError.database`, e.g. on an unknown table, other columns, or a violated constraint.
    @discardableResult
    package func ingest(
        _ builder: ArrowTableBuilder, into table: String, mode: IngestMode = .append, columns: [Int]? = nil
    ) throws(StorageError) -> Int {
        guard !builder.isEmpty || mode != .append else { return 0 }
        try withStatement { (statement) throws(StorageError) in
            try set(&statement, "adbc.ingest.target_table", table)
            switch mode {
            case .append: try set(&statement, "adbc.ingest.mode", "adbc.ingest.mode.append")
            case .create: try set(&statement, "adbc.ingest.mode", "adbc.ingest.mode.create")
            case .temporary:
                try set(&statement, "adbc.ingest.mode", "adbc.ingest.mode.replace")
                try set(&statement, "adbc.ingest.temporary", "true")
            }
            try bind(&statement, builder, columns)
            var error = AdbcError()
            try DuckDBDatabase.check(database.driver.StatementExecuteQuery(&statement, nil, nil, &error), &error)
        }
        return builder.count
    }

    /// Runs `body` with a new statement and releases it.
    func withStatement(_ body: (inout AdbcStatement) throws(StorageError) -> Void) throws(StorageError) {
        var statement = AdbcStatement()
        var error = AdbcError()
        try DuckDBDatabase.check(database.driver.StatementNew(&connection, &statement, &error), &error)
        defer {
            var ignored = AdbcError()
            if database.driver.StatementRelease(&statement, &ignored) != ADBC_STATUS_OK { _ = DuckDBLibrary.takeMessage(&ignored) }
        }
        try body(&statement)
    }

    private func set(_ statement: inout AdbcStatement, _ key: String, _ value: String) throws(StorageError) {
        var error = AdbcError()
        try DuckDBDatabase.check(database.driver.StatementSetOption(&statement, key, value, &error), &error)
    }

    /// Gives the rows to the statement, which then owns the stream.
    func bind(
        _ statement: inout AdbcStatement, _ builder: ArrowTableBuilder, _ columns: [Int]? = nil
    ) throws(StorageError) {
        var stream = builder.makeStream(columns: columns)
        var error = AdbcError()
        let status = database.driver.StatementBindStream(&statement, &stream, &error)
        if status != ADBC_STATUS_OK, stream.release != nil { stream.release(&stream) }
        try DuckDBDatabase.check(status, &error)
    }
}

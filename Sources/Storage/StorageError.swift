/// Why storage could not do what it was asked.
package enum StorageError: Error, Hashable, Sendable {
    /// No DuckDB library could be loaded; `tried` has one line a place, with the loader's words.
    case libraryNotFound(tried: [String])
    /// The file is held by another process, named as DuckDB names it.
    case locked(path: String, holder: String)
    /// This process has the file open already.
    case alreadyOpen(path: String)
    /// DuckDB refused; its own message.
    case database(String)
    /// A result column of a type that is not decoded: cast it in SQL.
    case unsupportedType(column: String, arrowFormat: String)
    /// More rows than the caller allows.
    case resultTooLarge(rowLimit: Int)
    /// The file holds something else than a warehouse.
    case notAWarehouse(path: String, detail: String)
    /// The warehouse was written by a newer program.
    case newerSchema(path: String, found: Int, supported: Int)
    /// The warehouse was written by an older program, whose state cannot be gone on with.
    case olderSchema(path: String, found: Int, supported: Int)
    /// received ≠ valid + fraud + duplicate + late + rejected.
    case notConserved(of: String, totals: EventTotals)
    /// The epoch is committed already, with other content, or is older than the last one.
    case epochConflict(epoch: Int64, detail: String)
    /// A correction that no row can take: an error of the program.
    case badCorrection(detail: String)
    /// A snapshot that is not whole.
    case badSnapshot(path: String, detail: String)
    /// A file operation failed.
    case io(path: String, operation: String, reason: String)
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .libraryNotFound(let tried):
            "DuckDB was not found. Run `make deps`, or set FRAUD_DUCKDB_LIBRARY to a libduckdb.so. Tried:\n"
                + tried.map { "  \($0)" }.joined(separator: "\n")
        case .locked(let path, let holder):
            "\(path) is in use by \(holder). One process writes a database at a time: wait for it to finish, or stop it, "
                + "and run this again."
        case .alreadyOpen(let path):
            "\(path) is open already in this process: use another connection to the open database"
        case .database(let message): message
        case .unsupportedType(let column, let format):
            "column \(column) has a type that is not read (Arrow format \(format)): cast it in the query"
        case .resultTooLarge(let limit): "the result has more than \(limit) rows: narrow the query"
        case .notAWarehouse(let path, let detail): "\(path) is not a fraud database: \(detail)"
        case .newerSchema(let path, let found, let supported):
            "\(path) has schema version \(found); this program knows up to \(supported). Use a newer `fraud`."
        case .olderSchema(let path, let found, let supported):
            "\(path) has schema version \(found), which this program (version \(supported)) cannot go on with. Score the input again "
                + "into a new database (`fraud score INPUT --db NEW_FILE`), or use the `fraud` that wrote it."
        case .notConserved(let of, let t):
            "conservation check failed for \(of): received \(t.received) ≠ valid \(t.valid) + fraud \(t.fraud) + duplicate "
                + "\(t.duplicate) + late \(t.late) + rejected \(t.rejected) = \(t.accounted). Nothing was committed."
        case .epochConflict(let epoch, let detail): "epoch \(epoch) cannot be committed: \(detail)"
        case .badCorrection(let detail): "cannot correct the windows: \(detail). Nothing was committed."
        case .badSnapshot(let path, let detail): "snapshot \(path) is damaged: \(detail)"
        case .io(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
        }
    }
}

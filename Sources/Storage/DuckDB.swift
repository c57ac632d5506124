internal import CADBC
internal import Synchronization

/// A connection to a DuckDB file, spoken to through ADBC.
///
/// One thread uses a connection at a time, hence `@unchecked Sendable`; `connect()` gives another thread its own, which sees
/// what was committed. The file stays locked until the last connection is gone.
package final class DuckDB: @unchecked Sendable {
    let database: DuckDBDatabase
    var connection = AdbcConnection()
    /// Between `begin()` and its `commit()` or `rollback()`.
    package private(set) var isInTransaction = false

    /// Opens the file, creating it unless `readOnly`; `:memory:` is a database of its own.
    ///
    /// - Parameters:
    ///   - threads: worker threads of the database; the scorer needs the cores, so few.
    ///   - memoryLimitBytes: what DuckDB may hold before it spills to `PATH.tmp`.
    ///   - beforeFile: called when all is ready but a file to write, which is not made before; what it throws, this throws.
    /// - Throws: `libraryNotFound`, `locked` when another process has it, `alreadyOpen` when this one has, `database`.
    package static func open(
        _ path: String, readOnly: Bool = false, threads: Int = 2, memoryLimitBytes: Int = 2 << 30,
        beforeFile: () throws(StorageError) -> Void = {}
    ) throws(StorageError) -> DuckDB {
        try DuckDBFile.check(path)
        let database = try DuckDBDatabase(path, readOnly: readOnly, threads: threads, memoryLimitBytes: memoryLimitBytes)
        return try DuckDB(database, beforeFile)
    }

    private init(_ database: DuckDBDatabase, _ beforeFile: () throws(StorageError) -> Void = {}) throws(StorageError) {
        self.database = database
        var error = AdbcError()
        try DuckDBDatabase.check(database.driver.ConnectionNew(&connection, &error), &error)
        try DuckDBDatabase.check(database.driver.ConnectionInit(&connection, &database.handle, &error), &error)
        // All our times are UTC without a zone. A build without ICU knows no other zone, and refuses the setting.
        _ = try? execute("SET TimeZone = 'UTC'")
        try beforeFile()
        try database.useFile(on: self)
    }

    deinit {
        var error = AdbcError()
        if database.driver.ConnectionRelease(&connection, &error) != ADBC_STATUS_OK { _ = DuckDBLibrary.takeMessage(&error) }
    }

    /// Another connection to the same open database, for another thread.
    package func connect() throws(StorageError) -> DuckDB { try DuckDB(database) }

    package var path: String { database.path }
    package var isReadOnly: Bool { database.isReadOnly }

    /// Runs one statement that gives no rows; returns the rows it changed, 0 when DuckDB does not say.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [Value] = []) throws(StorageError) -> Int {
        let result = try query(sql, parameters)
        guard result.columns == ["Count"], case .int(let count)? = result.rows.first?.first else { return 0 }
        return Int(count)
    }

    package func begin() throws(StorageError) {
        precondition(!isInTransaction, "transactions do not nest")
        try execute("BEGIN TRANSACTION")
        isInTransaction = true
    }

    /// Makes the transaction's changes durable and visible, all or none. On an error they are rolled back.
    package func commit() throws(StorageError) {
        precondition(isInTransaction, "no transaction")
        do throws(StorageError) {
            try execute("COMMIT")
            isInTransaction = false
        } catch {
            rollback()
            throw error
        }
    }

    /// Drops the transaction's changes; nothing when there is none.
    package func rollback() {
        guard isInTransaction else { return }
        isInTransaction = false
        // A failed COMMIT has ended the transaction already; there is then nothing to roll back and nothing to report.
        _ = try? execute("ROLLBACK")
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    package func transaction(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        try begin()
        do throws(StorageError) { try body() } catch {
            rollback()
            throw error
        }
        try commit()
    }

    /// Has every commit write its changes into the file and not to the write-ahead log first, where no other connection is in the way.
    func checkpointAtCommit() throws(StorageError) { try execute("SET wal_autocheckpoint = '1KB'") }

    /// Moves the write-ahead log into the file.
    package func checkpoint() throws(StorageError) { try execute("CHECKPOINT") }

    /// A name as SQL text, quoted.
    package static func quoted(_ name: String) -> String {
        var out = "\""
        for character in name.unicodeScalars {
            if character == "\"" { out += "\"" }
            out.unicodeScalars.append(character)
        }
        return out + "\""
    }
}

/// An open database file, shared by its connections.
final class DuckDBDatabase: @unchecked Sendable {
    let driver: AdbcDriver
    let path: String
    let isReadOnly: Bool
    /// Set up in `init`; after that only handed to the driver, which guards it.
    var handle = AdbcDatabase()
    private let key: String?
    /// Whether the file is attached to a database in memory, and whether that was done.
    private let isAttached: Bool
    private let attached = Mutex(false)

    /// Rows of a row group of the files we write, instead of 122,880. A commit that adds rows writes the last row group of
    /// each table anew, so smaller ones make an epoch cheaper; it has to be a multiple of 2,048.
    private static let rowGroupRows = 30_720

    /// A row group that is full is written then, not when its transaction ends. And a checkpoint leaves row groups that are not full as they
    /// are: to merge them with their neighbours took half of a long run's commits. So space of deleted rows comes free with their whole row
    /// group, or when another program checkpoints the file.
    private static let writerSettings = "SET write_buffer_row_group_count = 1; SET max_vacuum_tasks = 0"

    init(_ path: String, readOnly: Bool, threads: Int, memoryLimitBytes: Int) throws(StorageError) {
        let driver = try DuckDBLibrary.shared.get().driver
        let key = path == ":memory:" ? nil : OpenFiles.key(path)
        if let key, !OpenFiles.enter(key, readOnly: readOnly) { throw .alreadyOpen(path: path) }
        self.driver = driver
        self.path = path
        self.key = key
        isReadOnly = readOnly
        isAttached = key != nil && !readOnly
        // From here on `deinit` runs also when `init` throws.
        var options = [
            ("path", isAttached ? ":memory:" : DuckDBFile.absolute(path)), ("threads", String(max(1, threads))), ("memory_limit", "\(max(64, memoryLimitBytes >> 20))MiB"),
            // Nothing is ever fetched from the network.
            ("autoinstall_known_extensions", "false"), ("autoload_known_extensions", "false"),
        ]
        if readOnly { options.append(("access_mode", "READ_ONLY")) }
        if isAttached { options.append(("temp_directory", DuckDBFile.absolute(path) + ".tmp")) }
        var error = AdbcError()
        try Self.check(driver.DatabaseNew(&handle, &error), &error)
        for (name, value) in options {
            try Self.check(driver.DatabaseSetOption(&handle, name, value, &error), &error)
        }
        guard driver.DatabaseInit(&handle, &error) != ADBC_STATUS_OK else { return }
        let message = DuckDBLibrary.takeMessage(&error)
        if let holder = Self.holder(in: message) { throw .locked(path: path, holder: holder) }
        throw .database(message)
    }

    /// Lets a connection see the file: a size of row groups can be given to an attached file only (duckdb.org, "ATTACH").
    /// - Throws: `locked`, `database`.
    func useFile(on connection: DuckDB) throws(StorageError) {
        guard isAttached else { return }
        let result = attached.withLock { done in
            Result { () throws(StorageError) in
                if !done {
                    let file = DuckDBFile.absolute(path).split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
                    try connection.execute(Self.writerSettings)
                    try connection.execute("ATTACH '\(file)' AS warehouse (ROW_GROUP_SIZE \(Self.rowGroupRows))")
                }
                done = true
            }
        }
        do throws(StorageError) { try result.get() } catch {
            if case .database(let message) = error, let holder = Self.holder(in: message) { throw .locked(path: path, holder: holder) }
            throw error
        }
        try connection.execute("USE warehouse")
    }

    deinit {
        if handle.private_data != nil {
            var error = AdbcError()
            if driver.DatabaseRelease(&handle, &error) != ADBC_STATUS_OK { _ = DuckDBLibrary.takeMessage(&error) }
        }
        if let key { OpenFiles.leave(key) }
    }

    static func check(_ status: AdbcStatusCode, _ error: inout AdbcError) throws(StorageError) {
        if status != ADBC_STATUS_OK { throw .database(DuckDBLibrary.takeMessage(&error)) }
    }

    /// Who holds the file, from DuckDB's "Conflicting lock is held in /usr/bin/python3.11 (PID 123) by user x. See also …";
    /// nil when the message is not about a lock.
    static func holder(in message: String) -> String? {
        guard message.contains("Could not set lock on file") else { return nil }
        guard let start = message.firstRange(of: "lock is held in ") else { return "another process" }
        let rest = message[start.upperBound...]
        let end = rest.firstRange(of: ". ")?.lowerBound ?? rest.endIndex
        let holder = rest[..<end]
        return holder.isEmpty ? "another process" : String(holder)
    }
}

/// The files this process has open. File locks do not keep a process from itself, and two databases over one file would
/// damage it; reading twice is harmless.
private enum OpenFiles {
    /// Readers of each file; −1 for a writer.
    private static let open = Mutex<[String: Int]>([:])

    static func key(_ path: String) -> String {
        if let real = Folder.resolved(path) { return real }
        let folder = Folder.parent(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return (Folder.resolved(folder) ?? folder) + "/" + name
    }

    static func enter(_ key: String, readOnly: Bool) -> Bool {
        open.withLock { files in
            let count = files[key] ?? 0
            guard count == 0 || (readOnly && count > 0) else { return false }
            files[key] = readOnly ? count + 1 : -1
            return true
        }
    }

    static func leave(_ key: String) {
        open.withLock { files in
            let count = files[key] ?? 0
            files[key] = count > 1 ? count - 1 : nil
        }
    }
}

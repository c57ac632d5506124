internal import CADBC

/// A query's result as a stream of Arrow batches, for results that are read column by column and may not fit in memory.
///
/// It uses up its connection until it is gone: another query on the same connection would end the stream. One thread.
///
/// - Complexity: `next` holds one batch of DuckDB's (2,048 rows) at a time.
final class ArrowBatchReader {
    private let connection: DuckDB
    private var statement = AdbcStatement()
    private var stream = ArrowArrayStream()
    private var schema = ArrowSchema()
    private var batch = ArrowArray()
    private var formats: [ArrowCells.Format] = []
    /// The current batch's columns, in the query's order; they point into it until the next call of `next`.
    private(set) var columns: [ArrowCells] = []

    /// Starts the query.
    /// - Throws: `database`; `unsupportedType` for a column that `ArrowCells` does not read.
    init(_ connection: DuckDB, _ sql: String) throws(StorageError) {
        self.connection = connection
        // From here on `deinit` runs also when `init` throws.
        let driver = connection.database.driver
        var error = AdbcError()
        try DuckDBDatabase.check(driver.StatementNew(&connection.connection, &statement, &error), &error)
        try DuckDBDatabase.check(driver.StatementSetSqlQuery(&statement, sql, &error), &error)
        try DuckDBDatabase.check(driver.StatementExecuteQuery(&statement, &stream, nil, &error), &error)
        guard stream.get_schema(&stream, &schema) == 0 else { throw failure() }
        for i in 0..<Int(schema.n_children) { formats.append(try ArrowCells.format(schema.children[i]!.pointee)) }
    }

    deinit {
        if batch.release != nil { batch.release(&batch) }
        if schema.release != nil { schema.release(&schema) }
        if stream.release != nil { stream.release(&stream) }
        guard statement.private_data != nil else { return }
        var error = AdbcError()
        if connection.database.driver.StatementRelease(&statement, &error) != ADBC_STATUS_OK { _ = DuckDBLibrary.takeMessage(&error) }
    }

    /// Goes to the next batch that has rows.
    /// - Returns: its rows; 0 at the end.
    /// - Throws: `database` when the query fails on its way.
    func next() throws(StorageError) -> Int {
        repeat {
            if batch.release != nil { batch.release(&batch) }
            batch = ArrowArray()
            columns.removeAll(keepingCapacity: true)
            guard stream.get_next(&stream, &batch) == 0 else { throw failure() }
            guard batch.release != nil else { return 0 }
        } while batch.length == 0
        for (i, format) in formats.enumerated() {
            columns.append(ArrowCells(format, batch.children[i]!.pointee, offset: Int(batch.offset)))
        }
        return Int(batch.length)
    }

    private func failure() -> StorageError {
        let message = stream.get_last_error(&stream).map { String(cString: $0) }
        return .database(message ?? "the query failed while its rows were read")
    }
}

/// The cells of one column of a batch, read where they are. Unsafe: it trusts DuckDB's arrays, and that a cell is asked for as
/// what its column holds.
struct ArrowCells {
    enum Format {
        case int64, float, double, bool
        /// Microseconds since 1970.
        case timestamp
        /// DECIMAL(19,4) in 128 bits.
        case money
        /// Texts by 32-bit offsets, by 64-bit offsets, and by views (16 bytes: length, then the text or where it is).
        case text, largeText, textView

        /// That of a column of bytes, which are laid out as texts are; nil for another column.
        static func bytes(_ arrowFormat: String) -> Format? {
            switch arrowFormat {
            case "z": .text
            case "Z": .largeText
            case "vz": .textView
            default: nil
            }
        }

        func holds(_ kind: ArrowColumnKind) -> Bool {
            switch self {
            case .int64: kind == .int64
            case .float: kind == .float
            case .double: kind == .double
            case .bool: kind == .bool
            case .timestamp: kind == .timestamp
            case .money: kind == .money
            case .text, .largeText, .textView: kind == .text
            }
        }
    }

    private let format: Format
    private let offset: Int
    /// One bit a row, 1 = present; none when all are.
    private let validity: UnsafeRawPointer?
    private let fixed: UnsafeRawPointer
    /// Bytes of texts; of views, the first of the buffers they point into.
    private let buffers: UnsafeMutablePointer<UnsafeRawPointer?>

    init(_ format: Format, _ array: ArrowArray, offset: Int) {
        self.format = format
        self.offset = offset + Int(array.offset)
        buffers = array.buffers
        validity = array.null_count == 0 ? nil : array.buffers[0]
        // A column without rows may come without memory; it is then never read.
        fixed = array.buffers[1] ?? UnsafeRawPointer(bitPattern: 64)!
    }

    static func format(_ schema: ArrowSchema) throws(StorageError) -> Format {
        switch schema.format.map({ String(cString: $0) }) ?? "" {
        case "l": return .int64
        case "f": return .float
        case "g": return .double
        case "b": return .bool
        case "tsu:": return .timestamp
        case "d:19,4", "d:19,4,128": return .money
        case "u": return .text
        case "U": return .largeText
        case "vu": return .textView
        case let other: throw .unsupportedType(column: schema.name.map { String(cString: $0) } ?? "", arrowFormat: other)
        }
    }

    func holds(_ kind: ArrowColumnKind) -> Bool { format.holds(kind) }

    @inline(__always)
    func isNull(_ row: Int) -> Bool {
        guard let validity else { return false }
        let i = row + offset
        return validity.load(fromByteOffset: i >> 3, as: UInt8.self) & (1 << UInt8(i & 7)) == 0
    }

    @inline(__always)
    private func fixed<T: BitwiseCopyable>(_ i: Int, _ type: T.Type) -> T {
        fixed.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.stride, as: T.self)
    }

    /// An integer, or a timestamp's microseconds.
    @inline(__always)
    func int64(_ row: Int) -> Int64 { fixed(row + offset, Int64.self) }

    @inline(__always)
    func float(_ row: Int) -> Float { fixed(row + offset, Float.self) }

    @inline(__always)
    func double(_ row: Int) -> Double { fixed(row + offset, Double.self) }

    @inline(__always)
    func bool(_ row: Int) -> Bool {
        let i = row + offset
        return fixed.load(fromByteOffset: i >> 3, as: UInt8.self) & (1 << UInt8(i & 7)) != 0
    }

    /// Ten-thousandths; beyond 64 bits it is held at the end.
    @inline(__always)
    func money(_ row: Int) -> Int64 { Int64(clamping: fixed(row + offset, Int128.self)) }

    /// A text's bytes; none for a null.
    @inline(__always)
    func text(_ row: Int) -> UnsafeRawBufferPointer {
        let i = row + offset
        switch format {
        case .text:
            let start = Int(fixed(i, Int32.self))
            return bytes(2, start, Int(fixed(i + 1, Int32.self)) - start)
        case .largeText:
            let start = Int(fixed(i, Int64.self))
            return bytes(2, start, Int(fixed(i + 1, Int64.self)) - start)
        case .textView:
            let view = fixed + i * 16
            let count = Int(view.loadUnaligned(as: Int32.self))
            if count <= 12 { return UnsafeRawBufferPointer(start: view + 4, count: count) }
            let buffer = Int(view.loadUnaligned(fromByteOffset: 8, as: Int32.self))
            return bytes(2 + buffer, Int(view.loadUnaligned(fromByteOffset: 12, as: Int32.self)), count)
        default: return UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    @inline(__always)
    private func bytes(_ buffer: Int, _ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
        guard count > 0, let memory = buffers[buffer] else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: memory + start, count: count)
    }
}

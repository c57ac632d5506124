import ClickModel
import Foundation
import Storage
import Testing

@Suite("DuckDB connection")
struct DuckDBTests {
    @Test("A query's types come back as the values they are")
    func decodesTypes() throws {
        let db = try DuckDB.open(":memory:")
        let result = try db.query(
            """
            SELECT NULL, true, 1::TINYINT, 2::SMALLINT, 3::INTEGER, 4::BIGINT, 5::UTINYINT, 6::UINTEGER, 18446744073709551615::UBIGINT,
              0.5::FLOAT, 0.25::DOUBLE, -12.34::DECIMAL(19,4), 1.5::DECIMAL(4,1), 1.123456::DECIMAL(10,6), 'tëxt', '\\x00\\xFF'::BLOB,
              TIMESTAMP '1969-12-31 23:59:59.999', DATE '1900-03-01', ['a', NULL, ''], [1.5::FLOAT], []::VARCHAR[],
              sum(7::BIGINT), sum(1.25::DECIMAL(19,4)), 170141183460469231731687303715884105727::HUGEINT,
              TIMESTAMP_S '2020-01-01 00:00:00', -0.000001::DECIMAL(10,6)
            """)
        let expected: [Value] = [
            .null, .bool(true), .int(1), .int(2), .int(3), .int(4), .int(5), .int(6), .text("18446744073709551615"),
            .double(0.5), .double(0.25), .money(Money(e4: -123_400)), .money(Money(e4: 15_000)), .text("1.123456"), .text("tëxt"),
            .blob([0, 255]), .time(EventTime(milliseconds: -1)), .date(try #require(CivilDate("1900-03-01"))),
            .list([.text("a"), .null, .text("")]), .list([.double(1.5)]), .list([]),
            .int(7), .money(Money(e4: 12_500)), .text("170141183460469231731687303715884105727"),
            .time(EventTime(milliseconds: 1_577_836_800_000)), .text("-0.000001"),
        ]
        let row = try #require(result.rows.first)
        #expect(row.count == expected.count)
        for (i, (got, want)) in zip(row, expected).enumerated() { #expect(got == want, "column \(i)") }
    }

    @Test("Parameters of every kind are bound, not pasted")
    func bindsParameters() throws {
        let db = try DuckDB.open(":memory:")
        let values: [Value] = [
            .null, .int(.min), .double(-0.5), .money(Money(e4: -1)), .text("'; DROP TABLE t; --"), .bool(false),
            .time(EventTime(milliseconds: 1_700_000_000_123)), .date(CivilDate(daysSince1970: -1)), .blob([0, 1, 255]),
            .list([.text("a"), .text("it's")]),
        ]
        let result = try db.query("SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", values)
        #expect(result.rows == [values])
        #expect(try db.query("SELECT $2 || $1", [.text("a"), .text("b")]).scalar == .text("ba"))
        #expect(try db.query("SELECT count(*) FROM range(10) t(i) WHERE i < ? AND ? IS NULL", [.int(4), .null]).scalar == .int(4))
    }

    @Test("Many rows come back complete and in order, and no more than the limit")
    func readsManyRows() throws {
        let db = try DuckDB.open(":memory:")
        let result = try db.query("SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'n' || i END FROM range(20000) t(i) ORDER BY i")
        #expect(result.rows.count == 20_000)
        for (i, row) in result.rows.enumerated() {
            #expect(row == [.int(Int64(i)), i % 3 == 0 ? .null : .text("n\(i)")])
        }
        #expect(throws: StorageError.resultTooLarge(rowLimit: 19_999)) {
            try db.query("SELECT * FROM range(20000)", rowLimit: 19_999)
        }
    }

    @Test("A wrong statement gives DuckDB's message, and the connection goes on")
    func reportsErrors() throws {
        let db = try DuckDB.open(":memory:")
        #expect { try db.execute("SELEC 1") } throws: { "\($0)".contains("syntax error") }
        #expect { try db.query("SELECT * FROM nowhere") } throws: { "\($0)".contains("nowhere does not exist") }
        #expect { try db.query("SELECT error('late') FROM range(5000) t(i) WHERE i = 4999") } throws: { "\($0)".contains("late") }
        #expect { try db.query("SELECT {'a': 1} AS pair") } throws: {
            $0 as? StorageError == .unsupportedType(column: "pair", arrowFormat: "+s")
        }
        #expect { try db.query("SELECT ?, ?", [.int(1)]) } throws: { $0 is StorageError }
        #expect(try db.query("SELECT 1").scalar == .int(1))
    }

    @Test("What a transaction wrote, also in bulk, is there after commit and gone after rollback")
    func transactions() throws {
        let folder = try TemporaryFolder()
        let db = try DuckDB.open(folder.file("t.duckdb"))
        let other = try db.connect()
        try db.execute("CREATE TABLE t (i BIGINT)")
        let rows = ArrowTableBuilder([ArrowColumn("i", .int64)])
        for i in 0..<3 {
            rows.append(int64: Int64(i))
            rows.endRow()
        }
        try db.begin()
        try db.ingest(rows, into: "t")
        #expect(try db.query("SELECT count(*) FROM t").scalar == .int(3))
        #expect(try other.query("SELECT count(*) FROM t").scalar == .int(0))
        db.rollback()
        #expect(try db.query("SELECT count(*) FROM t").scalar == .int(0))
        try db.transaction { () throws(StorageError) in
            try db.ingest(rows, into: "t")
            try db.execute("UPDATE t SET i = i + 10")
        }
        #expect(try other.query("SELECT sum(i) FROM t").scalar == .int(33))
        #expect(throws: StorageError.self) {
            try db.transaction { () throws(StorageError) in
                try db.execute("DELETE FROM t")
                try db.execute("INSERT INTO nowhere VALUES (1)")
            }
        }
        #expect(!db.isInTransaction)
        #expect(try db.query("SELECT sum(i) FROM t").scalar == .int(33))
        #expect(try db.execute("DELETE FROM t WHERE i = ?", [.int(11)]) == 1)
    }

    @Test("A file held by another process is refused with who holds it and what to do")
    func namesTheHolder() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("held.duckdb")
        let script = "import duckdb,sys; c = duckdb.connect(sys.argv[1]); print('ready', flush=True); sys.stdin.read()"
        let (process, output, input) = try Python.start(script, [file])
        defer { process.waitUntilExit() }
        defer { try? input.fileHandleForWriting.close() }
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).contains("ready"))
        #expect {
            try DuckDB.open(file)
        } throws: { error in
            guard case .locked(let path, let holder)? = error as? StorageError else { return false }
            let text = "\(error)"
            return path == file && holder.contains("python") && holder.contains("\(process.processIdentifier)") && text.contains("wait for it")
        }
    }

    @Test("The same file is not opened twice for writing by one process, and is free after closing")
    func refusesSecondOpen() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("twice.duckdb")
        var first: DuckDB? = try DuckDB.open(file)
        #expect(throws: StorageError.alreadyOpen(path: file)) { try DuckDB.open(file) }
        #expect(throws: StorageError.alreadyOpen(path: folder.path + "/./twice.duckdb")) {
            try DuckDB.open(folder.path + "/./twice.duckdb", readOnly: true)
        }
        let second = try first?.connect()
        first = nil
        #expect(throws: StorageError.alreadyOpen(path: file)) { try DuckDB.open(file) }
        _ = second
    }

    @Test("Read-only connections read and do not write")
    func readOnly() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("r.duckdb")
        #expect(throws: StorageError.self) { try DuckDB.open(file, readOnly: true) }
        do { try DuckDB.open(file).execute("CREATE TABLE t AS SELECT 1 AS i") }
        let a = try DuckDB.open(file, readOnly: true)
        let b = try DuckDB.open(file, readOnly: true)
        #expect(try a.query("SELECT i FROM t").scalar == .int(1))
        #expect(try b.query("SELECT i FROM t").scalar == .int(1))
        #expect(throws: StorageError.self) { try a.execute("DELETE FROM t") }
    }

    @Test("Limits given at opening are DuckDB's, and its clock's zone is UTC")
    func limits() throws {
        let db = try DuckDB.open(":memory:", threads: 1, memoryLimitBytes: 100 << 20)
        #expect(try db.query("SELECT current_setting('TimeZone')").scalar == .text("UTC"))
        #expect(try db.query("SELECT current_setting('threads')::BIGINT").scalar == .int(1))
        #expect(try db.query("SELECT current_setting('memory_limit')").scalar == .text("100.0 MiB"))
    }

    @Test("A file that is no database is refused, not damaged")
    func refusesOtherFiles() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("notes.txt")
        let text = Data(String(repeating: "not a database\n", count: 1000).utf8)
        try text.write(to: URL(fileURLWithPath: file))
        #expect(throws: StorageError.self) { try DuckDB.open(file) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == text)
    }

    @Test("A library that is not there is reported with every place tried and the remedy")
    func libraryNotFound() throws {
        let folder = try TemporaryFolder()
        #expect {
            try DuckDBLibrary.find(named: "", system: "libduckdb-none.so", folders: [folder.path])
        } throws: { error in
            let text = "\(error)"
            return ["libduckdb-none.so", folder.path + "/.deps/python", "make deps", DuckDBLibrary.variable].allSatisfy(text.contains)
        }
        #expect {
            try DuckDBLibrary.find(named: folder.file("gone.so"), system: "libduckdb.so", folders: [])
        } throws: { "\($0)".contains(folder.file("gone.so")) && "\($0)".contains("make deps") }
        try Data("no object".utf8).write(to: URL(fileURLWithPath: folder.file("_duckdb.cpython-399-x.so")))
        #expect {
            try DuckDBLibrary.find(named: folder.file("_duckdb.cpython-399-x.so"), system: "", folders: [])
        } throws: { "\($0)".contains("libpython3.99.so.1.0") }
    }
}

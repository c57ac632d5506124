import ClickModel
import Foundation
import Storage
import Testing

@Suite("Arrow table builder")
struct ArrowTableBuilderTests {
    /// A random table kept twice: in the builder, and as plain values.
    private static func fill(_ builder: ArrowTableBuilder, rows: Int, seed: UInt64) -> [[Value]] {
        var random = SplitMix64(seed: seed)
        let texts = ["", "a", "ad-7", "Grüße, 世界", "it's \"quoted\"", String(repeating: "long ", count: 60)]
        var model: [[Value]] = []
        for _ in 0..<rows {
            var row: [Value] = []
            for column in builder.columns {
                if Int.random(in: 0..<5, using: &random) == 0 {
                    builder.appendNull()
                    row.append(.null)
                    continue
                }
                row.append(append(to: builder, column.kind, texts, &random))
            }
            builder.endRow()
            model.append(row)
        }
        return model
    }

    private static func append(to builder: ArrowTableBuilder, _ kind: ArrowColumnKind, _ texts: [String], _ random: inout SplitMix64) -> Value {
        switch kind {
        case .int64:
            let value = Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random)
            builder.append(int64: value)
            return .int(value)
        case .int32:
            let value = Int32(truncatingIfNeeded: random.next())
            builder.append(int32: value)
            return .int(Int64(value))
        case .double:
            let value = Double.random(in: -1e9...1e9, using: &random)
            builder.append(double: value)
            return .double(value)
        case .float:
            let value = Float.random(in: -1...1, using: &random)
            builder.append(float: value)
            return .double(Double(value))
        case .bool:
            let value = Bool.random(using: &random)
            builder.append(bool: value)
            return .bool(value)
        case .text:
            let value = texts.randomElement(using: &random)!
            builder.append(text: value)
            return .text(value)
        case .binary:
            let value = (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            builder.append(binary: value)
            return .blob(value)
        case .timestamp:
            let value = EventTime(milliseconds: Int64.random(in: -4_000_000_000_000...4_000_000_000_000, using: &random))
            builder.append(time: value)
            return .time(value)
        case .date:
            let value = CivilDate(daysSince1970: Int64.random(in: -40_000...40_000, using: &random))
            builder.append(date: value)
            return .date(value)
        case .money:
            let value = Money(e4: Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
            builder.append(money: value)
            return .money(value)
        case .textList:
            let values = (0..<Int.random(in: 0..<5, using: &random)).map { _ in texts.randomElement(using: &random)! }
            builder.append(texts: values)
            return .list(values.map(Value.text))
        case .floatList:
            let values = (0..<Int.random(in: 0..<5, using: &random)).map { _ in Float.random(in: -1...1, using: &random) }
            builder.append(floats: values)
            return .list(values.map { .double(Double($0)) })
        }
    }

    private static let columns = ArrowColumnKind.allCases.enumerated().map { ArrowColumn("c\($0)", $1) }

    @Test("Every kind, nulls among them, comes back as it went in, over many fills of one builder", arguments: [1, 7, 8, 9, 1023, 1024, 1025, 5000])
    func roundTrip(rows: Int) throws {
        let db = try DuckDB.open(":memory:")
        let builder = ArrowTableBuilder(Self.columns, rowCapacity: 4)
        for fill in 0..<3 {
            let seed = UInt64(rows * 10 + fill)
            let model = Self.fill(builder, rows: rows, seed: seed)
            #expect(builder.count == rows)
            #expect(try db.ingest(builder, into: "t\(fill)", mode: .create) == rows)
            builder.removeAll()
            let result = try db.query("SELECT * FROM t\(fill) ORDER BY rowid")
            #expect(result.columns == Self.columns.map(\.name))
            #expect(result.rows == model, "seed \(seed)")
        }
    }

    @Test("A table made from a builder has the types its columns name")
    func types() throws {
        let db = try DuckDB.open(":memory:")
        let builder = ArrowTableBuilder(Self.columns)
        _ = Self.fill(builder, rows: 10, seed: 1)
        try db.ingest(builder, into: "made", mode: .create)
        let types = try db.query("SELECT data_type FROM information_schema.columns WHERE table_name = 'made' ORDER BY ordinal_position")
        #expect(types.rows.map { $0[0].text } == Self.columns.map(\.kind.sqlType))
    }

    @Test("DuckDB's own Python client reads every kind as we meant it")
    func pythonReads() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("kinds.duckdb")
        do {
            let db = try DuckDB.open(file)
            let rows = ArrowTableBuilder(Self.columns)
            rows.append(int64: .min)
            rows.append(int32: .max)
            rows.append(double: 0.1)
            rows.append(float: 0.5)
            rows.append(bool: true)
            rows.append(text: "Grüße 世界")
            rows.append(binary: [0, 255])
            rows.append(time: EventTime(milliseconds: 1_762_000_000_123))
            rows.append(date: CivilDate(daysSince1970: 20_000))
            rows.append(money: Money(e4: -.max))
            rows.append(texts: NameBytes(["a", "b", "c", "d"]), selectedBy: 0b1_1010)
            rows.append(floats: [1, 2, 3, 4, 5, 6], count: 2, stride: 3)
            rows.endRow()
            for _ in Self.columns { rows.appendNull() }
            rows.endRow()
            try db.ingest(rows, into: "kinds", mode: .create)
        }
        let text = try Python.run(
            "import duckdb,sys\nfor r in duckdb.connect(sys.argv[1], read_only=True).execute('from kinds').fetchall(): print(r)", [file])
        let expected = """
            (-9223372036854775808, 2147483647, 0.1, 0.5, True, 'Grüße 世界', b'\\x00\\xff', \
            datetime.datetime(2025, 11, 1, 12, 26, 40, 123000), datetime.date(2024, 10, 4), Decimal('-922337203685477.5807'), \
            ['b', 'd'], [1.0, 4.0])
            (None, None, None, None, None, None, None, None, None, None, None, None)

            """
        #expect(text == expected)
    }

    @Test("Ingest into a table with other columns fails and changes nothing")
    func wrongColumns() throws {
        let db = try DuckDB.open(":memory:")
        try db.execute("CREATE TABLE t (i BIGINT, s VARCHAR)")
        let rows = ArrowTableBuilder([ArrowColumn("i", .int64)])
        rows.append(int64: 1)
        rows.endRow()
        #expect(throws: StorageError.self) { try db.ingest(rows, into: "t") }
        #expect(throws: StorageError.self) { try db.ingest(rows, into: "nowhere") }
        #expect(throws: StorageError.self) { try db.ingest(rows, into: "t", mode: .create) }
        rows.removeAll()
        #expect(try db.query("SELECT count(*) FROM t").scalar == .int(0))
    }

    @Test("A temporary table replaces the one before and is seen by its connection only")
    func temporary() throws {
        let db = try DuckDB.open(":memory:")
        let other = try db.connect()
        let rows = ArrowTableBuilder([ArrowColumn("i", .int64)])
        for fill in 1...3 {
            rows.removeAll()
            for _ in 0..<fill {
                rows.append(int64: Int64(fill))
                rows.endRow()
            }
            try db.ingest(rows, into: "stage", mode: .temporary)
            #expect(try db.query("SELECT sum(i) FROM stage").scalar == .int(Int64(fill * fill)))
        }
        #expect(throws: StorageError.self) { try other.query("SELECT * FROM stage") }
    }

    @Test("Times beyond what microseconds hold are held at the end, and text bytes of length 0 are unknown")
    func edges() throws {
        let db = try DuckDB.open(":memory:")
        let rows = ArrowTableBuilder([ArrowColumn("t", .timestamp), ArrowColumn("s", .text)])
        for time in [Int64.min, .max] {
            rows.append(time: EventTime(milliseconds: time))
            rows.append(textOrNull: UnsafeRawBufferPointer(start: nil, count: 0))
            rows.endRow()
        }
        try db.ingest(rows, into: "e", mode: .create)
        #expect(try db.query("SELECT count(*) FROM e WHERE s IS NULL AND t IS NOT NULL").scalar == .int(2))
    }

    @Test("Text that is not UTF-8 is refused by the database, which goes on")
    func invalidText() throws {
        let db = try DuckDB.open(":memory:")
        try db.execute("CREATE TABLE t (s VARCHAR)")
        let rows = ArrowTableBuilder([ArrowColumn("s", .text)])
        [UInt8]([0x61, 0xFF, 0xFE]).withUnsafeBytes { rows.append(text: $0) }
        rows.endRow()
        #expect(throws: StorageError.self) { try db.ingest(rows, into: "t") }
        #expect(try db.query("SELECT count(*) FROM t").scalar == .int(0))
    }

    @Test("Writing again and again leaves no memory behind")
    func noLeaks() throws {
        let db = try DuckDB.open(":memory:", threads: 1)
        let builder = ArrowTableBuilder(Self.columns)
        func residentPages() throws -> Int {
            let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            return Int(text.split(separator: " ")[1]) ?? 0
        }
        func write(_ times: Int) throws {
            for i in 0..<times {
                builder.removeAll()
                _ = Self.fill(builder, rows: 20, seed: UInt64(i))
                try db.ingest(builder, into: "leak", mode: .temporary)
                _ = try db.query("SELECT * FROM leak WHERE c0 > ?", [.int(0)])
            }
        }
        // Exports are counted exactly by the builder (`removeAll` traps on one that was not released); this watches the rest.
        try write(100)
        // Other tests of the process take memory too, now and then; a leak is there in every round.
        var grown = Int.max
        for _ in 0..<5 where grown >= 64 << 20 {
            let before = try residentPages()
            try write(300)
            grown = (try residentPages() - before) * 4096
        }
        #expect(grown < 64 << 20, "\(grown) bytes")
    }
}

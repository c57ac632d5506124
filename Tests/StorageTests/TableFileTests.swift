import Foundation
import Testing
import Storage

@Suite("Table files")
struct TableFileTests {
    private let folder: TemporaryFolder
    private let database: DuckDB

    init() throws {
        folder = try TemporaryFolder()
        database = try DuckDB.open(":memory:")
    }

    private func write(_ name: String, _ text: String) throws -> String { try write(name, Data(text.utf8)) }

    private func write(_ name: String, _ data: Data) throws -> String {
        let path = folder.file(name)
        try data.write(to: URL(filePath: path))
        return path
    }

    private func open(_ text: String, name: String = "t.csv") throws -> TableFile {
        try TableFile(write(name, text), shownAs: name, database)
    }

    @Test("a column's kind is that of all its values, not of the first ones")
    func kinds() throws {
        var text = "id,amount,flag,day,moment,nothing,late\n"
        for row in 0..<30_000 { text += "a\(row),\(row).5,\(row % 2 == 0),2026-01-0\(1 + row % 9),2026-01-01T00:00:0\(row % 10)Z,NA,\(row)\n" }
        text += "b,,,,,,x\n"
        let file = try open(text)
        #expect(file.rows == 30_001)
        #expect(file.columns.map(\.kind) == [.text, .number, .flag, .moment, .moment, .empty, .text])
        #expect(file.columns[6].misfits?.count == 1 && file.columns[6].misfits?.example == "x")
        #expect(file.columns[0].misfits == nil)
    }

    @Test("cells come as numbers, texts and times; what means unknown is unknown")
    func cells() throws {
        let file = try open("n,t,m,b\r\n1.5,\"a,\"\"b\"\"\",2026-01-01,true\r\nNA,NULL,2026-01-01T00:00:01+01:00,False\r\n1e39,é,1970-01-01 00:00:00.25,\r\n")
        let columns = file.columns
        let reader = try TableReader(
            file, [(columns[0], .number), (columns[1], .text), (columns[2], .milliseconds), (columns[3], .number)], database)
        #expect(try reader.next() == 3)
        var numbers: [Float] = []
        reader.appendNumbers(0, count: 3, to: &numbers)
        #expect(numbers[0] == 1.5 && numbers[1].isNaN && numbers[2] == .infinity)
        #expect((0..<3).map { reader.text(1, row: $0) } == ["a,\"b\"", nil, "é"])
        #expect((0..<3).map { reader.milliseconds(2, row: $0) } == [1_767_225_600_000, 1_767_222_001_000, 250])
        #expect(reader.number(3, row: 0) == 1 && reader.number(3, row: 1) == 0 && reader.number(3, row: 2).isNaN)
        #expect(try reader.next() == 0)
    }

    @Test("numbers as times are seconds or milliseconds by their size")
    func numericTimes() throws {
        let file = try open("ts\n1700000000\n1700000000123\n-5\n")
        let reader = try TableReader(file, [(file.columns[0], .milliseconds)], database)
        #expect(try reader.next() == 3)
        #expect((0..<3).map { reader.milliseconds(0, row: $0) } == [1_700_000_000_000, 1_700_000_000_123, -5000])
    }

    @Test("the separator is found in the header; quotes, repeated and missing names are kept apart")
    func headers() throws {
        #expect(try open("a;b\n1;2\n").columns.map(\.name) == ["a", "b"])
        #expect(try open("a\tb,c\td\n1\t2\t3\n").columns.map(\.name) == ["a", "b,c", "d"])
        #expect(try open("\"a \"\"q\"\"\",\"b,c\"\n1,2\n").columns.map(\.name) == ["a \"q\"", "b,c"])
        let repeated = try open(",x,y,x,X\n0,1,2,3,4\n")
        #expect(repeated.columns.map(\.name) == ["x", "y", "X"] && repeated.repeatedNames == ["", "x"])
        let reader = try TableReader(repeated, repeated.columns.map { ($0, .number) }, database)
        #expect(try reader.next() == 1)
        #expect((0..<3).map { reader.number($0, row: 0) } == [1, 2, 4])
    }

    @Test("a name that looks like a glob or ends unlike its content is read all the same")
    func names() throws {
        #expect(try open("a\n1\n", name: "x[1]*.csv").rows == 1)
        #expect(try open("a\n1\n", name: "x.csv.gz").rows == 1)
        #expect(try open("a\n1\n", name: "it's").rows == 1)
    }

    static let damaged: [(text: [UInt8], expected: String)] = [
        (Array("a,b\n1,2\n3,4,5\n".utf8), "t.csv: line 3: expected 2 columns as in the first line, found 3"),
        (Array("a,b\n1,2\n3\n".utf8), "t.csv: line 3: expected 2 columns as in the first line, found 1"),
        (Array("a,b\n1,\"2\n3,4\n".utf8), "t.csv: line 2: expected a closing quote, found none"),
        (Array("a,b\n1,caf".utf8) + [0xE9, 10], "t.csv: line 2: expected UTF-8 text, found other bytes"),
        ([], "t.csv: expected a table, found nothing"), (Array("a,b\n".utf8), "t.csv: no rows"),
        (Array("\"a,b\n1,2\n".utf8), "t.csv: line 1: expected the columns' names, found an open quote"),
        (Array("PAR1 and no more".utf8), "t.csv: No magic bytes found at end of file"), ([0x1F, 0x8B, 8, 0, 0], "t.csv: "),
    ]

    @Test("damaged files are errors with file, line and what was expected", arguments: damaged)
    func damage(text: [UInt8], expected: String) throws {
        let path = try write("t.csv", Data(text))
        let error = try #require(throws: TableFileError.self) { try TableFile(path, shownAs: "t.csv", database) }
        #expect("\(error)".hasPrefix(expected), "\(error)")
    }

    @Test("random bytes are an error or a table, never a crash", arguments: 1...20 as ClosedRange<UInt64>)
    func randomBytes(seed: UInt64) throws {
        var state = seed
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
        let alphabet = Array("a1,\"\n\r;\t|.-eN ".utf8)
        let count = Int(next())
        let bytes = (0..<count).map { _ in seed % 2 == 0 ? next() : alphabet[Int(next()) % alphabet.count] }
        let path = try write("random", Data(bytes))
        do {
            let file = try TableFile(path, shownAs: "random", database)
            let reader = try TableReader(file, file.columns.map { ($0, $0.kind == .number || $0.kind == .flag ? .number : .text) }, database)
            var rows = 0
            while case let count = try reader.next(), count > 0 { rows += count }
            #expect(rows == file.rows, "seed \(seed)")
        } catch {
            #expect(!error.detail.isEmpty, "seed \(seed)")
        }
    }
}

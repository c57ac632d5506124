import ClickModel
import Foundation
import Storage
import Testing

@Suite("Rows encoded as Parquet where they stand")
struct ParquetEncoderTests {
    private static let columns = [ArrowColumn("id", .int64), ArrowColumn("name", .text), ArrowColumn("ts", .timestamp)]

    private static func rows(_ count: Int) -> ArrowTableBuilder {
        let rows = ArrowTableBuilder(columns)
        for i in 0..<count {
            rows.append(int64: Int64(i))
            if i % 7 == 0 { rows.appendNull() } else { rows.append(text: "click \(i)") }
            rows.append(time: EventTime(milliseconds: Int64(i) * 1000))
            rows.endRow()
        }
        return rows
    }

    private static func sum(_ path: String) throws -> [Value] {
        try DuckDB.open(":memory:").query(
            "SELECT count(*), sum(id)::BIGINT, count(name), bool_and(id = 0 OR id % 7 = 0 OR name = 'click ' || id) FROM read_parquet('\(path)')").rows[0]
    }

    @Test("a condition picks rows, and the same rows can be written again, by other conditions too")
    func conditions() throws {
        let folder = try TemporaryFolder()
        let encoder = try ParquetEncoder(columns: Self.columns)
        let rows = Self.rows(100_000)
        let all = folder.file("all.parquet"), part = folder.file("part.parquet")
        for _ in 0..<3 {
            #expect(try encoder.write(rows, to: all) == 100_000)
            #expect(try encoder.write(rows, where: "ts >= make_timestamp(10000000) AND ts < make_timestamp(20000000)", to: part) == 10)
        }
        #expect(try Self.sum(all) == [.int(100_000), .int(4_999_950_000), .int(85_714), .bool(true)])
        #expect(try Self.sum(part) == [.int(10), .int(145), .int(9), .bool(true)])
        rows.removeAll()
        #expect(try encoder.write(rows, to: all) == 0)
        #expect(rows.isEmpty)
    }

    @Test("a file that cannot be written is an error in words, and the next one is written")
    func failure() throws {
        let folder = try TemporaryFolder()
        let encoder = try ParquetEncoder(columns: Self.columns)
        let rows = Self.rows(1000)
        let error = #expect(throws: StorageError.self) { try encoder.write(rows, to: folder.file("no/such/folder/x.parquet")) }
        #expect("\(error!)".contains("no/such/folder/x.parquet"))
        #expect(throws: StorageError.self) { try encoder.write(rows, where: "no_such_column = 1", to: folder.file("x.parquet")) }
        // Nobody holds the rows any more: they may be forgotten.
        #expect(try encoder.write(rows, to: folder.file("x.parquet")) == 1000)
        rows.removeAll()
    }
}

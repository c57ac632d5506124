import Storage
import Testing

@Suite("Rows handed on one by one")
struct RowStreamTests {
    private struct Enough: Error {}

    @Test("they are those of the whole result, in order, with parameters bound, whatever their number", arguments: [0, 1, 2048, 10_001])
    func sameRows(count: Int) throws {
        let db = try DuckDB.open(":memory:")
        let sql = "SELECT i, i::VARCHAR || ?, [i::VARCHAR] FROM range(\(count)) AS t(i) ORDER BY i DESC"
        let whole = try db.query(sql, [.text("'; x")])
        var rows: [[Value]] = []
        try db.forEachRow(sql, [.text("'; x")]) { rows.append($0) }
        #expect(rows.count == count && rows == whole.rows)
    }

    @Test("an error of the taker ends the query, comes out, and leaves the connection usable")
    func takerStops() throws {
        let db = try DuckDB.open(":memory:")
        var taken = 0
        #expect(throws: Enough.self) {
            try db.forEachRow("SELECT i FROM range(1000000) AS t(i)") { _ in
                taken += 1
                if taken == 3000 { throw Enough() }
            }
        }
        #expect(taken == 3000)
        #expect(try db.query("SELECT 7").scalar == .int(7))
        #expect(throws: StorageError.self) { try db.forEachRow("SELECT nonsense") { _ in } }
    }
}

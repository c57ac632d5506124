import ClickModel
import Storage
import Testing

/// Rates are printed, never asserted: the figures are the machine's.
@Suite("Bulk writing", .serialized)
struct BulkIngestTests {
    private static func timed(_ name: String, rows: Int, _ work: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        let seconds = try clock.measure(work) / .seconds(1)
        print("\(name): \(rows) rows in \((seconds * 1000).rounded()) ms, \(Int(Double(rows) / seconds)) rows/s")
    }

    @Test("A million narrow rows arrive complete")
    func narrow() throws {
        let folder = try TemporaryFolder()
        let db = try DuckDB.open(folder.file("n.duckdb"))
        try db.execute("CREATE TABLE t (i BIGINT, cost DECIMAL(19,4), ts TIMESTAMP)")
        let rows = ArrowTableBuilder([ArrowColumn("i", .int64), ArrowColumn("cost", .money), ArrowColumn("ts", .timestamp)])
        let count = 1_000_000
        Self.timed("append narrow", rows: count) {
            for i in 0..<Int64(count) {
                rows.append(int64: i)
                rows.append(money: Money(e4: i))
                rows.append(time: EventTime(milliseconds: i))
                rows.endRow()
            }
        }
        try Self.timed("ingest narrow", rows: count) { try db.ingest(rows, into: "t") }
        let sums = try db.query("SELECT count(*), sum(i), sum(cost), max(ts), count(DISTINCT i) FROM t").rows
        #expect(sums == [[.int(1_000_000), .int(499_999_500_000), .money(Money(e4: 499_999_500_000)), .time(EventTime(milliseconds: 999_999)), .int(1_000_000)]])
    }

    @Test("Minute rows of two full epochs, half of them replacements")
    func minutes() throws {
        let folder = try TemporaryFolder()
        let warehouse = try Warehouse(path: folder.file("m.duckdb"))
        let epoch = EpochCommit(record: EpochRecord(epoch: 1, source: "s", offset: 0, totals: EventTotals(), committedAt: EventTime(milliseconds: 0)))
        let ads = (0..<2000).map { "advertisement-\($0)" }
        for number in 0..<4 as Range<Int64> {
            epoch.removeAll()
            epoch.record.epoch = number + 1
            Self.timed("append minutes", rows: 100_000) {
                for i in 0..<100_000 { Self.appendMinute(epoch.minutes, ads[i % 2000], minute: number * 25 + Int64(i / 2000), clicks: number, epoch: number + 1) }
            }
            try Self.timed("commit minutes", rows: 100_000) { try warehouse.commit(epoch) }
        }
        // Each epoch brings 50 minutes, 25 of which the epoch before had.
        let result = try warehouse.database.query("SELECT count(*), sum(click_count), count(DISTINCT (ad_id, window_start)) FROM click_aggregates_minute")
        let clicks = (0..<125 as Range<Int64>).reduce(0) { $0 + min($1 / 25, 3) * 2000 }
        #expect(result.rows == [[.int(250_000), .int(clicks), .int(250_000)]])
    }

    private static func appendMinute(_ rows: ArrowTableBuilder, _ ad: String, minute: Int64, clicks: Int64, epoch: Int64) {
        rows.append(text: ad)
        rows.append(text: "campaign-1")
        rows.append(text: "advertiser-1")
        rows.append(time: EventTime(milliseconds: minute * 60_000))
        rows.append(time: EventTime(milliseconds: (minute + 1) * 60_000))
        rows.append(int64: clicks)
        rows.append(int64: clicks)
        rows.append(int64: clicks)
        rows.append(int64: 0)
        rows.append(money: Money(e4: clicks))
        withUnsafeTemporaryAllocation(byteCount: 67, alignment: 8) { sketch in
            sketch.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: minute))
            rows.append(binary: UnsafeRawBufferPointer(sketch))
        }
        rows.append(text: "on_time")
        rows.append(int64: epoch)
        rows.endRow()
    }

    @Test("Flagged rows with their features")
    func flagged() throws {
        let folder = try TemporaryFolder()
        let warehouse = try Warehouse(path: folder.file("f.duckdb"))
        let rows = WarehouseTable.flagged.builder()
        let block = FeatureBlock(columnCount: 63)
        let text = [UInt8]("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36".utf8)
        let names = NameBytes((0..<64).map { "rule_\($0)" })
        let count = 100_000
        for pass in 0..<2 {
            rows.removeAll()
            Self.timed("append flagged, pass \(pass)", rows: count) {
                text.withUnsafeBytes { bytes in
                    for i in 0..<count { Self.appendFlagged(rows, bytes, block, names, i) }
                }
            }
            try Self.timed("ingest flagged, \(rows.byteCount / count) B a row", rows: count) { try warehouse.append(rows, to: .flagged) }
        }
        let result = try warehouse.database.query("SELECT count(*), sum(len(features)), sum(len(rules)), sum(cost), count(referrer) FROM flagged_clicks")
        #expect(result.rows == [[.int(200_000), .int(200_000 * 63), .int(400_000), .money(Money(e4: 2 * 4_999_950_000)), .int(0)]])
    }

    private static func appendFlagged(_ rows: ArrowTableBuilder, _ text: UnsafeRawBufferPointer, _ block: FeatureBlock, _ names: NameBytes, _ i: Int) {
        let id = UnsafeRawBufferPointer(rebasing: text[(i % 8)..<(i % 8 + 16)])
        rows.append(text: id)
        rows.append(time: EventTime(milliseconds: Int64(i)))
        for _ in 0..<7 { rows.append(text: id) }
        rows.append(text: id)
        rows.append(text: text)
        rows.append(textOrNull: UnsafeRawBufferPointer(start: nil, count: 0))
        rows.append(text: "DE")
        rows.append(text: id)
        rows.append(text: id)
        rows.append(money: Money(e4: Int64(i)))
        rows.append(float: 0.97)
        rows.append(text: "givt")
        rows.append(text: "known_crawler")
        rows.append(texts: names, selectedBy: 1 << 7)
        rows.append(texts: names, selectedBy: 1 << 7 | 1 << 60)
        rows.append(floats: block.values + i % 1024, count: 63, stride: block.stride)
        rows.append(text: "model-1")
        rows.append(text: "rules-1")
        rows.append(text: "file:a")
        rows.append(int64: Int64(i))
        rows.append(int64: 1)
        rows.endRow()
    }

    @Test("Small epochs, as a server commits them")
    func smallEpochs() throws {
        let folder = try TemporaryFolder()
        let warehouse = try Warehouse(path: folder.file("s.duckdb"))
        let epoch = EpochCommit(record: EpochRecord(epoch: 1, source: "s", offset: 0, totals: EventTotals(), committedAt: EventTime(milliseconds: 0)))
        try Self.timed("small epochs of 50 minute rows", rows: 60) {
            for number in 1...60 as ClosedRange<Int64> {
                epoch.removeAll()
                epoch.record.epoch = number
                epoch.sources = [SourceRecord(source: "s", name: "s")]
                for ad in 0..<50 { Self.appendMinute(epoch.minutes, "ad-\(ad)", minute: number / 10, clicks: number, epoch: number) }
                try warehouse.commit(epoch)
            }
        }
        #expect(try warehouse.database.query("SELECT count(*), sum(click_count) FROM click_aggregates_minute").rows == [[.int(350), .int(50 * (9 + 19 + 29 + 39 + 49 + 59 + 60))]])
    }
}

import ClickModel
import Foundation
import Storage
import Testing

@Suite("Warehouse")
struct WarehouseTests {
    private static let start: Int64 = 1_762_000_020_000

    private static func epoch(_ number: Int64, totals: EventTotals, offset: Int64? = nil) -> EpochCommit {
        EpochCommit(
            record: EpochRecord(
                epoch: number, source: "file:a", offset: offset ?? number * 1000, totals: totals,
                committedAt: EventTime(milliseconds: start + number)))
    }

    private static func totals(_ valid: Int64, fraud: Int64 = 0) -> EventTotals {
        EventTotals(received: valid + fraud + 6, valid: valid, fraud: fraud, duplicate: 1, late: 2, rejected: 3)
    }

    private static func minute(_ epoch: EpochCommit, ad: String, at minute: Int64, clicks: Int64) {
        let rows = epoch.minutes
        rows.append(text: ad)
        rows.append(text: "c")
        rows.append(text: "v")
        rows.append(time: EventTime(milliseconds: start + minute * 60_000))
        rows.append(time: EventTime(milliseconds: start + (minute + 1) * 60_000))
        for count in [clicks, 1, clicks - 1, 1] { rows.append(int64: count) }
        rows.append(money: Money(e4: clicks * 2500))
        rows.append(binary: [0x12, 0xAE, 0x7F])
        rows.append(text: "on_time")
        rows.append(int64: epoch.record.epoch)
        rows.endRow()
    }

    private static func day(_ epoch: EpochCommit, ad: String, campaign: String, day: Int64, clicks: Int64) {
        let rows = epoch.days
        for id in [ad, campaign, "v"] { rows.append(text: id) }
        rows.append(date: CivilDate(daysSince1970: day))
        for count in [clicks, 1, clicks, 0] { rows.append(int64: count) }
        rows.append(money: Money(e4: clicks * 2500))
        rows.appendNull()
        rows.append(int64: clicks)
        rows.append(money: Money(e4: clicks * 2500))
        rows.endRow()
    }

    private static func dump(_ warehouse: Warehouse) throws -> [[[Value]]] {
        try WarehouseTable.all.map { try warehouse.database.query("SELECT * FROM \($0.name) ORDER BY ALL").rows }
    }

    @Test("A new file gets every table of the design, and opens again as it was")
    func createsSchema() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("w.duckdb")
        do {
            let warehouse = try Warehouse(path: file)
            #expect(try warehouse.lastEpoch() == nil)
            #expect(try warehouse.sources() == [])
            try warehouse.commit(Self.epoch(1, totals: Self.totals(5)))
        }
        let again = try Warehouse(path: file, readOnly: true)
        #expect(try again.lastEpoch()?.epoch == 1)
        let tables = try again.database.query("SELECT table_name FROM information_schema.tables ORDER BY 1").rows.map { $0[0].text ?? "" }
        #expect(tables == (WarehouseTable.all.map(\.name) + ["click_totals_daily", "meta"]).sorted())
        let daily = try again.database.query("SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = 'click_aggregates_daily'")
        #expect(Set(daily.rows.map { $0[0].text ?? "" }).isSuperset(of: ["date DATE", "billable_clicks BIGINT", "billable_cost DECIMAL(19,4)", "total_cost DECIMAL(19,4)", "unique_users_hll BLOB"]))
    }

    @Test("A file of a newer program, or of another program, is refused in words")
    func refusesForeignFiles() throws {
        let folder = try TemporaryFolder()
        let newer = folder.file("newer.duckdb")
        do { try Warehouse(path: newer).database.execute("UPDATE meta SET value = '99'") }
        #expect(throws: StorageError.newerSchema(path: newer, found: 99, supported: Warehouse.schemaVersion)) { try Warehouse(path: newer) }
        let older = folder.file("older.duckdb")
        do { try Warehouse(path: older).database.execute("UPDATE meta SET value = '1'") }
        let refusal = StorageError.olderSchema(path: older, found: 1, supported: Warehouse.schemaVersion)
        #expect(throws: refusal) { try Warehouse(path: older) }
        #expect(throws: refusal) { try Warehouse(path: older, readOnly: true) }
        #expect(refusal.description.contains("new database"))
        let foreign = folder.file("foreign.duckdb")
        do { try DuckDB.open(foreign).execute("CREATE TABLE credits (i INTEGER)") }
        #expect { try Warehouse(path: foreign) } throws: { "\($0)".contains("credits") }
        let meta = folder.file("meta.duckdb")
        do { try DuckDB.open(meta).execute("CREATE TABLE meta (x INTEGER)") }
        #expect { try Warehouse(path: meta) } throws: { "\($0)".contains("another program") }
        let empty = folder.file("empty.duckdb")
        do { _ = try DuckDB.open(empty) }
        #expect(throws: StorageError.self) { try Warehouse(path: empty, readOnly: true) }
    }

    @Test("Window rows replace those of their key, whatever the epochs, as a dictionary would")
    func upserts() throws {
        let warehouse = try Warehouse(path: ":memory:")
        let seed: UInt64 = 20_261_121
        var random = SplitMix64(seed: seed)
        var minutes: [String: Int64] = [:]
        var days: [String: Int64] = [:]
        let commit = Self.epoch(0, totals: Self.totals(0))
        for number in 1...12 {
            commit.removeAll()
            commit.record.epoch = Int64(number)
            // Keys repeat within an epoch too: the last row counts.
            for _ in 0..<Int.random(in: 0...300, using: &random) {
                let ad = "ad-\(Int.random(in: 0..<20, using: &random))"
                let at = Int64.random(in: Int64(number) - 3...Int64(number), using: &random)
                let clicks = Int64.random(in: 1...1000, using: &random)
                Self.minute(commit, ad: ad, at: at, clicks: clicks)
                minutes["\(ad) \(at)"] = clicks
                let campaign = "c\(Int.random(in: 0..<2, using: &random))"
                Self.day(commit, ad: ad, campaign: campaign, day: 20_000 + at, clicks: clicks)
                days["\(ad) \(campaign) \(at)"] = clicks
            }
            try warehouse.commit(commit)
        }
        let stored = try warehouse.database.query(
            "SELECT ad_id || ' ' || (epoch_ms(window_start) - \(Self.start)) // 60000, click_count, total_cost FROM click_aggregates_minute")
        #expect(stored.rows.count == minutes.count, "seed \(seed)")
        for row in stored.rows {
            let clicks = minutes[row[0].text ?? ""]
            #expect(row[1].int == clicks && row[2].money?.e4 == clicks.map { $0 * 2500 }, "seed \(seed)")
        }
        let daily = try warehouse.database.query("SELECT ad_id || ' ' || campaign_id || ' ' || (date - DATE '1970-01-01' - 20000), billable_clicks FROM click_aggregates_daily")
        #expect(daily.rows.count == days.count, "seed \(seed)")
        for row in daily.rows { #expect(row[1].int == days[row[0].text ?? ""], "seed \(seed)") }
    }

    @Test("The same epoch again changes nothing; another one under its number is refused")
    func sameEpochAgain() throws {
        let warehouse = try Warehouse(path: ":memory:")
        let first = Self.epoch(1, totals: Self.totals(10))
        Self.minute(first, ad: "a", at: 0, clicks: 10)
        first.late.appendRow(click: "late-1")
        first.sources = [SourceRecord(source: "file:a", name: "a.ndjson", offset: 1000, totals: Self.totals(10))]
        #expect(try warehouse.commit(first) == .committed)
        let before = try Self.dump(warehouse)
        first.record.committedAt.milliseconds += 5
        #expect(try warehouse.commit(first) == .alreadyCommitted)
        #expect(try Self.dump(warehouse) == before)
        #expect(throws: StorageError.self) { try warehouse.commit(Self.epoch(1, totals: Self.totals(11))) }
        #expect(throws: StorageError.self) { try warehouse.commit(Self.epoch(1, totals: Self.totals(10), offset: 7)) }
        #expect(throws: StorageError.self) { try warehouse.commit(Self.epoch(0, totals: Self.totals(0))) }
        #expect(throws: StorageError.self) { try warehouse.commit(Self.epoch(2, totals: Self.totals(9))) }
        #expect(try Self.dump(warehouse) == before)
        #expect(try warehouse.commit(Self.epoch(2, totals: Self.totals(10))) == .committed)
    }

    @Test("Totals that do not add up are refused, and the database is untouched and goes on")
    func conservation() throws {
        let warehouse = try Warehouse(path: ":memory:")
        try warehouse.commit(Self.epoch(1, totals: Self.totals(10)))
        let before = try Self.dump(warehouse)
        var lost = Self.totals(20)
        lost.received += 1
        let commit = Self.epoch(2, totals: lost)
        Self.minute(commit, ad: "a", at: 0, clicks: 10)
        #expect(throws: StorageError.notConserved(of: "epoch 2", totals: lost)) { try warehouse.commit(commit) }
        commit.record.totals = Self.totals(20)
        commit.sources = [SourceRecord(source: "s", name: "s", totals: lost)]
        #expect(throws: StorageError.notConserved(of: "source s", totals: lost)) { try warehouse.commit(commit) }
        var negative = EventTotals(received: 10, valid: 20, fraud: -10)
        #expect(negative.accounted == 10 && !negative.isConserved)
        negative = EventTotals(received: .min, valid: .max, fraud: 1)
        #expect(!negative.isConserved)
        #expect(try Self.dump(warehouse) == before)
        commit.sources = []
        #expect(try warehouse.commit(commit) == .committed)
    }

    @Test("An epoch that fails half-way leaves nothing, and can be committed again")
    func atomic() throws {
        let folder = try TemporaryFolder()
        let warehouse = try Warehouse(path: folder.file("atomic.duckdb"))
        let first = Self.epoch(1, totals: Self.totals(10))
        Self.minute(first, ad: "a", at: 0, clicks: 10)
        try warehouse.commit(first)
        let before = try Self.dump(warehouse)
        let second = Self.epoch(2, totals: Self.totals(20))
        Self.minute(second, ad: "a", at: 0, clicks: 20)
        Self.day(second, ad: "a", campaign: "c", day: 20_000, clicks: 20)
        second.late.appendRow(click: "late-2")
        // The last statement of the commit has nowhere to go.
        try warehouse.database.execute("ALTER TABLE epochs ADD COLUMN extra INTEGER")
        #expect(throws: StorageError.self) { try warehouse.commit(second) }
        try warehouse.database.execute("ALTER TABLE epochs DROP COLUMN extra")
        #expect(try Self.dump(warehouse) == before)
        #expect(try warehouse.commit(second) == .committed)
        #expect(try warehouse.database.query("SELECT click_count FROM click_aggregates_minute").rows == [[.int(20)]])
        #expect(try warehouse.database.query("SELECT count(*) FROM late_clicks").scalar == .int(1))
    }

    @Test("Epochs and sources read back as they were committed")
    func recordsRoundTrip() throws {
        let warehouse = try Warehouse(path: ":memory:")
        let commit = Self.epoch(1, totals: Self.totals(7, fraud: 3), offset: 123)
        let a = SourceRecord(
            source: "file:a", name: "a.ndjson", prefixBytes: 4096, prefixHash: "ab", offset: 123, line: 4, finished: true,
            totals: Self.totals(7, fraud: 3), verdictsPath: "v.csv", verdictsBytes: 99)
        let b = SourceRecord(source: "kafka:b", name: "b")
        commit.sources = [b, a]
        try warehouse.commit(commit)
        #expect(try warehouse.lastEpoch() == commit.record)
        #expect(try warehouse.epoch(1) == commit.record)
        #expect(try warehouse.epoch(2) == nil)
        #expect(try warehouse.sources() == [a, b])
        commit.removeAll()
        var moved = a
        moved.offset = 456
        commit.record.epoch = 2
        commit.sources = [moved]
        try warehouse.commit(commit)
        #expect(try warehouse.sources() == [moved, b])
    }

    @Test("Every table takes a row of nulls or values through its own builder")
    func everyTable() throws {
        let warehouse = try Warehouse(path: ":memory:")
        for table in WarehouseTable.all {
            let rows = table.builder()
            for column in table.columns { rows.appendSample(column.kind) }
            rows.endRow()
            try warehouse.append(rows, to: table)
            #expect(try warehouse.database.query("SELECT count(*) FROM \(table.name)").scalar == .int(1), "\(table.name)")
        }
    }

    @Test("A commit survives the process being killed right after it")
    func survivesKill() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("kill.duckdb")
        let warehouse = try Warehouse(path: file)
        let commit = Self.epoch(1, totals: Self.totals(10))
        Self.minute(commit, ad: "a", at: 0, clicks: 10)
        try warehouse.commit(commit)
        // The files as a kill would leave them: no closing, no checkpoint.
        for suffix in ["", ".wal"] where FileManager.default.fileExists(atPath: file + suffix) {
            try FileManager.default.copyItem(atPath: file + suffix, toPath: folder.file("copy.duckdb") + suffix)
        }
        let copy = try Warehouse(path: folder.file("copy.duckdb"))
        #expect(try copy.lastEpoch() == commit.record)
        #expect(try Self.dump(copy) == Self.dump(warehouse))
    }
}

extension ArrowTableBuilder {
    fileprivate func appendSample(_ kind: ArrowColumnKind) {
        switch kind {
        case .int64: append(int64: 1)
        case .int32: append(int32: 1)
        case .double: append(double: 1)
        case .float: append(float: 1)
        case .bool: append(bool: true)
        case .text: append(text: "x")
        case .binary: append(binary: [1])
        case .timestamp: append(time: EventTime(milliseconds: 1))
        case .date: append(days: 1)
        case .money: append(money: Money(e4: 1))
        case .textList: append(texts: ["x"])
        case .floatList: append(floats: [1])
        }
    }

    fileprivate func appendRow(click: String) {
        append(text: click)
        for _ in 1..<columns.count { appendNull() }
        endRow()
    }
}

import ClickModel
import Foundation
import Storage
import Testing

@Suite("Label changes and corrections")
struct LabelChangeTests {
    /// A whole hour, and not the first of its day.
    private static let hour: Int64 = 1_762_002_000_000

    private static func change(_ id: String, at offset: Int64 = 0, ad: String = "a", from: Label = .valid, to: Label = .fraud) -> LabelChange {
        LabelChange(
            clickID: id, clickTime: EventTime(milliseconds: hour + offset), adID: ad, campaignID: "c", advertiserID: "v", cost: Money(e4: 2500),
            from: from, to: to, cause: .review, actor: "eve", detail: "looked at it", changedAt: EventTime(milliseconds: hour * 2))
    }

    /// An epoch with a minute, its hour and its day for each ad.
    private static func epoch(_ number: Int64, ads: Range<Int> = 0..<1, firing: String = "on_time", valid: Int64 = 100) -> EpochCommit {
        let epoch = EpochCommit(
            record: EpochRecord(epoch: number, source: "s", offset: number, totals: EventTotals(), committedAt: EventTime(milliseconds: 0)))
        for i in ads {
            let ad = i == 0 ? "a" : "a\(i)"
            let row = WarehouseModel.Counts(clicks: 200, valid: valid, billableCost: Money(e4: valid * 2500), firing: firing, epoch: number)
            epoch.append(.minute, .init(ad: ad, start: hour), row)
            epoch.append(.hour, .init(ad: ad, start: hour), row)
            epoch.append(.day, .init(ad: ad, campaign: "c", advertiser: "v", start: hour / 86_400_000 * 86_400_000), row)
        }
        return epoch
    }

    private static func minute(_ warehouse: Warehouse, ad: String = "a") throws -> [Value] {
        try warehouse.database.query("SELECT valid_clicks, fraud_clicks, firing, epoch FROM click_aggregates_minute WHERE ad_id = ?", [.text(ad)]).rows.first ?? []
    }

    @Test("A label changed from outside moves the click within its three windows, and is pending until an epoch takes it up")
    func relabels() throws {
        let warehouse = try Warehouse(path: ":memory:")
        try warehouse.commit(Self.epoch(1))
        #expect(try warehouse.relabel([]) == 0)
        #expect(try warehouse.currentLabel(clickID: "x", at: EventTime(milliseconds: Self.hour)) == nil)
        #expect(try warehouse.relabel([Self.change("x")]) == 1)
        #expect(try Self.minute(warehouse) == [.int(99), .int(101), .text("late"), .int(2)])
        #expect(try warehouse.database.query("SELECT valid_clicks, fraud_clicks FROM click_aggregates_hourly").rows == [[.int(99), .int(101)]])
        let day = try warehouse.database.query("SELECT valid_clicks, fraud_clicks, billable_clicks, billable_cost FROM click_aggregates_daily")
        #expect(day.rows == [[.int(99), .int(101), .int(99), .money(Money(e4: 99 * 2500))]])
        #expect(try warehouse.pendingLabelChanges() == [Self.change("x")])
        // Said again, it is nothing, whatever the caller believes the label was.
        #expect(try warehouse.relabel([Self.change("x"), Self.change("x", from: .fraud)]) == 0)
        // Back, and forth and back in one batch.
        let back = Self.change("x", from: .fraud, to: .valid)
        #expect(try warehouse.relabel([Self.change("x", from: .valid, to: .valid)]) == 1)
        #expect(try warehouse.relabel([Self.change("x"), back, back]) == 2)
        #expect(try Self.minute(warehouse) == [.int(100), .int(100), .text("late"), .int(2)])
        #expect(try warehouse.labelHistory(clickID: "x") == [Self.change("x"), back, Self.change("x"), back])
        #expect(try warehouse.labelHistory(clickID: "y") == [])
        let next = Self.epoch(2)
        next.appliesLabelChanges = true
        try warehouse.commit(next)
        #expect(try warehouse.pendingLabelChanges() == [])
        #expect(try warehouse.database.query("SELECT DISTINCT epoch, applied_epoch FROM label_changes").rows == [[.int(2), .int(2)]])
    }

    @Test("Clicks that share an id at different times are different clicks")
    func idsComeBack() throws {
        let warehouse = try Warehouse(path: ":memory:")
        try warehouse.commit(Self.epoch(1))
        #expect(try warehouse.relabel([Self.change("x"), Self.change("x", at: 1), Self.change("x")]) == 2)
        #expect(try Self.minute(warehouse)[0] == .int(98))
        #expect(try warehouse.currentLabel(clickID: "x", at: EventTime(milliseconds: Self.hour + 1)) == .fraud)
        #expect(try warehouse.currentLabel(clickID: "x", at: EventTime(milliseconds: Self.hour + 2)) == nil)
    }

    @Test("A window that is not written yet is skipped, an early minute stays early, and a database without epochs takes changes too")
    func unwritten() throws {
        let warehouse = try Warehouse(path: ":memory:")
        #expect(try warehouse.relabel([Self.change("x")]) == 1)
        #expect(try warehouse.database.query("SELECT epoch FROM label_changes").scalar == .int(1))
        let epoch = Self.epoch(1, firing: "early")
        epoch.appliesLabelChanges = true
        try warehouse.commit(epoch)
        #expect(try warehouse.relabel([Self.change("y"), Self.change("z", at: 60_000)]) == 2)
        #expect(try Self.minute(warehouse) == [.int(99), .int(101), .text("early"), .int(2)])
        #expect(try warehouse.database.query("SELECT valid_clicks FROM click_aggregates_hourly").rows == [[.int(98)]])
        #expect(try warehouse.pendingLabelChanges().count == 2)
    }

    @Test("A correction without a row, or with too few clicks in it, is refused and nothing is committed")
    func badCorrections() throws {
        let warehouse = try Warehouse(path: ":memory:")
        try warehouse.commit(Self.epoch(1))
        for (ad, delta) in [("b", -1), ("a", -101), ("a", 101)] as [(String, Int64)] {
            for level in WindowCorrection.Level.allCases {
                let epoch = Self.epoch(2, ads: 5..<6)
                let start = level == .day ? Self.hour / 86_400_000 * 86_400_000 : Self.hour
                epoch.corrections = [WindowCorrection(
                    level: level, adID: ad, campaignID: "c", advertiserID: "v", start: EventTime(milliseconds: start), validDelta: delta,
                    validCostDelta: .zero)]
                #expect { try warehouse.commit(epoch) } throws: { "\($0)".contains(ad == "b" ? "has no row" : "too few clicks") }
                #expect(try warehouse.lastEpoch()?.epoch == 1)
                #expect(try warehouse.database.query("SELECT count(*) FROM click_aggregates_minute").scalar == .int(1))
            }
        }
    }

    @Test("A correction adds to a row of its own epoch")
    func correctsOwnEpoch() throws {
        let warehouse = try Warehouse(path: ":memory:")
        let epoch = Self.epoch(1)
        epoch.corrections = Self.change("x").corrections + Self.change("y").corrections
        try warehouse.commit(epoch)
        #expect(try Self.minute(warehouse) == [.int(98), .int(102), .text("late"), .int(1)])
        #expect(try warehouse.database.query("SELECT count(*) FROM click_minute_history").scalar == .int(0))
        epoch.removeAll()
        #expect(epoch.corrections.isEmpty && !epoch.appliesLabelChanges)
    }

    @Test("A hundred thousand changes are a few statements")
    func bulk() throws {
        let warehouse = try Warehouse(path: ":memory:")
        try warehouse.commit(Self.epoch(1, ads: 0..<2000))
        let changes = (0..<100_000).map { Self.change("click-\($0)", at: Int64($0 % 50_000), ad: $0 % 2000 == 0 ? "a" : "a\($0 % 2000)") }
        let clock = ContinuousClock()
        var changed = 0
        let took = try clock.measure { changed = try warehouse.relabel(changes) }
        print("relabel 100000 clicks: \(took)")
        #expect(changed == 100_000)
        #expect(try warehouse.database.query("SELECT DISTINCT valid_clicks, epoch FROM click_aggregates_minute").rows == [[.int(50), .int(2)]])
        #expect(try warehouse.database.query("SELECT count(*) FROM click_minute_history").scalar == .int(2000))
        #expect(try warehouse.relabel(changes) == 0)
    }

    @Test("Daily totals are the batch's for reconciled dates and the stream's for the others")
    func dailyTotals() throws {
        let warehouse = try Warehouse(path: ":memory:")
        try warehouse.database.execute("INSERT INTO click_aggregates_daily (ad_id, campaign_id, advertiser_id, date, click_count) VALUES ('a', 'c', 'v', '2026-01-01', 1), ('a', 'c', 'v', '2026-01-02', 2)")
        let date = try #require(CivilDate("2026-01-02"))
        for clicks in [5, 7] as [Int64] {
            let rows = WarehouseTable.batchDays.builder()
            for id in ["b", "c", "v"] { rows.append(text: id) }
            rows.append(date: date)
            rows.append(int64: clicks)
            for _ in 5..<rows.columns.count { rows.appendNull() }
            rows.endRow()
            try warehouse.database.transaction { () throws(StorageError) in try warehouse.replace(.batchDays, ofDate: date, with: rows) }
        }
        let totals = "SELECT ad_id, date::VARCHAR, click_count, layer FROM click_totals_daily ORDER BY date"
        let first: [Value] = [.text("a"), .text("2026-01-01"), .int(1), .text("stream")]
        #expect(try warehouse.database.query(totals).rows == [first, [.text("a"), .text("2026-01-02"), .int(2), .text("stream")]])
        try warehouse.database.execute("INSERT INTO reconciliations (date) VALUES ('2026-01-02')")
        #expect(try warehouse.database.query(totals).rows == [first, [.text("b"), .text("2026-01-02"), .int(7), .text("batch")]])
    }

    @Test("Opening for reading writes nothing, and everything can be read")
    func readOnly() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("x.duckdb")
        do {
            let warehouse = try Warehouse(path: file)
            try warehouse.commit(Self.epoch(1))
            try warehouse.relabel([Self.change("x")])
        }
        let (before, names) = (try Data(contentsOf: URL(fileURLWithPath: file)), try FileManager.default.contentsOfDirectory(atPath: folder.path))
        do {
            let warehouse = try Warehouse(path: file, readOnly: true)
            #expect(try warehouse.pendingLabelChanges().count == 1)
            #expect(try warehouse.database.query("SELECT valid_clicks, firing FROM minutes_as_of(1)").rows == [[.int(100), .text("on_time")]])
            #expect(try warehouse.database.query("SELECT valid_clicks FROM minutes_as_of(2)").rows == [[.int(99)]])
            #expect(try warehouse.database.query("SELECT valid_clicks FROM minutes_as_of(?)", [.int(0)]).rows == [])
            #expect(try warehouse.database.query("SELECT layer FROM click_totals_daily").rows == [[.text("stream")]])
            #expect(throws: StorageError.self) { try warehouse.relabel([Self.change("y")]) }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == names)
    }
}

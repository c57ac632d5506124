import ClickModel
import Storage
import Testing

/// Random lives of a database: epochs with rows of their own, corrections and sessions, labels changed between them, commits
/// that fail and commits that come twice. A life is that of ten worlds, whose ads, clicks and visitors never meet: each has a
/// random sequence of its own, and they share the statements.
@Suite("Warehouse against a model")
struct WarehouseModelTests {
    /// Two minutes before midnight: the windows lie in two hours and two days.
    private static let base: Int64 = 1_762_041_480_000 / 86_400_000 * 86_400_000 + 86_400_000 - 120_000

    private static let worlds: Int64 = 10

    private struct Life {
        let warehouse: Warehouse
        var model = WarehouseModel()
        var random: SplitMix64
        /// The minutes as the database had them right after each epoch.
        var copies: [Int64: Set<[Value]>] = [0: []]
        var received: Int64 = 0

        init(seed: UInt64) throws {
            warehouse = try Warehouse(path: ":memory:")
            random = SplitMix64(seed: seed)
        }

        mutating func pick(_ range: Range<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
        mutating func chance(_ percent: Int64) -> Bool { pick(0..<100) < percent }
    }

    private static func dump(_ warehouse: Warehouse) throws -> [[[Value]]] {
        try WarehouseTable.all.map { try warehouse.database.query("SELECT * FROM \($0.name) ORDER BY ALL").rows }
    }

    private static func rows(_ warehouse: Warehouse, _ source: String) throws -> Set<[Value]> {
        let rows = try warehouse.database.query("SELECT * FROM \(source)").rows
        let set = Set(rows)
        #expect(set.count == rows.count, "a row twice in \(source)")
        return set
    }

    /// A click of a small pool, in which ids come back at other times.
    private static func click(_ life: inout Life) -> LabelChange {
        let (world, number) = (life.pick(0..<worlds), life.pick(0..<12))
        return LabelChange(
            clickID: "click-\(world).\(number % 7)", clickTime: EventTime(milliseconds: base + number * 37_123), adID: "ad-\(world).\(number % 3)",
            campaignID: "c-\(number % 2)", advertiserID: "v", cost: Money(e4: 1000 + number), from: number % 4 == 0 ? .fraud : .valid,
            to: life.chance(50) ? .valid : .fraud, cause: life.chance(50) ? .review : .reconciliation, actor: "a", detail: "d",
            changedAt: EventTime(milliseconds: base + 1))
    }

    private static func counts(_ life: inout Life, epoch: Int64) -> WarehouseModel.Counts {
        let valid = life.pick(1000..<2000)
        return WarehouseModel.Counts(
            clicks: valid + life.pick(1000..<2000), valid: valid, billableCost: Money(e4: valid * 7), firing: ["early", "on_time", "late"][Int(life.pick(0..<3))],
            epoch: epoch)
    }

    /// Fills an epoch and tells the model. Keys come back within an epoch: the last row counts.
    private static func fill(_ epoch: EpochCommit, _ life: inout Life, _ model: inout WarehouseModel) {
        let number = model.lastEpoch + 1
        epoch.record.epoch = number
        for world in 0..<worlds * life.pick(0..<8) {
            let place = WarehouseModel.Place(ad: "ad-\(world % worlds).\(life.pick(0..<3))", start: base + life.pick(0..<6) * 60_000)
            model.minutes[place] = counts(&life, epoch: number)
            epoch.append(.minute, place, model.minutes[place]!)
            let hour = WarehouseModel.Place(ad: place.ad, start: place.start / 3_600_000 * 3_600_000)
            model.hours[hour] = counts(&life, epoch: 0)
            epoch.append(.hour, hour, model.hours[hour]!)
            let day = WarehouseModel.Place(
                ad: place.ad, campaign: "c-\(life.pick(0..<2))", advertiser: "v", start: place.start / 86_400_000 * 86_400_000)
            model.days[day] = counts(&life, epoch: 0)
            epoch.append(.day, day, model.days[day]!)
        }
        epoch.corrections = corrections(&life, model)
        model.correct(epoch.corrections, epoch: number)
        if life.chance(40) {
            epoch.appliesLabelChanges = true
            model.applyPending(number)
        }
        for _ in 0..<worlds * life.pick(0..<3) {
            var change = click(&life)
            change.cause = .engagement
            change.append(to: epoch.labelChanges, epoch: number, appliedEpoch: number)
            model.changes.append((change, number, number))
            model.labels[.init(id: change.clickID, time: change.clickTime.milliseconds)] = change.to
        }
        fillSessions(epoch, &life, &model)
        model.lastEpoch = number
    }

    private static func fillSessions(_ epoch: EpochCommit, _ life: inout Life, _ model: inout WarehouseModel) {
        func session(_ life: inout Life) -> WarehouseModel.Session {
            .init(visitor: "visitor-\(life.pick(0..<worlds)).\(life.pick(0..<3))", start: base + life.pick(0..<4) * 1000)
        }
        for _ in 0..<worlds * life.pick(0..<3) {
            let gone = session(&life)
            model.sessions[gone] = nil
            epoch.removedSessions.append(text: gone.visitor)
            epoch.removedSessions.append(time: EventTime(milliseconds: gone.start))
            epoch.removedSessions.endRow()
        }
        for _ in 0..<worlds * life.pick(0..<4) {
            let made = session(&life)
            model.sessions[made] = life.pick(1..<100)
            epoch.append(made, clicks: model.sessions[made]!)
        }
    }

    /// Corrections of rows that are there, some of one row, some that cancel out.
    private static func corrections(_ life: inout Life, _ model: WarehouseModel) -> [WindowCorrection] {
        var made: [WindowCorrection] = []
        for _ in 0..<worlds * life.pick(0..<5) {
            let level = WindowCorrection.Level.allCases[Int(life.pick(0..<3))]
            let rows = switch level { case .minute: model.minutes; case .hour: model.hours; case .day: model.days }
            let places = rows.keys.sorted { ($0.start, $0.ad, $0.campaign) < ($1.start, $1.ad, $1.campaign) }
            guard !places.isEmpty else { continue }
            let place = places[Int(life.pick(0..<Int64(places.count)))]
            let delta = life.pick(-2..<3)
            let correction = WindowCorrection(
                level: level, adID: place.ad, campaignID: level == .day ? place.campaign : "any", advertiserID: level == .day ? "v" : "any",
                start: EventTime(milliseconds: place.start), validDelta: delta, validCostDelta: Money(e4: delta * 500))
            made.append(correction)
            if life.chance(20) {
                var back = correction
                back.validDelta = -delta
                back.validCostDelta = Money(e4: -correction.validCostDelta.e4)
                made.append(back)
            }
        }
        return made
    }

    private static func commit(_ life: inout Life) throws {
        let epoch = EpochCommit(record: EpochRecord(epoch: 0, source: "s", offset: 0, totals: EventTotals(), committedAt: EventTime(milliseconds: 0)))
        var model = life.model
        fill(epoch, &life, &model)
        if life.chance(10) {
            let before = try dump(life.warehouse)
            let good = epoch.corrections
            epoch.corrections.append(WindowCorrection(
                level: .allCases[Int(life.pick(0..<3))], adID: "nobody's", campaignID: "c", advertiserID: "v",
                start: EventTime(milliseconds: base / 86_400_000 * 86_400_000), validDelta: -1, validCostDelta: .zero))
            #expect { try life.warehouse.commit(epoch) } throws: { if case .badCorrection? = $0 as? StorageError { true } else { false } }
            #expect(try dump(life.warehouse) == before)
            epoch.corrections = good
        }
        #expect(try life.warehouse.commit(epoch) == .committed)
        life.model = model
        life.copies[model.lastEpoch] = try rows(life.warehouse, "click_aggregates_minute")
        if life.chance(10) {
            let before = try dump(life.warehouse)
            #expect(try life.warehouse.commit(epoch) == .alreadyCommitted)
            #expect(try dump(life.warehouse) == before)
        }
    }

    private static func relabel(_ life: inout Life) throws {
        let batch = (0..<worlds * life.pick(1..<10)).map { _ in click(&life) }
        let database = life.warehouse.database
        if life.chance(25) {
            let before = try dump(life.warehouse)
            try database.begin()
            try life.warehouse.relabel(batch)
            #expect(database.isInTransaction)
            database.rollback()
            #expect(try dump(life.warehouse) == before)
        }
        let expected = life.model.relabel(batch)
        if life.chance(50) {
            #expect(try life.warehouse.relabel(batch) == expected)
        } else {
            try database.transaction { () throws(StorageError) in
                let count = try life.warehouse.relabel(batch)
                #expect(count == expected)
            }
        }
    }

    private static func check(_ life: Life, _ what: Comment) throws {
        let (warehouse, model) = (life.warehouse, life.model)
        #expect(try rows(warehouse, "click_aggregates_minute") == model.minuteRows, what)
        #expect(try rows(warehouse, "click_aggregates_hourly") == model.hourRows, what)
        #expect(try rows(warehouse, "click_aggregates_daily") == model.dayRows, what)
        #expect(try rows(warehouse, "click_sessions") == model.sessionRows, what)
        #expect(try warehouse.database.query("SELECT * FROM label_changes ORDER BY rowid").rows == model.changeRows, what)
        #expect(try warehouse.pendingLabelChanges() == model.changes.filter { $0.applied == nil }.map(\.change), what)
    }

    @Test("Commits, corrections and label changes leave what a dictionary would hold, and every epoch can be read again", arguments: 0..<20)
    func randomLives(number: UInt64) throws {
        let seed = 20_261_121 + number
        var life = try Life(seed: seed)
        for _ in 0..<6 { if life.chance(60) { try Self.commit(&life) } else { try Self.relabel(&life) } }
        try Self.check(life, "seed \(seed)")
        for (epoch, copy) in life.copies {
            #expect(try Self.rows(life.warehouse, "minutes_as_of(\(epoch))") == copy, "seed \(seed) as of \(epoch)")
        }
        // What came from outside after the last epoch belongs to the next one.
        let next = life.model.lastEpoch + 1
        #expect(try Self.rows(life.warehouse, "minutes_as_of(\(next))") == life.model.minuteRows, "seed \(seed)")
        let useless = try life.warehouse.database.query("SELECT count(*) FROM click_minute_history WHERE epoch >= superseded_epoch")
        #expect(useless.scalar == .int(0), "seed \(seed)")
        for (click, label) in life.model.labels.sorted(by: { ($0.key.id, $0.key.time) < ($1.key.id, $1.key.time) }).prefix(8) {
            let time = EventTime(milliseconds: click.time)
            #expect(try life.warehouse.currentLabel(clickID: click.id, at: time) == label, "seed \(seed)")
        }
    }
}

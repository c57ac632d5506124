import CClickRecord
import ClickModel
import Sketches
import Windows

/// A click of the tests.
struct TestClick: Sendable {
    var id: UInt64
    var ts: Int64
    var ad: String
    var campaign: String
    var advertiser: String
    var cost: Int64
    var visitor: UInt64
    var label: Label
}

/// A row as it came out, copied.
struct TestRow: Equatable, CustomStringConvertible {
    var level: WindowLevel
    var firing: WindowFiring
    var texts: [String]
    var start: Int64
    var end: Int64
    var clicks: Int64
    var valid: Int64
    var fraud: Int64
    var cost: Int64
    var billable: Int64
    var users: Int64
    var sketch: [UInt8]

    var description: String {
        "\(level) \(firing) \(texts) \(start)…\(end): \(clicks) = \(valid) + \(fraud), cost \(cost), billable \(billable), users \(users), sketch of \(sketch.count)"
    }
}

extension WindowStore {
    /// Adds a test click through a real record and arena.
    mutating func add(_ click: TestClick) -> Bool {
        click.withRecord { add(record: $0, arena: $1, label: click.label) }
    }

    mutating func drainRows(watermark: Int64, final: Bool = false, early: Bool = false) -> [TestRow] {
        var rows: [TestRow] = []
        drain(watermark: watermark, final: final, early: early) { row in
            rows.append(
                TestRow(
                    level: row.level, firing: row.firing,
                    texts: [row.adID, row.campaignID, row.advertiserID].map { String(decoding: $0, as: UTF8.self) },
                    start: row.startMilliseconds, end: row.endMilliseconds, clicks: row.clickCount, valid: row.validClicks,
                    fraud: row.fraudClicks, cost: row.totalCost.e4, billable: row.billableCost.e4, users: row.uniqueUsers,
                    sketch: Array(row.uniqueUsersSketch)))
        }
        return rows
    }
}

extension TestClick {
    func withRecord<R>(_ body: (UnsafePointer<ClickRecord>, UnsafeRawPointer) -> R) -> R {
        var record = fraud_click_record()
        fraud_record_clear(&record)
        var arena: [UInt8] = Array("padding".utf8)
        func text(_ value: String) -> fraud_text {
            let start = arena.count
            arena += Array(value.utf8)
            return fraud_text(offset: UInt32(start), length: UInt32(arena.count - start))
        }
        record.ad_id = text(ad)
        record.campaign_id = text(campaign)
        record.advertiser_id = text(advertiser)
        record.click_id = text("click-\(id)")
        record.ts_ms = ts
        record.cost_e4 = cost
        return arena.withUnsafeBufferPointer { bytes in
            fraud_record_finish(&record, bytes.baseAddress!)
            record.visitor_hash = visitor
            return body(&record, UnsafeRawPointer(bytes.baseAddress!))
        }
    }
}

/// What the windows must hold, kept in dictionaries and sets; slow and obvious.
struct WindowModel {
    struct Key: Hashable {
        var level: WindowLevel
        var names: [String]
        var start: Int64
    }

    struct Totals {
        var order: Int
        var texts: [String]
        var clicks: Int64 = 0
        var valid: Int64 = 0
        var cost: Int64 = 0
        var billable: Int64 = 0
        var visitors: Set<UInt64> = []
        var isDirty = true
        /// Emitted at or after the end of the window.
        var isFired = false
    }

    var windows: [Key: Totals] = [:]
    var created = 0
    let lateness: Int64

    init(lateness: Int64) { self.lateness = lateness }

    static func floor(_ ts: Int64, _ size: Int64) -> Int64 {
        var start = ts / size * size
        if start > ts { start -= size }
        return start
    }

    func keys(_ click: TestClick) -> [Key] {
        WindowLevel.allCases.map { level in
            Key(
                level: level, names: level == .day ? [click.ad, click.campaign, click.advertiser] : [click.ad],
                start: Self.floor(click.ts, level.milliseconds))
        }
    }

    func isLate(_ click: TestClick, watermark: Int64) -> Bool {
        Self.floor(click.ts, 60_000) + 60_000 + lateness <= watermark
    }

    mutating func add(_ click: TestClick) {
        for key in keys(click) {
            var totals = windows[key] ?? Totals(order: created, texts: [click.ad, click.campaign, click.advertiser])
            created += 1
            totals.clicks += 1
            totals.cost += click.cost
            if click.label == .valid {
                totals.valid += 1
                totals.billable += click.cost
            }
            if click.visitor != 0 { totals.visitors.insert(click.visitor) }
            totals.isDirty = true
            windows[key] = totals
        }
    }

    /// Moves a click to a label in its live windows; returns the levels whose window is gone.
    mutating func relabel(_ click: TestClick, to label: Label) -> WindowLevels {
        var closed: WindowLevels = []
        for key in keys(click) {
            guard windows[key] != nil else {
                closed.insert(WindowLevels(key.level))
                continue
            }
            let sign: Int64 = label == .valid ? 1 : -1
            windows[key]!.valid += sign
            windows[key]!.billable += sign * click.cost
            windows[key]!.isDirty = true
        }
        return closed
    }

    /// Rows to emit: what changed, but of open minutes only with `early`; and minutes that ended since their early row.
    mutating func drain(watermark: Int64, early: Bool) -> [TestRow] {
        let ready = windows.filter { key, totals in
            guard key.level == .minute else { return totals.isDirty }
            let hasEnded = key.start + 60_000 <= watermark
            return hasEnded ? totals.isDirty || !totals.isFired : early && totals.isDirty
        }
        let order = ready.sorted { a, b in
            (a.key.level.rawValue, a.key.start, a.value.order) < (b.key.level.rawValue, b.key.start, b.value.order)
        }
        let memory = SketchMemory()
        let rows = order.map { key, totals in
            var sketch = HyperLogLog()
            for visitor in totals.visitors { sketch.add(visitor, memory) }
            let exact = totals.visitors.count <= HyperLogLog.explicitLimit
            let end = key.start + key.level.milliseconds
            return TestRow(
                level: key.level, firing: totals.isFired ? .late : end <= watermark ? .onTime : .early, texts: totals.texts,
                start: key.start, end: end, clicks: totals.clicks, valid: totals.valid, fraud: totals.clicks - totals.valid,
                cost: totals.cost, billable: totals.billable,
                users: exact ? Int64(totals.visitors.count) : sketch.roundedEstimate, sketch: sketch.serialized())
        }
        for key in ready.keys {
            windows[key]!.isDirty = false
            if key.start + key.level.milliseconds <= watermark { windows[key]!.isFired = true }
        }
        windows = windows.filter { key, _ in key.start + key.level.milliseconds + lateness > watermark }
        return rows
    }
}

import ClickModel
import Storage

/// What the tables must hold, kept in dictionaries a row at a time.
struct WarehouseModel {
    struct Counts: Hashable {
        var clicks: Int64
        var valid: Int64
        var billableCost: Money
        var firing = ""
        var epoch: Int64 = 0

        var fraud: Int64 { clicks - valid }
    }

    /// A click or a window: what the tables know it by.
    struct Place: Hashable {
        var ad: String
        /// Of a day, else empty.
        var campaign = ""
        var advertiser = ""
        var start: Int64
    }

    struct Session: Hashable {
        var visitor: String
        var start: Int64
    }

    struct Click: Hashable {
        var id: String
        var time: Int64
    }

    var minutes: [Place: Counts] = [:]
    var hours: [Place: Counts] = [:]
    var days: [Place: Counts] = [:]
    var sessions: [Session: Int64] = [:]
    var labels: [Click: Label] = [:]
    /// Rows of `label_changes`, in order.
    var changes: [(change: LabelChange, epoch: Int64, applied: Int64?)] = []
    var lastEpoch: Int64 = 0

    static func place(_ level: WindowCorrection.Level, _ change: LabelChange) -> Place {
        let size: Int64 = switch level { case .minute: 60_000; case .hour: 3_600_000; case .day: 86_400_000 }
        // All times of the tests are after 1970.
        let start = change.clickTime.milliseconds / size * size
        guard level == .day else { return Place(ad: change.adID, start: start) }
        return Place(ad: change.adID, campaign: change.campaignID, advertiser: change.advertiserID, start: start)
    }

    private subscript(level: WindowCorrection.Level) -> [Place: Counts] {
        get { switch level { case .minute: minutes; case .hour: hours; case .day: days } }
        set { switch level { case .minute: minutes = newValue; case .hour: hours = newValue; case .day: days = newValue } }
    }

    /// One sum a row: a row whose clicks stay as valid as they were gets no new version.
    private mutating func move(_ moved: [(WindowCorrection.Level, Place, Int64, Money)], epoch: Int64, keepsEarly: Bool) {
        for level in WindowCorrection.Level.allCases {
            var sums: [Place: (Int64, Money)] = [:]
            for (_, place, valid, cost) in moved.filter({ $0.0 == level }) {
                let old = sums[place] ?? (0, .zero)
                sums[place] = (old.0 + valid, old.1 + cost)
            }
            for (place, (valid, cost)) in sums {
                guard var row = self[level][place] else { continue }
                row.valid += valid
                row.billableCost += cost
                if level == .minute, valid != 0 {
                    if !(keepsEarly && row.firing == "early") { row.firing = "late" }
                    row.epoch = epoch
                }
                self[level][place] = row
            }
        }
    }

    /// - Returns: how many labels changed.
    mutating func relabel(_ batch: [LabelChange]) -> Int {
        var moved: [(WindowCorrection.Level, Place, Int64, Money)] = []
        let before = changes.count
        for var change in batch {
            let click = Click(id: change.clickID, time: change.clickTime.milliseconds)
            change.from = labels[click] ?? change.from
            if change.from == change.to { continue }
            labels[click] = change.to
            changes.append((change, lastEpoch + 1, nil))
            for level in WindowCorrection.Level.allCases {
                let sign: Int64 = change.to == .valid ? 1 : -1
                moved.append((level, Self.place(level, change), sign, Money(e4: sign * change.cost.e4)))
            }
        }
        move(moved, epoch: lastEpoch + 1, keepsEarly: true)
        return changes.count - before
    }

    mutating func correct(_ corrections: [WindowCorrection], epoch: Int64) {
        let moved = corrections.map { c in
            let isDay = c.level == .day
            let place = Place(ad: c.adID, campaign: isDay ? c.campaignID : "", advertiser: isDay ? c.advertiserID : "", start: c.start.milliseconds)
            return (c.level, place, c.validDelta, c.validCostDelta)
        }
        move(moved, epoch: epoch, keepsEarly: false)
    }

    mutating func applyPending(_ epoch: Int64) {
        for i in changes.indices where changes[i].applied == nil { changes[i].applied = epoch }
    }

    // As the tables' rows, of which sketches, users and costs are the same everywhere.

    private static func cells(_ counts: Counts) -> [Value] {
        [.int(counts.clicks), .int(1), .int(counts.valid), .int(counts.fraud), .money(Money(e4: counts.clicks * 100)), .null]
    }

    var minuteRows: Set<[Value]> {
        Set(minutes.map { place, row in
            [.text(place.ad), .text("c"), .text("v"), time(place.start), time(place.start + 60_000)] + Self.cells(row)
                + [.text(row.firing), .int(row.epoch)]
        })
    }

    var hourRows: Set<[Value]> {
        Set(hours.map { place, row in [.text(place.ad), .text("c"), .text("v"), time(place.start)] + Self.cells(row) })
    }

    var dayRows: Set<[Value]> {
        Set(days.map { place, row in
            [.text(place.ad), .text(place.campaign), .text(place.advertiser), .date(CivilDate(daysSince1970: place.start / 86_400_000))]
                + Self.cells(row) + [.int(row.valid), .money(row.billableCost)]
        })
    }

    var sessionRows: Set<[Value]> {
        Set(sessions.map { key, clicks in
            [.text(key.visitor), time(key.start), time(key.start + 5), .int(clicks), .int(1), .int(5), .money(Money(e4: clicks)), .int(1)]
        })
    }

    var changeRows: [[Value]] {
        changes.map { change, epoch, applied in
            [
                .text(change.clickID), .time(change.clickTime), .text(change.adID), .text(change.campaignID), .text(change.advertiserID),
                .money(change.cost), .text(change.from.name), .text(change.to.name), .text(change.cause.rawValue), .text(change.actor),
                .text(change.detail), .time(change.changedAt), .int(epoch), applied.map { .int($0) } ?? .null,
            ]
        }
    }

    private func time(_ milliseconds: Int64) -> Value { .time(EventTime(milliseconds: milliseconds)) }
}

extension EpochCommit {
    /// Appends the row of a window, as the model has it.
    func append(_ level: WindowCorrection.Level, _ place: WarehouseModel.Place, _ row: WarehouseModel.Counts) {
        let rows = switch level { case .minute: minutes; case .hour: hours; case .day: days }
        rows.append(text: place.ad)
        rows.append(text: level == .day ? place.campaign : "c")
        rows.append(text: level == .day ? place.advertiser : "v")
        switch level {
        case .minute:
            rows.append(time: EventTime(milliseconds: place.start))
            rows.append(time: EventTime(milliseconds: place.start + 60_000))
        case .hour: rows.append(time: EventTime(milliseconds: place.start))
        case .day: rows.append(days: Int32(place.start / 86_400_000))
        }
        for count in [row.clicks, 1, row.valid, row.fraud] { rows.append(int64: count) }
        rows.append(money: Money(e4: row.clicks * 100))
        rows.appendNull()
        switch level {
        case .minute:
            rows.append(text: row.firing)
            rows.append(int64: row.epoch)
        case .hour: break
        case .day:
            rows.append(int64: row.valid)
            rows.append(money: row.billableCost)
        }
        rows.endRow()
    }

    func append(_ session: WarehouseModel.Session, clicks: Int64) {
        sessions.append(text: session.visitor)
        sessions.append(time: EventTime(milliseconds: session.start))
        sessions.append(time: EventTime(milliseconds: session.start + 5))
        for value in [clicks, 1, 5] { sessions.append(int64: value) }
        sessions.append(money: Money(e4: clicks))
        sessions.append(int64: 1)
        sessions.endRow()
    }
}

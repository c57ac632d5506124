import CClickRecord
import ClickModel
import Testing
import Windows

/// Random streams against a list of clicks that is sorted and scanned.
@Suite("Sessions against a slow model")
struct SessionStoreModelTests {
    /// Visitors that come and go, with late clicks down to the last moment that is not late, clicks at the gap to the
    /// millisecond, clicks between two sessions, corrupt times ahead, and texts longer than are stored.
    private struct Stream {
        var random: SplitMix
        var now: Int64 = 1_790_000_000_000
        var past: [SessionClick] = []
        let gap: Int64
        let lateness: Int64
        let visitors: UInt64
        let step: UInt64
        let longText: String
        /// Few enough to be held by number, or more than a session has room for.
        let ads: UInt64

        init(seed: UInt64) {
            random = SplitMix(seed)
            gap = [1, 1000, 60_000, 89_999, 1_800_000, 20_000_000][Int(random.next() % 6)]
            lateness = [0, 1, 30_000, 300_000][Int(random.next() % 4)]
            visitors = [1, 3, 12, 60][Int(random.next() % 4)]
            step = [1, UInt64(gap) / 8 + 2, UInt64(gap) + 2, 60_000][Int(random.next() % 4)]
            longText = String(repeating: random.next() % 2 == 0 ? "long" : "längste", count: 20)
            if random.next() % 3 == 0 { now = -now / 7 }
            ads = [3, 9, 20, 200][Int(random.next() % 4)]
        }

        mutating func next(_ watermark: Int64) -> SessionClick {
            now += Int64(random.next() % step)
            if random.next() % 200 == 0 { now += Int64(random.next() % 5) * gap }
            var click = SessionClick(
                ts: now - Int64(random.next() % 5000), ad: "ad-\(random.next() % ads)", cost: Int64(random.next() % 1000))
            let name = "\(random.next() % visitors)"
            switch random.next() % 8 {
            case 0: click.device = "d\(name)"
            case 1: (click.ip, click.agent) = ("192.0.2.\(name)", random.next() % 2 == 0 ? "agent" : longText + longText)
            case 2: click.user = longText + name
            case 3 where random.next() % 4 == 0: break
            default: click.user = "u\(name)"
            }
            let old = past.randomElement(using: &random)
            switch random.next() % 10 {
            case 0 where watermark > .min: click.ts = WindowModel.floor(watermark - lateness, 60_000) + Int64(random.next() % 3) - 1
            case 1 where watermark > .min: click.ts = watermark - Int64(random.next() % UInt64(lateness + 60_001))
            case 2, 3:
                // Before, after or within reach of a click there was.
                guard let old else { break }
                let steps: [Int64] = [gap, -gap, gap / 2, -gap / 2, gap - 1, 1 - gap, 0]
                click = SessionClick(
                    ts: old.ts + steps[Int(random.next() % 7)], user: old.user, device: old.device, ip: old.ip, agent: old.agent,
                    ad: click.ad, cost: click.cost)
            case 4 where random.next() % 20 == 0: click.ts += Int64(random.next() % 10_000_000_000)
            default: break
            }
            past.append(click)
            if past.count > 50 { past.removeFirst(25) }
            return click
        }
    }

    /// What a stream met, so that the tests know that they test something.
    private struct Tally {
        var late = 0
        var removals = 0
        var rewritten = 0
        var restores = 0
    }

    private static func run(seed: UInt64, events: Int, _ tally: inout Tally) throws -> String? {
        var stream = Stream(seed: seed)
        var watermark = Watermark()
        // The first event vouches for the watermark alone: a second one settles that it is never taken back.
        for _ in 0..<2 { watermark.observe(stream.now) }
        var store = SessionStore(
            gapMilliseconds: stream.gap, allowedLatenessMilliseconds: stream.lateness, sessionsPerVisitor: events)
        var model = SessionModel(gap: stream.gap, lateness: stream.lateness)
        var table = ReaderTable()
        for at in 0...events {
            let isLast = at == events
            if !isLast {
                let mark = watermark.current
                let click = stream.next(mark)
                watermark.observe(click.ts)
                if model.isLate(click.ts, watermark: mark) {
                    tally.late += 1
                } else {
                    if stream.random.next() % 3 == 0 { click.withRecord { record, _ in store.warm(record, from: 0, count: 1) } }
                    store.add(click)
                    model.add(click)
                }
            }
            if isLast || stream.random.next() % 25 == 0 {
                let final = isLast || stream.random.next() % 12 == 0
                let rows = store.drainRows(watermark: watermark.current, final: final)
                if let wrong = table.apply(rows) { return "\(wrong), event \(at), seed \(seed)" }
                let expected = model.drain(watermark: watermark.current, final: final)
                let live = store.count
                if table.rows != expected.rows { return "\(difference(table.rows, expected.rows)), event \(at), seed \(seed)" }
                if live != expected.reachable {
                    return "\(live) live sessions, \(expected.reachable) to be reached, event \(at), seed \(seed)"
                }
                tally.removals += rows.count { $0.totals == nil }
                tally.rewritten += rows.count
            }
            if stream.random.next() % 80 == 0 {
                let bytes = store.snapshot()
                var reader = StateReader(bytes)
                store = try SessionStore(from: &reader)
                let isWhole = reader.isAtEnd && store.snapshot() == bytes
                if !isWhole { return "a restored store writes another snapshot, event \(at), seed \(seed)" }
                tally.restores += 1
            }
        }
        tally.rewritten -= table.rows.count
        let rest = store.drainRows(watermark: .max)
        let left = [rest.count, store.count, store.textBytes, store.refused]
        return left == [0, 0, 0, 0] ? nil : "left after the end: \(left), seed \(seed)"
    }

    private static func difference(_ got: [SessionKey: SessionTotals], _ expected: [SessionKey: SessionTotals]) -> String {
        let keys = Set(got.keys).union(expected.keys).filter { got[$0] != expected[$0] }
        guard let first = keys.min(by: { ($0.start, $0.visitor) < ($1.start, $1.visitor) }) else { return "no difference" }
        return "\(first) is \(got[first].map { "\($0)" } ?? "missing"), expected \(expected[first].map { "\($0)" } ?? "none")"
    }

    @Test("the table is the model's after every drain, and live sessions are those a click can reach", arguments: 0..<24)
    func streams(part: UInt64) throws {
        var tally = Tally()
        for stream in 0..<60 {
            if let wrong = try Self.run(seed: (part * 60 + UInt64(stream)) &* 7919 &+ 5, events: 400, &tally) {
                Issue.record("\(wrong)")
                return
            }
        }
        #expect(tally.late > 100 && tally.removals > 50 && tally.rewritten > 500 && tally.restores > 100, "\(tally)")
    }
}

import CClickRecord
import ClickModel
import Testing
import Windows

@Suite("Session store")
struct SessionStoreTests {
    private static let t0: Int64 = 1_790_000_040_000 / 86_400_000 * 86_400_000
    private static let minute: Int64 = 60_000
    private static let gap: Int64 = 1_800_000

    private func click(_ offset: Int64, _ user: String = "u", ad: String = "ad", cost: Int64 = 10) -> SessionClick {
        SessionClick(ts: Self.t0 + offset, user: user, ad: ad, cost: cost)
    }

    private func written(
        _ start: Int64, _ end: Int64, _ clicks: Int64, ads: Int64 = 1, user: String = "u"
    ) -> EmittedSession {
        EmittedSession(
            key: SessionKey(visitor: user, start: Self.t0 + start),
            totals: SessionTotals(end: Self.t0 + end, clicks: clicks, ads: ads, cost: clicks * 10, duration: end - start))
    }

    private func removed(_ start: Int64, user: String = "u") -> EmittedSession {
        EmittedSession(key: SessionKey(visitor: user, start: Self.t0 + start), totals: nil)
    }

    private func rows(_ store: inout SessionStore, at offset: Int64, final: Bool = false) -> [EmittedSession] {
        store.drainRows(watermark: Self.t0 + offset, final: final)
    }

    @Test("clicks less than the gap apart are one session, clicks the gap apart are two, before and after")
    func equality() {
        var store = SessionStore()
        for at in [0, Self.gap - 1, -Self.gap, 2 * Self.gap - 1] { store.add(click(at)) }
        let all = rows(&store, at: 0, final: true)
        #expect(all == [written(-Self.gap, -Self.gap, 1), written(0, Self.gap - 1, 2), written(2 * Self.gap - 1, 2 * Self.gap - 1, 1)])
    }

    @Test("a session is emitted when the watermark is a gap past its end, and at once when a late click extends it")
    func emission() {
        var store = SessionStore()
        store.add(click(0))
        store.add(click(5, ad: "other"))
        let early = rows(&store, at: Self.gap + 4)
        let due = rows(&store, at: Self.gap + 5)
        let again = rows(&store, at: Self.gap + 5)
        #expect(early.isEmpty && again.isEmpty)
        #expect(due == [written(0, 5, 2, ads: 2)])
        store.add(click(Self.gap))
        let extended = rows(&store, at: Self.gap + 5)
        #expect(extended == [written(0, Self.gap, 3, ads: 2)])
    }

    @Test("a late click that joins two emitted sessions removes the later row; one before the start removes the row under it")
    func joins() {
        var store = SessionStore(allowedLatenessMilliseconds: 4 * Self.gap)
        store.add(click(0))
        store.add(click(Self.gap + 100))
        let both = rows(&store, at: 3 * Self.gap)
        #expect(both == [written(0, 0, 1), written(Self.gap + 100, Self.gap + 100, 1)])
        store.add(click(1000))
        let joined = rows(&store, at: 3 * Self.gap)
        #expect(joined == [removed(Self.gap + 100), written(0, Self.gap + 100, 3)])
        store.add(click(-50))
        store.add(click(-70))
        let earlier = rows(&store, at: 3 * Self.gap)
        #expect(earlier == [removed(0), written(-70, Self.gap + 100, 5)])
        let live = store.count
        #expect(live == 1)
    }

    @Test("an open session that a final drain showed is written again when it goes on")
    func finalDrain() {
        var store = SessionStore()
        store.add(click(0))
        let open = rows(&store, at: 0, final: true)
        store.add(click(7))
        let same = rows(&store, at: 1)
        store.add(click(-7))
        let moved = rows(&store, at: 1)
        #expect(open == [written(0, 0, 1)])
        #expect(same == [written(0, 7, 2)])
        #expect(moved == [removed(0), written(-7, 7, 3)])
    }

    @Test("a session lives until the minute of the last moment that reaches it is late, and no longer")
    func dropping() {
        var store = SessionStore()
        let late = WindowStore()
        // The last moment is 30 min 30 s; the minute it is in ends at 31 min.
        store.add(click(30_001))
        let last = Self.t0 + Self.gap + 30_000
        let bound = 31 * Self.minute + 300_000
        let isAdmissible = !late.isLate(last, watermark: Self.t0 + bound - 1)
        let isLate = late.isLate(last, watermark: Self.t0 + bound)
        #expect(isAdmissible && isLate)
        var emitted = rows(&store, at: bound - 1)
        #expect(emitted.count == 1)
        let kept = store.count
        #expect(kept == 1)
        store.add(click(Self.gap + 30_000))
        emitted = rows(&store, at: bound - 1)
        #expect(emitted == [written(30_001, Self.gap + 30_000, 2)])
        let far = 31 * Self.minute + Self.gap + 300_000
        _ = rows(&store, at: far - 1)
        let before = store.count
        _ = rows(&store, at: far)
        let after = store.count
        #expect([before, after] == [1, 0])
    }

    @Test("removed rows come first, then others; each by start, then by creation")
    func order() {
        var store = SessionStore(allowedLatenessMilliseconds: 1 << 40)
        for (user, at) in [("c", 5), ("b", 5), ("a", 3), ("d", 900)] as [(String, Int64)] { store.add(click(at, user)) }
        let first = rows(&store, at: 2 * Self.gap)
        #expect(first.map(\.key.visitor) == ["a", "c", "b", "d"])
        for user in ["d", "b", "a"] { store.add(click(1, user)) }
        store.add(click(2 * Self.gap, "e"))
        let second = rows(&store, at: 4 * Self.gap)
        #expect(second.map(\.key.visitor) == ["a", "b", "d", "b", "a", "d", "e"])
        #expect(second.map { $0.totals == nil } == [true, true, true, false, false, false, false])
    }

    @Test("visitors are user, else device, else address and agent; no visitor, no session; texts over 128 bytes are cut and told apart")
    func visitors() {
        var store = SessionStore()
        let long = String(repeating: "é", count: 63) + "a"
        let clicks = [
            SessionClick(ts: 1, user: "u", device: "d", ip: "192.0.2.1", agent: "x"),
            SessionClick(ts: 2, device: "d", ip: "192.0.2.1", agent: "x"), SessionClick(ts: 3, ip: "192.0.2.1", agent: "x"),
            SessionClick(ts: 4), SessionClick(ts: 5, user: long + "b"),
            SessionClick(ts: 6, user: long + "éc"), SessionClick(ts: 7, user: long + "éd"),
            SessionClick(ts: 8, ip: "192.0.2.1", agent: long),
            SessionClick(ts: 9, agent: String(repeating: "z", count: 128)), SessionClick(ts: 10, agent: String(repeating: "z", count: 129)),
        ]
        for one in clicks { store.add(one) }
        let names = store.drainRows(watermark: 0, final: true).map(\.key.visitor)
        #expect(names == clicks.map(\.visitor).filter { !$0.isEmpty }.map(SessionModel.stored))
        #expect(names[3] == long + "b" && names[4].hasPrefix(long + "~") && names[4].utf8.count == 127 + 17)
        #expect(Set(names).count == 9)
        #expect(names[7].utf8.count == 128 && names[8].utf8.count == 145)
    }

    @Test("thousands of ads of one visitor are counted exactly to 1,536, and through joins")
    func manyAds() {
        var store = SessionStore(allowedLatenessMilliseconds: 1 << 40)
        for i in 0..<1000 { store.add(click(Int64(i), ad: "ad-\(i)")) }
        for i in 500..<1536 { store.add(click(Int64(i) + Self.gap + 1000, ad: "ad-\(i)")) }
        let apart = rows(&store, at: 4 * Self.gap)
        #expect(apart.map { $0.totals?.ads } == [1000, 1036])
        store.add(click(2000))
        let joined = rows(&store, at: 4 * Self.gap)
        #expect(joined.count == 2)
        let ads = joined.last?.totals?.ads ?? 0
        #expect((1537 - 60...1537 + 60).contains(ads), "\(ads) ads: beyond four standard errors")
        let sketchBytes = store.byteCount
        _ = store.drainRows(watermark: .max)
        let left = [store.count, store.textBytes]
        #expect(left == [0, 0] && sketchBytes > 0)
    }

    @Test("more ads at a time than there are numbers for: every session's count stays exact, also from a snapshot and through joins")
    func moreAdsThanNumbers() throws {
        var store = SessionStore(allowedLatenessMilliseconds: 1 << 40)
        let visitors = 7000
        // Eleven ads each, all different: the last visitors find no number free. One ad comes twice.
        for visitor in 0..<visitors {
            for ad in 0..<12 { store.add(click(0, "v\(visitor)", ad: "\(visitor)-\(ad % 11)")) }
        }
        var reader = StateReader(store.snapshot())
        store = try SessionStore(from: &reader)
        for visitor in stride(from: 0, to: visitors, by: 7) {
            store.add(click(Self.gap + 5, "v\(visitor)", ad: "\(visitor)-0"))
            store.add(click(Self.gap + 5, "v\(visitor)", ad: "\(visitor)-x"))
            store.add(click(5, "v\(visitor)", ad: "shared"))
            store.add(click(10, "v\(visitor)", ad: "shared"))
        }
        let shown = rows(&store, at: 9 * Self.gap)
        #expect(shown.count == visitors && shown.allSatisfy { $0.totals?.ads == (Int($0.key.visitor.dropFirst())! % 7 == 0 ? 13 : 11) })
        _ = store.drainRows(watermark: .max)
        store.add(click(0, "again", ad: "a"))
        #expect(store.drainRows(watermark: .max).map { $0.totals?.ads } == [1])
    }

    @Test("at each limit a click that needs a new session is refused and counted; others go on, and dropped sessions make room")
    func limits() {
        var few = SessionStore(maximumSessions: 2)
        for (user, at) in [("a", 0), ("b", 0), ("c", 0), ("a", Self.gap), ("a", 1)] as [(String, Int64)] { few.add(click(at, user)) }
        #expect([few.count, few.refused] == [2, 2])
        let shown = rows(&few, at: 3 * Self.gap)
        #expect(shown.map { $0.totals?.clicks } == [2, 1])
        few.add(click(4 * Self.gap, "c"))
        #expect([few.count, few.refused] == [1, 2])

        var chain = SessionStore()
        for i in 0..<100 { chain.add(click(Int64(i) * 2 * Self.gap)) }
        chain.add(click(Self.gap))
        chain.add(click(Self.gap / 2))
        #expect([chain.count, chain.refused] == [64, 37])

        var texts = SessionStore(maximumTextBytes: 300)
        for i in 0..<5 { texts.add(click(0, String(repeating: "\(i)", count: 100))) }
        texts.add(click(2 * Self.gap, String(repeating: "0", count: 100)))
        #expect([texts.count, texts.refused, texts.textBytes] == [3, 3, 200])
    }

    @Test("no new session once sketches reach their limit")
    func sketchLimit() {
        var store = SessionStore(maximumSketchBytes: 100)
        for i in 0..<20 { store.add(click(0, ad: "\(i)")) }
        store.add(click(0, "other"))
        store.add(click(1))
        #expect([store.count, store.refused] == [1, 1])
    }

    @Test("times and amounts at the ends of Int64 do not crash it")
    func extremes() throws {
        for (gap, lateness) in [(1, 0), (Int64.max, Int64.max), (Self.gap, 300_000)] as [(Int64, Int64)] {
            var store = SessionStore(gapMilliseconds: gap, allowedLatenessMilliseconds: lateness)
            for watermark in [Int64.min, -1, 0, .max] {
                for ts in [Int64.min, .max, -1, 0] { store.add(SessionClick(ts: ts, user: "u", cost: .max)) }
                _ = store.drainRows(watermark: watermark)
                let bytes = store.snapshot()
                var reader = StateReader(bytes)
                store = try SessionStore(from: &reader)
            }
            store.add(SessionClick(ts: 0, user: "u", cost: .max))
            store.add(SessionClick(ts: 0, user: "u", cost: .max))
            let last = store.drainRows(watermark: .min, final: true)
            #expect(last.last?.totals?.cost == .max)
        }
    }

    @Test("years of visitors that come and go: sessions, texts and sketches are dropped and used again")
    func churn() {
        var store = SessionStore()
        var bytes = 0
        for day in 0..<150 {
            let from = Int64(day) * 86_400_000
            for visitor in 0..<1000 {
                for ad in 0..<(visitor % 9) { store.add(click(from + Int64(visitor), "visitor-\(visitor)-of-day-\(day)", ad: "\(ad)")) }
            }
            let shown = rows(&store, at: from + 43_200_000)
            #expect(shown.count == 888)
            #expect(shown[0].key.visitor == "visitor-1-of-day-\(day)")
            if day == 20 { bytes = store.byteCount }
        }
        let after = [store.byteCount, store.count, store.textBytes]
        #expect(after == [bytes, 0, 0])
    }

    @Test("broken snapshots are refused, not fatal")
    func snapshots() {
        var random = SplitMix(9)
        var store = SessionStore(allowedLatenessMilliseconds: 1 << 40)
        for i in 0..<3000 {
            store.add(click(Int64(random.next() % 40_000_000), "u\(random.next() % 100)", ad: "\(random.next() % 60)"))
            if i % 1000 == 500 { _ = rows(&store, at: 20_000_000, final: true) }
        }
        let whole = store.snapshot()
        var refused = 0
        for _ in 0..<600 {
            var bytes = whole
            switch random.next() % 3 {
            case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
            case 1: bytes[Int(random.next() % 200)] ^= UInt8(1 << (random.next() % 8))
            default: bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
            }
            var broken = StateReader(bytes)
            do {
                var accepted = try SessionStore(from: &broken)
                _ = accepted.drainRows(watermark: Self.t0 + 30_000_000)
                _ = accepted.drainRows(watermark: .max, final: true)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 200)
    }
}

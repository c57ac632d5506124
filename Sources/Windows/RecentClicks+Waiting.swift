internal import ClickModel
internal import Sketches

/// A short engagement that came before its click.
package struct WaitingEngagement: BitwiseCopyable, Sendable {
    /// Its event time, ms.
    package let ts: Int64
    package let dwellMilliseconds: Int64
}

/// Engagements that came before their click, in order of arrival.
///
///     entry  id hash 16 | ts 8 | expires 8 | dwell 8 | taken 8             48 bytes, in a ring that doubles up to the limit
///
/// Limits: of more than `maximum` engagements the oldest is dropped; an id has at most 8, a ninth is not kept (what fills
/// one id's chain would make each search of it slow). Both are counted in `forgotten`. An engagement that was taken keeps
/// its place until it is the oldest.
struct WaitingEngagements: ~Copyable {
    struct Entry: BitwiseCopyable {
        var id: (UInt64, UInt64)
        var ts: Int64
        var expires: Int64
        var dwell: Int64
        /// 1 once its click came.
        var isTaken: UInt64 = 0
    }

    static let limitOfOneID = 8
    private static let leastCapacity = 64
    private static let numberMask = 0x7fff_ffff
    private static let tag: StaticString = "WEN1"

    let maximum: Int
    /// Engagements dropped before they expired, because of a limit.
    private(set) var forgotten = 0
    /// Engagements that wait; expired ones count until they are dropped.
    private(set) var count = 0
    /// None expires later.
    private var greatestExpiry = Int64.min
    private var ring: [Entry] = []
    private var tail = 0
    private var head = 0
    private var index = HashIndex()

    init(maximum: Int) {
        precondition((1...1 << 28).contains(maximum), "maximumWaitingEngagements out of range")
        self.maximum = maximum
    }

    var byteCount: Int { ring.capacity * MemoryLayout<Entry>.stride + index.byteCount }

    /// Keeps an engagement, unless it is expired or one of the same id and time waits already. O(1) amortized.
    mutating func add(_ entry: Entry, watermark: Int64) {
        guard entry.expires >= watermark else { return }
        var (ofOneID, isThere) = (0, false)
        forEach(entry.id, watermark) { _, other in
            ofOneID += 1
            if other.ts == entry.ts { isThere = true }
        }
        guard !isThere else { return }
        guard ofOneID < Self.limitOfOneID else {
            forgotten += 1
            return
        }
        if head - tail == maximum {
            expire(watermark)
            if head - tail == maximum {
                forgotten += 1
                dropOldest()
            }
        }
        append(entry)
    }

    /// Takes away the engagement of an id that is nearest to its click's time, within reach; of two as near, the one that came first.
    mutating func take(_ id: (UInt64, UInt64), near ts: Int64, watermark: Int64) -> WaitingEngagement? {
        var best = -1
        var distance = Int64.max
        forEach(id, watermark) { place, entry in
            let away = abs(entry.ts - ts)
            guard away <= EngagementExpiry.reach, (away, place) < (distance, best) else { return }
            (best, distance) = (place, away)
        }
        guard best >= 0 else { return nil }
        let at = best & (ring.count - 1)
        index.remove(RecentClicks.hash(id), UInt32(best & Self.numberMask))
        ring[at].isTaken = 1
        count -= 1
        return WaitingEngagement(ts: ring[at].ts, dwellMilliseconds: ring[at].dwell)
    }

    /// Drops the oldest engagements as far as they are taken or expired.
    mutating func expire(_ watermark: Int64) {
        while tail < head {
            let oldest = ring[tail & (ring.count - 1)]
            guard oldest.isTaken == 1 || oldest.expires < watermark else { return }
            dropOldest()
        }
    }

    /// Holds all expiries to a bound, after the watermark was taken back.
    mutating func settle(_ bound: Int64) {
        guard greatestExpiry > bound else { return }
        greatestExpiry = bound
        for place in tail..<head {
            let at = place & (ring.count - 1)
            ring[at].expires = min(ring[at].expires, bound)
        }
    }

    /// Calls `body` with the place of each engagement of an id that waits and is not expired, in no order.
    private func forEach(_ id: (UInt64, UInt64), _ watermark: Int64, _ body: (Int, Entry) -> Void) {
        guard count > 0 else { return }
        _ = index.find(RecentClicks.hash(id)) { number in
            let place = tail + (Int(number) - tail) & Self.numberMask
            let entry = ring[place & (ring.count - 1)]
            if entry.id.0 == id.0 && entry.id.1 == id.1 && entry.expires >= watermark { body(place, entry) }
            return false
        }
    }

    private mutating func append(_ entry: Entry) {
        if head - tail == ring.count { grow() }
        ring[head & (ring.count - 1)] = entry
        greatestExpiry = max(greatestExpiry, entry.expires)
        if entry.isTaken == 0 {
            index.insert(RecentClicks.hash(entry.id), UInt32(head & Self.numberMask))
            count += 1
        }
        head += 1
    }

    private mutating func dropOldest() {
        let oldest = ring[tail & (ring.count - 1)]
        if oldest.isTaken == 0 {
            index.remove(RecentClicks.hash(oldest.id), UInt32(tail & Self.numberMask))
            count -= 1
        }
        tail += 1
    }

    private mutating func grow() {
        let none = Entry(id: (0, 0), ts: 0, expires: 0, dwell: 0)
        var larger = [Entry](repeating: none, count: max(Self.leastCapacity, ring.count * 2))
        for place in tail..<head { larger[place & (larger.count - 1)] = ring[place & (ring.count - 1)] }
        ring = larger
    }
}

extension WaitingEngagements {
    borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(maximum)
        writer.append(forgotten)
        writer.append(head - tail)
        for place in tail..<head { writer.append(ring[place & (ring.count - 1)]) }
    }

    /// - Throws: `StateError` when the bytes are not what `write` wrote.
    static func read(_ reader: inout StateReader) throws(StateError) -> WaitingEngagements {
        try reader.expect(tag: tag)
        let maximum = try reader.read(Int.self)
        guard (1...1 << 28).contains(maximum) else { throw StateError("the limit of waiting engagements is out of range") }
        var waiting = WaitingEngagements(maximum: maximum)
        waiting.forgotten = try reader.read(Int.self)
        let entries = try reader.readArray(Entry.self)
        guard waiting.forgotten >= 0, entries.count <= maximum else { throw StateError("waiting engagements are out of range") }
        for entry in entries {
            guard EventBounds.clamp(entry.ts) == entry.ts, entry.isTaken <= 1 else { throw StateError("a waiting engagement is malformed") }
            waiting.append(entry)
        }
        return waiting
    }
}

internal import CClickRecord
package import ClickModel
internal import Sketches

/// Exact deduplication of click ids over an hour of event time.
///
/// The rule, whatever the physical state: an event (id, ts) is a duplicate if and only if an accepted entry (id, ts0)
/// exists with |ts − ts0| < 1 h and ts0 + 1 h + lateness + 1 min > watermark. Any other event is accepted and remembered. So a
/// repeat within the hour is found however late it comes, unless it is late itself: its minute then ended the allowed lateness
/// before the watermark. One id may have several live entries (a replay after more than an hour, a corrupt time), so a false
/// time cannot displace a true one.
/// A duplicate is a *conflict* when its content differs from that of every entry it repeats.
///
///     entry   key.high | key.low | content | ts0 (Int64.min: free slot)         8 + 4 + 4 + 8 = 24 bytes
///     table   linear probing, at most ¾ full; home slots ascend with the mixed key, so growth and snapshots walk in order
///     filter  one byte a slot, 64-byte blocks: 10.7 bits a key at least; "never seen" skips every key compare
///
/// *Collisions.* Of an id's 128-bit hash 96 bits are kept. Among n live ids two different ones share them with a
/// probability of at most n² / 2^97: 1.3 × 10^-12 for the 4.55 × 10^8 ids of 66 minutes at 115,000 clicks/s, that is one new
/// click wrongly called a duplicate in some 50 million years. Of the content 32 bits are kept: one conflict in 2^32 looks
/// like a plain duplicate.
///
/// *Memory.* 25 bytes a slot. A table is least full just after it doubled: 133 bytes a live id at most, 56 after the first
/// 10 million ids and 112 in a steady stream of as many. At its greatest size of ⁴⁄₃ `maximumEntries` slots it only sorts
/// out, in place: 38 bytes a live id when all that are sure to be held live. Growth holds old and new table at once, half
/// as much again as the new one (the last doubling: 57 bytes a live id); `expectedEntries` makes the room beforehand.
///
/// *Limits.* Expired entries (ts0 + 1 h 6 min ≤ watermark) stay until the table is full; then they are dropped, and the table
/// doubles only if that freed less than half. An id has at most 8 live entries (of nine, the one farthest from the
/// watermark is forgotten), the table `maximumEntries` (the oldest eighth is forgotten, so ⅞ of it are sure to be held);
/// both are counted in `forgottenEarly`. A repeat of an id that was forgotten early counts as new. The default holds
/// 58.7 million live ids in 2.2 GB, 14,800 clicks/s; 115,000 clicks/s need a `maximumEntries` of 521,000,000, 17.4 GB. Entries dropped as expired are not brought back should the watermark be taken back (see `Watermark`).
package struct Deduplicator: ~Copyable, @unchecked Sendable {
    /// What became of an event.
    package enum Admission: Sendable {
        case new
        case duplicate
        /// A duplicate, and it says something else than what it repeats.
        case conflict
    }

    /// Within how much event time a repeat counts as one, ms.
    package static let timeToLiveMilliseconds = EventTime.millisecondsPerHour
    /// How far the watermark may pass an entry's time while it still answers, ms: an event less than the time to live after it is
    /// not late until its minute ended the allowed lateness (`WindowStore.defaultAllowedLatenessMilliseconds`) ago.
    package static let retentionMilliseconds =
        timeToLiveMilliseconds + EventTime.millisecondsPerMinute + WindowStore.defaultAllowedLatenessMilliseconds
    package static let defaultMaximumEntries = 64 << 20
    package static let greatestMaximumEntries = 1 << 32
    static let liveEntriesPerID = 8

    package let maximumEntries: Int
    /// Entries that were forgotten before they expired, because of a limit.
    package internal(set) var forgottenEarly: Int
    /// Entries in the table, expired ones included.
    package internal(set) var entryCount: Int
    /// How often the table can still double.
    let doublingsLeft: Int
    let capacity: Int
    private let memory: AlignedMemory
    let entries: UnsafeMutablePointer<Entry>
    var filter: BlockedBloomFilter
    private var warmth: UInt64

    /// - Parameters:
    ///   - maximumEntries: the most ids to remember.
    ///   - expectedEntries: room to make at once, so that the table need not grow to it.
    package init(maximumEntries: Int = Self.defaultMaximumEntries, expectedEntries: Int = 0) {
        precondition((16...Self.greatestMaximumEntries).contains(maximumEntries) && expectedEntries >= 0, "no such table")
        var doublings = Self.mostDoublings(maximumEntries)
        while doublings > 0, Self.capacity(maximumEntries, doublingsLeft: doublings) * 3 / 4 < expectedEntries { doublings -= 1 }
        self.init(maximumEntries: maximumEntries, doublingsLeft: doublings)
    }

    init(maximumEntries: Int, doublingsLeft doublings: Int) {
        self.maximumEntries = maximumEntries
        (forgottenEarly, entryCount, warmth) = (0, 0, 0)
        doublingsLeft = doublings
        capacity = Self.capacity(maximumEntries, doublingsLeft: doublings)
        memory = AlignedMemory(byteCount: capacity * MemoryLayout<Entry>.stride)
        entries = memory.base.bindMemory(to: Entry.self, capacity: capacity)
        for i in 0..<capacity { entries[i].ts = Entry.free }
        filter = BlockedBloomFilter(blockCount: capacity / BlockedBloomFilter.blockBytes)
    }

    /// Bytes held.
    package var byteCount: Int { memory.byteCount + filter.bytes.count }

    /// Says whether a click is new, and remembers it when it is. Late clicks too are remembered.
    ///
    /// - Parameters:
    ///   - idHash: 128-bit hash of the click id.
    ///   - content: fingerprint of what the click says.
    ///   - ts: event time, epoch ms.
    ///   - watermark: the stream's; the pipeline has shown it this click already.
    /// - Complexity: O(1) amortized; no allocation but when the table grows or is at its limit.
    package mutating func admit(_ idHash: (UInt64, UInt64), content: UInt32, ts time: Int64, watermark: Int64) -> Admission {
        let entry = Entry(key: Key(idHash), content: content, ts: EventBounds.clamp(time))
        let place = entry.key.place
        let maybeSeen = filter.insert((place, entry.key.bits))
        var slot = home(place)
        if maybeSeen {
            switch find(entry, watermark, from: &slot) {
            case .repeated: return .duplicate
            case .contradicted: return .conflict
            case .replaced: return .new
            case .absent: break
            }
        } else {
            while entries[slot].ts != Entry.free { slot = after(slot) }
        }
        entries[slot] = entry
        entryCount += 1
        if entryCount * 4 > capacity * 3 || entryCount >= maximumEntries { makeRoom(watermark) }
        return .new
    }

    /// Brings what the next clicks will touch into the cache; changes nothing anyone can see. Call it with some tens of
    /// records, then ask for each: their far memory accesses then wait together and not in turn.
    package mutating func warm(_ records: UnsafePointer<ClickRecord>, count: Int) {
        var sum: UInt64 = 0
        for i in 0..<count {
            let key = Key((records[i].click_id_hash.0, records[i].click_id_hash.1))
            let place = key.place
            sum &+= filter.touch((place, key.bits)) &+ UInt64(bitPattern: entries[home(place)].ts)
        }
        warmth &+= sum
    }

    /// Whether the filter lets an id through to the table: false only when it was certainly never remembered. O(1).
    package borrowing func mayKnow(_ idHash: (UInt64, UInt64)) -> Bool {
        let key = Key(idHash)
        return filter.mayContain((key.place, key.bits))
    }

    private enum Finding { case repeated, contradicted, replaced, absent }

    /// Compares keys from `slot` on; leaves it at the first free slot when the id has no entry to answer or replace.
    @inline(__always)
    private mutating func find(_ event: Entry, _ watermark: Int64, from slot: inout Int) -> Finding {
        var expired = -1
        var live = 0
        var farthest = -1
        var isContradicted = false
        while entries[slot].ts != Entry.free {
            let entry = entries[slot]
            if entry.key == event.key {
                if entry.ts + Self.retentionMilliseconds <= watermark {
                    expired = slot
                } else if abs(event.ts - entry.ts) < Self.timeToLiveMilliseconds {
                    if entry.content == event.content { return .repeated }
                    isContradicted = true
                } else {
                    live += 1
                    if farthest < 0 || isFarther(entry.ts, entries[farthest].ts, from: watermark) { farthest = slot }
                }
            }
            slot = after(slot)
        }
        if isContradicted { return .contradicted }
        if live >= Self.liveEntriesPerID {
            forgottenEarly += 1
            entries[farthest] = event
            return .replaced
        }
        guard expired >= 0 else { return .absent }
        entries[expired] = event
        return .replaced
    }

    /// Farther from the watermark; of two as far, the later. Both are live, so before the first event all are "ahead".
    private func isFarther(_ a: Int64, _ b: Int64, from watermark: Int64) -> Bool {
        let anchor = EventBounds.clamp(watermark)
        let (da, db) = (abs(a - anchor), abs(b - anchor))
        return da > db || (da == db && a > b)
    }

    /// Multiply-shift: uniform over any capacity, ascending with `place`.
    @inline(__always)
    func home(_ place: UInt64) -> Int {
        Int(truncatingIfNeeded: place.multipliedFullWidth(by: UInt64(truncatingIfNeeded: capacity)).high)
    }

    @inline(__always)
    func after(_ slot: Int) -> Int { slot + 1 == capacity ? 0 : slot + 1 }
}

extension Deduplicator {
    /// The 96 bits of an id's hash that are kept.
    struct Key: BitwiseCopyable, Equatable {
        var high: UInt64
        var low: UInt32

        @inline(__always)
        init(_ idHash: (UInt64, UInt64)) {
            high = idHash.0
            low = UInt32(truncatingIfNeeded: idHash.1)
        }

        /// Where the key belongs in the table and in the filter, as a share of 2^64. Fibonacci hashing (Knuth, TAOCP 6.4).
        @inline(__always)
        var place: UInt64 { (high ^ (UInt64(low) &<< 1)) &* 0x9e37_79b9_7f4a_7c15 }

        /// The 48 bits that choose the filter's bits in a block.
        @inline(__always)
        var bits: UInt64 { UInt64(low) | high &<< 32 }

        @inline(__always)
        static func == (a: Key, b: Key) -> Bool { a.high == b.high && a.low == b.low }
    }

    struct Entry: BitwiseCopyable {
        static let free = Int64.min

        private var high: UInt64
        private var low: UInt32
        var content: UInt32
        var ts: Int64

        @inline(__always)
        init(key: Key, content: UInt32, ts: Int64) {
            high = key.high
            low = key.low
            self.content = content
            self.ts = ts
        }

        @inline(__always)
        var key: Key { Key((high, UInt64(low))) }
    }
}

internal import CClickRecord
package import ClickModel
internal import Sketches

/// Exact deduplication of click ids over an hour of event time.
///
/// The rule, whatever the physical state: an event (id, ts) is a duplicate if and only if an accepted entry (id, ts0)
/// exists with |ts − ts0| < 1 h and ts0 + 1 h > watermark. Any other event is accepted and remembered. One id may have
/// several live entries (a replay after more than an hour, a corrupt time), so a false time cannot displace a true one.
///
///     entry   key.0 | key.1 | ts0 (Int64.min: free slot)                24 bytes, linear probing, at most ¾ full
///     filter  one byte a slot, 64-byte blocks: 10.7 bits a key at least; "never seen" skips every key compare
///
/// Expired entries (ts0 + 1 h ≤ watermark) stay until the table is full; then they are dropped, the filter is
/// rebuilt with them, and the table doubles only if that freed less than half. Limits: an id has at most
/// 8 live entries (of nine, the one farthest from the watermark is forgotten), the table `maximumEntries` (the oldest
/// eighth is forgotten); both are counted in `forgottenEarly`. Entries dropped as expired are not brought back should
/// the watermark be taken back (see `Watermark`).
package struct Deduplicator: ~Copyable, @unchecked Sendable {
    struct Entry: BitwiseCopyable {
        var key: (UInt64, UInt64)
        var ts: Int64
    }

    /// How long an id is remembered, ms of event time.
    package static let timeToLiveMilliseconds = EventTime.millisecondsPerHour
    package static let defaultMaximumEntries = 64 << 20
    static let liveEntriesPerID = 8
    static let free = Int64.min
    static let leastCapacity = 1024

    package let maximumEntries: Int
    /// Entries that were forgotten before their hour was over, because of a limit.
    package internal(set) var forgottenEarly = 0
    /// Entries in the table, expired ones included.
    package internal(set) var entryCount = 0
    private(set) var capacity: Int
    private var memory: AlignedMemory
    private(set) var entries: UnsafeMutablePointer<Entry>
    private var filter: BlockedBloomFilter
    private var shift: UInt64
    private var warmth: UInt64 = 0

    /// - Parameters:
    ///   - maximumEntries: the most ids to remember; 24 bytes each, up to 67 with slack, growth and filter apart.
    ///   - expectedEntries: room to make at once, so that the table need not grow to it.
    package init(maximumEntries: Int = Self.defaultMaximumEntries, expectedEntries: Int = 0) {
        precondition(maximumEntries >= 16 && expectedEntries >= 0, "a table of no entries")
        var slots = Self.leastCapacity
        while slots * 3 / 4 < min(expectedEntries, maximumEntries) { slots *= 2 }
        self.init(maximumEntries: maximumEntries, capacity: slots)
    }

    init(maximumEntries: Int, capacity slots: Int) {
        self.maximumEntries = maximumEntries
        capacity = slots
        memory = AlignedMemory(byteCount: slots * MemoryLayout<Entry>.stride)
        entries = memory.base.bindMemory(to: Entry.self, capacity: slots)
        for i in 0..<slots { entries[i].ts = Self.free }
        filter = BlockedBloomFilter(blockCount: slots / BlockedBloomFilter.blockBytes)
        shift = UInt64(64 - slots.trailingZeroBitCount)
    }

    /// Bytes held.
    package var byteCount: Int { memory.byteCount + filter.bytes.count }

    /// Says whether a click is a duplicate, and remembers it when it is not. Late clicks too are remembered.
    ///
    /// - Parameters:
    ///   - idHash: 128-bit hash of the click id.
    ///   - ts: event time, epoch ms.
    ///   - watermark: the stream's; the pipeline has shown it this click already.
    /// - Complexity: O(1) amortized; no allocation but when the table grows.
    package mutating func isDuplicate(_ idHash: (UInt64, UInt64), ts time: Int64, watermark: Int64) -> Bool {
        let ts = EventBounds.clamp(time)
        let maybeSeen = filter.insert(idHash)
        var slot = home(idHash)
        if maybeSeen {
            switch find(idHash, ts, watermark, from: &slot) {
            case .duplicate: return true
            case .replaced: return false
            case .absent: break
            }
        } else {
            let mask = capacity - 1
            while entries[slot].ts != Self.free { slot = (slot + 1) & mask }
        }
        entries[slot] = Entry(key: idHash, ts: ts)
        entryCount += 1
        if entryCount * 4 > capacity * 3 || entryCount >= maximumEntries { makeRoom(watermark) }
        return false
    }

    /// Brings what the next clicks will touch into the cache; changes nothing anyone can see. Call it with some tens of
    /// records, then ask for each: their far memory accesses then wait together and not in turn.
    package mutating func warm(_ records: UnsafePointer<ClickRecord>, count: Int) {
        var sum: UInt64 = 0
        for i in 0..<count {
            let key = (records[i].click_id_hash.0, records[i].click_id_hash.1)
            sum &+= filter.touch(key) &+ UInt64(bitPattern: entries[home(key)].ts)
        }
        warmth &+= sum
    }

    private enum Finding { case duplicate, replaced, absent }

    /// Compares keys from `slot` on; leaves it at the first free slot when the id has no entry to answer or replace.
    @inline(__always)
    private mutating func find(_ key: (UInt64, UInt64), _ ts: Int64, _ watermark: Int64, from slot: inout Int) -> Finding {
        let mask = capacity - 1
        var expired = -1
        var live = 0
        var farthest = -1
        while entries[slot].ts != Self.free {
            let entry = entries[slot]
            if entry.key.0 == key.0 && entry.key.1 == key.1 {
                if entry.ts + Self.timeToLiveMilliseconds <= watermark {
                    expired = slot
                } else {
                    if abs(ts - entry.ts) < Self.timeToLiveMilliseconds { return .duplicate }
                    live += 1
                    if farthest < 0 || isFarther(entry.ts, entries[farthest].ts, from: watermark) { farthest = slot }
                }
            }
            slot = (slot + 1) & mask
        }
        if live >= Self.liveEntriesPerID {
            forgottenEarly += 1
            entries[farthest].ts = ts
            return .replaced
        }
        guard expired >= 0 else { return .absent }
        entries[expired].ts = ts
        return .replaced
    }

    /// Farther from the watermark; of two as far, the later. Both are live, so before the first event all are "ahead".
    private func isFarther(_ a: Int64, _ b: Int64, from watermark: Int64) -> Bool {
        let anchor = EventBounds.clamp(watermark)
        let (da, db) = (abs(a - anchor), abs(b - anchor))
        return da > db || (da == db && a > b)
    }

    @inline(__always)
    private func home(_ key: (UInt64, UInt64)) -> Int {
        Int(truncatingIfNeeded: ((key.0 ^ (key.1 &<< 1)) &* 0x9e37_79b9_7f4a_7c15) &>> shift)
    }
}

extension Deduplicator {
    /// Drops what has expired; forgets the oldest at the limit; doubles the table unless half of it became free.
    private mutating func makeRoom(_ watermark: Int64) {
        var kept: [Entry] = []
        kept.reserveCapacity(entryCount)
        for i in 0..<capacity where entries[i].ts != Self.free && entries[i].ts + Self.timeToLiveMilliseconds > watermark {
            kept.append(entries[i])
        }
        let limit = maximumEntries - maximumEntries / 8
        if kept.count > limit {
            // By time, then key: the order must not depend on where entries happen to stand.
            kept.sort { ($0.ts, $0.key.0, $0.key.1) > ($1.ts, $1.key.0, $1.key.1) }
            forgottenEarly += kept.count - limit
            kept.removeLast(kept.count - limit)
        }
        let isCrowded = kept.count * 8 > capacity * 3
        rebuild(kept, capacity: isCrowded && capacity * 3 / 4 < maximumEntries ? capacity * 2 : capacity)
    }

    /// Fills an empty table of the capacity, and its filter, with entries.
    mutating func rebuild(_ kept: [Entry], capacity slots: Int) {
        let forgotten = forgottenEarly
        self = Deduplicator(maximumEntries: maximumEntries, capacity: slots)
        forgottenEarly = forgotten
        entryCount = kept.count
        let mask = slots - 1
        for entry in kept {
            var slot = home(entry.key)
            while entries[slot].ts != Self.free { slot = (slot + 1) & mask }
            entries[slot] = entry
            _ = filter.insert(entry.key)
        }
    }
}

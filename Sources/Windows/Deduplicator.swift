internal import CClickRecord
package import ClickModel

/// Exact deduplication of click ids over an hour of event time.
///
/// The rule, whatever the physical state: an event (id, ts) is a duplicate if and only if an accepted entry (id, ts0)
/// exists with |ts − ts0| < 1 h and ts0 + 1 h + lateness + 1 min > watermark. Any other event is accepted and remembered. So a
/// repeat within the hour is found however late it comes, unless it is late itself: its minute then ended the allowed lateness
/// before the watermark. One id may have several live entries (a replay after more than an hour, a corrupt time), so a false
/// time cannot displace a true one.
/// A duplicate is a *conflict* when its content differs from that of every entry it repeats.
///
///     entry   key.high | key.low | content | ts0                              8 + 4 + 4 + 8 = 24 bytes
///     log     the entries in order of arrival, in chunks that never move: `ClickLog`
///     index   32 bits of the mixed key | number of the entry                   8 bytes a slot, at most ¾ full: `HashIndex`
///
/// A new id costs one far memory access: its slot of the index is free, or the bits there are not its own. Only an id whose
/// bits are there leads on to the log. Nothing is ever copied to grow: the log takes chunk after chunk, the index moves to
/// one of double size a few slots at a time.
///
/// *Collisions.* Of an id's 128-bit hash 96 bits are kept. Among n live ids two different ones share them with a
/// probability of at most n² / 2^97: 1.3 × 10^-12 for the 4.55 × 10^8 ids of 66 minutes at 115,000 clicks/s, that is one new
/// click wrongly called a duplicate in some 50 million years. Of the content 32 bits are kept: one conflict in 2^32 looks
/// like a plain duplicate.
///
/// *Memory.* 24 bytes an entry and 10.7 to 21.3 for its share of the index: 37 bytes a live id at 10 million. While the index
/// grows there is the old one too, half as large.
///
/// *Limits.* An expired entry (ts0 + 1 h 6 min ≤ watermark) is dropped when it is the oldest, two at most for each that comes.
/// One that stays live while others behind it are expired for a minute has a time far ahead: it is moved to the head, so
/// that it holds up nobody. An id has at most 8 live entries (of nine, the one farthest from the
/// watermark is forgotten), the log `maximumEntries` (the oldest eighth is forgotten, so ⅞ of it are sure to be held);
/// both are counted in `forgottenEarly`. A repeat of an id that was forgotten early counts as new. The default holds
/// 58.7 million live ids in 2.7 GB, 14,800 clicks/s; 115,000 clicks/s need a `maximumEntries` of 521,000,000, 21 GB. Entries
/// dropped as expired are not brought back should the watermark be taken back (see `Watermark`).
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
    package static let greatestMaximumEntries = ClickLog.greatestCount
    static let liveEntriesPerID = 8
    /// So many entries stay, expired or not.
    static let entriesThatStay = 1024
    /// For how long others around an entry must have been expired before it is moved out of their way, ms.
    static let moveAfterMilliseconds = EventTime.millisecondsPerMinute

    package let maximumEntries: Int
    /// Entries that were forgotten before they expired, because of a limit.
    package internal(set) var forgottenEarly: Int
    var log: ClickLog
    var index: HashIndex

    /// - Parameter maximumEntries: the most ids to remember.
    package init(maximumEntries: Int = Self.defaultMaximumEntries) {
        self.init(maximumEntries: maximumEntries, from: 0)
    }

    init(maximumEntries: Int, from place: Int) {
        precondition((16...Self.greatestMaximumEntries).contains(maximumEntries), "no such limit")
        self.maximumEntries = maximumEntries
        forgottenEarly = 0
        log = ClickLog(maximum: maximumEntries, from: place)
        index = HashIndex()
    }

    /// Entries held, expired ones included.
    package var entryCount: Int { log.count }
    /// Bytes held.
    package var byteCount: Int { log.byteCount + index.byteCount }

    /// Says whether a click is new, and remembers it when it is. Late clicks too are remembered.
    ///
    /// - Parameters:
    ///   - idHash: 128-bit hash of the click id.
    ///   - content: fingerprint of what the click says.
    ///   - ts: event time, epoch ms.
    ///   - watermark: the stream's; the pipeline has shown it this click already.
    /// - Complexity: O(1), O(entries) at the limit; no allocation but when there are more entries than ever before.
    package mutating func admit(_ idHash: (UInt64, UInt64), content: UInt32, ts time: Int64, watermark: Int64) -> Admission {
        let entry = Entry(key: Key(idHash), content: content, ts: EventBounds.clamp(time))
        let hash = entry.key.place
        switch find(entry, hash, watermark) {
        case .repeated: return .duplicate
        case .contradicted: return .conflict
        case .replaces(let place, let isForgotten):
            log.entry(place).pointee = entry
            if isForgotten { forgottenEarly += 1 }
            return .new
        case .absent: break
        }
        index.insert(hash, log.append(entry))
        if log.count > Self.entriesThatStay { dropExpired(watermark) }
        if log.count >= maximumEntries { makeRoom(watermark) }
        return .new
    }

    /// Asks for what the clicks after a place in a batch will touch; changes nothing anyone can see. As `WindowStore.warm`.
    package borrowing func warm(_ records: UnsafePointer<ClickRecord>, from place: Int, count: Int) {
        for i in WindowStore.warmed(place, ahead: 1, of: count) {
            index.prefetch(Key((records[i].click_id_hash.0, records[i].click_id_hash.1)).place)
        }
    }

    private enum Finding {
        case repeated, contradicted, absent
        /// The entry of this number makes room, because it is expired, or forgotten.
        case replaces(Int, isForgotten: Bool)
    }

    /// What an event is to the entries of its id.
    @inline(__always)
    private borrowing func find(_ event: Entry, _ hash: UInt64, _ watermark: Int64) -> Finding {
        var expired = -1
        var live = 0
        var farthest = -1
        var isContradicted = false
        let repeated = index.find(hash) { number in
            let entry = log.entry(Int(number)).pointee
            guard entry.key == event.key else { return false }
            if entry.ts + Self.retentionMilliseconds <= watermark {
                expired = Int(number)
            } else if abs(event.ts - entry.ts) < Self.timeToLiveMilliseconds {
                if entry.content == event.content { return true }
                isContradicted = true
            } else {
                live += 1
                if farthest < 0 || isFarther(entry.ts, log.entry(farthest).pointee.ts, from: watermark) { farthest = Int(number) }
            }
            return false
        }
        if repeated != HashIndex.none { return .repeated }
        if isContradicted { return .contradicted }
        if live >= Self.liveEntriesPerID { return .replaces(farthest, isForgotten: true) }
        return expired >= 0 ? .replaces(expired, isForgotten: false) : .absent
    }

    /// Farther from the watermark; of two as far, the later. Both are live, so before the first event all are "ahead".
    private borrowing func isFarther(_ a: Int64, _ b: Int64, from watermark: Int64) -> Bool {
        let anchor = EventBounds.clamp(watermark)
        let (da, db) = (abs(a - anchor), abs(b - anchor))
        return da > db || (da == db && a > b)
    }
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

        /// The hash for the index. Fibonacci hashing (Knuth, TAOCP 6.4).
        @inline(__always)
        var place: UInt64 { (high ^ (UInt64(low) &<< 1)) &* 0x9e37_79b9_7f4a_7c15 }

        @inline(__always)
        static func == (a: Key, b: Key) -> Bool { a.high == b.high && a.low == b.low }
    }

    struct Entry: BitwiseCopyable {
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

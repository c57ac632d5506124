internal import ClickModel
internal import CClickRecord
internal import Sketches

/// The texts of (ad, campaign, advertiser) triples, each kept once while a cell or a remembered click needs it.
///
/// A triple is known by the three 64-bit hashes of its texts. Texts are appended to one arena; those whose last user went
/// are dropped when they make up more than half of it.
struct DimensionTable: ~Copyable {
    struct Entry: BitwiseCopyable {
        var ad: UInt64
        var campaign: UInt64
        var advertiser: UInt64
        var offset: Int
        var adLength: UInt32
        var campaignLength: UInt32
        var advertiserLength: UInt32
        /// Live cells and remembered clicks that use it; 0 = free.
        var uses: UInt32

        var byteCount: Int { Int(adLength) + Int(campaignLength) + Int(advertiserLength) }
        var hash: UInt64 { DimensionTable.mix(ad, campaign, advertiser) }
    }

    private static let leastArenaToCompact = 1 << 16

    private(set) var entries: [Entry] = []
    private(set) var arena: [UInt8] = []
    private var free: [UInt32] = []
    private var index = HashIndex()
    private var deadBytes = 0

    init() {}

    /// One 64-bit key for a triple: the key of its day cells.
    @inline(__always)
    static func mix(_ ad: UInt64, _ campaign: UInt64, _ advertiser: UInt64) -> UInt64 {
        var h = ad &* 0x9e37_79b9_7f4a_7c15
        h = (h ^ (h &>> 32) ^ campaign) &* 0xd6e8_feb8_6659_fd93
        h = (h ^ (h &>> 32) ^ advertiser) &* 0x9fb2_1c65_1e98_df25
        return h ^ (h &>> 32)
    }

    var count: Int { index.count }

    /// The number of a record's triple, interned if it is new, with one more use. O(1) amortized.
    mutating func retain(_ record: UnsafePointer<ClickRecord>, _ texts: UnsafeRawPointer) -> UInt32 {
        let r = record
        let (ad, campaign, advertiser) = (r.pointee.ad_hash, r.pointee.campaign_hash, r.pointee.advertiser_hash)
        let hash = Self.mix(ad, campaign, advertiser)
        let known = index.find(hash) {
            let entry = entries[Int($0)]
            return entry.ad == ad && entry.campaign == campaign && entry.advertiser == advertiser
        }
        if known != HashIndex.none {
            entries[Int(known)].uses += 1
            return known
        }
        let entry = Entry(
            ad: ad, campaign: campaign, advertiser: advertiser, offset: arena.count, adLength: r.pointee.ad_id.length,
            campaignLength: r.pointee.campaign_id.length, advertiserLength: r.pointee.advertiser_id.length, uses: 1)
        for text in [r.pointee.ad_id, r.pointee.campaign_id, r.pointee.advertiser_id] {
            arena.append(contentsOf: UnsafeRawBufferPointer(start: texts + Int(text.offset), count: Int(text.length)))
        }
        let number: UInt32
        if let reused = free.popLast() {
            number = reused
            entries[Int(reused)] = entry
        } else {
            number = UInt32(entries.count)
            entries.append(entry)
        }
        index.insert(hash, number)
        return number
    }

    /// Asks for the entry of a triple in use.
    @inline(__always)
    func prefetch(_ number: UInt32) {
        entries.withUnsafeBufferPointer { fraud_prefetch($0.baseAddress.unsafelyUnwrapped + Int(number)) }
    }

    /// One use more of a triple that is in use.
    mutating func retain(_ number: UInt32) { entries[Int(number)].uses += 1 }

    /// One use less; with the last the triple is dropped.
    mutating func release(_ number: UInt32) {
        entries[Int(number)].uses -= 1
        let entry = entries[Int(number)]
        guard entry.uses == 0 else { return }
        index.remove(entry.hash, number)
        free.append(number)
        deadBytes += entry.byteCount
    }

    /// Lends the texts of a triple in use: ad, campaign, advertiser.
    @inline(__always)
    func withTexts(_ number: UInt32, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        let entry = entries[Int(number)]
        let (ad, campaign) = (Int(entry.adLength), Int(entry.campaignLength))
        arena.withUnsafeBytes { arena in
            let texts = UnsafeRawBufferPointer(rebasing: arena[entry.offset..<entry.offset + entry.byteCount])
            body(
                UnsafeRawBufferPointer(rebasing: texts[..<ad]), UnsafeRawBufferPointer(rebasing: texts[ad..<ad + campaign]),
                UnsafeRawBufferPointer(rebasing: texts[(ad + campaign)...]))
        }
    }

    /// Moves the live texts together when more than half of the arena is dead.
    mutating func compactIfWorthwhile() {
        guard deadBytes * 2 > arena.count, arena.count >= Self.leastArenaToCompact else { return }
        var fresh: [UInt8] = []
        fresh.reserveCapacity(arena.count - deadBytes)
        for i in entries.indices where entries[i].uses > 0 {
            let entry = entries[i]
            entries[i].offset = fresh.count
            fresh.append(contentsOf: arena[entry.offset..<entry.offset + entry.byteCount])
        }
        arena = fresh
        deadBytes = 0
    }

    /// Fills an empty table with what another held; false when it is not consistent.
    mutating func restore(_ saved: [Entry], _ texts: [UInt8]) -> Bool {
        entries = saved
        arena = texts
        deadBytes = texts.count
        for (i, entry) in saved.enumerated() {
            guard entry.uses > 0 else {
                free.append(UInt32(i))
                continue
            }
            guard entry.offset >= 0, entry.offset <= texts.count, entry.byteCount <= texts.count - entry.offset else { return false }
            index.insert(entry.hash, UInt32(i))
            deadBytes -= entry.byteCount
        }
        return deadBytes >= 0
    }
}

import CClickRecord
import ClickModel

/// Clicks of a given number of visitors, each with a user, a device and an address of its own, made straight as records.
///
/// First everyone comes once, in an order that jumps about; then whoever a fixed hash names, so that no visitor is as regular as a
/// machine. Or visitors come and go: then the oldest leaves for a new one after so many clicks. Four addresses share a network, 400 ads
/// belong to 40 campaigns of 10 advertisers.
struct SyntheticVisitors {
    let visitors: Int
    /// Between clicks, in microseconds of event time.
    var microsecondsApart: Int64
    /// Clicks after which a new visitor takes the oldest one's place; nil when they stay.
    private let clicksUntilNext: Int?
    private(set) var made = 0
    private var microseconds: Int64 = 0
    private let ads: [[UInt8]]

    init(visitors: Int, microsecondsApart: Int64, clicksUntilNext: Int? = nil) {
        self.visitors = visitors
        self.microsecondsApart = microsecondsApart
        self.clicksUntilNext = clicksUntilNext
        ads = (0..<Self.adCount).map { Array("ad-\(1000 + $0)".utf8) }
    }

    private static let adCount = 400
    private static let start: Int64 = 1_793_491_200_000
    private static let textBytes = 12

    /// Fills a batch with the next clicks.
    mutating func fill(_ batch: ClickBatch, atMost limit: Int = .max) {
        batch.removeAll()
        let arena = batch.raw.arena
        for ad in 0..<Self.adCount {
            for (place, byte) in ads[ad].enumerated() { arena[ad * 8 + place] = byte }
        }
        var end = Self.adCount * 8
        let count = min(limit, batch.capacity)
        for row in 0..<count {
            write(nextVisitor(), to: batch.records + row, arena, textAt: end)
            end += Self.textBytes
            made += 1
            microseconds += microsecondsApart
        }
        batch.raw.count = UInt32(count)
        batch.raw.arena_used = UInt32(end)
    }

    private func nextVisitor() -> Int {
        let place = fraud_mix(11, UInt64(made))
        if let clicksUntilNext { return made / clicksUntilNext + Int(place % UInt64(visitors)) }
        // A prime that divides no round number: one round meets everyone.
        return Int((made < visitors ? UInt64(made) &* 2_654_435_761 : place) % UInt64(visitors))
    }

    private func write(_ visitor: Int, to record: UnsafeMutablePointer<ClickRecord>, _ arena: UnsafeMutablePointer<UInt8>, textAt: Int) {
        func hash(_ kind: UInt64, _ value: Int) -> UInt64 { fraud_mix(kind, UInt64(value) &+ 1) }
        let ad = Int(hash(9, made) % UInt64(Self.adCount))
        fraud_record_clear(record)
        record.pointee.event = UInt8(FRAUD_EVENT_CLICK)
        record.pointee.click_id_hash = (hash(1, made), hash(2, made))
        record.pointee.ts_ms = Self.start + microseconds / 1000
        record.pointee.cost_e4 = 2500
        record.pointee.ad_hash = hash(3, ad)
        record.pointee.campaign_hash = hash(4, ad % 40)
        record.pointee.advertiser_hash = hash(5, ad % 10)
        record.pointee.publisher_hash = hash(6, ad % 150)
        record.pointee.user_hash = hash(7, visitor)
        record.pointee.visitor_hash = record.pointee.user_hash
        record.pointee.device_hash = hash(8, visitor)
        record.pointee.agent_hash = hash(10, visitor % 500)
        record.pointee.ip_version = 4
        record.pointee.ip_low = 0xffff_0000_0000 | UInt64((0x1000_0000 + visitor / 4 * 256 + visitor % 4) & 0xffff_ffff)
        record.pointee.touch = UInt8(FRAUD_NO)
        record.pointee.webdriver = UInt8(FRAUD_NO)
        record.pointee.time_to_click_ms = Float(3000 + visitor % 5000)
        record.pointee.pointer_moves = Float(20 + made % 40)
        let user = fraud_text(offset: UInt32(textAt), length: UInt32(Self.textBytes))
        var rest = visitor
        for place in 0..<Self.textBytes {
            arena[textAt + place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        let name = fraud_text(offset: UInt32(ad * 8), length: 7)
        record.pointee.click_id = user
        record.pointee.user_id = user
        record.pointee.ad_id = name
        record.pointee.campaign_id = name
        record.pointee.advertiser_id = name
    }
}

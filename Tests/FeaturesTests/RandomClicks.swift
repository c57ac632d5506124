import CClickRecord
import ClickModel

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// One click as a test writes it down.
struct TestClick {
    var ts: Int64
    var ad = 1, advertiser = 1, publisher = 1
    var user: Int? = nil
    var device: Int? = nil
    var agent: Int? = nil
    /// IPv4.
    var ip: UInt32? = nil
    var lat: Float = .nan, lon: Float = .nan
    var moves: Float = .nan
    var webdriver: UInt8 = 0
    var visibleRatio: Float = .nan
    var dwell: Float = .nan
    var touch: UInt8 = 0
    var keys: Float = .nan
    var tzOffset: Float = .nan
    var distance: Float = .nan, straightness: Float = .nan, duration: Float = .nan

    /// Appends the click to a batch, texts and hashes as a decoder would leave them.
    func append(to batch: ClickBatch, number: Int) {
        let record = batch.records + batch.count
        fraud_record_clear(record)
        func text(_ value: String?) -> TextRange {
            guard let value else { return TextRange() }
            let start = batch.raw.arena_used
            for byte in value.utf8 {
                batch.raw.arena[Int(batch.raw.arena_used)] = byte
                batch.raw.arena_used += 1
            }
            return TextRange(offset: start, length: batch.raw.arena_used - start)
        }
        record.pointee.ts_ms = ts
        record.pointee.click_id = text("c\(number)")
        record.pointee.ad_id = text("ad\(ad)")
        record.pointee.campaign_id = text("c\(ad % 3)")
        record.pointee.advertiser_id = text("adv\(advertiser)")
        record.pointee.publisher_id = text("p\(publisher)")
        record.pointee.user_id = text(user.map { "u\($0)" })
        record.pointee.device_fingerprint = text(device.map { "d\($0)" })
        record.pointee.user_agent = text(agent.map { "agent/\($0)" })
        record.pointee.ip = text(ip.map { "\($0 >> 24).\($0 >> 16 & 255).\($0 >> 8 & 255).\($0 & 255)" })
        record.pointee.lat = lat
        record.pointee.lon = lon
        record.pointee.pointer_moves = moves
        record.pointee.webdriver = webdriver
        record.pointee.visible_ratio = visibleRatio
        record.pointee.dwell_ms = dwell
        record.pointee.touch = touch
        record.pointee.key_events = keys
        record.pointee.tz_offset_min = tzOffset
        record.pointee.pointer_distance_px = distance
        record.pointee.pointer_straightness = straightness
        record.pointee.pointer_duration_ms = duration
        fraud_record_finish(record, batch.raw.arena)
        batch.raw.count += 1
    }

    /// A stream with few keys, so that they meet again; out of order by up to 4 s, and now and then by minutes.
    static func randomStream(seed: UInt64, count: Int, span: Int64) -> [TestClick] {
        var random = SplitMix64(state: seed)
        let start: Int64 = 1_790_000_000_000
        var clicks: [TestClick] = []
        for i in 0..<count {
            var click = TestClick(ts: start + span * Int64(i) / Int64(count) - Int64.random(in: 0..<4000, using: &random))
            // A few come minutes late: behind the panes, not behind the lateness.
            if Int.random(in: 0..<30, using: &random) == 0 { click.ts -= Int64.random(in: 0..<330_000, using: &random) }
            click.ad = Int.random(in: 0..<4, using: &random)
            click.advertiser = click.ad / 2
            click.publisher = Int.random(in: 0..<3, using: &random)
            if Int.random(in: 0..<4, using: &random) > 0 { click.user = Int.random(in: 0..<12, using: &random) }
            if Int.random(in: 0..<4, using: &random) > 0 { click.device = Int.random(in: 0..<15, using: &random) }
            if Int.random(in: 0..<8, using: &random) > 0 { click.agent = Int.random(in: 0..<5, using: &random) }
            if Int.random(in: 0..<8, using: &random) > 0 { click.ip = 0x0a00_0000 + UInt32.random(in: 0..<3, using: &random) << 8 + UInt32.random(in: 0..<6, using: &random) }
            if Bool.random(using: &random) {
                click.lat = Float.random(in: -60...60, using: &random)
                click.lon = Float.random(in: -170...170, using: &random)
            }
            clicks.append(click)
        }
        return clicks
    }
}

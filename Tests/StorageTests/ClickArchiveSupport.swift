import CClickRecord
import ClickModel
import Foundation
import Storage

/// An archived event as plain values, to compare with: every bit that must come back.
struct ArchivedClick: Hashable, Comparable {
    /// Values by schema name; floats as their bits, -1 for unknown.
    var texts: [String: [UInt8]] = [:]
    var numbers: [Int64] = []
    var hashes: [UInt64] = []
    var time: Int64 = 0
    var status = EventStatus.counted
    var label: Label?
    var modelID = ""
    var rulesetID = ""
    var source = ""
    var sourceOffset: Int64 = 0
    var epoch: Int64 = 0
    var seq: Int64 = 0

    static func < (a: ArchivedClick, b: ArchivedClick) -> Bool { (a.time, a.seq) < (b.time, b.seq) }

    static let textFields: [(String, any KeyPath<ClickRecord, TextRange> & Sendable)] = [
        ("click_id", \.click_id), ("ad_id", \.ad_id), ("campaign_id", \.campaign_id), ("advertiser_id", \.advertiser_id),
        ("publisher_id", \.publisher_id), ("placement_id", \.placement_id), ("creative_id", \.creative_id), ("audience_id", \.audience_id),
        ("user_id", \.user_id), ("device_fingerprint", \.device_fingerprint), ("ip", \.ip), ("user_agent", \.user_agent),
        ("referrer", \.referrer), ("impression_id", \.impression_id), ("attack", \.attack),
    ]
    static let numberFields: [any WritableKeyPath<ClickRecord, Float> & Sendable] = [
        \.lat, \.lon, \.tz_offset_min, \.pointer_moves, \.pointer_distance_px, \.pointer_straightness, \.pointer_duration_ms,
        \.pointer_speed_cv, \.hover_ms, \.scroll_events, \.key_events, \.time_to_click_ms, \.visible_ratio, \.opacity,
        \.element_width_px, \.element_height_px, \.dwell_ms,
    ]

    init(_ record: ClickRecord, in batch: ClickBatch) {
        for (name, path) in Self.textFields where record[keyPath: path].length > 0 { texts[name] = Array(batch.bytes(record[keyPath: path])) }
        numbers = Self.numberFields.map { record[keyPath: $0].isNaN ? -1 : Int64(record[keyPath: $0].bitPattern) }
        numbers += [record.cost_e4, record.impression_ts_ms, Int64(record.country), Int64(record.event), Int64(record.truth)]
        numbers += [Int64(record.touch), Int64(record.webdriver), Int64(record.ip_version), Int64(record.error_code)]
        hashes = [
            record.click_id_hash.0, record.click_id_hash.1, record.ad_hash, record.campaign_hash, record.advertiser_hash, record.publisher_hash,
            record.user_hash, record.device_hash, record.agent_hash, record.visitor_hash, record.ip_high, record.ip_low,
        ]
        time = record.ts_ms
        sourceOffset = record.source_offset
    }

    /// Everything that a reader gives.
    static func all(_ reader: ClickArchiveReader, capacity: Int = 100) throws -> [ArchivedClick] {
        let batch = ArchivedBatch(capacity: capacity, arenaBytes: 256 << 10)
        var all: [ArchivedClick] = []
        while try reader.next(into: batch) {
            for row in 0..<batch.count {
                var click = ArchivedClick(batch.clicks.records[row], in: batch.clicks)
                click.status = batch.status[row]
                click.label = batch.verdictLabel[row]
                click.modelID = batch.modelID[row]
                click.rulesetID = batch.rulesetID[row]
                click.source = batch.source[row]
                click.sourceOffset = batch.sourceOffset[row]
                click.epoch = batch.epoch[row]
                click.seq = batch.seq[row]
                all.append(click)
            }
        }
        return all
    }
}

/// Random events for the archive: all fields, unknown ones, and the ends of what a decoder lets through.
struct RandomArchive {
    var random: SplitMix64
    var seq: Int64 = 0
    private let batch = ClickBatch(capacity: 1, arenaBytes: 256 << 10)

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func text(_ limit: Int) -> [UInt8] {
        let parts = ["a", "7", "-", "Grüße", "世界", "😀", "'", "\"", "{", "%20", ",", "\\"]
        let count = chance(20) ? limit : Int.random(in: 1...min(limit, 30), using: &random)
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += Array(parts.randomElement(using: &random)!.utf8) }
        while bytes.count > limit || String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
        return bytes + Array(repeating: 0x7A, count: count == limit ? limit - bytes.count : 0)
    }

    private mutating func number() -> Float {
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: .nan
        case 2: [0, -0.0, .leastNonzeroMagnitude, -Float.leastNormalMagnitude, .greatestFiniteMagnitude, 1e12].randomElement(using: &random)!
        case 3: Float(Int.random(in: -1440...1440, using: &random))
        default: Float.random(in: -180...180, using: &random)
        }
    }

    private mutating func address() -> [UInt8] {
        let quad = (0..<4).map { _ in String(Int.random(in: 0...255, using: &random)) }.joined(separator: ".")
        let words = (0..<8).map { _ in String(Int.random(in: 0...65_535, using: &random), radix: 16) }.joined(separator: ":")
        return Array([quad, words, "::ffff:\(quad)", "2001:DB8::1", "no address", quad + " "].randomElement(using: &random)!.utf8)
    }

    private mutating func set(_ path: WritableKeyPath<ClickRecord, TextRange>, _ bytes: [UInt8]) {
        let start = batch.raw.arena_used
        for (i, byte) in bytes.enumerated() { batch.raw.arena[Int(start) + i] = byte }
        batch.records[0][keyPath: path] = TextRange(offset: start, length: UInt32(bytes.count))
        batch.raw.arena_used += UInt32(bytes.count)
    }

    /// Appends an event at this time; what it holds.
    mutating func append(at time: Int64, epoch: Int64, to rows: ArrowTableBuilder) -> ArchivedClick {
        batch.removeAll()
        let record = batch.records
        fraud_record_clear(record)
        record.pointee.ts_ms = time
        for path: WritableKeyPath<ClickRecord, TextRange> in [\.click_id, \.ad_id, \.campaign_id, \.advertiser_id] { set(path, text(64)) }
        for path: WritableKeyPath<ClickRecord, TextRange> in [\.publisher_id, \.placement_id, \.creative_id, \.audience_id, \.attack]
        where !chance(3) { set(path, text(64)) }
        for path: WritableKeyPath<ClickRecord, TextRange> in [\.user_id, \.device_fingerprint, \.user_agent, \.referrer, \.impression_id]
        where !chance(3) { set(path, text(2048)) }
        if !chance(5) { set(\.ip, address()) }
        for path in ArchivedClick.numberFields { record.pointee[keyPath: path] = number() }
        if !chance(3) { record.pointee.impression_ts_ms = time - Int64.random(in: 0...100_000, using: &random) }
        record.pointee.cost_e4 = chance(4) ? [0, 1, 1_000_000_000_000].randomElement(using: &random)! : Int64.random(in: 0...99_999, using: &random)
        record.pointee.country = chance(3) ? 0 : UInt16(UInt8.random(in: 65...90, using: &random)) << 8 | UInt16(UInt8.random(in: 65...90, using: &random))
        record.pointee.truth = UInt8.random(in: 0...2, using: &random)
        record.pointee.touch = UInt8.random(in: 0...2, using: &random)
        record.pointee.webdriver = UInt8.random(in: 0...2, using: &random)
        record.pointee.source_offset = chance(5) ? -1 : Int64.random(in: 0...Int64.max, using: &random)
        fraud_record_finish(record, batch.raw.arena)
        seq += 1
        var click = ArchivedClick(record.pointee, in: batch)
        describe(&click, epoch: epoch)
        let reasons = [ReasonCode.modelScore.rawValue, "unused", "ip_rate"]
        let names = ArchivedNames(
            FlaggedNames(
                reasons: reasons, rules: [], deciders: ["rule"], trafficClasses: InvalidTraffic.allCases.map(\.name), modelID: click.modelID,
                rulesetID: click.rulesetID), listsID: "")
        let verdict = click.label.map {
            ArchivedVerdict(
                label: $0, score: 0.5, ivt: $0 == .fraud ? .sivt : .none, decider: $0 == .fraud ? 0 : nil, firstReason: $0 == .fraud ? 0 : nil,
                furtherReasons: $0 == .fraud ? 1 << 2 : 0, rules: $0 == .fraud ? 1 << 63 | 5 : 0)
        }
        click.source.withUTF8 { source in
            let outcome = ArchivedOutcome(
                status: click.status, conflict: click.status == .duplicate ? true : nil, verdict: verdict,
                watermark: seq == 1 ? .min : click.time - 5000, source: UnsafeRawBufferPointer(source), epoch: epoch, seq: seq)
            ClickArchive.append(record, arena: batch.raw.arena, outcome, names, to: rows)
        }
        return click
    }

    private mutating func describe(_ click: inout ArchivedClick, epoch: Int64) {
        click.status = [.counted, .counted, .duplicate, .late].randomElement(using: &random)!
        click.label = click.status == .counted ? Label.allCases.randomElement(using: &random)! : nil
        click.modelID = chance(2) ? "model-1" : "model-with-a-longer-name-2"
        click.rulesetID = "rules-ü"
        click.source = chance(2) ? "a" : "b's \"source\""
        click.epoch = epoch
        click.seq = seq
    }
}

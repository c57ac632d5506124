import CClickRecord
import ClickCodec
import ClickModel
import Foundation
import Testing

/// Steele, Lea and Flood's SplitMix64: seeded, so that a failure can be run again.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A directory that goes away with its owner.
final class Scratch {
    let path: String

    init() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("codec-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = directory.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

/// Runs Python 3 with the given program; its standard library is the other implementation we compare with.
func python(_ program: String, _ arguments: [String] = [], packages: String? = nil) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    if let packages {
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": packages]) { $1 }
    }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "python3 failed; its message is on standard error")
    return data
}

/// The package's root: above this file, where `Package.swift` is.
let packageRoot: URL = {
    var directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    while directory.path != "/", !FileManager.default.fileExists(atPath: directory.path + "/Package.swift") {
        directory.deleteLastPathComponent()
    }
    return directory
}()

/// Where the tests' Python packages are, installed by `make deps`.
func pythonPackages() throws -> String {
    let path = ProcessInfo.processInfo.environment["FRAUD_PYTHON"] ?? packageRoot.path + "/.deps/python"
    try #require(FileManager.default.fileExists(atPath: path + "/duckdb"), "no duckdb for Python in \(path): run make deps")
    return path
}

let accessLog: String? = {
    let path = packageRoot.deletingLastPathComponent().path + "/shared/data/access-semicomplete-2015.log.gz"
    return FileManager.default.fileExists(atPath: path) ? path : nil
}()

/// A record taken out of its batch.
struct Event: Equatable {
    var record: ClickRecord
    /// Everything in the record but its hashes and place, as one line: what the Python model prints too.
    var facts: String
    var texts: [String: String]

    static func == (a: Event, b: Event) -> Bool {
        a.facts == b.facts && a.record.source_offset == b.record.source_offset
            && a.record.source_line == b.record.source_line && a.record.click_id_hash == b.record.click_id_hash
            && a.record.visitor_hash == b.record.visitor_hash
    }

    var event: Int { Int(record.event) }
    /// `code field`, or nil when the event is not rejected.
    var rejection: String? {
        guard event == Int(FRAUD_EVENT_REJECTED) else { return nil }
        let field = RejectCode.fieldName(record.error_field)
        let code = RejectCode(rawValue: record.error_code)?.name ?? "none"
        return field.isEmpty ? code : code + " " + field
    }
}

func events(of batch: ClickBatch) -> [Event] {
    (0..<batch.count).map { event(batch, batch.records[$0]) }
}

private func hexDigits(_ bytes: UnsafeRawBufferPointer) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

private func event(_ batch: ClickBatch, _ r: ClickRecord) -> Event {
    let texts: [(String, TextRange)] = [
        ("click_id", r.click_id), ("ad_id", r.ad_id), ("campaign_id", r.campaign_id), ("advertiser_id", r.advertiser_id),
        ("publisher_id", r.publisher_id), ("placement_id", r.placement_id), ("creative_id", r.creative_id),
        ("audience_id", r.audience_id), ("user_id", r.user_id), ("device_fingerprint", r.device_fingerprint), ("ip", r.ip),
        ("user_agent", r.user_agent), ("referrer", r.referrer), ("impression_id", r.impression_id), ("attack", r.attack),
        ("raw", r.raw),
    ]
    let floats = [
        r.lat, r.lon, r.tz_offset_min, r.pointer_moves, r.pointer_distance_px, r.pointer_straightness,
        r.pointer_duration_ms, r.pointer_speed_cv, r.hover_ms, r.scroll_events, r.key_events, r.time_to_click_ms,
        r.visible_ratio, r.opacity, r.element_width_px, r.element_height_px, r.dwell_ms,
    ]
    let hex = texts.map { hexDigits(batch.bytes($0.1)) }
    let bits = floats.map { $0.isNaN ? "nan" : String($0.bitPattern, radix: 16) }
    let numbers = [
        Int64(r.event), Int64(r.error_code), Int64(r.error_field), r.ts_ms, r.cost_e4, r.impression_ts_ms, Int64(r.touch),
        Int64(r.webdriver), Int64(r.truth), Int64(r.country), Int64(r.ip_version),
    ]
    let facts = (numbers.map { String($0) } + hex + bits).joined(separator: "|")
    let strings = texts.compactMap { name, range in batch.string(range).map { (name, $0) } }
    return Event(record: r, facts: facts, texts: Dictionary(uniqueKeysWithValues: strings))
}

/// Decodes lines in memory, batch after batch.
func decode(_ bytes: [UInt8], _ format: LineFormat = .ndjson, capacity: Int = 1024) -> [Event] {
    var decoder = ClickDecoder(format)
    let batch = ClickBatch(capacity: capacity, arenaBytes: 1 << 17)
    var all: [Event] = []
    // An exact allocation, so that a read past its end has a chance to be seen.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    var lines = LineSpan(UnsafeRawBufferPointer(copy))
    while true {
        batch.removeAll()
        let isFinished = decoder.decode(&lines, into: batch)
        all += events(of: batch)
        if isFinished { return all }
    }
}

func decode(_ text: String, _ format: LineFormat = .ndjson) -> [Event] { decode(Array(text.utf8), format) }

/// Reads a whole source; the error it ended with, if any, comes beside the events.
func readAll(
    _ path: String, format: SourceFormat? = nil, defaults: CombinedDefaults = .none, resumeAt: SourcePosition = .start,
    capacity: Int = 1000, chunkBytes: Int = Chunk.minimumCapacity
) throws -> (events: [Event], positions: [SourcePosition], error: SourceError?) {
    let stream = try ClickStream(
        path: path, format: format, defaults: defaults, resumeAt: resumeAt, chunkBytes: chunkBytes)
    let batch = ClickBatch(capacity: capacity, arenaBytes: 1 << 17)
    var all: [Event] = []
    var positions: [SourcePosition] = []
    do throws(SourceError) {
        while try stream.next(into: batch) {
            all += events(of: batch)
            positions.append(stream.next)
        }
    } catch {
        return (all, positions, error)
    }
    return (all, positions, nil)
}

/// A click line with the required fields and `more` fields.
func click(_ more: String = "", id: String = "c1") -> String {
    let comma = more.isEmpty ? "" : ","
    return #"{"click_id":"\#(id)","ts":1571990401106,"ad_id":"a","campaign_id":"k","advertiser_id":"v"\#(comma)\#(more)}"#
}

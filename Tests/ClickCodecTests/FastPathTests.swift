import CClickRecord
import ClickCodec
import ClickModel
import Glibc
import Testing

/// What the decoder does faster than its strict way must say the same.
@Suite struct FastPathTests {
    /// A space before the brace is enough for the strict walk.
    @Test("a line reads the same by the fast way and by the strict walk", arguments: [81, 82, 83] as [UInt64])
    func walks(seed: UInt64) {
        var lines = RandomLines(seed: seed)
        var rows: [[UInt8]] = []
        for _ in 0..<4000 {
            let line = lines.jsonLine()
            rows.append(lines.chance(0.3) ? lines.damaged(line).filter { $0 != 10 } : Array(line.utf8))
        }
        // Windows of many lines, so that most are indexed together.
        let fast = rows.filter { $0.first == UInt8(ascii: "{") }
        let ours = decode(Array(fast.joined(separator: [10])) + [10])
        let strict = decode(Array(fast.map { [0x20] + $0 }.joined(separator: [10])) + [10])
        #expect(ours.count == strict.count && ours.count > 3500, "seed \(seed)")
        #expect(ours.count { $0.rejection == nil } > 1500, "seed \(seed)")
        for (a, b) in zip(ours, strict) where a.rejection == nil || b.rejection == nil {
            #expect(a.facts == b.facts && a.record.visitor_hash == b.record.visitor_hash, "seed \(seed), line \(a.record.source_line)")
        }
    }

    @Test("keys in any order, and in orders that change, are found", arguments: [91] as [UInt64])
    func orders(seed: UInt64) {
        var random = SplitMix64(seed)
        let members = [
            "\"click_id\":\"c\"", "\"ts\":1571990401106", "\"ad_id\":\"a\"", "\"campaign_id\":\"k\"", "\"advertiser_id\":\"v\"",
            "\"lat\":1.5", "\"lon\":-0.25", "\"touch\":true", "\"country\":\"de\"", "\"cost\":0.5", "\"pointer_straightness\":1.0000",
        ]
        let lines = (0..<3000).map { index in
            // Long runs of one order teach the decoder what then no longer holds.
            "{" + (index % 1000 < 900 ? members : members.shuffled(using: &random)).joined(separator: index % 2 == 0 ? "," : ", ") + "}"
        }
        let all = decode(lines.joined(separator: "\n"))
        #expect(all.count == 3000 && Set(all.map(\.facts)).count == 1, "seed \(seed)")
        #expect(all.first?.record.lon == -0.25 && all.first?.record.touch == 2 && all.first?.record.pointer_straightness == 1)
    }

    @Test(
        "numbers on both sides of what eight bytes hold are the nearest float",
        arguments: [
            "0", "7", "-7", "0.5", "-0.0", "12345678", "123456789", "1234567.8", "1234567.89", "0.123456", "0.1234567", "-0.12345",
            "-104.84", "16777217", "0.1", "99999999", "-1e2", "1E-3",
        ])
    func numbers(text: String) throws {
        let value = try #require(Float(text))
        for field in ["pointer_moves", "lat", "tz_offset_min"] {
            let record = try #require(decode([UInt8]((click("\"\(field)\":\(text)") + "\n" + String(repeating: " ", count: 64)).utf8)).first?.record)
            let decoded = ["pointer_moves": record.pointer_moves, "lat": record.lat, "tz_offset_min": record.tz_offset_min][field]
            let range: ClosedRange<Float> = ["pointer_moves": 0...1e12, "lat": -90...90, "tz_offset_min": -1440...1440][field]!
            #expect(range.contains(value) ? decoded == value : decoded?.isNaN == true, "\(field) \(text)")
        }
    }

    @Test("numbers that JSON does not know are rejected", arguments: ["01", "-", "1.", ".5", "-.5", "1.2.3", "+1", "1-2", "00", "-01", "1,", "0x1"])
    func noNumbers(text: String) {
        let all = decode(click("\"lat\":\(text)") + "\n" + click() + "\n" + String(repeating: " ", count: 64))
        #expect(all.map(\.rejection) == ["not_json", nil], "\(text)")
    }

    @Test("addresses are what the system takes for one", arguments: [101] as [UInt64])
    func addresses(seed: UInt64) {
        var random = SplitMix64(seed)
        func digits(_ alphabet: String, _ most: Int) -> String {
            String((0..<Int.random(in: 1...most, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
        }
        for _ in 0..<20_000 {
            var groups = (0..<(Bool.random(using: &random) ? 8 : Int.random(in: 1...9, using: &random))).map { _ in
                digits("0123456789abcdefABCDEF", Int.random(in: 0..<20, using: &random) == 0 ? 5 : 4)
            }
            if Int.random(in: 0..<3, using: &random) > 0 { groups[Int.random(in: 0..<groups.count, using: &random)] = "" }
            if Int.random(in: 0..<10, using: &random) == 0 { groups[groups.count - 1] = "1.2.3.4" }
            let text = ["", ":"].randomElement(using: &random)! + groups.joined(separator: ":")
            guard text.contains(":") else { continue }
            var address = in6_addr()
            let known = inet_pton(AF_INET6, text, &address) == 1
            var high: UInt64 = 0, low: UInt64 = 0
            let version = fraud_parse_ip(Array(text.utf8), text.utf8.count, &high, &low)
            #expect((version != 0) == known, "seed \(seed): \(text)")
            let ours = (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> (56 - UInt64($0 % 8) * 8)) }
            if known { #expect(ours == withUnsafeBytes(of: address) { Array($0) }, "seed \(seed): \(text)") }
        }
        for (text, value) in [("1.2.3.4", 0x01020304), ("255.255.255.255", 0xFFFF_FFFF), ("010.0.00.1", 0x0A00_0001)] as [(String, UInt64)] {
            var high: UInt64 = 0, low: UInt64 = 0
            #expect(fraud_parse_ip(Array(text.utf8), text.utf8.count, &high, &low) == 4 && low == 0xFFFF_0000_0000 | value)
        }
        for text in ["", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4444", "1..2.3", ".1.2.3", "1.2.3.", "1.2.3.a", "0001.2.3.4"] {
            var high: UInt64 = 0, low: UInt64 = 0
            #expect(fraud_parse_ip(Array(text.utf8), text.utf8.count, &high, &low) == 0, "\(text)")
        }
    }
}

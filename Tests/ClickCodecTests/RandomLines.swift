import Foundation
import CClickRecord
import ClickModel

/// Random lines of events, mostly sound, some strange; and random damage to them.
struct RandomLines {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed) }

    mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
    mutating func pick<T>(_ values: [T]) -> T { values.randomElement(using: &random)! }

    static let names: [String] = (1..<Int(FRAUD_FIELD_COUNT)).map { RejectCode.fieldName(UInt8($0)) }

    mutating func text() -> String {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return ""
        case 1: return pick(["é", "日本", "🦊x", "a\u{7f}b", "tab\there", "quo\"te", "back\\slash", "a,b", "nul\u{0}", "-", " x "])
        case 2: return String(repeating: "y", count: pick([15, 16, 17, 31, 32, 33, 63, 64, 65, 2047, 2048, 2049]))
        default: return "id-\(Int.random(in: 0..<100_000, using: &random))"
        }
    }

    mutating func number() -> String {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: pick(["0", "-0", "1", "1.0", "1e3", "-1", "1e400", "1e-400", "0.1e1", "90.0000001", "1.00000001", "1000000000001"])
        case 1: String(Double.random(in: 0..<1, using: &random))
        case 2: String(Double.random(in: -200..<200, using: &random))
        case 3: String(random.next()) + "." + String(random.next())
        case 4: "\(Int.random(in: 0..<100, using: &random)).\(Int.random(in: 0..<100_000, using: &random))e\(Int.random(in: -12...12, using: &random))"
        default: String(Int.random(in: 0..<3000, using: &random))
        }
    }

    mutating func time() -> String {
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : String(n) }
        guard chance(0.5) else { return String(Int.random(in: 1_500_000_000_000..<1_800_000_000_000, using: &random)) }
        let date = "\(Int.random(in: 1968...2201, using: &random))-\(two(.random(in: 1...12, using: &random)))-\(two(.random(in: 1...31, using: &random)))"
        let clock = [24, 60, 61].map { two(Int.random(in: 0..<$0, using: &random)) }.joined(separator: ":")
        return date + pick(["T", "t", " "]) + clock + pick(["", ".5", ".1234567"]) + pick(["Z", "z", "+05:30", "-11:00", "+00:00", ""])
    }

    /// A value in the form the field usually has.
    mutating func value(of name: String) -> (text: String, isString: Bool) {
        switch name {
        case "type": (chance(0.7) ? "click" : pick(["impression", "conversion", "engagement", "view", ""]), true)
        case "ts", "impression_ts": { let t = time(); return (t, t.contains("-") || chance(0.2)) }()
        case "cost": (chance(0.8) ? String(Int.random(in: 0..<90, using: &random)) + pick(["", ".5", ".1234", ".12340"]) : number(), chance(0.5))
        case "ip": (pick(["10.1.2.3", "::1", "2001:db8::7", "256.1.1.1", "::ffff:1.2.3.4", "host", "1.2.3"]), true)
        case "country": (pick(["de", "US", "x", "D3", "fra"]), true)
        case "label": (pick(["valid", "fraud", "odd"]), true)
        case "touch", "webdriver": (pick(["true", "false", "0", "1", "2"]), false)
        case _ where name.hasSuffix("_id") || ["device_fingerprint", "user_agent", "referrer", "attack"].contains(name): (text(), true)
        default: (number(), false)
        }
    }

    mutating func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if mustEscape || chance(0.02) {
                for unit in Character(scalar).utf16 {
                    let hex = String(unit, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    mutating func jsonLine() -> String {
        let required = ["click_id", "ts", "ad_id", "campaign_id", "advertiser_id"]
        var names = required + Self.names.filter { !required.contains($0) && chance(0.3) }
        if chance(0.2) { names.append(pick(Self.names)) }
        names.shuffle(using: &random)
        var members = names.map { name -> String in
            if required.contains(name), name != "ts", chance(0.95) { return quoted(name) + ":\"r\(random.next() % 1000)\"" }
            let (text, isString) = value(of: name)
            let space = pick(["", "", " ", "\t"])
            if chance(0.02) { return quoted(name) + ":" + pick(["null", "true", "[]", "{}", "7", "\"s\"", "[1,{\"a\":[]}]"]) }
            return quoted(name) + space + ":" + space + (isString ? quoted(text) : text)
        }
        if chance(0.3) { members.append(pick(["\"extra\":{\"a\":[1,2,{\"b\":null}],\"c\":\"\\n\"}", "\"x\":-1.5E+2", "\"\":\"\""])) }
        return "{" + members.joined(separator: pick([",", ", "])) + "}"
    }

    mutating func csvRow(_ header: [String]) -> String {
        header.map { name -> String in
            if chance(name.hasSuffix("_id") || name == "ts" ? 0.02 : 0.3) { return "" }
            let cell = chance(0.01) ? text() : ["ad_id", "campaign_id", "advertiser_id", "click_id"].contains(name) && chance(0.95)
                ? "r\(random.next() % 1000)" : value(of: name).text
            let needsQuotes = cell.contains(",") || cell.hasPrefix("\"") || chance(0.1)
            return needsQuotes ? "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : cell
        }.joined(separator: ",")
    }

    /// Flips, drops, repeats or cuts some bytes.
    mutating func damaged(_ line: String) -> [UInt8] {
        var bytes = Array(line.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(pick(Array("\"\\{}[],:0-.eE \u{1}n".utf8)), at: at)
            case 3: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 4: bytes.removeSubrange(at..<min(bytes.count, at + 8))
            default: bytes.removeSubrange(at...)
            }
        }
        return bytes
    }
}

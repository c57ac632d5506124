import ClickModel
import Foundation
import Simulation
import Testing

@Suite("Honest traffic has the oddities that look like fraud")
struct HonestTrafficTests {
    // Filled once, then only read.
    nonisolated(unsafe) private static let made: [[String: Any]] = {
        let made = try? simulate(options(clicks: 80_000, seed: 17) { $0.start.milliseconds += 86_400_000 })  // a Monday
        return clicks(made?.bytes ?? []).filter { !$0.isFraud }
    }()
    private var honest: [[String: Any]] { Self.made }

    private func distinct(_ field: String, by key: String) -> [String: Set<String>] {
        var sets: [String: Set<String>] = [:]
        for click in honest {
            if let k = click.text(key), let v = click.text(field) { sets[k, default: []].insert(v) }
        }
        return sets
    }

    @Test("carrier NAT puts over 50 users behind one address, with many agents")
    func carrierNAT() {
        let users = distinct("device_fingerprint", by: "ip").filter { $0.key.hasPrefix("100.") }
        let crowded = users.filter { $0.value.count > 50 }
        #expect(crowded.count >= 3)
        let agents = distinct("user_agent", by: "ip")
        for address in crowded.keys { #expect(agents[address]?.count ?? 0 > 10, "\(address)") }
    }

    @Test("also a small sample has an address with over 50 users")
    func smallSample() throws {
        var users: [String: Set<String>] = [:]
        for click in clicks(try simulate(options(clicks: 12_000, seed: 1)).bytes) where !click.isFraud {
            if let ip = click.text("ip"), let device = click.text("device_fingerprint") { users[ip, default: []].insert(device) }
        }
        #expect(users.values.map(\.count).max() ?? 0 > 50)
    }

    @Test("phones change network, offices share an address, families share a device")
    func sharing() {
        #expect(distinct("ip", by: "device_fingerprint").values.count { (2...4).contains($0.count) } > 1000)
        let offices = distinct("device_fingerprint", by: "ip").filter {
            let second = $0.key.split(separator: ".").dropFirst().first.flatMap { Int($0) } ?? 0
            return $0.key.hasPrefix("24") && (128..<192).contains(second) && $0.value.count > 10
        }
        #expect(offices.count > 10)
        #expect(distinct("user_id", by: "device_fingerprint").values.contains { $0.count == 2 })
    }

    @Test("company gateways: hosting addresses with people's pointer paths")
    func gateways() {
        let behind = honest.filter { ($0.text("ip") ?? "").hasPrefix("198.19.") }
        #expect(behind.count > 100)
        #expect(behind.contains { $0.number("pointer_distance_px") ?? 0 > 100 })
    }

    @Test("keyboard users have keys and no pointer; touch users no path; ad blockers strip signals")
    func inputs() {
        #expect(honest.count { $0.number("pointer_moves") == 0 && $0["touch"] as? Bool == false && $0.number("key_events") ?? 0 > 0 } > 100)
        #expect(honest.count { $0["touch"] as? Bool == true && $0["pointer_distance_px"] == nil } > 10_000)
        let stripped = honest.count { $0["pointer_moves"] == nil && $0["visible_ratio"] == nil && $0["webdriver"] == nil }
        #expect(stripped > 3000)
    }

    @Test("two to four percent of the known stays are bounces; about 70 % of stays are known")
    func dwell() {
        let stays = honest.compactMap { $0.number("dwell_ms") }
        let share = Double(stays.count { $0 < 1000 }) / Double(stays.count)
        #expect((0.02...0.04).contains(share), "\(share)")
        let known = Double(stays.count) / Double(honest.count)
        #expect((0.55...0.75).contains(known), "\(known)")
    }

    @Test("activity follows the day and the week; ads and users are heavy-tailed; prices too")
    func rhythm() throws {
        var hours = [Int](repeating: 0, count: 24)
        for click in honest where click.text("country") == "DE" {
            hours[(Int(click.number("ts") ?? 0) / 3_600_000 + 1) % 24] += 1
        }
        #expect(hours[20] > 5 * hours[4], "\(hours)")
        let ads = Dictionary(grouping: honest.compactMap { $0.text("ad_id") }) { $0 }.values.map(\.count).sorted(by: >)
        #expect(ads[..<20].reduce(0, +) > 5 * ads[200..<220].reduce(0, +))
        let costs = honest.compactMap { $0.number("cost") }.sorted()
        #expect(costs[costs.count * 99 / 100] > 5 * costs[costs.count / 2])
    }

    @Test("a flash crowd: dozens of devices on one ad within minutes, and no fraud")
    func flashCrowd() throws {
        // Five seeds: whether a crowd is a spot or a viral site is drawn.
        var peak = 0
        for seed in 1...5 as ClosedRange<UInt64> {
            let made = try simulate(options(clicks: 12_000, seed: seed) { $0.fraudShare = 0 })
            var panes: [String: Set<String>] = [:]
            for click in clicks(made.bytes) {
                let pane = "\(click.text("ad_id") ?? "") \(Int(click.number("ts") ?? 0) / 300_000)"
                if let device = click.text("device_fingerprint") { panes[pane, default: []].insert(device) }
            }
            peak = max(peak, panes.values.map(\.count).max() ?? 0)
        }
        #expect(peak > 40)
    }
}

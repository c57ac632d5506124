import ClickModel
import Foundation
import Simulation
import Testing

@Suite("Honest look-alikes have the shape that the threat model gives them")
struct LookAlikeTests {
    struct Truth {
        let lookAlikes: LookAlikeSet
        let attack: AttackFamily?
    }

    /// Clicks of a run whose only traffic of note is one look-alike, with those that carry its name.
    private func run(_ one: LookAlike, share: Double = 0.2, clicks count: Int = 20_000, seed: UInt64 = 5) throws -> [[String: Any]] {
        let made = try simulate(options(clicks: count, seed: seed) {
            $0.start.milliseconds += 2 * 86_400_000  // a Tuesday
            $0.fraudShare = 0
            $0.duplicateShare = 0
            $0.lookAlikeShares = [one: share]
        })
        return clicks(made.bytes).filter { ($0.text("look_alike") ?? "").split(separator: " ").contains(Substring(one.name)) }
    }

    private func grouped(_ clicks: [[String: Any]], by key: String) -> [String: [[String: Any]]] {
        Dictionary(grouping: clicks) { $0.text(key) ?? "" }.filter { $0.key != "" }
    }

    private func distinct(_ clicks: [[String: Any]], _ field: String) -> Int { Set(clicks.compactMap { $0.text(field) }).count }

    private func times(_ clicks: [[String: Any]]) -> [Double] { clicks.compactMap { $0.number("ts") }.sorted() }

    @Test("every one occurs in an ordinary day, is honest, and the truth beside the lines agrees with them")
    func everyOne() throws {
        var simulator = try TrafficSimulator(options(clicks: 60_000, seed: 8) { $0.start.milliseconds += 2 * 86_400_000 })
        var bytes: [UInt8] = []
        var seen = Set<String>()
        var rows = 0
        while simulator.next(into: &bytes) {
            defer { bytes.removeAll(keepingCapacity: true) }
            guard let truth = simulator.lastTruth else {
                #expect(clicks(bytes).isEmpty)
                continue
            }
            rows += 1
            let names = Set(truth.lookAlikes.members.map(\.name))
            seen.formUnion(names)
            guard rows % 50 == 0 else { continue }
            let click = try #require(clicks(bytes).first)
            #expect(click.text("click_id") == truth.clickID)
            #expect(click.text("attack") == truth.attack?.name)
            #expect(Set((click.text("look_alike") ?? "").split(separator: " ").map(String.init)) == names.subtracting(["client_retry"]))
            #expect(truth.attack == nil || names.isEmpty)
        }
        #expect(rows == simulator.summary.lines - simulator.summary.bad)
        #expect(Set(LookAlike.allCases.map(\.name)).subtracting(seen) == [])
        #expect(LookAlike.allCases.allSatisfy { LookAlike(name: $0.name) == $0 })
    }

    /// Others bring these about too: commuters use carriers, mistaken touches bounce, games are web views.
    static let byproducts: Set<LookAlike> = [.carrierNAT, .ipv6Privacy, .mistakenBack, .appWebView]

    @Test("a share of 0 leaves a look-alike out", arguments: LookAlike.allCases.filter { $0.unit != .derived && !byproducts.contains($0) })
    func none(one: LookAlike) throws {
        #expect(try run(one, share: 0, clicks: 3000).isEmpty, "\(one.name)")
    }

    @Test("a share of clicks or people is met", arguments: [
        (.stadium, 0.1), (.tvSpot, 0.1), (.kioskRefresh, 0.02), (.cheapPlacement, 0.1), (.smallLoyalAudience, 0.02), (.unmeasuredBeacon, 0.2),
    ] as [(LookAlike, Double)])
    func shares(one: LookAlike, share: Double) throws {
        let got = Double(try run(one, share: share).count) / 20_000
        #expect(abs(got - share) < 0.2 * share, "\(one.name): \(got)")
    }

    @Test("a stadium: one or two addresses, many devices, varied agents, gaps as irregular as people's")
    func stadium() throws {
        let groups = Dictionary(grouping: try run(.stadium)) { $0.text("ad_id") ?? "" }.values.filter { $0.count > 100 }
        #expect(!groups.isEmpty)
        for group in groups {
            #expect(distinct(group, "device_fingerprint") > group.count / 2)
            #expect(distinct(group, "user_agent") > 15)
            let at = times(group)
            let gaps = zip(at.dropFirst(), at).map { $0 - $1 }
            let mean = gaps.reduce(0, +) / Double(gaps.count)
            let deviation = (gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)).squareRoot()
            #expect(deviation > 0.7 * mean)
        }
    }

    @Test("a retry repeats the ad after seconds, never at once, with a path of its own")
    func retry() throws {
        let made = try simulate(options(clicks: 20_000, seed: 5) { $0.fraudShare = 0; $0.duplicateShare = 0; $0.lookAlikeShares = [.retryAfterFailure: 0.2] })
        var last: [String: (ts: Double, path: Double?)] = [:]
        var retries = 0
        for click in clicks(made.bytes).sorted(by: { ($0.number("ts") ?? 0) < ($1.number("ts") ?? 0) }) {
            let key = "\(click.text("user_id") ?? click.text("device_fingerprint") ?? "") \(click.text("ad_id") ?? "")"
            defer { last[key] = (click.number("ts") ?? 0, click.number("pointer_distance_px")) }
            guard (click.text("look_alike") ?? "").contains("retry_after_failure"), let before = last[key] else { continue }
            retries += 1
            #expect((click.number("ts") ?? 0) - before.ts > 500, "\(click.text("click_id") ?? "")")
            if let path = click.number("pointer_distance_px"), let other = before.path, path > 100 { #expect(path != other) }
        }
        #expect(retries > 1000)
    }

    @Test("a VPN switched on is one jump and then steady; the browser's clock stays")
    func vpn() throws {
        // A popular phone's weak fingerprint is several people's.
        let made = try run(.vpnSwitch)
        let shared = Set(made.filter { ($0.text("look_alike") ?? "").contains("popular_phone") }.compactMap { $0.text("device_fingerprint") })
        let byDevice = grouped(made, by: "device_fingerprint").filter { !shared.contains($0.key) }.values.filter { $0.count > 2 }
        #expect(byDevice.count > 100)
        for clicks in byDevice.prefix(200) {
            #expect(distinct(clicks, "ip") == 1)
            #expect(Set(clicks.compactMap { $0.number("tz_offset_min") }).count == 1)
        }
    }

    @Test("a commuter has 2 to 4 addresses, near each other")
    func commuter() throws {
        let made = try run(.commuter).filter { !($0.text("look_alike") ?? "").contains("geoip_error") }
        let trips = grouped(made, by: "device_fingerprint").values.map { $0.sorted { ($0.number("ts") ?? 0) < ($1.number("ts") ?? 0) } }
            .filter { trip in trip.count >= 3 && times(trip).last! - times(trip)[0] < 2 * 3_600_000 }
        #expect(trips.count > 100)
        var moved = 0
        for trip in trips {
            #expect(distinct(trip, "ip") <= 4)
            if distinct(trip, "ip") > 1 { moved += 1 }
            let latitudes = trip.compactMap { $0.number("lat") }
            if let low = latitudes.min(), let high = latitudes.max() { #expect(high - low < 1.5, "\(high - low) degrees") }
        }
        #expect(moved > trips.count / 2)
    }

    @Test("a GeoIP error is of a few hundred kilometres")
    func geoip() throws {
        let byDevice = grouped(try run(.geoipError), by: "device_fingerprint").values
        let spans = byDevice.compactMap { clicks -> Double? in
            let latitudes = clicks.compactMap { $0.number("lat") }
            guard let low = latitudes.min(), let high = latitudes.max(), high - low > 1 else { return nil }
            return (high - low) * 111
        }
        #expect(spans.count > 20)
        #expect(spans.allSatisfy { (100...700).contains($0) }, "\(spans.min() ?? 0) to \(spans.max() ?? 0) km")
    }

    @Test("voice control has neither pointer nor keys, and takes a person's time; a beacon that cannot measure says nothing")
    func behaviour() throws {
        let voice = try run(.voiceControl)
        #expect(voice.count > 300)
        #expect(voice.allSatisfy { ($0.number("pointer_moves") ?? 0) == 0 && ($0.number("key_events") ?? 0) == 0 && $0["touch"] as? Bool != true })
        #expect(voice.allSatisfy { ($0.number("time_to_click_ms") ?? 300) >= 280 })
        #expect(try run(.unmeasuredBeacon).allSatisfy { $0["visible_ratio"] == nil && $0["opacity"] == nil && $0["element_width_px"] == nil })
    }

    @Test("a kiosk is one device at one address whose clicks come at no fixed interval")
    func kiosk() throws {
        let kiosks = grouped(try run(.kioskRefresh), by: "device_fingerprint").values.filter { $0.count > 10 }
        #expect(!kiosks.isEmpty)
        for clicks in kiosks {
            #expect(distinct(clicks, "ip") == 1 && distinct(clicks, "user_id") == 0)
            let at = times(clicks)
            let gaps = zip(at.dropFirst(), at).map { $0 - $1 }.sorted()
            #expect(gaps[gaps.count * 3 / 4] > 1.5 * gaps[gaps.count / 4])
        }
    }

    @Test("cloud desktops share images: few agents and fingerprints, listed addresses, a person's path")
    func cloudDesktops() throws {
        let made = try run(.cloudDesktop, share: 0.5)
        #expect(made.count > 1000)
        #expect(made.allSatisfy { ($0.text("ip") ?? "198.19.").hasPrefix("198.19.") })
        #expect(distinct(made, "device_fingerprint") * 2 < distinct(made, "user_id"))
        #expect(made.count { $0.number("pointer_moves") ?? 0 > 0 } > made.count / 2)
    }
}

import Foundation
import Simulation
import Testing

@Suite("Attacks come in the shares and shapes they should")
struct AttackMixTests {
    @Test("families have the threat model's names")
    func names() {
        let expected: Set = [
            "declared_crawler", "hosting", "double_click", "replay", "ip_burst", "metronome", "slow_drip",
            "fingerprint_farm", "device_farm", "impossible_travel", "competitor", "publisher_inflation", "hidden_ad",
            "no_movement", "instant_bounce", "humanoid", "attribution_flood",
        ]
        #expect(Set(AttackFamily.allCases.map(\.name)) == expected)
        for family in AttackFamily.allCases { #expect(AttackFamily(name: family.name) == family) }
        #expect(AttackFamily(name: "nothing") == nil)
    }

    @Test("the fraud share and every family's part of it are near what was asked", arguments: [12_000, 200_000])
    func shares(count: Int) throws {
        for profile in [SimulationProfile.train, .test] {
            let options = options(clicks: count, seed: 21) { $0.profile = profile }
            let s = try simulate(options).summary
            let share = Double(s.fraud) / Double(s.fraud + s.valid)
            #expect(abs(share - 0.15) < 0.01, "\(profile.name), share \(share)")
            let sum = options.familyWeights.values.reduce(0, +)
            for family in AttackFamily.allCases {
                let wanted = 0.15 * Double(count) * options.familyWeights[family, default: 0] / sum
                let got = Double(s.fraudByFamily[Int(family.rawValue)])
                #expect(abs(got - wanted) < 0.2 * wanted + 5, "\(profile.name) \(family.name): \(got), wanted \(wanted)")
            }
        }
    }

    @Test("a family mix is obeyed: only the families given occur")
    func mix() throws {
        let s = try simulate(options(clicks: 20_000) { $0.familyWeights = [.hosting: 3, .metronome: 1] }).summary
        for family in AttackFamily.allCases where family != .hosting && family != .metronome {
            #expect(s.fraudByFamily[Int(family.rawValue)] == 0, "\(family.name)")
        }
        let ratio = Double(s.fraudByFamily[Int(AttackFamily.hosting.rawValue)]) / Double(s.fraudByFamily[Int(AttackFamily.metronome.rawValue)])
        #expect(abs(ratio - 3) < 0.4, "ratio \(ratio)")
    }

    @Test("no fraud when none is asked for")
    func honestOnly() throws {
        let made = try simulate(options(clicks: 5000) { $0.fraudShare = 0; $0.duplicateShare = 0 })
        #expect(made.summary.fraud == 0)
        #expect(!clicks(made.bytes).contains { $0.isFraud })
    }

    /// Fraudulent clicks of a family in a run of that family alone.
    private func only(_ family: AttackFamily, clicks count: Int = 10_000) throws -> [[String: Any]] {
        let made = try simulate(options(clicks: count, seed: 9) { $0.familyWeights = [family: 1]; $0.duplicateShare = 0 })
        return clicks(made.bytes).filter { $0.text("attack") == family.name }
    }

    @Test("hosting and Tor clicks come from the ranges that the lists hold")
    func hostingRanges() throws {
        let addresses = Set(try only(.hosting).compactMap { $0.text("ip") })
        let program = """
            import sys, ipaddress
            nets = [ipaddress.ip_network(n) for n in sys.argv[1].split()]
            inside = [any(a in n for n in nets) for a in map(ipaddress.ip_address, sys.argv[2].split())]
            print(all(inside), len(inside) > 20)
            """
        let lists = TrafficSimulator.hostingList + TrafficSimulator.torList
        #expect(try python(program, [lists, addresses.joined(separator: " ")]) == "True True\n")
        #expect(!addresses.isDisjoint(with: TrafficSimulator.torExits))
    }

    @Test("a slow drip clicks at most 15 times a day from an address")
    func slowDrip() throws {
        let perAddress = Dictionary(grouping: try only(.slowDrip).compactMap { $0.text("ip") }) { $0 }
        #expect(perAddress.count > 100)
        #expect(perAddress.values.allSatisfy { $0.count <= 15 })
    }

    @Test("a metronome's gaps are equal to a few percent")
    func metronome() throws {
        let byDevice = Dictionary(grouping: try only(.metronome)) { $0.text("device_fingerprint") ?? "" }
        var regular = 0
        for clicks in byDevice.values where clicks.count > 20 {
            let times = clicks.compactMap { $0.number("ts") }.sorted()
            let gaps = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
            let median = gaps[gaps.count / 2]
            let equal = gaps.count { abs($0 - median) < 0.15 * median }
            if Double(equal) > 0.9 * Double(gaps.count) { regular += 1 }
        }
        #expect(regular > 5)
    }

    @Test("a hidden ad is hidden, a bounce under a second, a farm's fingerprint on many addresses")
    func signatures() throws {
        let hidden = try only(.hiddenAd)
        let seen = hidden.count {
            $0.number("visible_ratio") == 0 || ($0.number("opacity") ?? 1) < 0.1 || ($0.number("element_width_px") ?? 9) < 2
                || ($0.number("element_height_px") ?? 9) < 2
        }
        #expect(Double(seen) > 0.9 * Double(hidden.count))
        let dwells = try only(.instantBounce).compactMap { $0.number("dwell_ms") }
        #expect(dwells.count > 1000 && dwells.allSatisfy { $0 < 1000 })
        let farm = Dictionary(grouping: try only(.fingerprintFarm)) { $0.text("device_fingerprint") ?? "" }
        let widest = farm.filter { $0.key != "" }.values.map { Set($0.compactMap { $0.text("ip") }).count }
        #expect(widest.max() ?? 0 > 25)
    }

    @Test("a double click repeats an honest click of the same visitor on the same ad within seconds")
    func doubleClicks() throws {
        let made = try simulate(options(clicks: 12_000, seed: 9) { $0.familyWeights = [.doubleClick: 1]; $0.fraudShare = 0.05 })
        let all = clicks(made.bytes)
        let honest = Dictionary(grouping: all.filter { !$0.isFraud }) { "\($0.text("user_id") ?? "") \($0.text("device_fingerprint") ?? "") \($0.text("ad_id") ?? "")" }
        var checked = 0
        for click in all where click.text("attack") == "double_click" {
            let key = "\(click.text("user_id") ?? "") \(click.text("device_fingerprint") ?? "") \(click.text("ad_id") ?? "")"
            let before = (honest[key] ?? []).compactMap { $0.number("ts") }.map { (click.number("ts") ?? 0) - $0 }
            #expect(before.contains { $0 > 0 && $0 < 8000 }, "\(click.text("click_id") ?? "")")
            checked += 1
        }
        #expect(checked > 300)
    }

    @Test("replay sends recorded clicks again from new addresses, with the same path")
    func replays() throws {
        let paths = Dictionary(grouping: try only(.replay)) {
            "\($0.number("pointer_distance_px") ?? 0) \($0.number("pointer_duration_ms") ?? 0)"
        }
        let largest = paths.values.max { $0.count < $1.count } ?? []
        #expect(largest.count > 5)
        #expect(Set(largest.compactMap { $0.text("ip") }).count > largest.count * 3 / 4)
    }
}

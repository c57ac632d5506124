import ClickModel
import Foundation
import Simulation
import Testing

@Suite("Scenario files say what to simulate")
struct ScenarioTests {
    private func diagnostics(_ text: String) -> [String] {
        do {
            _ = try Scenario.parse(text, file: "s.yaml")
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    static var folder: URL {
        var folder = URL(filePath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appending(path: "training-data/scenarios").path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        return folder.appending(path: "training-data/scenarios")
    }

    @Test("those in the tree are right; train and test share no seed, day or profile")
    func shipped() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil).filter { $0.pathExtension == "yaml" }
        #expect(files.count >= 9)
        var seeds: [UInt64: String] = [:]
        for file in files {
            let scenario = try Scenario.parse(try String(contentsOf: file, encoding: .utf8), file: file.lastPathComponent)
            let name = file.deletingPathExtension().lastPathComponent
            #expect(scenario.name == name)
            #expect(seeds.updateValue(name, forKey: scenario.options.seed) == nil, "seed of \(name)")
            if name.hasPrefix("train-") { #expect(scenario.options.profile.name == "train" && scenario.options.start.milliseconds < 1_793_491_200_000) }
            if name.hasPrefix("test-") { #expect(scenario.options.profile.name == "test" && scenario.options.start.milliseconds > 1_793_491_200_000) }
        }
    }

    @Test("a scenario says everything, and what it leaves out has its default")
    func values() throws {
        let scenario = try Scenario.parse(
            """
            version: 1
            name: all of it
            seed: 9
            start: 2026-11-10T16:30Z
            clicks: 1234
            hours: 1.5
            profile: test
            fraud_share: 0.25
            families: {metronome: 2, ip_burst: {weight: 3, clicks: [40, 90]}}
            look_alikes: {stadium: 0.05, office: 0}
            inventory: {ads: 10, publishers: 7}
            delivery: {late_share: 0.01, jitter_ms: 500}
            """, file: "s.yaml")
        let options = scenario.options
        #expect(options.seed == 9 && options.clicks == 1234 && options.durationMilliseconds == 5_400_000 && options.fraudShare == 0.25)
        #expect(options.start.description == "2026-11-10T16:30:00.000Z")
        #expect(options.familyWeights == [.metronome: 2, .ipBurst: 3])
        #expect(options.share(of: .stadium) == 0.05 && options.share(of: .office) == 0 && options.share(of: .campus) == LookAlike.campus.defaultShare)
        #expect(options.ads == 10 && options.campaigns == 10 && options.advertisers == 10 && options.publishers == 7)
        #expect(options.lateShare == 0.01 && options.jitterMilliseconds == 500 && options.duplicateShare == SimulationOptions().duplicateShare)
    }

    @Test("parameter ranges of a family rule its attackers")
    func ranges() throws {
        let scenario = try Scenario.parse(
            """
            version: 1
            clicks: 8000
            fraud_share: 0.3
            families: {instant_bounce: {clicks: 11, gap_seconds: [1, 2]}}
            """, file: "s.yaml")
        let bounces = clicks(try simulate(scenario.options).bytes).filter { $0.text("attack") == "instant_bounce" }
        let perAddress = Dictionary(grouping: bounces) { $0.text("device_fingerprint") ?? "" }.values.map(\.count)
        #expect(bounces.count > 2000)
        #expect(perAddress.sorted().dropLast(2).allSatisfy { $0 <= 11 }, "\(perAddress.max() ?? 0)")
    }

    @Test("phases differ in volume, fraud and families; the same file gives the same bytes")
    func phases() throws {
        let text = """
            version: 1
            seed: 3
            start: 2026-11-10T12:00Z
            clicks: 20000
            fraud_share: 0
            phases:
              - {hours: 2}
              - {hours: 1, volume: 3, fraud_share: 0.5, families: {hidden_ad: 1}}
              - {hours: 1, volume: 0.2, fraud_share: 0.2, families: {metronome: {clicks: [20, 40]}}}
            """
        let options = try Scenario.parse(text, file: "s.yaml").options
        let made = try simulate(options)
        #expect(try simulate(try Scenario.parse(text, file: "other.yaml").options).bytes == made.bytes)
        let start = Double(options.start.milliseconds)
        var honest = [Double](repeating: 0, count: 4)
        var fraud = [[String: Int]](repeating: [:], count: 4)
        for click in clicks(made.bytes) {
            let hour = min(3, max(0, Int(((click.number("ts") ?? 0) - start) / 3_600_000)))
            if let attack = click.text("attack") { fraud[hour][attack, default: 0] += 1 } else { honest[hour] += 1 }
        }
        // Replayed URLs, which are duplicates, happen in every phase.
        #expect((fraud[0]["replay"] ?? 0) + (fraud[1]["replay"] ?? 0) < 30 && fraud[0].keys.allSatisfy { $0 == "replay" })
        #expect(honest[2] > 2 * honest[1] && honest[3] < 0.6 * honest[1], "\(honest)")
        let hidden = Double(fraud[2]["hidden_ad"] ?? 0)
        #expect(abs(hidden / (hidden + honest[2]) - 0.5) < 0.05, "\(hidden) of \(honest[2])")
        let regular = Double(fraud[3]["metronome"] ?? 0)
        #expect(abs(regular / (regular + honest[3]) - 0.2) < 0.07, "\(regular) of \(honest[3])")
        #expect(made.summary.lines == 20_000)
    }

    static let mistakes: [(text: String, complaints: [String])] = [
        ("", ["s.yaml: the file is empty; expected \"version: 1\" and what to simulate"]),
        ("- 1", ["s.yaml:1:1: expected the file to have some of the keys: version, name"]),
        ("name: x", ["s.yaml:1:1: missing key \"version\""]),
        ("version: 2", ["s.yaml:1:10: unknown version; this program reads version 1"]),
        ("version: 1\nclick: 5", ["s.yaml:2:1: unknown key \"click\" in the file; expected version, name"]),
        ("version: 1\nclicks: many", ["s.yaml:2:9: \"clicks\" is many; expected a whole number from 0 to 1000000000"]),
        ("version: 1\nclicks: [1]", ["s.yaml:2:9: \"clicks\" is a list or mapping; expected a whole number"]),
        ("version: 1\nhours: .nan", ["s.yaml:2:8: \"hours\" is .nan; expected a number from 0.001 to 9600"]),
        ("version: 1\nfraud_share: nan", ["s.yaml:2:14: \"fraud_share\" is nan; expected a number from 0 to 0.9"]),
        ("version: 1\nstart: yesterday", ["s.yaml:2:8: \"start\" is yesterday; expected a moment such as"]),
        ("version: 1\nstart: 1800-01-01", ["s.yaml:2:8: \"start\" must be 1970-01-02 to 2100-01-01"]),
        ("version: 1\nprofile: hard", ["s.yaml:2:10: \"profile\" is hard; expected train or test"]),
        ("version: 1\nfamilies: {robots: 1}", ["s.yaml:2:12: unknown key \"robots\" in families; expected declared_crawler"]),
        ("version: 1\nfamilies:\n  ip_burst: [1]", ["s.yaml:3:13: \"ip_burst\" is a list or mapping; expected a number from 0 to 1000000, or keys with ranges"]),
        ("version: 1\nfamilies:\n  ip_burst: {speed: 1}", ["s.yaml:3:14: unknown key \"speed\" in ip_burst; expected weight, clicks, gap_ms"]),
        ("version: 1\nfamilies:\n  ip_burst: {clicks: [9, 3]}", ["s.yaml:3:22: \"clicks\" runs from 9 down to 3; expected [low, high]"]),
        ("version: 1\nfamilies:\n  ip_burst: {clicks: [1, 2, 3]}", ["s.yaml:3:22: \"clicks\" has 3 values; expected [low, high]"]),
        ("version: 1\nfamilies:\n  ip_burst: {clicks: [0, 2.5]}", ["s.yaml:3:23: \"clicks\" is 0; expected a whole number from 1", "s.yaml:3:26: \"clicks\" is 2.5; expected"]),
        ("version: 1\nlook_alikes: {stadion: 0.1}", ["s.yaml:2:15: unknown key \"stadion\" in look_alikes; expected unusual_browser"]),
        ("version: 1\nlook_alikes: {client_retry: 0.1}", ["s.yaml:2:15: unknown key \"client_retry\""]),
        ("version: 1\nlook_alikes: {stadium: 2}", ["s.yaml:2:24: \"stadium\" is 2; expected a number from 0 to 1"]),
        ("version: 1\nlook_alikes: {stadium: 0.5, tv_spot: 0.5}", ["s.yaml:1:1: the look-alikes' shares of clicks must add up to at most 0.8"]),
        ("version: 1\ninventory: {ads: 3, campaigns: 5}", ["s.yaml:2:32: \"campaigns\" is 5; expected a whole number from 1 to 3"]),
        ("version: 1\nhours: 5\nphases: [{hours: 1}]", ["s.yaml:2:8: \"hours\" stands beside \"phases\""]),
        ("version: 1\nphases: []", ["s.yaml:2:9: \"phases\" must be a list of at least one phase"]),
        ("version: 1\nphases:\n  - {volume: 2}", ["s.yaml:3:5: missing key \"hours\""]),
        ("version: 1\nphases:\n  - {hours: 1, volume: 0}", ["s.yaml:1:1: a phase must have a volume above 0"]),
        ("version: 1\nfraud_share: 0.1\nfamilies: {hosting: 0}", ["s.yaml:1:1: fraud needs a family of weight above 0"]),
        ("version: 1\nversion: 1", ["s.yaml:1:1: the key \"version\" is given twice"]),
        ("version: [1", ["s.yaml:"]),
        ("version: 1\nclicks: x\nseed: -1", ["s.yaml:2:9: ", "s.yaml:3:7: \"seed\" is -1"]),
    ]

    @Test("every mistake is named with file, line, column and what was expected", arguments: mistakes)
    func complaints(text: String, complaints: [String]) {
        let got = diagnostics(text)
        #expect(got.count == complaints.count, "\(got)")
        for (one, expected) in zip(got, complaints) { #expect(one.hasPrefix(expected), "\(one)") }
    }

    @Test("a file has limits: its size, its phases, its depth, the errors shown")
    func limits() {
        #expect(diagnostics("version: 1 #" + String(repeating: "x", count: Scenario.maxFileBytes))[0].contains("larger than"))
        let many = "version: 1\nphases:\n" + String(repeating: "  - {hours: 1}\n", count: 101)
        #expect(diagnostics(many) == ["s.yaml:103:5: 101 phases; at most 100 are allowed"])
        #expect(!diagnostics("version: 1\nname: " + String(repeating: "[", count: 100_000)).isEmpty)
        let wrong = "version: 1\n" + (0..<300).map { "k\($0): 1\n" }.joined()
        let shown = diagnostics(wrong)
        #expect(shown.count == 101 && shown.last == "s.yaml: 200 more errors are not shown")
    }

    @Test("random damage to a scenario is refused or read, never a crash", arguments: [1, 2, 3] as [UInt64])
    func damage(seed: UInt64) throws {
        let text = try String(contentsOf: Self.folder.appending(path: "example.yaml"), encoding: .utf8)
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func random(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let pieces = Array("[]{}:,-&*!|>'\"#%@`\n 0123456789aeinN.").map(String.init) + ["nan", "1e999", "-0", "\u{0}", "é", "~", "- ", "<<: *a"]
        for round in 0..<300 {
            var damaged = Array(text)
            for _ in 0..<(1 + random(4)) {
                let at = random(damaged.count)
                damaged.replaceSubrange(at..<min(damaged.count, at + random(3)), with: pieces[random(pieces.count)])
            }
            if let scenario = try? Scenario.parse(String(damaged), file: "s.yaml") {
                #expect(throws: Never.self, "seed \(seed), round \(round)") { try scenario.options.validate() }
            }
        }
    }
}

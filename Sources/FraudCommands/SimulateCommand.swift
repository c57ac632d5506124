public import ArgumentParser
internal import ClickModel
internal import Foundation
internal import Simulation

/// `fraud simulate`: labelled synthetic traffic.
public struct SimulateCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Writes seeded, labelled traffic: honest users and seventeen families of fraud.",
        discussion: """
            The same options give the same bytes on every machine. The truth is in `label`, `attack` and `look_alike` (which
            honest traffic that resembles fraud a click is), and with --truth-out in a file beside; scoring reads none of it.
            A scenario file says more than the options can: parameter ranges, look-alikes, phases. Its --seed may be overridden.
            EXAMPLE: fraud simulate --clicks 1000000 --seed 7 --out clicks.ndjson
            EXAMPLE: fraud simulate --scenario training-data/scenarios/example.yaml --out clicks.ndjson --truth-out truth.csv
            """)

    @Option(help: ArgumentHelp("What to simulate, in YAML; instead of the options up to --bad-line-share, --seed aside.", valueName: "file"))
    var scenario: String?
    @Option(help: "Lines to write; 100000 by default.") var clicks: Int?
    @Option(help: "Seed; 1 by default.") var seed: UInt64?
    @Option(help: "First event time, UTC; 2026-11-01 by default.") var start: String?
    @Option(help: "Hours of event time; 24 by default.") var hours: Double?
    @Option(help: "Share of the clicks that are fraud, 0-0.9; 0.15 by default.") var fraudShare: Double?
    @Option(help: "Parameter ranges of the attacks: train or test; train by default.") var profile: String?
    @Option(help: "Ads.") var ads: Int?
    @Option(help: "Campaigns.") var campaigns: Int?
    @Option(help: "Advertisers.") var advertisers: Int?
    @Option(help: "Publishers.") var publishers: Int?
    @Option(help: "Only these families, comma-separated.") var families: String?
    @Option(help: "Share of lines that repeat a click_id.") var duplicateShare: Double?
    @Option(help: "Share of clicks delivered too late.") var lateShare: Double?
    @Option(help: "Share of lines that must be rejected.") var badLineShare: Double?
    @Option(help: ArgumentHelp("File to write, or - for standard output.", valueName: "file")) var out = "-"
    @Option(help: ArgumentHelp("Also write the truth here: CSV of click_id, label, attack, look_alike.", valueName: "file")) var truthOut: String?
    @Option(help: ArgumentHelp("Also write the hosting and Tor lists that fit this traffic here.", valueName: "dir")) var listsOut: String?

    public init() {}

    private func options() throws -> SimulationOptions {
        var options = SimulationOptions()
        if let clicks { options.clicks = clicks }
        if let seed { options.seed = seed }
        if let start {
            guard let first = TimeArgument(argument: start) else { throw ValidationError("--start \(start): expected 2026-11-01 or 2026-11-01T09:30Z") }
            options.start = first.time
        }
        if let hours { options.durationMilliseconds = Int64(max(0, min(1e6, hours)) * 3_600_000) }
        if let fraudShare { options.fraudShare = fraudShare }
        if let profile {
            guard let named = SimulationProfile.named(profile) else { throw ValidationError("--profile \(profile): expected train or test") }
            options.profile = named
        }
        if let ads { options.ads = ads }
        options.campaigns = campaigns ?? min(options.campaigns, options.ads)
        options.advertisers = advertisers ?? min(options.advertisers, options.campaigns)
        if let publishers { options.publishers = publishers }
        if let families {
            var weights: [AttackFamily: Double] = [:]
            for name in families.split(separator: ",") {
                guard let family = AttackFamily(name: String(name)) else {
                    throw ValidationError("--families \(name): expected some of \(AttackFamily.allCases.map(\.name).joined(separator: ", "))")
                }
                weights[family] = 1
            }
            options.familyWeights = weights
        }
        if let duplicateShare { options.duplicateShare = duplicateShare }
        if let lateShare { options.lateShare = lateShare }
        if let badLineShare { options.badLineShare = badLineShare }
        do { try options.validate() } catch { throw ValidationError("\(error)") }
        return options
    }

    public func validate() throws {
        guard scenario != nil else {
            _ = try options()
            return
        }
        let others: [(String, Any?)] = [
            ("clicks", clicks), ("start", start), ("hours", hours), ("fraud-share", fraudShare), ("profile", profile), ("ads", ads),
            ("campaigns", campaigns), ("advertisers", advertisers), ("publishers", publishers), ("families", families),
            ("duplicate-share", duplicateShare), ("late-share", lateShare), ("bad-line-share", badLineShare),
        ]
        if let given = others.first(where: { $0.1 != nil }) {
            throw ValidationError("--\(given.0) and --scenario: expected one of the two; the scenario file says it")
        }
    }

    public func run() throws {
        var options: SimulationOptions
        if let scenario {
            options = try ScenarioFile.load(scenario).options
            if let seed { options.seed = seed }
        } else {
            options = try self.options()
        }
        if let listsOut { try SimulatedFile.writeLists(to: listsOut) }
        try OutputPath.requireApart([out, truthOut], from: [])
        let truthFile = try truthOut.map { try SimulatedFile.open($0) }
        var rows = [UInt8](ClickTruth.csvHeader.utf8)
        func writeTruth(_ truth: ClickTruth) throws {
            rows.append(contentsOf: truth.csvRow.utf8)
            guard rows.count >= 1 << 20 else { return }
            try truthFile?.write(contentsOf: Data(rows))
            rows.removeAll(keepingCapacity: true)
        }
        let bar = ProgressBar(unit: "clicks")
        let summary = try SimulatedFile.write(
            options, to: out, progress: { bar.update(done: $0, share: $1) }, truth: truthFile == nil ? nil : writeTruth)
        try truthFile?.write(contentsOf: Data(rows))
        bar.finish()
        Terminal.error(
            "\(summary.lines) lines: \(summary.valid) valid, \(summary.fraud) fraud, \(summary.duplicates) duplicates, \(summary.late) late, \(summary.bad) bad\n")
    }
}

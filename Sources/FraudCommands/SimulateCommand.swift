public import ArgumentParser
internal import ClickModel
internal import Foundation
internal import Simulation

/// `fraud simulate`: labelled synthetic traffic.
public struct SimulateCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Writes seeded, labelled traffic: honest users and seventeen families of fraud.",
        discussion: """
            The same options give the same bytes on every machine. The truth is in `label` and `attack`.
            EXAMPLE: fraud simulate --clicks 1000000 --seed 7 --out clicks.ndjson
            """)

    @Option(help: "Lines to write.") var clicks = 100_000
    @Option(help: "Seed.") var seed: UInt64 = 1
    @Option(help: "First event time, UTC.") var start = "2026-11-01"
    @Option(help: "Hours of event time.") var hours = 24.0
    @Option(help: "Share of the clicks that are fraud, 0-0.9.") var fraudShare = 0.15
    @Option(help: "Parameter ranges of the attacks: train or test.") var profile = "train"
    @Option(help: "Ads.") var ads: Int?
    @Option(help: "Campaigns.") var campaigns: Int?
    @Option(help: "Advertisers.") var advertisers: Int?
    @Option(help: "Publishers.") var publishers: Int?
    @Option(help: "Only these families, comma-separated.") var families: String?
    @Option(help: "Share of lines that repeat a click_id.") var duplicateShare: Double?
    @Option(help: "Share of clicks delivered too late.") var lateShare: Double?
    @Option(help: "Share of lines that must be rejected.") var badLineShare: Double?
    @Option(help: ArgumentHelp("File to write, or - for standard output.", valueName: "file")) var out = "-"
    @Option(help: ArgumentHelp("Also write the hosting and Tor lists that fit this traffic here.", valueName: "dir")) var listsOut: String?

    public init() {}

    private func options() throws -> SimulationOptions {
        var options = SimulationOptions()
        options.clicks = clicks
        options.seed = seed
        guard let first = TimeArgument(argument: start) else { throw ValidationError("--start \(start): expected 2026-11-01 or 2026-11-01T09:30Z") }
        options.start = first.time
        options.durationMilliseconds = Int64(max(0, min(1e6, hours)) * 3_600_000)
        options.fraudShare = fraudShare
        guard let named = SimulationProfile.named(profile) else { throw ValidationError("--profile \(profile): expected train or test") }
        options.profile = named
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

    public func validate() throws { _ = try options() }

    public func run() throws {
        var simulator = try TrafficSimulator(options())
        if let listsOut {
            try FileManager.default.createDirectory(atPath: listsOut, withIntermediateDirectories: true)
            try TrafficSimulator.hostingList.write(toFile: listsOut + "/hosting.txt", atomically: true, encoding: .utf8)
            try TrafficSimulator.torList.write(toFile: listsOut + "/tor.txt", atomically: true, encoding: .utf8)
        }
        let descriptor = out == "-" ? FileHandle.standardOutput.fileDescriptor : open(out, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw CommandError("\(out): cannot be opened for writing: \(String(cString: strerror(errno)))") }
        let file = FileHandle(fileDescriptor: descriptor)
        let bar = ProgressBar(unit: "clicks")
        var buffer: [UInt8] = []
        buffer.reserveCapacity(2 << 20)
        while simulator.next(into: &buffer) {
            if buffer.count >= 1 << 20 {
                try file.write(contentsOf: Data(buffer))
                buffer.removeAll(keepingCapacity: true)
                bar.update(done: simulator.summary.lines, share: Double(simulator.summary.lines) / Double(max(1, clicks)))
            }
        }
        try file.write(contentsOf: Data(buffer))
        bar.finish()
        let summary = simulator.summary
        Terminal.error(
            "\(summary.lines) lines: \(summary.valid) valid, \(summary.fraud) fraud, \(summary.duplicates) duplicates, \(summary.late) late, \(summary.bad) bad\n")
    }
}

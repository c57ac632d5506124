public import ArgumentParser
internal import ClickCodec
internal import Foundation
internal import Pipeline

/// `fraud score`: the main job.
public struct ScoreCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Scores, labels, aggregates and commits a click log.",
        discussion: """
            Inputs may be NDJSON, CSV or combined access logs, plain, gzip or zstd; several, a glob, or - for standard input.
            Several are read at once, merged in order of event time, each with a watermark of its own.
            Run again after a crash it goes on from the last epoch; run again on a finished input it does nothing and says so.
            Challengers score in shadow: their verdicts are stored for `fraud model compare`, never billed and never fed back.
            EXAMPLE: fraud score clicks-*.ndjson.gz --db clicks.duckdb
            """)

    enum FormatArgument: String, ExpressibleByArgument, CaseIterable {
        case auto, ndjson, csv, combined
    }

    @Argument(help: "Files, a quoted glob, or - for standard input.") var inputs: [String]
    @Option(name: .customLong("db"), help: ArgumentHelp("The database to write; made when it is not there.", valueName: "file")) var database: String
    @Option(help: "Format of the inputs.") var format: FormatArgument = .auto
    @Option(help: ArgumentHelp("Model file instead of models/champion.json.", valueName: "file")) var model: String?
    @Option(
        name: .customLong("challenger"),
        help: ArgumentHelp("Also score by this model, in shadow; may be given again. Without --model also every models/challengers/*.json; 16 at most.", valueName: "file"))
    var challengers: [String] = []
    @Flag(help: "Leave out what models/challengers holds.") var noChallengers = false
    @Option(help: ArgumentHelp("Rule file instead of models/rules.yaml.", valueName: "file")) var rules: String?
    @Option(help: ArgumentHelp("GeoIP database (.mmdb) for clicks without a position.", valueName: "file")) var geoip: String?
    @Option(help: ArgumentHelp("Folder of crawler, hosting and Tor lists.", valueName: "dir")) var lists: String?
    @Option(help: ArgumentHelp("Write one JSON line per received event.", valueName: "file")) var verdicts: String?
    @Option(name: .customLong("ad-id"), help: "Ad of access-log lines that name none.") var adID: String?
    @Option(name: .customLong("campaign-id"), help: "Campaign of access-log lines that name none.") var campaignID: String?
    @Option(name: .customLong("advertiser-id"), help: "Advertiser of access-log lines that name none.") var advertiserID: String?
    @Option(help: "Events after which an epoch is committed.") var epochEvents = ScoreJobOptions.defaultEpochEvents
    @Option(help: "How often the state is saved: auto (in proportion to events), always (at every epoch: after a crash nothing is read again) or rare.")
    var snapshots = SnapshotFrequency.auto
    @Option(help: ArgumentHelp("Threads that decode, instead of as many as suit the cores; results are the same for any number.", valueName: "n"))
    var decodeThreads: Int?
    @Option(help: ArgumentHelp(
        "Split the state of features by key among so many threads, 1 to 16; results are the same for any number, unless a table meets its limit of memory (a note says so).",
        valueName: "n"))
    var shards = 1
    @Flag(help: "Write minutes that are still open at every epoch, as early rows.") var earlyFirings = false
    @Flag(help: "Do not write the labelled clicks to Parquet beside the database: faster, and nothing can be re-scored or reconciled.") var noArchive = false
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func validate() throws {
        guard epochEvents > 0 else { throw ValidationError("--epoch-events must be 1 or more") }
        guard decodeThreads.map({ (1...256).contains($0) }) ?? true else { throw ValidationError("--decode-threads is 1 to 256") }
        guard (1...ScorerConfiguration.maximumShards).contains(shards) else {
            throw ValidationError("--shards is 1 to \(ScorerConfiguration.maximumShards)")
        }
        guard !database.isEmpty, database != ":memory:" else { throw ValidationError("--db names the file to write") }
        guard verdicts != "-" else { throw ValidationError("--verdicts names a file: it follows the epochs, which a pipe cannot") }
        guard inputs.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("standard input (-) can be read once") }
    }

    public func run() throws {
        var options = ScoreJobOptions(inputs: try InputPaths.expand(inputs), database: database)
        options.format = format == .auto ? nil : SourceFormat(rawValue: format.rawValue)
        options.defaults = try CombinedDefaults(adID: adID, campaignID: campaignID, advertiserID: advertiserID)
        options.scorer = ScorerConfiguration(modelPath: model, rulesPath: rules, listsDirectory: lists, geoPath: geoip)
        options.scorer.shards = shards
        options.challengers = ChallengerFiles(paths: challengers, folder: model == nil && !noChallengers ? ChallengerFiles.shippedFolder : nil)
        options.verdictsPath = verdicts
        options.writesArchive = !noArchive
        options.earlyFirings = earlyFirings
        options.epochEvents = epochEvents
        options.snapshots = snapshots
        if let decodeThreads { options.decodeThreads = decodeThreads }
        let bar = ProgressBar(unit: "events")
        let job = try ScoreJob(options)
        let report = try {
            defer { bar.finish() }
            return try job.run { bar.update(done: $0.events, share: $0.share) }
        }()
        for input in report.alreadyScored { Terminal.error("\(input): already scored, nothing new in it\n") }
        for input in report.resumed { Terminal.error("\(input): went on from the last epoch\n") }
        for note in report.notes { Terminal.error(note + "\n") }
        if json {
            try Terminal.output(ScoreSummary.json(report, database: database) + "\n")
        } else {
            try Terminal.output(try ScoreSummary.screen(report, job.database, verdicts: verdicts))
        }
    }
}

/// Input paths as given: globs expanded (sorted by name), missing files named at once.
enum InputPaths {
    static func expand(_ given: [String]) throws -> [String] {
        var paths: [String] = []
        for path in given {
            if path == "-" || FileManager.default.fileExists(atPath: path) {
                paths.append(path)
                continue
            }
            var found = glob_t()
            defer { globfree(&found) }
            guard path.contains(where: { "*?[".contains($0) }), glob(path, 0, nil, &found) == 0 else {
                throw CommandError("\(path): no such file")
            }
            for i in 0..<Int(found.gl_pathc) { if let match = found.gl_pathv[i] { paths.append(String(cString: match)) } }
        }
        return paths
    }
}

extension SnapshotFrequency: ExpressibleByArgument {}

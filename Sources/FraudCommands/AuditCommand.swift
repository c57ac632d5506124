public import ArgumentParser
internal import Audit
internal import ClickModel
internal import Foundation
internal import Storage

/// `fraud audit`: the flagged clicks and the power to overturn them.
public struct AuditCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Lists flagged clicks, shows the evidence of one, and records a reviewer's decision.",
        discussion: "EXAMPLE: fraud audit list --db clicks.duckdb --reason ip_burst",
        subcommands: [AuditListCommand.self, AuditShowCommand.self, AuditLabelCommand.self])

    public init() {}
}

struct AuditListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Flagged clicks, the newest first.",
        discussion: "EXAMPLE: fraud audit list --db clicks.duckdb --advertiser adv-1 --unreviewed --limit 50")

    @OptionGroup var database: DatabaseArgument
    @OptionGroup var period: PeriodArguments
    @OptionGroup var output: OutputArguments
    @Option(help: "Only clicks with this reason code.") var reason: String?
    @Option(help: "Only clicks this rule decided (`model` for the model).") var rule: String?
    @Option(help: "Only clicks from this address.") var ip: String?
    @Option(help: "Only clicks on this advertiser's ads.") var advertiser: String?
    @Flag(help: "Only clicks nobody has decided on.") var unreviewed = false
    @Option(help: "How many at most.") var limit = 20

    func run() throws {
        var filter = ReviewQueue.Filter()
        (filter.reason, filter.rule, filter.ip, filter.advertiser) = (reason, rule, ip, advertiser)
        (filter.from, filter.to) = (period.from?.time, period.to?.time)
        (filter.unreviewed, filter.limit) = (unreviewed, limit)
        let clicks = try ReviewQueue(database.openForReading()).list(filter)
        try Terminal.output(Self.table(clicks).rendered(as: output.chosen))
        if clicks.isEmpty { Terminal.error("no flagged click fits\n") }
    }

    static func table(_ clicks: [FlaggedClick]) -> OutputTable {
        var table = OutputTable(columns: ["click_id", "ts", "advertiser_id", "ad_id", "ip", "cost", "score", "ivt", "rule", "reasons"])
        for click in clicks {
            table.rows.append([
                .text(click.clickID), .text(click.time.description), .text(click.advertiser), .text(click.ad),
                click.detail("ip").map { .text($0) } ?? .null, .number(click.cost.description), .number(String(format: "%.4f", click.score)),
                .text(click.ivt), .text(click.decidingRule), .text(click.reasons.joined(separator: " ")),
            ])
        }
        return table
    }
}

struct AuditShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One flagged click: its fields, reasons, reviews and neighbours.",
        discussion: "EXAMPLE: fraud audit show c-1042 --db clicks.duckdb")

    @Argument(help: "The click's id.") var clickID: String
    @Option(help: ArgumentHelp("Its ts, when several clicks have the id; else the newest.", valueName: "time")) var at: TimeArgument?
    @OptionGroup var database: DatabaseArgument
    @OptionGroup var output: OutputArguments

    func run() throws {
        let queue = ReviewQueue(try database.openForReading())
        guard let click = try queue.find(clickID, at: at?.time) else {
            throw CommandError("\(clickID) is not among the flagged clicks of \(database.path)")
        }
        var table = OutputTable(columns: ["field", "value"], widestCell: 4096)
        for (name, value) in ClickFacts.all(of: click) { table.rows.append([.text(name), .text(value)]) }
        for review in try queue.reviews(of: click) {
            table.rows.append([.text("review"), .text("\(review.label.name) by \(review.reviewer) at \(review.time)\(review.note.isEmpty ? "" : ": \(review.note)")")])
        }
        try Terminal.output(table.rendered(as: output.chosen))
        guard output.chosen == .table else { return }
        let neighbours = try queue.neighbours(of: click)
        try Terminal.output("\nFlagged within the hour, same ip, device or user: \(neighbours.isEmpty ? "none" : "")\n")
        if !neighbours.isEmpty { try Terminal.output(AuditListCommand.table(neighbours).text) }
    }
}

struct AuditLabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label", abstract: "Records a decision on a flagged click; `valid` makes it billable again.",
        discussion: "EXAMPLE: fraud audit label c-1042 valid --by ana --note 'press day at the office' --db clicks.duckdb")

    enum Decision: String, ExpressibleByArgument, CaseIterable {
        case valid, fraud
    }

    @Argument(help: "The click's id.") var clickID: String
    @Argument(help: "valid or fraud.") var label: Decision
    @Option(help: ArgumentHelp("Its ts, when several clicks have the id; else the newest.", valueName: "time")) var at: TimeArgument?
    @Option(name: .customLong("by"), help: "Who decides.") var reviewer: String
    @Option(help: "Why.") var note = ""
    @OptionGroup var database: DatabaseArgument

    func validate() throws {
        guard !reviewer.trimmingCharacters(in: .whitespaces).isEmpty else { throw ValidationError("--by names the reviewer") }
    }

    func run() throws {
        let now = EventTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let queue = ReviewQueue(try database.openForWriting())
        try queue.label(clickID, at: at?.time, as: label == .valid ? .valid : .fraud, reviewer: reviewer, note: note, time: now)
        Terminal.error("\(clickID) is now \(label.rawValue), by \(reviewer); `fraud bill` takes it into account\n")
    }
}

/// The stored facts of a flagged click, for showing.
enum ClickFacts {
    static func all(of click: FlaggedClick) -> [(String, String)] {
        var facts = [
            ("click_id", click.clickID), ("ts", click.time.description), ("label", "fraud"),
            ("score", String(format: "%.6f", click.score)), ("ivt", click.ivt), ("decided_by", click.decidingRule),
            ("reasons", click.reasons.joined(separator: " ")), ("rules_fired", click.rules.joined(separator: " ")),
            ("cost", click.cost.description), ("advertiser_id", click.advertiser), ("campaign_id", click.campaign), ("ad_id", click.ad),
        ]
        facts += click.details.map { ($0.name, $0.value) }
        facts += [("model_id", click.modelID), ("ruleset_id", click.rulesetID)]
        return facts
    }
}

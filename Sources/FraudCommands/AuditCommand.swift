public import ArgumentParser
internal import Audit
internal import ClickModel
internal import Foundation
internal import Storage

/// `fraud audit`: the flagged clicks and the power to overturn them.
public struct AuditCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Lists flagged clicks, shows the evidence of one, and takes a reviewer's decision.",
        discussion: "EXAMPLE: fraud audit list --db clicks.duckdb --reason ip_burst",
        subcommands: [AuditListCommand.self, AuditShowCommand.self, AuditLabelCommand.self])

    public init() {}
}

struct AuditListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Flagged clicks, the newest first, with what each is called now.",
        discussion: "EXAMPLE: fraud audit list --db clicks.duckdb --advertiser adv-1 --unreviewed --limit 50")

    @OptionGroup var database: DatabaseArgument
    @OptionGroup var period: PeriodArguments
    @OptionGroup var output: OutputArguments
    @Option(help: "Only clicks with this reason code.") var reason: String?
    @Option(help: "Only clicks this rule decided (`model` for the model, `engagement` for visitors who left at once).") var rule: String?
    @Option(help: "Only clicks from this address.") var ip: String?
    @Option(help: "Only clicks on this advertiser's ads.") var advertiser: String?
    @Option(help: "Only clicks that are called so now: valid or fraud.") var label: LabelArgument?
    @Flag(help: "Only clicks nobody has decided on.") var unreviewed = false
    @Option(help: "How many at most.") var limit = 20

    func run() throws {
        var filter = ReviewQueue.Filter()
        (filter.reason, filter.rule, filter.ip, filter.advertiser) = (reason, rule, ip, advertiser)
        (filter.label, filter.from, filter.to) = (label?.label, period.from?.time, period.to?.time)
        (filter.unreviewed, filter.limit) = (unreviewed, limit)
        let clicks = try ReviewQueue(database.openWarehouse(readOnly: true)).list(filter)
        try Terminal.output(Self.table(clicks).rendered(as: output.chosen))
        if clicks.isEmpty { Terminal.error("no flagged click fits\n") }
    }

    static func table(_ clicks: [ScoredClick]) -> OutputTable {
        var table = OutputTable(columns: ["click_id", "ts", "advertiser_id", "ad_id", "ip", "cost", "label", "score", "ivt", "rule", "reasons"])
        for click in clicks {
            table.rows.append([
                .text(click.clickID), .text(click.time.description), .text(click.advertiser), .text(click.ad),
                click.detail("ip").map { .text($0) } ?? .null, .number(click.cost.description), .text(click.label.name),
                .number(String(format: "%.4f", click.score)), .text(click.ivt), .text(click.decidingRule),
                .text(click.reasons.joined(separator: " ")),
            ])
        }
        return table
    }

    /// Under another command's facts about a click: those flagged around it.
    static func printNeighbours(of click: ScoredClick, _ queue: ReviewQueue) throws {
        let neighbours = try queue.neighbours(of: click)
        try Terminal.output("\nFlagged within the hour, same ip, device or user: \(neighbours.isEmpty ? "none" : "")\n")
        if !neighbours.isEmpty { try Terminal.output(table(neighbours).text) }
    }
}

/// Which click is meant.
struct ClickArgument: ParsableArguments {
    @Argument(help: "The click's id.") var clickID: String
    @Option(help: ArgumentHelp("Its ts, when several clicks have the id; else the newest.", valueName: "time")) var at: TimeArgument?
    @Option(help: ArgumentHelp("Its day, so that not all of the archive is searched.", valueName: "day")) var date: DayArgument?

    var place: ReviewQueue.Place { ReviewQueue.Place(clickID, time: at?.time, date: date?.date) }

    func find(_ queue: ReviewQueue) throws -> ScoredClick {
        guard let click = try queue.find(place) else { throw CommandError(try queue.whyNotCounted(place)) }
        return click
    }
}

struct AuditShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One click: its fields, reasons, labels, reviews and neighbours.",
        discussion: """
            A flagged click, or any counted one while its archive is there.
            EXAMPLE: fraud audit show c-1042 --db clicks.duckdb
            """)

    @OptionGroup var click: ClickArgument
    @OptionGroup var database: DatabaseArgument
    @OptionGroup var output: OutputArguments

    func run() throws {
        let queue = ReviewQueue(try database.openWarehouse(readOnly: true))
        let click = try click.find(queue)
        var table = OutputTable(columns: ["field", "value"], widestCell: 4096)
        for (name, value) in ClickFacts.all(of: click) { table.rows.append([.text(name), .text(value)]) }
        for change in try queue.history(of: click) { table.rows.append([.text("label_change"), .text(ClickFacts.words(change))]) }
        for review in try queue.reviews(of: click) {
            table.rows.append([.text("review"), .text("\(review.label.name) by \(review.reviewer) at \(review.time)\(review.note.isEmpty ? "" : ": \(review.note)")")])
        }
        try Terminal.output(table.rendered(as: output.chosen))
        if output.chosen == .table { try AuditListCommand.printNeighbours(of: click, queue) }
    }
}

/// What a click may be called.
enum LabelArgument: String, ExpressibleByArgument, CaseIterable {
    case valid, fraud

    var label: Label { self == .valid ? .valid : .fraud }
}

struct AuditLabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label", abstract: "Calls a click valid or fraud; its minute, hour, day and bill move by it at once.",
        discussion: """
            Any counted click: a flagged one, or a valid one that the archive holds. Late clicks and duplicates are in no total
            and have no label. Deciding the same again changes nothing; deciding back moves back. Not while `fraud score` runs.
            EXAMPLE: fraud audit label c-1042 valid --by ana --note 'press day at the office' --db clicks.duckdb
            """)

    @OptionGroup var click: ClickArgument
    @Argument(help: "valid or fraud.") var label: LabelArgument
    @Option(name: .customLong("by"), help: "Who decides.") var reviewer: String
    @Option(help: "Why.") var note = ""
    @OptionGroup var database: DatabaseArgument

    func validate() throws {
        guard !reviewer.trimmingCharacters(in: .whitespaces).isEmpty else { throw ValidationError("--by names the reviewer") }
    }

    func run() throws {
        let now = EventTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let queue = ReviewQueue(try database.openWarehouse(readOnly: false))
        let decision = try queue.label(click.place, as: label.label, reviewer: reviewer, note: note, time: now)
        let name = "\(decision.click.clickID) of \(decision.click.time)"
        if decision.isChange {
            Terminal.error("\(name) was \(decision.click.label.name) and is now \(label.rawValue), by \(reviewer); totals and bill moved by its cost, \(decision.click.cost)\n")
        } else {
            Terminal.error("\(name) was \(label.rawValue) already; the review by \(reviewer) is kept, totals and bill stay\n")
        }
    }
}

/// The stored facts of a click, for showing.
enum ClickFacts {
    static func all(of click: ScoredClick) -> [(String, String)] {
        var facts = [
            ("click_id", click.clickID), ("ts", click.time.description), ("label", click.label.name), ("scored_as", click.scoredLabel.name),
            ("score", String(format: "%.6f", click.score)), ("ivt", click.ivt), ("decided_by", click.decidingRule),
            ("reasons", click.reasons.joined(separator: " ")), ("rules_fired", rules(of: click)),
            ("cost", click.cost.description), ("advertiser_id", click.advertiser), ("campaign_id", click.campaign), ("ad_id", click.ad),
        ]
        facts += click.details.map { ($0.name, $0.value) }
        facts += [("model_id", click.modelID), ("ruleset_id", click.rulesetID)]
        return facts
    }

    /// Names, or places in the rule file when the archive has no more.
    private static func rules(of click: ScoredClick) -> String {
        guard let bits = click.firedRules else { return click.rules.joined(separator: " ") }
        return (0..<UInt64.bitWidth).filter { bits >> UInt64($0) & 1 == 1 }.map { "#\($0 + 1)" }.joined(separator: " ")
    }

    static func words(_ change: LabelChange) -> String {
        "\(change.from.name) → \(change.to.name) by \(change.actor) (\(change.cause.rawValue)) at \(change.changedAt)\(change.detail.isEmpty ? "" : ": \(change.detail)")"
    }
}

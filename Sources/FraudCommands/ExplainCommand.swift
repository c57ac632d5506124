public import ArgumentParser
internal import Audit
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline

/// `fraud explain`: why one click was labelled so.
public struct ExplainCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Why a flagged click was flagged: rules, features and the model's exact contributions.",
        discussion: """
            Contributions are in log-odds and add up to the model's logit, with the intercept. Valid clicks are not kept, so only
            flagged ones can be explained.
            EXAMPLE: fraud explain c-1042 --db clicks.duckdb
            """)

    @Argument(help: "The click's id.") var clickID: String
    @OptionGroup var database: DatabaseArgument
    @Option(help: ArgumentHelp("Model file, when the one that scored is not models/champion.json.", valueName: "file")) var model: String?
    @Option(help: ArgumentHelp("Rule file, when the one that scored is not models/rules.yaml.", valueName: "file")) var rules: String?
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func run() throws {
        let queue = ReviewQueue(try database.openForReading())
        guard let click = try queue.find(clickID) else {
            throw CommandError("\(clickID) is not among the flagged clicks of \(database.path): it was valid, late, a duplicate, or never seen")
        }
        let configuration = ScorerConfiguration(modelPath: model, rulesPath: rules)
        let explanation = Explanation(click, model: try configuration.loadModel(), rules: try configuration.loadRules())
        try Terminal.output(json ? explanation.json + "\n" : explanation.text)
        guard !json else { return }
        let neighbours = try queue.neighbours(of: click)
        try Terminal.output("\nFlagged within the hour, same ip, device or user: \(neighbours.isEmpty ? "none" : "")\n")
        if !neighbours.isEmpty { try Terminal.output(AuditListCommand.table(neighbours).text) }
    }
}

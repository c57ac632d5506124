public import ArgumentParser
internal import Audit
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline

/// `fraud explain`: why one click was labelled so.
public struct ExplainCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Why a click was labelled so: rules, features, the model's exact contributions, later changes.",
        discussion: """
            Contributions are in log-odds and add up to the model's logit, with the intercept. Features are kept of the clicks
            that the scorer flagged; a valid click, or one flagged since, is explained from the archive: its input, score and
            rules.
            EXAMPLE: fraud explain c-1042 --db clicks.duckdb
            """)

    @OptionGroup var click: ClickArgument
    @OptionGroup var database: DatabaseArgument
    @Option(help: ArgumentHelp("Model file, when the one that scored is not models/champion.json.", valueName: "file")) var model: String?
    @Option(help: ArgumentHelp("Rule file, when the one that scored is not models/rules.yaml.", valueName: "file")) var rules: String?
    @Flag(help: "Print one JSON object.") var json = false

    public init() {}

    public func run() throws {
        let queue = ReviewQueue(try database.openWarehouse(readOnly: true))
        let click = try click.find(queue)
        let configuration = ScorerConfiguration(modelPath: model, rulesPath: rules)
        let explanation = Explanation(
            click, history: try queue.history(of: click), model: try configuration.loadModel(), rules: try configuration.loadRules())
        try Terminal.output(json ? explanation.json + "\n" : explanation.text)
        if !json { try AuditListCommand.printNeighbours(of: click, queue) }
    }
}

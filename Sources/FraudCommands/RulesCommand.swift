public import ArgumentParser
internal import ClickModel
internal import Features
internal import Pipeline
internal import Rules

/// `fraud rules`: checks a rule file.
public struct RulesCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Checks a rule file and lists its rules.",
        discussion: "EXAMPLE: fraud rules check models/rules.yaml", subcommands: [RulesCheckCommand.self])

    public init() {}
}

struct RulesCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says every mistake with file, line and column, or lists the rules.",
        discussion: "EXAMPLE: fraud rules check models/rules.yaml")

    @Argument(help: "The rule file; models/rules.yaml when none is given.") var file: String?
    @OptionGroup var output: OutputArguments

    func run() throws {
        let rules = try ScorerConfiguration(rulesPath: file).loadRules()
        var table = OutputTable(columns: ["id", "action", "ivt", "reason", "when"])
        for rule in rules.rules {
            table.rows.append([.text(rule.id), .text(rule.action.rawValue), .text(rule.ivt.name), .text(rule.reason.rawValue), .text(rule.when)])
        }
        try Terminal.output(table.rendered(as: output.chosen))
        Terminal.error("\(rules.rules.count) rules, rule set \(rules.id)\n")
    }
}

internal import Audit
internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Rules
internal import Storage

/// A click's label, taken apart.
struct Explanation {
    let click: ScoredClick
    /// Changes of the label after scoring, the oldest first.
    let history: [LabelChange]
    /// Features, values and contribution in log-odds of each term, the largest first; empty without features, or when the model
    /// at hand is not the one that scored.
    let contributions: [(features: [Feature], values: [Float], contribution: Double)]
    let intercept: Double?
    /// From the sum of the terms to the log-odds.
    let calibration: Calibration?
    let ruleTexts: [(id: String, when: String, description: String)]
    let notes: [String]

    init(_ click: ScoredClick, history: [LabelChange], model: LogisticModel, rules: RuleSet) {
        self.click = click
        self.history = history
        var notes: [String] = []
        let isSameCatalogue = click.features.count == Feature.count
        if model.modelID == click.modelID, isSameCatalogue, let compiled = try? CompiledModel(model, catalogue: Feature.catalogue) {
            contributions = compiled.contributions(row: click.features)
                .filter { $0.value != 0 || $0.columns.count == 1 }
                .map { term in (term.columns.map { Feature(rawValue: $0)! }, term.columns.map { click.features[$0] }, term.value) }
                .sorted { abs($0.2) > abs($1.2) }
            intercept = model.intercept
            calibration = model.calibration
        } else {
            contributions = []
            intercept = nil
            calibration = nil
            notes.append(
                click.features.isEmpty
                    ? "features, and so contributions, are kept of the clicks alone that the scorer flagged"
                    : "scored by model \(click.modelID); the one at hand is \(model.modelID): give --model for the contributions")
        }
        let isSameSet = rules.id == click.rulesetID
        let fired = rules.rules.enumerated().filter { i, rule in
            click.firedRules.map { $0 >> UInt64(i) & 1 == 1 } ?? click.rules.contains(rule.id)
        }
        ruleTexts = isSameSet ? fired.map { ($0.element.id, $0.element.when, $0.element.description) } : click.rules.map { ($0, "", "") }
        if !isSameSet { notes.append("judged by rule set \(click.rulesetID); the one at hand is \(rules.id): give --rules for their conditions") }
        if click.firedRules != nil, click.decidingRule == LabelChange.Cause.engagement.rawValue {
            notes.append("the visitor left at once: that came after the click was scored, and decided alone")
        }
        self.notes = notes
    }

    private var facts: [(String, String)] { ClickFacts.all(of: click) }

    /// Known feature values that no contribution shows.
    private var otherFeatures: [(Feature, Float)] {
        guard click.features.count == Feature.count else { return [] }
        let shown = Set(contributions.flatMap(\.features))
        return Feature.allCases.filter { !shown.contains($0) && !click.features[$0.rawValue].isNaN }.map { ($0, click.features[$0.rawValue]) }
    }

    var text: String {
        var out = OutputTable(columns: ["field", "value"], rows: facts.map { [.text($0.0), .text($0.1)] }, widestCell: 4096).text
        if !ruleTexts.isEmpty {
            let table = OutputTable(
                columns: ["rule", "condition", "meaning"], rows: ruleTexts.map { [.text($0.id), .text($0.when), .text($0.description)] },
                widestCell: 4096)
            let decides = click.scoredLabel == .fraud ? "; the first with action fraud decided" : ""
            out += "\nRules that fired\(decides)\n" + table.text
        }
        if let intercept {
            var table = OutputTable(columns: ["feature", "value", "unit", "log-odds"])
            for entry in contributions {
                table.rows.append([
                    .text(entry.features.map(\.description.name).joined(separator: " × ")),
                    .number(entry.values.map(Self.shown).joined(separator: " × ")),
                    .text(entry.features.map(\.description.unit).joined(separator: " × ")),
                    .number(String(format: "%+.4f", entry.contribution)),
                ])
            }
            let sum = contributions.reduce(intercept) { $0 + $1.contribution }
            let logit = calibration?(sum) ?? sum
            table.rows.append([.text("(intercept)"), .number(""), .text(""), .number(String(format: "%+.4f", intercept))])
            if calibration != nil { table.rows.append([.text("(calibration)"), .number(""), .text(""), .number(String(format: "%+.4f", logit - sum))]) }
            out += "\nModel: logit \(String(format: "%+.4f", logit)), score \(String(format: "%.6f", 1 / (1 + exp(-logit))))\n" + table.text
        }
        let others = otherFeatures.map { [Cell.text($0.0.description.name), .number(Self.shown($0.1)), .text($0.0.description.unit)] }
        if !others.isEmpty { out += "\nOther features\n" + OutputTable(columns: ["feature", "value", "unit"], rows: others).text }
        if !history.isEmpty { out += "\nLabel changes\n" + history.map { "  \(ClickFacts.words($0))\n" }.joined() }
        for note in notes { out += "\nNote: \(note)\n" }
        return out
    }

    var json: String {
        let features = contributions.map { entry in
            JSONOutput.object([
                ("feature", JSONOutput.string(entry.features.map(\.description.name).joined(separator: " × "))),
                ("features", "[" + entry.features.map { JSONOutput.string($0.description.name) }.joined(separator: ", ") + "]"),
                ("value", entry.values[0].isNaN ? "null" : "\(entry.values[0])"),
                ("values", "[" + entry.values.map { $0.isNaN ? "null" : "\($0)" }.joined(separator: ", ") + "]"),
                ("contribution", "\(entry.contribution)"),
            ])
        }
        let rules = ruleTexts.map { JSONOutput.object([("id", JSONOutput.string($0.id)), ("when", JSONOutput.string($0.when))]) }
        let numbers: Set<String> = ["score", "cost", "source_offset"]
        var members = facts.map { ($0.0, numbers.contains($0.0) ? $0.1 : JSONOutput.string($0.1)) }
        members.append(("rules", "[" + rules.joined(separator: ", ") + "]"))
        members.append(("label_changes", "[" + history.map(Self.json).joined(separator: ", ") + "]"))
        members.append(("intercept", intercept.map { "\($0)" } ?? "null"))
        members.append(("contributions", "[" + features.joined(separator: ", ") + "]"))
        members.append(("notes", "[" + notes.map(JSONOutput.string).joined(separator: ", ") + "]"))
        return JSONOutput.object(members)
    }

    private static func json(_ change: LabelChange) -> String {
        JSONOutput.object([
            ("from", JSONOutput.string(change.from.name)), ("to", JSONOutput.string(change.to.name)),
            ("cause", JSONOutput.string(change.cause.rawValue)), ("actor", JSONOutput.string(change.actor)),
            ("detail", JSONOutput.string(change.detail)), ("changed_at", JSONOutput.string(change.changedAt.description)),
        ])
    }

    private static func shown(_ value: Float) -> String { value.isNaN ? "unknown" : String(format: "%.4g", Double(value)) }
}

public import ArgumentParser
internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline

/// `fraud model`: the feature catalogue and the model files.
public struct ModelCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Prints the feature catalogue, or what a model file holds.",
        discussion: "EXAMPLE: fraud model show models/champion.json",
        subcommands: [ModelFeaturesCommand.self, ModelShowCommand.self, ModelCompareCommand.self, ModelPromoteCommand.self])

    public init() {}
}

struct ModelFeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "features", abstract: "The feature catalogue as a Markdown table.", discussion: "EXAMPLE: fraud model features")

    func run() throws {
        var out = "| feature | unit | meaning | unknown when |\n|---|---|---|---|\n"
        for feature in Feature.catalogue {
            out += "| `\(feature.name)` | \(feature.unit) | \(feature.meaning) | \(feature.missing.isEmpty ? "never" : feature.missing) |\n"
        }
        try Terminal.output(out)
    }
}

struct ModelShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "A model's origin, metrics and weights, the strongest first.",
        discussion: "EXAMPLE: fraud model show models/champion.json")

    @Argument(help: "The model file; models/champion.json when none is given.") var file: String?
    @OptionGroup var output: OutputArguments

    func run() throws {
        let model = try ScorerConfiguration(modelPath: file).loadModel()
        var table = OutputTable(columns: ["feature", "transform", "weight", "missing_weight", "center", "scale"])
        for feature in model.features.sorted(by: { abs($0.weight) > abs($1.weight) }) {
            table.rows.append([
                .text(feature.name), .text(feature.transform.rawValue), .number(String(format: "%.5f", feature.weight)),
                .number(String(format: "%.5f", feature.missingWeight)), .number(String(format: "%.5g", feature.center)),
                .number(String(format: "%.5g", feature.scale)),
            ])
        }
        if output.chosen == .table {
            let training = model.training
            try Terminal.output(
                """
                model \(model.modelID) \(model.name)
                trained on \(training.rows) clicks, \(training.frauds) fraud, data \(training.dataHash); L2 \(training.l2), \(training.solverStatus)
                intercept \(model.intercept), threshold \(model.threshold)
                \(model.metrics.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.6g", $0.value))" }.joined(separator: "\n"))


                """)
        }
        try Terminal.output(table.rendered(as: output.chosen))
    }
}

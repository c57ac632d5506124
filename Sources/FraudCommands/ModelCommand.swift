public import ArgumentParser
internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline

/// `fraud model`: the feature catalogue and the model files.
public struct ModelCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Shows, compares, checks, exports and promotes model files; prints the feature catalogue.",
        discussion: "EXAMPLE: fraud model show models/champion.json",
        subcommands: [
            ModelShowCommand.self, ModelDiffCommand.self, ModelVerifyCommand.self, ModelCompareCommand.self, ModelPromoteCommand.self,
            ModelExportCommand.self, ModelReportCommand.self, ModelFeaturesCommand.self,
        ])

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
        commandName: "show", abstract: "A model's card: origin, settings, metrics, calibration, and its terms by importance.",
        discussion: """
            With --format csv, the terms alone.
            EXAMPLE: fraud model show models/champion.json
            """)

    @Argument(help: "The model file; models/champion.json when none is given.") var file: String?
    @OptionGroup var output: OutputArguments

    func run() throws {
        let card = ModelCard(model: try ScorerConfiguration(modelPath: file).loadModel())
        switch output.chosen {
        case .table: try Terminal.output(card.text())
        case .csv: try Terminal.output(card.terms.rendered(as: .csv))
        case .json: try Terminal.output(card.json() + "\n")
        }
    }
}

struct ModelDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What distinguishes two models: settings, metrics side by side, terms and where they part the most.",
        discussion: """
            `log-odds` is the largest difference of what a term adds, the second model's less the first's, and `where` the value \
            of the feature where that is. `before` and `after` are the strongest a term gets in either.
            EXAMPLE: fraud model diff models/champion.json models/challengers/wider.json
            """)

    @Argument(help: "The first model file.") var before: String
    @Argument(help: "The second.") var after: String
    @Option(help: "How many terms to list.") var limit = 30
    @Flag(help: "Print one JSON object, with every term.") var json = false

    func validate() throws { guard limit >= 0 else { throw ValidationError("--limit must be 0 or more") } }

    func run() throws {
        let (a, b) = (try LogisticModel.load(from: before), try LogisticModel.load(from: after))
        let difference = try ModelDifference(a, b)
        try Terminal.output(json ? difference.json + "\n" : "\(a.modelID) \(before)\n\(b.modelID) \(after)\n\n" + difference.text(limit: limit))
    }
}

struct ModelExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a model for other runtimes, as ONNX.",
        discussion: """
            The ONNX file takes `features`, a float tensor of clicks × inputs in the order that its metadata `feature_names` gives \
            (NaN: unknown; a categorical column as the number that encodes its text), and gives `score`, clicks × 1. \
            Opset 17, standard operators. Rules are not in it.
            EXAMPLE: fraud model export models/champion.json --format onnx --out champion.onnx
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case onnx }

    @Argument(help: "The model file; models/champion.json when none is given.") var file: String?
    @Option(help: "The format to write.") var format: Format = .onnx
    @Option(help: ArgumentHelp("The file to write.", valueName: "file")) var out: String

    func run() throws {
        let model = try ScorerConfiguration(modelPath: file).loadModel()
        try OutputPath.requireApart([out], from: [try file ?? ScorerConfiguration.shipped("models/champion.json")])
        let bytes = try ONNXExport.encoded(model)
        do { try Data(bytes).write(to: URL(filePath: out), options: .atomic) } catch {
            throw CommandError("\(out) cannot be written: \(error.localizedDescription)")
        }
        Terminal.error("model \(model.modelID) written to \(out): \(bytes.count) bytes, \(model.inputNames.count) inputs\n")
    }
}

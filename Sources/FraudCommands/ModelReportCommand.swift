internal import ArgumentParser
internal import Features
internal import LogisticModel
internal import Pipeline
internal import Training

struct ModelReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "A page with what a model file holds: curves, pairs, weights, drift, card.",
        discussion: """
            What only labelled clicks can show is in the pages of `fraud train` and `fraud evaluate`.
            EXAMPLE: fraud model report models/challenger.json --report challenger.html --previous models/champion.json
            """)

    @Argument(help: "The model file; models/champion.json when none is given.") var file: String?
    @OptionGroup var page: ReportArguments

    func validate() throws {
        guard page.report != nil else { throw ValidationError("--report names the page to write") }
    }

    func run() throws {
        let model = try ScorerConfiguration(modelPath: file).loadModel()
        try page.write(ReportPage(model: model, catalogue: Feature.catalogue, previous: try page.previousModel()))
    }
}

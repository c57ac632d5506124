internal import ClickModel
internal import Foundation
internal import LogisticModel
internal import Pipeline
internal import Training

extension EvaluateCommand {
    /// `fraud evaluate --table`: the model alone, without rules.
    func runTable() throws {
        let model = try ScorerConfiguration(modelPath: model).loadModel()
        let bar = ProgressBar(unit: "rows")
        var evaluator = Evaluator()
        evaluator.costs = costs.matrix
        evaluator.seed = seed
        evaluator.replicates = bootstrap
        let evaluation = try TableEvaluation(
            model, TableFiles(tables.table), label: tables.requiredLabel(), words: LabelWords(positive: tables.positive),
            evaluator: evaluator, progress: { bar.update(done: $0, share: nil) })
        bar.finish()
        try page.write(
            ReportPage(
                model: model, evaluations: [evaluation.evaluation], catalogue: FeatureDescription.ofTable(model.inputNames),
                previous: try page.previousModel()))
        try Terminal.output(json ? try evaluation.json() + "\n" : evaluation.text)
    }
}

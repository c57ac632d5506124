internal import Foundation
internal import Pipeline

extension EvaluateCommand {
    /// `fraud evaluate --table`: the model alone, without rules.
    func runTable() throws {
        let model = try ScorerConfiguration(modelPath: model).loadModel()
        let bar = ProgressBar(unit: "rows")
        let evaluation = try TableEvaluation(
            model, TableFiles(tables.table), label: tables.requiredLabel(), words: LabelWords(positive: tables.positive),
            progress: { bar.update(done: $0, share: nil) })
        bar.finish()
        try Terminal.output(json ? evaluation.json + "\n" : evaluation.text)
    }
}

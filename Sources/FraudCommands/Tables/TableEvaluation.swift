internal import Foundation
internal import LogisticModel
internal import Storage
internal import Training

/// A model's scores of a labelled table, and how right they are.
struct TableEvaluation {
    let modelID: String
    let metrics: Metrics
    let atThreshold: OperatingPoint
    /// Everything measured, with intervals.
    let evaluation: Evaluation

    /// - Throws: `CommandError` when there is no such label column or a label says neither; what scoring throws.
    init(
        _ model: LogisticModel, _ source: TableFiles, label: String, words: LabelWords, evaluator: Evaluator, progress: (Int) -> Void
    ) throws {
        let scoring = try TableScoring(model)
        var scores: [Float] = []
        var sums: [Float] = []
        var labels: [Bool] = []
        for file in source.files {
            guard let column = file.column(label) else { throw CommandError("--label \(label): \(TableLayout.noSuchColumn(label, file))") }
            try scoring.run(file, source.database, others: [(column, .text)]) { batch in
                scores.append(contentsOf: batch.scores)
                sums.append(contentsOf: batch.sums)
                for row in 0..<batch.count {
                    let text = batch.reader.text(scoring.names.count, row: batch.readerOffset + row)
                    labels.append(try words.label(text, column: label, file: file.name, row: batch.first + row + 1))
                }
                progress(labels.count)
            }
        }
        modelID = model.modelID
        metrics = Metrics(scores: scores, labels: labels)
        atThreshold = OperatingPoint(threshold: Float(model.threshold), scores: scores, labels: labels)
        var subject = Evaluator.Subject(name: "test", scores: scores, threshold: model.threshold)
        if model.calibration != nil { subject.uncalibratedLogits = sums }
        evaluation = evaluator.measure(subject, table: LabelledTable(names: [], columns: [], labels: labels), rows: Array(labels.indices))
    }

    var figures: [(name: String, value: Double?)] {
        [
            ("roc_auc", metrics.rocAUC), ("average_precision", metrics.averagePrecision), ("log_loss", metrics.logLoss), ("brier", metrics.brier),
            ("threshold", Double(atThreshold.threshold)), ("recall", atThreshold.recall), ("precision", atThreshold.precision),
            ("false_positive_rate", atThreshold.falsePositiveRate),
        ]
    }

    var text: String {
        "\(ProgressBar.grouped(metrics.rows)) labelled rows, \(ProgressBar.grouped(metrics.frauds)) fraud; model \(modelID)\n\n" + evaluation.table
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let whole = String(decoding: try encoder.encode(evaluation), as: UTF8.self)
        return JSONOutput.object(
            [("evaluation", whole), ("model_id", JSONOutput.string(modelID)), ("rows", "\(metrics.rows)"), ("frauds", "\(metrics.frauds)"), ("flagged", "\(atThreshold.flagged)")]
                + figures.map { ($0.name, $0.value.map { "\($0)" } ?? "null") })
    }
}

package import ClickModel
internal import Foundation
internal import LogisticModel

/// Figures of every fold of a grouped cross-validation.
package struct CrossValidationReport: Codable, Hashable, Sendable {
    package struct Fold: Codable, Hashable, Sendable {
        package var l2: Double
        package var metrics: Metrics
        package var atThreshold: OperatingPoint

        enum CodingKeys: String, CodingKey {
            case l2, metrics
            case atThreshold = "at_threshold"
        }
    }

    package var folds: [Fold]
    package var seed: UInt64

    /// Mean and standard deviation over the folds that have the figure; nil when none does.
    package func summary(_ figure: (Fold) -> Double?) -> (mean: Double, deviation: Double)? {
        let values = folds.compactMap(figure)
        guard !values.isEmpty else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return (mean, variance.squareRoot())
    }

    /// The report as a table for a terminal.
    package var table: String {
        let header = ["fold", "rows", "fraud", "L2", "ROC AUC", "avg. precision", "log loss", "recall", "FPR"]
        var text = TextTable(header)
        for (number, fold) in folds.enumerated() {
            text.add([
                "\(number + 1)", "\(fold.metrics.rows)", "\(fold.metrics.frauds)", TextTable.number(fold.l2),
                TextTable.fixed(fold.metrics.rocAUC), TextTable.fixed(fold.metrics.averagePrecision), TextTable.fixed(fold.metrics.logLoss),
                TextTable.fixed(fold.atThreshold.recall), TextTable.fixed(fold.atThreshold.falsePositiveRate, digits: 5),
            ])
        }
        func both(_ figure: (Fold) -> Double?) -> String {
            summary(figure).map { "\(TextTable.fixed($0.mean)) ± \(TextTable.fixed($0.deviation))" } ?? "–"
        }
        text.add([
            "mean ± sd", "", "", "", both { $0.metrics.rocAUC }, both { $0.metrics.averagePrecision }, both { $0.metrics.logLoss },
            both { $0.atThreshold.recall }, both { $0.atThreshold.falsePositiveRate },
        ])
        return text.lines.joined(separator: "\n") + "\n"
    }
}

extension Trainer {
    /// Trains and measures once per fold; rows of one group are never on both sides.
    ///
    /// - Throws: `TrainingError`: the table has no groups or too few, or a fold leaves one label only.
    package static func crossValidate(
        table: LabelledTable, options: TrainingOptions = TrainingOptions(), catalogue: [FeatureDescription], folds count: Int = 5
    ) throws(TrainingError) -> CrossValidationReport {
        _ = try check(table, options, catalogue)
        guard let groups = table.groups else { throw .tooFewGroups(groups: 0, folds: count) }
        let folds = try GroupedFolds(groups: groups, labels: table.labels, folds: count, seed: options.seed)
        var report = CrossValidationReport(folds: [], seed: options.seed)
        for fold in 0..<count {
            let (train, test) = folds.split(fold)
            try requireBothLabels(table, train, part: "the training part of fold \(fold + 1)")
            let context = TrainingContext(table: table, options: options, catalogue: catalogue)
            var run = TrainingRun(context)
            let model = try run.fit(train)
            let scores = context.scores(model, test)
            let (labels, weights) = (context.labels(test), context.weights(test))
            report.folds.append(
                CrossValidationReport.Fold(
                    l2: model.training.l2, metrics: Metrics(scores: scores, labels: labels, weights: weights),
                    atThreshold: OperatingPoint(threshold: Float(model.threshold), scores: scores, labels: labels, weights: weights)))
        }
        return report
    }
}

package import ClickModel
package import LogisticModel

/// Trains a model on a labelled table: splits by time, chooses settings, fits, calibrates, chooses the threshold, and measures.
///
///     rows in event time     |— inner train —|— validation —|———— test ————|
///     settings                 fitted here     judged here   (and at earlier cuts, where that is cheap)
///     calibration, threshold                   chosen here
///     final model              |———— fitted here ——————————|  measured here
///
/// The calibration and threshold are those of the model of the inner rows, which the final model only differs from by knowing
/// more. A table without times, or whose validation rows have few frauds, is calibrated on the final model's out-of-bag
/// log-odds instead, when its fitter makes them.
/// The same table, options and machine type give the same model, bit for bit, on any number of cores.
package enum Trainer {
    /// - Parameters:
    ///   - catalogue: one description per column of the table, in its order; see `LabelledTable.catalogue(known:)`.
    /// - Throws: `TrainingError` when the table or options do not allow it.
    package static func train(
        table: LabelledTable, options: TrainingOptions = TrainingOptions(), catalogue: [FeatureDescription]
    ) throws(TrainingError) -> (LogisticModel, TrainingReport) {
        let rows = try check(table, options, catalogue)
        var run = TrainingRun(TrainingContext(table: table, options: options, catalogue: catalogue))
        let outer = run.split(rows, share: options.trainShare, later: "test")
        try requireBothLabels(table, outer.before, part: "the training part")
        try run.lookForLeaks(outer)
        var model = try run.fit(outer.before)
        let report = run.measure(&model, train: outer.before, test: outer.after, testFromMs: outer.cutMs)
        return (model, report)
    }

    static func check(
        _ table: LabelledTable, _ options: TrainingOptions, _ catalogue: [FeatureDescription]
    ) throws(TrainingError) -> [Int] {
        try options.validate()
        guard table.rowCount > 0, !table.names.isEmpty else { throw .emptyTable }
        guard table.names.count <= LogisticModel.maximumFeatures else {
            throw .badOption(name: "table", reason: "more than \(LogisticModel.maximumFeatures) features")
        }
        guard catalogue.map(\.name) == table.names else {
            throw .badOption(name: "catalogue", reason: "its features are not the table's, in the table's order")
        }
        guard !options.keepsGroupsApart || table.groups != nil else {
            throw .badOption(name: "groups", reason: "the table has none to keep apart")
        }
        return Array(0..<table.rowCount)
    }

    static func requireBothLabels(_ table: LabelledTable, _ rows: [Int], part: String) throws(TrainingError) {
        let counted = table.weights.map { weights in rows.filter { weights[$0] > 0 } } ?? rows
        let frauds = counted.count { table.labels[$0] }
        guard frauds > 0, frauds < counted.count else { throw .oneClass(rows: counted.count, frauds: frauds, part: part) }
    }
}

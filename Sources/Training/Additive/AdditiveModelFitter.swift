internal import ClickModel
internal import LogisticModel

/// Fits an additive model for the trainer; with several options given, the best of them.
struct AdditiveModelFitter: ModelFitter {
    let context: TrainingContext
    private(set) var candidates: [TrainingReport.Candidate] = []
    private var chosen: AdditiveOptions

    init(_ context: TrainingContext) {
        self.context = context
        chosen = context.options.additive[0]
    }

    /// Judges each of the options given; with one there is nothing to choose. On a tie the earlier stays.
    mutating func select(_ splits: [TimeSplit]) throws(TrainingError) {
        guard context.options.additive.count > 1 else { return }
        var best = -1.0
        for options in context.options.additive {
            var precision = 0.0
            for split in splits {
                let (model, _) = try fit(split.before, options)
                precision += (context.averagePrecision(model, split.after) ?? 0) / Double(splits.count)
            }
            candidates.append(
                TrainingReport.Candidate(
                    l2: options.l2, averagePrecision: precision, solverStatus: "\(options.bins) bins", iterations: options.rounds ?? 0))
            if precision > best { (best, chosen) = (precision, options) }
        }
    }

    func fit(_ rows: [Int]) throws(TrainingError) -> FittedModel {
        let (model, outOfBag) = try fit(rows, chosen)
        return FittedModel(model: model, outOfBagLogits: outOfBag?.map { Float($0) })
    }

    private func fit(_ rows: [Int], _ options: AdditiveOptions) throws(TrainingError) -> (LogisticModel, outOfBag: [Double]?) {
        var options = options
        options.seed = context.options.seed
        options.missingIndicators = context.options.missingIndicators
        let fit = try AdditiveFitter.fit(table: context.table, rows: rows, options: options)
        var facts = context.facts(rows, l2: options.l2, solverStatus: "all rounds done", iterations: fit.trees)
        facts.boosting = LogisticModel.TrainingFacts.Boosting(
            bags: fit.options.bags ?? 0, rounds: fit.options.rounds ?? 0, learningRate: fit.options.learningRate ?? 0, bins: fit.options.bins,
            pairsFound: fit.pairsFound)
        var model = LogisticModel(
            name: context.options.modelName, features: [], curves: fit.terms.modelCurves(names: context.table.names),
            surfaces: fit.terms.modelSurfaces(names: context.table.names), intercept: fit.terms.intercept, threshold: 0.5, training: facts,
            reference: fit.reference)
        model.bind(to: context.catalogue)
        try context.validate(model, status: "all rounds done")
        return (model, fit.outOfBag)
    }
}

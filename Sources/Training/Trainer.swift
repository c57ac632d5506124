package import ClickModel
package import LogisticModel

/// Trains a logistic model on a labelled table: splits, chooses the penalty and the threshold, fits, and measures.
///
///     rows in event time   |— inner train —|— validation —|———— test ————|
///     λ                      fitted here     judged here
///     threshold                              chosen here
///     final weights        |———— fitted here ————————————|  measured here
///
/// The same table, options and machine type give the same model, bit for bit, on any number of cores.
package enum Trainer {
    /// - Parameters:
    ///   - catalogue: one description per column of the table, in its order; see `LabelledTable.catalogue(known:)`.
    /// - Throws: `TrainingError` when the table or options do not allow it.
    package static func train(
        table: LabelledTable, options: TrainingOptions = TrainingOptions(), catalogue: [FeatureDescription]
    ) throws(TrainingError) -> (LogisticModel, TrainingReport) {
        let rows = try check(table, options, catalogue)
        let outer = TimeSplit(table: table, rows: rows, share: options.trainShare)
        try requireBothLabels(table, outer.before, part: "the training part")
        var run = TrainingRun(table: table, options: options, catalogue: catalogue)
        var (model, threshold) = try run.fit(outer.before)
        model.threshold = Double(threshold)
        let report = try run.measure(&model, train: outer.before, test: outer.after, testFromMs: outer.cutMs)
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
        return Array(0..<table.rowCount)
    }

    static func requireBothLabels(_ table: LabelledTable, _ rows: [Int], part: String) throws(TrainingError) {
        let frauds = rows.count { table.labels[$0] }
        guard frauds > 0, frauds < rows.count else { throw .oneClass(rows: rows.count, frauds: frauds, part: part) }
    }
}

/// One run of the trainer: the choices made on the way, for the report.
struct TrainingRun {
    let table: LabelledTable
    let options: TrainingOptions
    let catalogue: [FeatureDescription]
    private(set) var candidates: [TrainingReport.Candidate] = []
    private(set) var notes: [String] = []
    /// The validation part as the threshold saw it.
    private var validation: TrainingReport.Part?

    init(table: LabelledTable, options: TrainingOptions, catalogue: [FeatureDescription]) {
        self.table = table
        self.options = options
        self.catalogue = catalogue
    }

    /// Chooses λ and the threshold on a later part of `rows`, then fits all of them.
    mutating func fit(_ rows: [Int]) throws(TrainingError) -> (LogisticModel, threshold: Float) {
        let inner = TimeSplit(table: table, rows: rows, share: options.innerShare)
        guard hasBothLabels(inner.before), hasBothLabels(inner.after) else {
            notes.append("no later part of the training rows has both labels: the threshold is chosen on the training rows themselves")
            let l2 = options.l2Grid.sorted()[options.l2Grid.count / 2]
            let model = try solve(Fit(table, rows, catalogue, options), l2: l2, start: nil).model
            return (model, chooseThreshold(rows, scores(model, rows)))
        }
        let (l2, threshold) = try select(inner)
        return (try solve(Fit(table, rows, catalogue, options), l2: l2, start: nil).model, threshold)
    }

    /// Tries every λ from the strongest down, each starting where the last one ended.
    private mutating func select(_ inner: TimeSplit) throws(TrainingError) -> (l2: Double, threshold: Float) {
        let fit = Fit(table, inner.before, catalogue, options)
        let labels = inner.after.map { table.labels[$0] }
        var best: (l2: Double, precision: Double, scores: [Float])?
        var start: [Double]?
        for l2 in Set(options.l2Grid).sorted(by: >) {
            let (model, solution) = try solve(fit, l2: l2, start: start)
            start = solution.weights + [solution.intercept]
            let scores = scores(model, inner.after)
            let precision = RankingCurve(scores: scores, labels: labels).averagePrecision ?? 0
            candidates.append(
                TrainingReport.Candidate(
                    l2: l2, averagePrecision: precision, solverStatus: solution.status.description, iterations: solution.iterations))
            // On a tie the stronger penalty, which was tried first, stays.
            if best.map({ precision > $0.precision }) ?? true { best = (l2, precision, scores) }
        }
        guard let best else { throw .badOption(name: "l2", reason: "no value given") }
        let threshold = chooseThreshold(inner.after, best.scores)
        validation = TrainingReport.Part(
            name: "validation", metrics: Metrics(scores: best.scores, labels: labels),
            atThreshold: OperatingPoint(threshold: threshold, scores: best.scores, labels: labels))
        return (best.l2, threshold)
    }

    private mutating func chooseThreshold(_ rows: [Int], _ scores: [Float]) -> Float {
        let labels = rows.map { table.labels[$0] }
        let valids = labels.count { !$0 }
        if options.maximumFalsePositiveRate * Double(valids) < 1 {
            notes.append(
                "\(valids) valid validation rows cannot measure a false-positive rate of \(options.maximumFalsePositiveRate): "
                    + "the threshold allows none")
        }
        let point = OperatingPoint.best(scores: scores, labels: labels, falsePositiveRate: options.maximumFalsePositiveRate)
        if point.flagged == 0 { notes.append("no threshold keeps the false-positive rate: the model flags nothing by itself") }
        return point.threshold
    }

    private func hasBothLabels(_ rows: [Int]) -> Bool {
        let frauds = rows.count { table.labels[$0] }
        return frauds > 0 && frauds < rows.count
    }

    func scores(_ model: LogisticModel, _ rows: [Int]) -> [Float] {
        do {
            return try TableScorer.scores(model, table: table, rows: rows, catalogue: catalogue)
        } catch {
            preconditionFailure("a model just trained does not fit its own table: \(error)")
        }
    }

    private func solve(
        _ fit: Fit, l2: Double, start: [Double]?
    ) throws(TrainingError) -> (model: LogisticModel, solution: NewtonSolver.Solution) {
        let objective = LogisticObjective(design: fit.design, labels: fit.labels, weights: fit.weights, l2: l2)
        let solution = options.solver.solve(objective, start: start)
        guard solution.status.isUsable || solution.status == .iterationLimit else { throw .solver(status: solution.status.description) }
        let weightings = fit.standardizer.weightings(solution.weights)
        let model = LogisticModel(
            name: options.modelName, features: weightings, intercept: solution.intercept, threshold: 0.5,
            training: facts(fit, l2: l2, solution), featureSchemaHash: LogisticModel.schemaHash(catalogue))
        do {
            try model.validate(source: options.modelName)
        } catch {
            throw .solver(status: "\(solution.status), but the model is not usable: \(error)")
        }
        return (model, solution)
    }

    private func facts(_ fit: Fit, l2: Double, _ solution: NewtonSolver.Solution) -> LogisticModel.TrainingFacts {
        let times = table.eventTimes.map { times in fit.rows.map { times[$0] } }
        return LogisticModel.TrainingFacts(
            dataHash: options.dataHash ?? "", rows: fit.rows.count, frauds: fit.labels.count { $0 }, firstEventMs: times?.min(),
            lastEventMs: times?.max(), l2: l2, seed: options.seed, solverStatus: solution.status.description,
            iterations: solution.iterations)
    }

    /// Measures the model on every part, and writes the figures into it.
    func measure(
        _ model: inout LogisticModel, train: [Int], test: [Int], testFromMs: Int64?
    ) throws(TrainingError) -> TrainingReport {
        if model.training.dataHash.isEmpty { model.training.dataHash = table.contentHash }
        let threshold = Float(model.threshold)
        func part(_ name: String, _ rows: [Int], _ scores: [Float]) -> TrainingReport.Part {
            let labels = rows.map { table.labels[$0] }
            return TrainingReport.Part(
                name: name, metrics: Metrics(scores: scores, labels: labels),
                atThreshold: OperatingPoint(threshold: threshold, scores: scores, labels: labels))
        }
        let trainScores = scores(model, train)
        let testScores = scores(model, test)
        var parts = [part("train", train, trainScores)]
        if let validation { parts.append(validation) }
        if !test.isEmpty { parts.append(part("test", test, testScores)) }
        for part in parts { model.metrics.merge(part.figures) { $1 } }
        let judged = test.isEmpty ? (train, trainScores) : (test, testScores)
        return TrainingReport(
            modelID: model.modelID, modelName: model.name, rows: table.rowCount, frauds: table.fraudCount, l2: model.training.l2,
            candidates: candidates, solverStatus: model.training.solverStatus, iterations: model.training.iterations,
            threshold: model.threshold, maximumFalsePositiveRate: options.maximumFalsePositiveRate,
            testFromMs: test.isEmpty ? nil : testFromMs, parts: parts,
            families: FamilyRecall.all(table: table, rows: judged.0, scores: judged.1, threshold: threshold),
            features: TrainingReport.strongest(model), notes: notes)
    }
}

/// A standardized design of some rows, made once for every λ.
private struct Fit {
    let rows: [Int]
    let standardizer: Standardizer
    let design: DesignMatrix
    let labels: [Bool]
    let weights: [Double]?

    init(_ table: LabelledTable, _ rows: [Int], _ catalogue: [FeatureDescription], _ options: TrainingOptions) {
        self.rows = rows
        standardizer = Standardizer(table: table, rows: rows, catalogue: catalogue, missingIndicators: options.missingIndicators)
        design = standardizer.design(table, rows: rows)
        labels = rows.map { table.labels[$0] }
        weights = table.weights.map { weights in rows.map { weights[$0] } }
    }
}

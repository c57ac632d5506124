internal import ClickModel
internal import LogisticModel

/// What a training run is given: a table, options, and a description per column.
struct TrainingContext: Sendable {
    let table: LabelledTable
    let options: TrainingOptions
    let catalogue: [FeatureDescription]

    func labels(_ rows: [Int]) -> [Bool] { rows.map { table.labels[$0] } }

    func weights(_ rows: [Int]) -> [Double]? { table.weights.map { weights in rows.map { weights[$0] } } }

    func hasBothLabels(_ rows: [Int]) -> Bool {
        let counted = table.weights.map { weights in rows.filter { weights[$0] > 0 } } ?? rows
        let frauds = counted.count { table.labels[$0] }
        return frauds > 0 && frauds < counted.count
    }

    func scores(_ model: LogisticModel, _ rows: [Int]) -> [Float] {
        do {
            return try TableScorer.scores(model, table: table, rows: rows, catalogue: catalogue)
        } catch {
            preconditionFailure("a model just trained does not fit its own table: \(error)")
        }
    }

    func uncalibratedLogits(_ model: LogisticModel, _ rows: [Int]) -> [Float] {
        do {
            return try TableScorer.uncalibratedLogits(model, table: table, rows: rows, catalogue: catalogue)
        } catch {
            preconditionFailure("a model just trained does not fit its own table: \(error)")
        }
    }

    /// Of a model's uncalibrated order of rows; nil without fraud.
    func averagePrecision(_ model: LogisticModel, _ rows: [Int]) -> Double? {
        RankingCurve(scores: uncalibratedLogits(model, rows), labels: labels(rows), weights: weights(rows)).averagePrecision
    }

    /// What the model file says of its training.
    func facts(_ rows: [Int], l2: Double, solverStatus: String, iterations: Int) -> LogisticModel.TrainingFacts {
        let times = table.eventTimes.map { times in rows.map { times[$0] } }
        var facts = LogisticModel.TrainingFacts(
            dataHash: options.dataHash ?? "", rows: rows.count, frauds: rows.count { table.labels[$0] }, firstEventMs: times?.min(),
            lastEventMs: times?.max(), l2: l2, seed: options.seed, solverStatus: solverStatus, iterations: iterations)
        facts.codeVersion = options.codeVersion
        facts.options = options.summary
        return facts
    }

    func validate(_ model: LogisticModel, status: String) throws(TrainingError) {
        do {
            try model.validate(source: options.modelName)
        } catch {
            throw .solver(status: "\(status), but the model is not usable: \(error)")
        }
    }
}

internal import ClickModel
internal import LogisticModel

/// Fits a linear logistic regression, its penalty λ chosen from a grid.
struct LinearFitter: ModelFitter {
    let context: TrainingContext
    private(set) var candidates: [TrainingReport.Candidate] = []
    private var l2: Double

    init(_ context: TrainingContext) {
        self.context = context
        let grid = context.options.l2Grid.sorted()
        l2 = grid[grid.count / 2]
    }

    /// Tries every λ from the strongest down, each starting where the last one ended; the mean over the splits decides.
    mutating func select(_ splits: [TimeSplit]) throws(TrainingError) {
        let grid = Set(context.options.l2Grid).sorted(by: >)
        var tried = grid.map { TrainingReport.Candidate(l2: $0, averagePrecision: 0, solverStatus: "", iterations: 0) }
        for split in splits {
            let design = Design(context, split.before)
            var start: [Double]?
            for (index, l2) in grid.enumerated() {
                let (model, solution) = try solve(design, l2: l2, start: start)
                start = solution.weights + [solution.intercept]
                let precision = context.averagePrecision(model, split.after) ?? 0
                tried[index].averagePrecision = (tried[index].averagePrecision ?? 0) + precision / Double(splits.count)
                tried[index].iterations += solution.iterations
                tried[index].solverStatus = solution.status.description
            }
        }
        candidates = tried
        // On a tie the stronger penalty, which comes first, stays.
        l2 = tried.reduce(tried[0]) { ($1.averagePrecision ?? 0) > ($0.averagePrecision ?? 0) ? $1 : $0 }.l2
    }

    func fit(_ rows: [Int]) throws(TrainingError) -> FittedModel {
        let design = Design(context, rows)
        let (model, solution) = try solve(design, l2: l2, start: nil)
        var fitted = FittedModel(model: model)
        fitted.coefficients = solution.inference(objective(design, l2: l2)).map { inference in
            let standardizer = design.standardizer
            let names = standardizer.designColumns.map { standardizer.names[$0.feature] + ($0.isMissing ? " unknown" : "") } + ["intercept"]
            return zip(names, zip(inference.estimates, zip(inference.standardErrors, inference.pValues))).map {
                TrainingReport.Coefficient(name: $0, estimate: $1.0, standardError: $1.1.0, pValue: $1.1.1)
            }
        }
        return fitted
    }

    private func objective(_ design: Design, l2: Double) -> LogisticObjective {
        let l1Ratio = context.options.l1Ratio
        return LogisticObjective(
            design: design.matrix, labels: design.labels, weights: design.weights, l2: l2 * (1 - l1Ratio), l1: l2 * l1Ratio,
            classWeights: context.options.classWeights)
    }

    private func solve(
        _ design: Design, l2: Double, start: [Double]?
    ) throws(TrainingError) -> (model: LogisticModel, solution: LogisticSolution) {
        let solution = context.options.solver.solve(objective(design, l2: l2), start: start)
        guard solution.status.isUsable || solution.status == .iterationLimit else { throw .solver(status: solution.status.description) }
        let facts = context.facts(design.rows, l2: l2, solverStatus: solution.status.description, iterations: solution.iterations)
        let model = LogisticModel(
            name: context.options.modelName, features: design.standardizer.weightings(solution.weights), intercept: solution.intercept,
            threshold: 0.5, training: facts, featureSchemaHash: LogisticModel.schemaHash(context.catalogue))
        try context.validate(model, status: solution.status.description)
        return (model, solution)
    }

    /// A standardized design of some rows, made once for every λ.
    private struct Design {
        let rows: [Int]
        let standardizer: Standardizer
        let matrix: DesignMatrix
        let labels: [Bool]
        let weights: [Double]?

        init(_ context: TrainingContext, _ rows: [Int]) {
            self.rows = rows
            standardizer = Standardizer(
                table: context.table, rows: rows, catalogue: context.catalogue, missingIndicators: context.options.missingIndicators)
            matrix = standardizer.design(context.table, rows: rows)
            labels = context.labels(rows)
            weights = context.weights(rows)
        }
    }
}

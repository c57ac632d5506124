package import LogisticModel

/// One kind of model: chooses its settings and fits rows. Everything after it, calibration, threshold and measuring, is common.
protocol ModelFitter {
    /// Chooses settings (penalty, bins, interactions) by average precision on the later side of each split, fitted on its
    /// earlier side; never sees other rows. Called at most once; without it `fit` takes settings that suit most tables.
    mutating func select(_ splits: [TimeSplit]) throws(TrainingError)

    /// Fits rows with the chosen settings.
    func fit(_ rows: [Int]) throws(TrainingError) -> FittedModel

    /// What was tried, for the report.
    var candidates: [TrainingReport.Candidate] { get }
}

/// A model as fitted: no calibration, no threshold.
package struct FittedModel: Sendable {
    package var model: LogisticModel
    /// One per fitted row, in their order, made without that row: log-odds that are not flattered by having been fitted. nil:
    /// the fitter has none.
    package var outOfBagLogits: [Float]?
    /// Of a linear model without an L1 penalty: its weights with their errors.
    package var coefficients: [TrainingReport.Coefficient]?

    package init(model: LogisticModel, outOfBagLogits: [Float]? = nil) {
        self.model = model
        self.outOfBagLogits = outOfBagLogits
    }
}

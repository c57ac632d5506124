/// How a model is trained.
package struct TrainingOptions: Sendable {
    /// Name in the model file.
    package var modelName = "click-fraud"
    /// Share of rows, first in event time, that train; the rest tests. 1: all train, none tests.
    package var trainShare = 0.7
    /// Share of the training rows, first in event time, on which each λ is tried; the rest validates.
    package var innerShare = 0.7
    /// λ to choose among by average precision; one value: no choice. scikit-learn's C is 1/λ.
    package var l2Grid: [Double] = [0.1, 1, 10, 100]
    /// The threshold keeps the share of valid validation rows called fraud at or under this.
    package var maximumFalsePositiveRate = 0.001
    /// Whether a feature that can be unknown gets a weight for being so.
    package var missingIndicators = true
    package var seed: UInt64 = 1
    /// Hash of the input the table was made from; nil: that of the table itself.
    package var dataHash: String?
    package var solver = NewtonSolver()

    package init() {}

    /// - Throws: `TrainingError.badOption`.
    package func validate() throws(TrainingError) {
        func refuse(_ name: String, _ reason: String) -> TrainingError { .badOption(name: name, reason: reason) }
        guard trainShare > 0, trainShare <= 1 else { throw refuse("train share", "must be over 0 and at most 1") }
        guard innerShare > 0, innerShare < 1 else { throw refuse("inner share", "must be between 0 and 1") }
        guard !l2Grid.isEmpty, l2Grid.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw refuse("l2", "must be over 0") }
        guard maximumFalsePositiveRate >= 0, maximumFalsePositiveRate < 1 else {
            throw refuse("false-positive rate", "must be at least 0 and under 1")
        }
    }
}

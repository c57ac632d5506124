/// What a model is made of.
package enum ModelKind: String, CaseIterable, Sendable {
    /// Learned curves of features and surfaces of pairs.
    case additive
    /// Weights of standardized features.
    case linear
}

/// How a model is trained.
package struct TrainingOptions: Sendable {
    /// Name in the model file.
    package var modelName = "click-fraud"
    /// Share of rows, first in event time, that train; the rest tests. 1: all train, none tests.
    package var trainShare = 0.7
    /// Share of the training rows, first in event time, on which settings are tried; the rest validates.
    package var innerShare = 0.7
    /// Whether rows of one group are kept off the later side of a split when it is also on the earlier one.
    package var keepsGroupsApart = false
    package var kind = ModelKind.additive
    /// How an additive model is boosted. Several: the one of best average precision; its seed and `missingIndicators` are
    /// those of this value.
    package var additive = [AdditiveOptions()]
    /// λ of a linear model to choose among by average precision; one value: no choice. scikit-learn's C is 1/λ.
    package var l2Grid: [Double] = [0.1, 1, 10, 100]
    /// Share of each λ that penalizes magnitudes (L1) in place of squares; over 0 it leaves weights at exactly 0.
    package var l1Ratio = 0.0
    package var classWeights = ClassWeights.none
    /// The threshold keeps the share of valid validation rows called fraud at or under this; nil: the threshold is the one
    /// of least expected cost.
    package var maximumFalsePositiveRate: Double? = 0.001
    /// Whether columns of the table are categories encoded from the labels of all training rows but each row's own: an earlier
    /// cut among those rows could not be judged by rows after it.
    package var isEncoded = false
    /// What wrong decisions cost.
    package var costs = CostMatrix()
    package var calibration = CalibrationChoice.auto
    /// Whether a table with a feature that seems to leak the label is refused.
    package var refusesLeaks = false
    /// Bootstrap samples of the report's intervals; nil: as many as the rows allow in seconds; 0: none.
    package var bootstrapReplicates: Int?
    /// Whether a feature that can be unknown gets a weight for being so.
    package var missingIndicators = true
    package var seed: UInt64 = 1
    /// Version of the program, for the model file.
    package var codeVersion: String?
    /// Hash of the input the table was made from; nil: that of the table itself.
    package var dataHash: String?
    package var solver = LogisticSolver()

    package init() {}

    /// The choices that the training facts do not hold already, by name, for the model file.
    package var summary: [String: String] {
        var facts = [
            "kind": kind.rawValue, "train_share": "\(trainShare)", "inner_share": "\(innerShare)", "calibration": calibration.rawValue,
            "threshold": maximumFalsePositiveRate.map { "false-positive rate \($0)" } ?? "least cost, refund \(costs.refund), billing \(costs.billing)",
            "groups_apart": "\(keepsGroupsApart)", "missing_indicators": "\(missingIndicators)",
        ]
        switch kind {
        case .linear:
            facts["l2_tried"] = l2Grid.map { "\($0)" }.joined(separator: ",")
            facts["l1_ratio"] = "\(l1Ratio)"
            facts["class_weights"] = "\(classWeights)"
        case .additive:
            facts["bins_tried"] = additive.map { "\($0.bins)" }.joined(separator: ",")
            facts["interactions"] = additive[0].interactions.map { "\($0)" } ?? "all"
            let monotone = additive[0].monotone.sorted { $0.key < $1.key }
            if !monotone.isEmpty { facts["monotone"] = monotone.map { "\($0.key):\($0.value.rawValue)" }.joined(separator: ",") }
        }
        return facts
    }

    /// - Throws: `TrainingError.badOption`.
    package func validate() throws(TrainingError) {
        func refuse(_ name: String, _ reason: String) -> TrainingError { .badOption(name: name, reason: reason) }
        guard trainShare > 0, trainShare <= 1 else { throw refuse("train share", "must be over 0 and at most 1") }
        guard innerShare > 0, innerShare < 1 else { throw refuse("inner share", "must be between 0 and 1") }
        guard !additive.isEmpty else { throw refuse("additive", "no options given") }
        guard !l2Grid.isEmpty, l2Grid.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw refuse("l2", "must be over 0") }
        guard l1Ratio >= 0, l1Ratio <= 1 else { throw refuse("l1 ratio", "must be at least 0 and at most 1") }
        if case .given(let valid, let fraud) = classWeights, !(valid > 0 && fraud > 0 && valid.isFinite && fraud.isFinite) {
            throw refuse("class weights", "must be finite and over 0")
        }
        if let rate = maximumFalsePositiveRate, !(rate >= 0 && rate < 1) {
            throw refuse("false-positive rate", "must be at least 0 and under 1")
        }
        if let bootstrapReplicates, !(0...10_000).contains(bootstrapReplicates) {
            throw refuse("bootstrap", "must be 0 to 10000 samples")
        }
    }
}

/// How an additive model (curves and pair surfaces) is boosted. The defaults were chosen by average precision over both
/// directions of a later-period split and repeated cross-validation of a real table of 3,081 rows with 72 frauds.
package struct AdditiveOptions: Hashable, Sendable {
    package enum Direction: String, Hashable, Sendable { case rising, falling }

    /// Bins of a feature's known values, 2 to `maximumBins`.
    package var bins = 48
    /// Trees a bag; nil: by the number of rows of the rarer label. Fixed rather than stopped early, since a few dozen held-out frauds cannot
    /// say when to stop.
    package var rounds: Int?
    /// Ensembles, each from its own seed and without its own held-out rows; the model is their mean. nil: as above.
    package var bags: Int?
    /// Share of a Newton step that a tree takes; nil: by the number of rows of the rarer label.
    package var learningRate: Double?
    /// Share of a bag's rows drawn, without replacement, for each tree.
    package var rowShare = 0.5
    /// At most about this many rows are drawn for a tree.
    package var maximumDraw = 131_072
    /// Share of features drawn for each tree.
    package var featureShare = 0.3
    /// Rows (sum of weights) and Hessian that a leaf needs.
    package var minimumRows = 5.0
    package var minimumHessian = 1e-3
    /// λ of ½·λ·v² on a leaf's value v.
    package var l2 = 0.3
    /// Most pair surfaces; nil: as many as `maximumCells` lets. 0: curves only.
    package var interactions: Int?
    /// Most cells of all surfaces together; past it the weakest are left out, as with `interactions`.
    package var maximumCells = 400_000
    /// Features whose curve may only rise or only fall. They stay out of surfaces, so that the curve says it all.
    package var monotone: [String: Direction] = [:]
    /// Whether a feature's being unknown is a value like any other. False: it adds nothing, and a surface adds nothing
    /// where either feature is unknown.
    package var missingIndicators = true
    /// Each bag leaves out one of so many parts of the rows, for logits of rows not trained on. 0, or more than there are
    /// bags: all learn from all.
    package var parts = 8
    package var seed: UInt64 = 1
    /// Whether bags are boosted on all cores; the result is the same, bit for bit.
    package var isParallel = true

    package static let maximumBins = 254
    /// Surfaces a model may hold, whatever their size.
    package static let maximumSurfaces = 60_000
    /// With as many rows of the rarer label there is more to learn, and fewer bags and rows a tree suffice.
    static let manyRows = 2_000

    package init() {}

    /// With what was left open filled in.
    ///
    /// - Parameter rarer: rows of the rarer label.
    package func resolved(rarer: Int) -> AdditiveOptions {
        let hasMany = rarer >= Self.manyRows
        var options = self
        options.rounds = rounds ?? (hasMany ? 600 : 300)
        options.bags = bags ?? (hasMany ? 8 : 16)
        options.learningRate = learningRate ?? (hasMany ? 0.2 : 0.05)
        return options
    }

    /// The same with less work, to see which pairs matter.
    var forRanking: AdditiveOptions {
        var options = self
        options.rounds = rounds.map { min($0, 300) }
        options.bags = bags.map { min($0, 4) }
        return options
    }

    /// - Throws: `TrainingError.badOption`.
    package func validate(names: [String]) throws(TrainingError) {
        func require(_ holds: Bool, _ name: String, _ reason: String) throws(TrainingError) {
            guard holds else { throw .badOption(name: name, reason: reason) }
        }
        try require((2...Self.maximumBins).contains(bins), "bins", "must be 2 to \(Self.maximumBins)")
        try require((1...100_000).contains(rounds ?? 1), "rounds", "must be 1 to 100,000")
        try require((1...1_000).contains(bags ?? 1), "bags", "must be 1 to 1,000")
        try require(learningRate.map { $0 > 0 && $0 <= 1 } ?? true, "learning rate", "must be over 0 and at most 1")
        try require(rowShare > 0 && rowShare <= 1, "row share", "must be over 0 and at most 1")
        try require(maximumDraw >= 100, "rows drawn", "must be at least 100")
        try require(featureShare > 0 && featureShare <= 1, "feature share", "must be over 0 and at most 1")
        try require(minimumRows >= 0 && minimumRows.isFinite, "minimum rows", "must be at least 0")
        try require(minimumHessian > 0 && minimumHessian.isFinite, "minimum Hessian", "must be over 0")
        try require(l2 >= 0 && l2.isFinite, "l2 of leaves", "must be at least 0")
        try require((interactions ?? 0) >= 0, "interactions", "must be at least 0")
        try require(maximumCells >= 0, "cells", "must be at least 0")
        try require(parts == 0 || (2...256).contains(parts), "parts", "must be 0, or 2 to 256")
        let unknown = Set(monotone.keys).subtracting(names).sorted()
        try require(unknown.isEmpty, "monotone", "no feature is called \(unknown.joined(separator: ", "))")
    }
}

package import ClickModel
internal import Features
package import LogisticModel

/// Challengers: models that score the clicks the champion decides on, from the same features, in its shadow.
///
/// What they say is for comparison only: no state, label or bill comes of it. One thread owns it; `score` neither allocates nor
/// locks.
package final class ShadowScorer {
    /// More challengers at once are refused: each costs about what the champion's model does.
    package static let maximumModels = 16

    package let models: [CompiledModel]
    /// Ids of the models, in their order.
    package let modelIDs: [String]
    private let scores: UnsafeMutablePointer<Float>
    private let stride: Int

    /// - Throws: `ModelError` when a model is not valid or does not fit the feature catalogue.
    package init(_ models: [LogisticModel]) throws {
        precondition(models.count <= Self.maximumModels, "at most \(Self.maximumModels) challengers")
        self.models = try models.map { try CompiledModel($0, catalogue: Feature.catalogue) }
        modelIDs = self.models.map(\.modelID)
        // As many as a scorer's block has, and the elements past the last row that a model may write.
        stride = ClickBatch.defaultCapacity + FeatureBlock.rowGroup
        scores = .allocate(capacity: max(1, models.count * stride))
        scores.initialize(repeating: 0, count: max(1, models.count * stride))
    }

    deinit { scores.deallocate() }

    /// Scores the first `rows` clicks of the champion's block by every model.
    /// - Complexity: O(models × rows × terms), no allocation.
    package func score(_ block: FeatureBlock, rows: Int) {
        precondition(block.capacity <= stride)
        for (index, model) in models.enumerated() { model.score(block, rows: rows, into: scores + index * stride) }
    }

    /// A model's score of a row scored last.
    @inline(__always)
    package func score(model: Int, row: Int) -> Float { scores[model * stride + row] }

    /// What the click would be called if this model were the champion: a rule that decided would have decided all the same.
    @inline(__always)
    package func label(model: Int, row: Int, champion: Verdict) -> Label {
        champion.decidingRule >= 0 || score(model: model, row: row) >= models[model].threshold ? .fraud : .valid
    }
}

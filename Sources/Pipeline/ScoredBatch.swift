internal import ClickModel
internal import Scoring

/// A batch with all that the scoring half of the engine says of it. It goes from the scorer to the counter and on to the archive, and is
/// then used again.
final class ScoredBatch: @unchecked Sendable {
    let outcomes = BatchOutcomes()
    /// Of the clicks that count, in the order of `outcomes.counted`.
    let clicks = ScoredClicks()
    /// The events; nil at rest.
    var merged: MergedBatch?
    /// Number of the first event in the whole stream, from 0.
    var sequence: Int64 = 0
    /// Keys of the sources by slot, for the archive.
    var sources: [String] = []

    /// Sends the events home, for the next ones.
    func releaseEvents() {
        if let merged { merged.home.push(merged.batch) }
        merged = nil
    }
}

package import ClickModel
internal import Features

/// What a scorer says of the chosen clicks of a batch: verdicts, and the features behind them. Row i is the i-th of them.
///
/// Memory for one batch, used again and again. One thread fills it; another may then read it.
package final class ScoredClicks: @unchecked Sendable {
    package let block: FeatureBlock
    package let verdicts: UnsafeMutablePointer<Verdict>

    package init() {
        block = FeatureBlock(columnCount: Feature.count)
        verdicts = .allocate(capacity: block.capacity)
    }

    deinit { verdicts.deallocate() }
}

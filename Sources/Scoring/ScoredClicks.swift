package import ClickModel
internal import Features

/// What a scorer says of the chosen clicks of a batch: verdicts, and the features behind them. Row i is the i-th of them.
///
/// Memory for one batch, used again and again. One thread fills it; another may then read it.
package final class ScoredClicks: @unchecked Sendable {
    package let block: FeatureBlock
    /// The block's groups of rows, for who works on it in pieces.
    let groups: [FeatureBlock]
    package let verdicts: UnsafeMutablePointer<Verdict>

    package init() {
        let block = FeatureBlock(columnCount: Feature.count)
        self.block = block
        groups = (0..<block.capacity / FeatureBlock.rowGroup).map { FeatureBlock(group: $0, of: block) }
        verdicts = .allocate(capacity: block.capacity)
    }

    deinit { verdicts.deallocate() }
}

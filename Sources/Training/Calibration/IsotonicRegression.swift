internal import Foundation
package import LogisticModel

/// Isotonic regression of labels on logits: the non-decreasing step function of least squares, and of least log loss.
///
/// Pool adjacent violators (Ayer et al. 1955), in one pass over the sorted rows; for calibration Zadrozny and Elkan 2002.
package struct IsotonicRegression: Sendable {
    /// Rows of neighbouring logits with one share of fraud; shares strictly rise from block to block.
    package struct Block: Hashable, Sendable {
        package var lowest: Double
        package var highest: Double
        /// Weight, weight of frauds, and weighted sum of logits.
        package var weight: Double
        package var frauds: Double
        var logits: Double

        package var share: Double { frauds / weight }
        /// Held to the block, which rounding of the sum might leave.
        var centre: Double { min(max(logits / weight, lowest), highest) }

        mutating func absorb(_ next: Block) {
            highest = next.highest
            weight += next.weight
            frauds += next.frauds
            logits += next.logits
        }
    }

    package private(set) var blocks: [Block]

    /// - Parameters:
    ///   - logits: finite.
    ///   - weights: how many rows each counts for; nil: 1 each. Rows of weight 0 count for nothing.
    /// - Complexity: O(rows log rows).
    package init(logits: [Float], labels: [Bool], weights: [Double]? = nil) {
        precondition(logits.count == labels.count && weights?.count ?? labels.count == labels.count)
        blocks = []
        for row in RankingCurve.descending(logits).reversed() {
            let weight = weights?[row] ?? 1
            guard weight > 0 else { continue }
            let x = Double(logits[row])
            let block = Block(lowest: x, highest: x, weight: weight, frauds: labels[row] ? weight : 0, logits: weight * x)
            // Rows of one logit are one point.
            if let last = blocks.indices.last, blocks[last].lowest == x && blocks[last].highest == x {
                blocks[last].absorb(block)
            } else {
                pool()
                blocks.append(block)
            }
        }
        pool()
    }

    /// Merges the last block into those before it until shares rise.
    private mutating func pool() {
        while blocks.count > 1, !Self.rises(blocks[blocks.count - 2], blocks[blocks.count - 1]) {
            let last = blocks.removeLast()
            blocks[blocks.count - 1].absorb(last)
        }
    }

    /// Compared without dividing, so that equal shares are equal.
    private static func rises(_ a: Block, _ b: Block) -> Bool { a.frauds * b.weight < b.frauds * a.weight }

    /// The step function as a calibration; nil when it has one step only.
    ///
    /// Each block becomes one knot at its mean logit, straight lines between them (Oron and Flournoy 2017, "Centered isotonic
    /// regression"): flat steps would tie rows that the model ranks apart. A first block without fraud and a last one of fraud
    /// only would be at infinite log-odds; they take Platt's smoothed shares. Over `maximumKnots`, the two neighbours whose
    /// merger costs least log loss are merged until it fits.
    package func calibration(maximumKnots: Int = Calibration.maximumKnots) -> Calibration? {
        var blocks = self.blocks
        while blocks.count > 1, Self.logOdds(blocks[0]) >= Self.logOdds(blocks[1]) { Self.merge(&blocks, at: 0) }
        while blocks.count > 1, Self.logOdds(blocks[blocks.count - 2]) >= Self.logOdds(blocks[blocks.count - 1]) {
            Self.merge(&blocks, at: blocks.count - 2)
        }
        Self.reduce(&blocks, to: maximumKnots)
        guard blocks.count >= 2 else { return nil }
        return Calibration(method: .isotonic, inputs: blocks.map(\.centre), outputs: blocks.map(Self.logOdds))
    }

    private static func logOdds(_ block: Block) -> Double {
        let share =
            block.frauds == 0 ? 1 / (block.weight + 2)
            : block.frauds == block.weight ? (block.weight + 1) / (block.weight + 2) : block.share
        return log(share / (1 - share))
    }

    private static func merge(_ blocks: inout [Block], at index: Int) {
        blocks[index].absorb(blocks[index + 1])
        blocks.remove(at: index + 1)
    }

    /// - Complexity: O(blocks²) at worst; there are about the cube root of the rows of them.
    private static func reduce(_ blocks: inout [Block], to limit: Int) {
        guard blocks.count > max(2, limit) else { return }
        var costs = (0..<(blocks.count - 1)).map { mergeCost(blocks[$0], blocks[$0 + 1]) }
        while blocks.count > max(2, limit) {
            let index = costs.indices.min { costs[$0] < costs[$1] }!
            merge(&blocks, at: index)
            costs.remove(at: index)
            if index > 0 { costs[index - 1] = mergeCost(blocks[index - 1], blocks[index]) }
            if index < costs.count { costs[index] = mergeCost(blocks[index], blocks[index + 1]) }
        }
    }

    /// What giving two blocks one share adds to the log loss.
    private static func mergeCost(_ a: Block, _ b: Block) -> Double {
        func entropy(_ frauds: Double, _ weight: Double) -> Double {
            func term(_ part: Double) -> Double { part > 0 ? -part * log(part / weight) : 0 }
            return term(frauds) + term(weight - frauds)
        }
        return entropy(a.frauds + b.frauds, a.weight + b.weight) - entropy(a.frauds, a.weight) - entropy(b.frauds, b.weight)
    }
}

/// Folds of cross-validation that never split a group, each with nearly the same number of rows and of frauds.
package struct GroupedFolds: Sendable {
    /// Fold of each row of the table.
    package let foldOfRow: [Int]
    package let folds: Int

    /// Deals whole groups to folds, the most uneven first, each to the fold where it leaves both labels spread most
    /// evenly (the method of scikit-learn's `StratifiedGroupKFold`); the seed orders groups that are alike.
    ///
    /// - Throws: `TrainingError.tooFewGroups` when there are fewer groups than folds, `.badOption` for under 2 folds.
    /// - Complexity: O(rows + groups × (log groups + folds²)).
    package init(groups: [UInt64], labels: [Bool], folds: Int, seed: UInt64) throws(TrainingError) {
        guard folds >= 2 else { throw .badOption(name: "cv", reason: "at least 2 folds are needed") }
        precondition(groups.count == labels.count)
        var counts: [UInt64: Count] = [:]
        for (group, isFraud) in zip(groups, labels) { counts[group, default: Count()].add(isFraud) }
        guard counts.count >= folds else { throw .tooFewGroups(groups: counts.count, folds: folds) }

        var random = SplitMix64(seed: seed)
        // Sorted before shuffling: a dictionary's order changes from run to run.
        var order = counts.keys.sorted()
        order.shuffle(using: &random)
        let unevenness = counts.mapValues { abs($0.frauds - $0.valids) }
        let ranked = order.enumerated().sorted { (unevenness[$1.element]!, $0.offset) < (unevenness[$0.element]!, $1.offset) }

        var filled = [Count](repeating: Count(), count: folds)
        var total = Count()
        for count in counts.values { total.add(count) }
        var foldOfGroup: [UInt64: Int] = [:]
        for (_, group) in ranked {
            let fold = Self.bestFold(for: counts[group]!, filled: filled, total: total)
            filled[fold].add(counts[group]!)
            foldOfGroup[group] = fold
        }
        self.folds = folds
        foldOfRow = groups.map { foldOfGroup[$0]! }
    }

    private struct Count {
        var frauds = 0.0
        var valids = 0.0
        mutating func add(_ isFraud: Bool) { if isFraud { frauds += 1 } else { valids += 1 } }
        mutating func add(_ other: Count) {
            frauds += other.frauds
            valids += other.valids
        }
    }

    private static func bestFold(for count: Count, filled: [Count], total: Count) -> Int {
        func rows(_ fold: Int) -> Double { filled[fold].frauds + filled[fold].valids }
        var best = (fold: 0, spread: Double.infinity)
        for fold in filled.indices {
            var trial = filled
            trial[fold].add(count)
            let spread =
                deviation(trial.map(\.frauds), over: total.frauds) + deviation(trial.map(\.valids), over: total.valids)
            if spread < best.spread - 1e-12 || (spread < best.spread + 1e-12 && rows(fold) < rows(best.fold)) {
                best = (fold, min(spread, best.spread))
            }
        }
        return best.fold
    }

    /// Standard deviation of shares.
    private static func deviation(_ values: [Double], over total: Double) -> Double {
        guard total > 0 else { return 0 }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return variance.squareRoot() / total
    }

    /// Rows outside and inside a fold.
    package func split(_ fold: Int) -> (train: [Int], test: [Int]) {
        var train: [Int] = []
        var test: [Int] = []
        for (row, itsFold) in foldOfRow.enumerated() {
            if itsFold == fold { test.append(row) } else { train.append(row) }
        }
        return (train, test)
    }
}

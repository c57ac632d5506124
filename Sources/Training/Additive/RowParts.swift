/// Which bag leaves which rows out, so that every row has a logit of bags that never saw it.
struct RowParts {
    /// Part of each row; empty when none is left out.
    private let part: [UInt8]
    private let parts: Int

    /// Over so many groups, parts are dealt by a hash of the group instead of evenly.
    private static let maximumGroupsDealt = 20_000

    /// Deals rows to parts by label, or whole groups where the table has them.
    init(table: LabelledTable, rows: [Int], options: AdditiveOptions) throws(TrainingError) {
        let labels = rows.map { table.labels[$0] }
        let groups = table.groups.map { groups in rows.map { groups[$0] } }
        let distinct = groups.map { Set($0).count }
        // A part needs a bag that leaves it out, and what stays both labels.
        let frauds = labels.count { $0 }
        let rarest = min(frauds, labels.count - frauds)
        guard options.parts > 0, options.bags ?? 1 >= options.parts, rarest >= 2, (distinct ?? .max) >= options.parts else {
            part = []
            parts = 0
            return
        }
        parts = options.parts
        if let groups, let distinct {
            if distinct <= Self.maximumGroupsDealt {
                part = try GroupedFolds(groups: groups, labels: labels, folds: parts, seed: options.seed).foldOfRow.map(UInt8.init)
            } else {
                let (seed, count) = (options.seed, UInt64(parts))
                part = groups.map { group in
                    var hash = SplitMix64(seed: group ^ seed)
                    return UInt8(hash.next() % count)
                }
            }
            return
        }
        var random = SplitMix64(seed: options.seed)
        var order = Array(labels.indices)
        order.shuffle(using: &random)
        var dealt = [UInt8](repeating: 0, count: labels.count)
        var next = [0, 0]
        for row in order {
            let label = labels[row] ? 1 : 0
            dealt[row] = UInt8(next[label] % parts)
            next[label] += 1
        }
        part = dealt
    }

    /// Rows that a bag must not learn from; nil: it may from all.
    func heldOut(by bag: Int) -> [Bool]? {
        guard parts > 0 else { return nil }
        let own = UInt8(bag % parts)
        return part.map { $0 == own }
    }

    /// The mean logit of each row over the bags that left it out.
    func outOfBag(_ bags: [PairBooster.Bag]) -> [Double]? {
        guard parts > 0 else { return nil }
        var sums = [Double](repeating: 0, count: part.count)
        var counts = [Double](repeating: 0, count: parts)
        for (index, bag) in bags.enumerated() {
            let own = UInt8(index % parts)
            counts[index % parts] += 1
            for row in part.indices where part[row] == own { sums[row] += bag.logits[row] }
        }
        return sums.indices.map { sums[$0] / counts[Int(part[$0])] }
    }
}

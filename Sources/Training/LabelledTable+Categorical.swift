package import LogisticModel

/// A table whose categorical columns have become numbers, and what the model needs to do the same.
package struct EncodedTable: Sendable {
    package var table: LabelledTable
    package var encodings: [LogisticModel.CategoryEncoding]
    package var notes: [String]
}

extension LabelledTable {
    /// Adds categorical columns as shrunken target statistics that no row's own label is part of.
    ///
    ///     rows in event time     |——— earlier ———|— later —|————— others —————|
    ///     statistics of            other folds     earlier    earlier + later
    ///     the model's encoding   |——— made of both ————————|
    ///
    /// Statistics that include a row's own label show it: a column of random ids would look like a perfect feature in
    /// training. Hence, within the fitted rows, folds: the earlier `innerShare` in time, on which hyperparameters are
    /// tried, each from the other folds; the later ones, on which they are judged, from the earlier. Groups are never split
    /// over folds.
    /// The alternative is CatBoost's ordered statistics (Prokhorenkova et al. 2018), where each row sees the rows before it
    /// in a random order: those of early rows are noise unless several orders are averaged.
    ///
    /// - Parameters:
    ///   - rows: those that are fitted; both labels among them and among their earlier part.
    ///   - innerShare: `TrainingOptions.innerShare`.
    ///   - strength: m for all columns; nil: from the data.
    /// - Returns: this table with the columns added in their order, without those whose categories say nothing.
    /// - Throws: `TrainingError.oneClass`, `.tooFewGroups`.
    /// - Complexity: O(columns × (rows + folds × categories)).
    package func encoding(
        _ columns: [CategoricalColumn], fittedOn rows: [Int], innerShare: Double, folds: Int = 5, seed: UInt64, strength: Double? = nil
    ) throws(TrainingError) -> EncodedTable {
        guard !columns.isEmpty else { return EncodedTable(table: self, encodings: [], notes: []) }
        precondition(columns.allSatisfy { $0.codes.count == rowCount }, "one category a row")
        try Trainer.requireBothLabels(self, rows, part: "the training part")
        var parts = TimeSplit(table: self, rows: rows, share: innerShare)
        if Set(parts.before.map { labels[$0] }).count < 2 { parts = TimeSplit(table: self, rows: rows, share: 1) }
        let foldOfRow = try outOfFold(parts.before, folds: folds, seed: seed)
        var result = EncodedTable(table: self, encodings: [], notes: [])
        var names = self.names
        var values = self.columns
        for column in columns {
            let final = TargetStatistics(column, labels: labels, weights: weights, rows: rows, strength: strength)
            guard final.strength.isFinite else {
                result.notes.append("column \(column.name): its categories tell fraud no better than chance: left out")
                continue
            }
            if column.categories.count > TargetStatistics.maximumCategories {
                result.notes.append(
                    "column \(column.name): \(column.categories.count) categories, of which the \(TargetStatistics.maximumCategories) "
                        + "most frequent are told apart")
            }
            names.append(column.name)
            values.append(encoded(column, final, parts, foldOfRow, folds: folds, strength: strength))
            result.encodings.append(final.encoding(of: column))
        }
        result.table = LabelledTable(
            names: names, columns: values, labels: labels, eventTimes: eventTimes, groups: groups, weights: weights)
        return result
    }

    private func encoded(
        _ column: CategoricalColumn, _ final: TargetStatistics, _ parts: TimeSplit, _ foldOfRow: [Int], folds: Int, strength: Double?
    ) -> [Float] {
        var values = column.codes.map { Float(final.value($0)) }
        let earlier = TargetStatistics(column, labels: labels, weights: weights, rows: parts.before, strength: strength)
        for row in parts.after { values[row] = Float(earlier.value(column.codes[row])) }
        var held = Array(repeating: TargetStatistics.Counts(categories: column.categories.count), count: folds)
        for (row, fold) in zip(parts.before, foldOfRow) {
            held[fold].add(column.codes[row], isFraud: labels[row], weight: weights?[row] ?? 1)
        }
        // The prior and m are those of all earlier rows: a prior of each fold's own would tell the folds, and so a little
        // of their labels, apart.
        for (row, fold) in zip(parts.before, foldOfRow) { values[row] = Float(earlier.value(column.codes[row], without: held[fold])) }
        return values
    }

    /// A fold for each of the given rows, frauds and valid rows dealt evenly.
    private func outOfFold(_ rows: [Int], folds: Int, seed: UInt64) throws(TrainingError) -> [Int] {
        if let groups {
            let own = rows.map { groups[$0] }
            return try GroupedFolds(groups: own, labels: rows.map { labels[$0] }, folds: folds, seed: seed).foldOfRow
        }
        var random = SplitMix64(seed: seed)
        var result = [Int](repeating: 0, count: rows.count)
        for isFraud in [true, false] {
            var positions = rows.indices.filter { labels[rows[$0]] == isFraud }
            positions.shuffle(using: &random)
            for (index, position) in positions.enumerated() { result[position] = index % folds }
        }
        return result
    }
}

package import ClickModel
package import LogisticModel

/// Scores rows of a table with the very code that scores clicks, so that figures are those of production.
package enum TableScorer {
    /// The model's score of each of the given rows, in their order.
    ///
    /// - Parameter catalogue: one description per column of the table.
    /// - Throws: `ModelError` when the model does not fit.
    /// - Complexity: O(rows × features).
    package static func scores(
        _ model: LogisticModel, table: LabelledTable, rows: [Int], catalogue: [FeatureDescription]
    ) throws(ModelError) -> [Float] {
        let compiled = try CompiledModel(model, catalogue: catalogue)
        return fill(table, rows: rows) { compiled.score($0, rows: $1, into: $2) }
    }

    /// The sum of the model's terms of each row: log-odds before calibration. As `scores` else.
    package static func uncalibratedLogits(
        _ model: LogisticModel, table: LabelledTable, rows: [Int], catalogue: [FeatureDescription]
    ) throws(ModelError) -> [Float] {
        let compiled = try CompiledModel(model, catalogue: catalogue)
        return fill(table, rows: rows) { compiled.uncalibratedLogits($0, rows: $1, into: $2) }
    }

    private static func fill(
        _ table: LabelledTable, rows: [Int], _ score: (FeatureBlock, Int, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        let block = FeatureBlock(columnCount: max(1, table.columns.count))
        var buffer = [Float](repeating: 0, count: block.capacity)
        var result: [Float] = []
        result.reserveCapacity(rows.count)
        var start = 0
        while start < rows.count {
            let count = min(block.capacity, rows.count - start)
            for column in table.columns.indices {
                let target = block.column(column)
                table.columns[column].withUnsafeBufferPointer { source in
                    for position in 0..<count { target[position] = source[rows[start + position]] }
                }
            }
            buffer.withUnsafeMutableBufferPointer { score(block, count, $0.baseAddress!) }
            result.append(contentsOf: buffer[..<count])
            start += count
        }
        return result
    }
}

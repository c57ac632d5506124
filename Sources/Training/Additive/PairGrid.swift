/// A surface's cells with the weight of the training rows in each; row and column 0 are unknown.
struct PairGrid {
    let rows: Int
    let columns: Int
    /// Row-major.
    var values: [Double]
    var weights: [Double]

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        values = [Double](repeating: 0, count: rows * columns)
        weights = values
    }

    /// Mean of the squared values, weighted.
    var meanSquare: Double {
        let total = weights.reduce(0, +)
        return total > 0 ? zip(values, weights).reduce(0) { $0 + $1.0 * $1.0 * $1.1 } / total : 0
    }

    /// Moves the weighted mean of each row and column out, until none is left: Lengerich et al. 2020, "Purifying
    /// Interaction Effects with the Functional ANOVA", algorithm 1. What is moved out added to what stays is unchanged.
    ///
    /// - Parameters:
    ///   - rows, columns: whether means of rows (effects of the first feature) and of columns (the second's) may be moved.
    ///   - isFirstRowFixed, isFirstColumnFixed: whether row or column 0 is 0 and stays so, moved effects included.
    /// - Complexity: O(sweeps × cells), at most 1,000 sweeps.
    mutating func purify(
        rows movesRows: Bool, columns movesColumns: Bool, isFirstRowFixed: Bool, isFirstColumnFixed: Bool
    ) -> (rows: [Double], columns: [Double]) {
        var rowEffects = [Double](repeating: 0, count: rows)
        var columnEffects = [Double](repeating: 0, count: columns)
        let rowRange = (isFirstRowFixed ? 1 : 0)..<rows
        let columnRange = (isFirstColumnFixed ? 1 : 0)..<columns
        let scale = values.reduce(0) { max($0, abs($1)) }
        for _ in 0..<1_000 {
            var moved = 0.0
            if movesRows {
                for row in rowRange {
                    let cells = columnRange.map { row * columns + $0 }
                    let mean = moveMean(of: cells)
                    rowEffects[row] += mean
                    moved = max(moved, abs(mean))
                }
            }
            if movesColumns {
                for column in columnRange {
                    let cells = rowRange.map { $0 * columns + column }
                    let mean = moveMean(of: cells)
                    columnEffects[column] += mean
                    moved = max(moved, abs(mean))
                }
            }
            if moved <= 1e-12 * scale { break }
        }
        return (rowEffects, columnEffects)
    }

    /// Takes the weighted mean out of some cells; of cells without rows nothing.
    private mutating func moveMean(of cells: [Int]) -> Double {
        var sum = 0.0
        var total = 0.0
        for cell in cells {
            sum += weights[cell] * values[cell]
            total += weights[cell]
        }
        guard total > 0 else { return 0 }
        let mean = sum / total
        for cell in cells { values[cell] -= mean }
        return mean
    }
}

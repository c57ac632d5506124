/// What the solver sees: standardized columns in single precision, column-major, without the intercept's column of ones.
/// The only copy of the data in training; the solver widens it a chunk of rows at a time.
package struct DesignMatrix: Sendable {
    package let rows: Int
    package let columns: Int
    /// Element (i, j) is at `i + j * rows`.
    package let values: [Float]

    /// - Parameter values: `rows × columns` values, column-major. Solvers refuse values that are not finite.
    package init(rows: Int, columns: Int, values: [Float]) {
        precondition(rows >= 0 && columns >= 0 && values.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// Root mean square of each column; not finite if the column holds a value that is not.
    /// - Complexity: O(rows × columns), one pass over memory, on all cores.
    package func rootMeanSquares() -> [Double] {
        parallelMap(columns) { column in
            values.withUnsafeBufferPointer { values in
                let base = values.baseAddress.map { $0 + column * rows }
                var sums = SIMD8<Double>(repeating: 0)
                let whole = rows / 8 * 8
                for row in stride(from: 0, to: whole, by: 8) {
                    let wide = SIMD8<Double>(UnsafeRawPointer(base! + row).loadUnaligned(as: SIMD8<Float>.self))
                    sums += wide * wide
                }
                var sum = sums.sum()
                for row in whole..<rows { sum += Double(base![row]) * Double(base![row]) }
                return (sum / Double(max(1, rows))).squareRoot()
            }
        }
    }

    /// The first value of a column that is not finite.
    func firstNonFinite(column: Int) -> (row: Int, value: Float)? {
        values[column * rows..<(column + 1) * rows].firstIndex { !$0.isFinite }.map { ($0 - column * rows, values[$0]) }
    }
}

/// What the solver sees: standardized columns in single precision, column-major, without the intercept's column of ones.
/// The only copy of the data in training; the solver widens it a chunk of rows at a time.
package struct DesignMatrix: Sendable {
    package let rows: Int
    package let columns: Int
    /// Element (i, j) is at `i + j * rows`.
    package let values: [Float]

    /// - Parameter values: `rows × columns` finite values, column-major.
    package init(rows: Int, columns: Int, values: [Float]) {
        precondition(rows >= 0 && columns >= 0 && values.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.values = values
    }
}

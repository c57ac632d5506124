internal import COpenBLAS

/// Why LAPACK could not do what it was asked: the meanings of its `info` codes.
package enum LAPACKError: Error, Equatable, CustomStringConvertible {
    /// `info > 0` of dpotrf: the leading minor of this order (1-based) is not positive, so the matrix is singular or
    /// indefinite to working precision.
    case notPositiveDefinite(minor: Int)
    /// `info < 0`: the argument of this number (1-based) holds a value LAPACK refuses, e.g. NaN.
    case illegalArgument(number: Int)

    package var description: String {
        switch self {
        case .notPositiveDefinite(let minor): "matrix is not positive definite: leading minor of order \(minor)"
        case .illegalArgument(let number): "LAPACK refuses argument \(number)"
        }
    }

    /// nil when `info` is 0.
    init?(info: Int32) {
        if info == 0 { return nil }
        self = info > 0 ? .notPositiveDefinite(minor: Int(info)) : .illegalArgument(number: Int(-info))
    }
}

/// The factor L of a symmetric positive definite A = D·L·Lᵀ·D, D diagonal.
package struct CholeskyFactor: Sendable {
    package let order: Int
    private let lower: [Double]
    /// The diagonal of D⁻¹.
    private let shrink: [Double]

    /// Factors a matrix of which the lower triangle is read (column-major, `order` square). LAPACK dpotrf.
    ///
    /// - Parameter equilibrated: whether D is the root of A's diagonal, so that rows in other units change neither the
    ///   accuracy nor `conditionLowerBound` (as LAPACK's dpoequ does; van der Sluis 1969: within a factor `order` of the
    ///   best diagonal scaling); else D is the identity.
    /// - Throws: `LAPACKError.notPositiveDefinite`, or `.illegalArgument` when it holds NaN.
    /// - Complexity: O(order³ / 3); one copy of the matrix.
    package init(lowerTriangle matrix: [Double], order: Int, equilibrated: Bool = false) throws(LAPACKError) {
        precondition(order > 0 && matrix.count == order * order, "a square matrix")
        var lower = matrix
        var shrink = [Double](repeating: 1, count: order)
        if equilibrated {
            for row in 0..<order {
                let diagonal = matrix[row + row * order]
                guard !(diagonal <= 0) else { throw .notPositiveDefinite(minor: row + 1) }
                shrink[row] = 1 / diagonal.squareRoot()
            }
            for column in 0..<order {
                for row in column..<order { lower[row + column * order] *= shrink[row] * shrink[column] }
            }
        }
        let info = lower.withUnsafeMutableBufferPointer { fraud_dpotrf(Int32(order), $0.baseAddress!, Int32(order)) }
        if let error = LAPACKError(info: info) { throw error }
        self.order = order
        self.lower = lower
        self.shrink = shrink
    }

    /// x with A·x = b. LAPACK dpotrs.
    ///
    /// - Throws: `LAPACKError.illegalArgument` when `b` holds NaN.
    package func solve(_ b: [Double]) throws(LAPACKError) -> [Double] {
        precondition(b.count == order)
        var x = zip(b, shrink).map { $0 * $1 }
        let info = lower.withUnsafeBufferPointer { lower in
            x.withUnsafeMutableBufferPointer { fraud_dpotrs(Int32(order), 1, lower.baseAddress!, Int32(order), $0.baseAddress!, Int32(order)) }
        }
        if let error = LAPACKError(info: info) { throw error }
        for row in 0..<order { x[row] *= shrink[row] }
        return x
    }

    /// A⁻¹, both triangles. LAPACK dpotri.
    ///
    /// - Complexity: O(2·order³ / 3); one copy of the matrix.
    package func inverse() throws(LAPACKError) -> [Double] {
        var result = lower
        let info = result.withUnsafeMutableBufferPointer { fraud_dpotri(Int32(order), $0.baseAddress!, Int32(order)) }
        if let error = LAPACKError(info: info) { throw error }
        for column in 0..<order {
            for row in column..<order {
                let value = result[row + column * order] * shrink[row] * shrink[column]
                result[row + column * order] = value
                result[column + row * order] = value
            }
        }
        return result
    }

    /// Squared ratio of L's extreme diagonal elements: a lower bound of L·Lᵀ's condition number, free of cost.
    package var conditionLowerBound: Double {
        let diagonal = (0..<order).map { abs(lower[$0 + $0 * order]) }
        guard let least = diagonal.min(), let most = diagonal.max(), least > 0 else { return .infinity }
        return (most / least) * (most / least)
    }
}

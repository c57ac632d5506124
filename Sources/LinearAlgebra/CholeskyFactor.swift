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

/// The factor L of a symmetric positive definite A = L·Lᵀ.
package struct CholeskyFactor: Sendable {
    package let order: Int
    private let lower: [Double]

    /// Factors a matrix of which the lower triangle is read (column-major, `order` square). LAPACK dpotrf.
    ///
    /// - Throws: `LAPACKError.notPositiveDefinite`, or `.illegalArgument` when it holds NaN.
    /// - Complexity: O(order³ / 3); one copy of the matrix.
    package init(lowerTriangle matrix: [Double], order: Int) throws(LAPACKError) {
        precondition(order > 0 && matrix.count == order * order, "a square matrix")
        var lower = matrix
        let info = lower.withUnsafeMutableBufferPointer { fraud_dpotrf(Int32(order), $0.baseAddress!, Int32(order)) }
        if let error = LAPACKError(info: info) { throw error }
        self.order = order
        self.lower = lower
    }

    /// x with A·x = b. LAPACK dpotrs.
    ///
    /// - Throws: `LAPACKError.illegalArgument` when `b` holds NaN.
    package func solve(_ b: [Double]) throws(LAPACKError) -> [Double] {
        precondition(b.count == order)
        var x = b
        let info = lower.withUnsafeBufferPointer { lower in
            x.withUnsafeMutableBufferPointer { fraud_dpotrs(Int32(order), 1, lower.baseAddress!, Int32(order), $0.baseAddress!, Int32(order)) }
        }
        if let error = LAPACKError(info: info) { throw error }
        return x
    }

    /// Squared ratio of the factor's extreme diagonal elements: a lower bound of A's condition number, free of cost.
    package var conditionLowerBound: Double {
        let diagonal = (0..<order).map { abs(lower[$0 + $0 * order]) }
        guard let least = diagonal.min(), let most = diagonal.max(), least > 0 else { return .infinity }
        return (most / least) * (most / least)
    }
}

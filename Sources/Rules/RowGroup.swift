internal import CVectorKernels

/// Up to 64 rows evaluated together: sets of them are 64 bits, row r the r-th lowest.
struct RowGroup {
    static let rows = 64

    /// Runs of 16 rows that hold any row of the group. Columns are read in whole runs: a feature block's capacity is a
    /// multiple of 64.
    let runs: Int
    /// The set of all rows of the group; what a run has beyond them is dropped by it.
    let all: UInt64

    init(rows: Int) {
        runs = (rows + 15) >> 4
        all = rows >= Self.rows ? ~0 : 1 << UInt64(rows) - 1
    }

    /// The row of the lowest bit of a set.
    @inline(__always)
    static func firstRow(of set: UInt64) -> Int { set.trailingZeroBitCount }

    @inline(__always)
    private static func load(_ a: UnsafePointer<Float>, _ chunk: Int) -> SIMD4<Float> {
        UnsafeRawPointer(a).loadUnaligned(fromByteOffset: chunk &* 16, as: SIMD4<Float>.self)
    }

    /// The rows for which a comparison is true; rows past the group's last are anything.
    @inline(__always)
    func compare(_ comparison: Comparison, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> UInt64 {
        fraud_rows_compare(comparison.code, a, b, Int32(truncatingIfNeeded: runs))
    }

    @inline(__always)
    func compare(_ comparison: Comparison, _ a: UnsafePointer<Float>, constant: Float) -> UInt64 {
        fraud_rows_compare_constant(comparison.code, a, constant, Int32(truncatingIfNeeded: runs))
    }

    /// The rows whose value is not NaN.
    @inline(__always)
    func known(_ a: UnsafePointer<Float>) -> UInt64 { compare(.lessOrEqual, a, constant: .infinity) }

    func arithmetic(
        _ op: ArithmeticOperator, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
    ) {
        switch op {
        case .add: combine(a, b, target) { $0 + $1 }
        case .subtract: combine(a, b, target) { $0 - $1 }
        case .multiply: combine(a, b, target) { $0 * $1 }
        case .divide:
            combine(a, b, target) { x, y in (x / y).replacing(with: .nan, where: y .== SIMD4<Float>.zero) }
        }
    }

    @inline(__always)
    private func combine(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
        _ operation: (SIMD4<Float>, SIMD4<Float>) -> SIMD4<Float>
    ) {
        for chunk in 0..<runs &* 4 {
            let value = operation(Self.load(a, chunk), Self.load(b, chunk))
            UnsafeMutableRawPointer(target).storeBytes(of: value, toByteOffset: chunk &* 16, as: SIMD4<Float>.self)
        }
    }
}

extension Comparison {
    /// The kernels' name of it.
    @inline(__always)
    fileprivate var code: Int32 {
        switch self {
        case .less: Int32(FRAUD_LESS)
        case .lessOrEqual: Int32(FRAUD_LESS_OR_EQUAL)
        case .greater: Int32(FRAUD_GREATER)
        case .greaterOrEqual: Int32(FRAUD_GREATER_OR_EQUAL)
        case .equal: Int32(FRAUD_EQUAL)
        case .notEqual: Int32(FRAUD_NOT_EQUAL)
        }
    }
}

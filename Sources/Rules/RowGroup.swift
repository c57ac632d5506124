/// Up to 64 rows evaluated together: sets of them are 64 bits, and columns are read four floats at a time.
///
/// Row r = 4k + j is bit 16j + k of a set, so that the four lanes of chunk k deposit their bits in place, without a
/// shuffle:
///
///     chunk k = rows 4k … 4k+3        lane j   0       1       2       3
///     bits                                     k     16+k    32+k    48+k
struct RowGroup {
    static let rows = 64

    /// Runs of four chunks, i.e. 16 rows, that hold any row of the group. Columns are read in whole runs: a feature
    /// block's capacity is a multiple of 64.
    let runs: Int
    /// A group of one row takes a shortcut: the inline call scores one click at a time.
    let isSingle: Bool
    /// The set of all rows of the group; what a run has beyond them is dropped by it.
    let all: UInt64

    init(rows: Int) {
        runs = (rows + 15) >> 4
        isSingle = rows == 1
        var all: UInt64 = 0
        for lane in 0..<4 where rows > lane {
            all |= ((1 << UInt64((rows - lane + 3) >> 2)) - 1) << UInt64(16 * lane)
        }
        self.all = all
    }

    /// The row of the lowest bit of a set.
    @inline(__always)
    static func firstRow(of set: UInt64) -> Int {
        let bit = set.trailingZeroBitCount
        return (bit & 15) << 2 | bit >> 4
    }

    /// The rows for which `isTrue` says so of a chunk of `a`; rows past the group's last are anything.
    @inline(__always)
    private func rows(
        _ a: UnsafePointer<Float>, _ isTrue: (SIMD4<Float>, _ chunk: Int) -> SIMDMask<SIMD4<Int32>>
    ) -> UInt64 {
        if isSingle { return isTrue(Self.load(a, 0), 0)[0] ? 1 : 0 }
        var bits = SIMD4<UInt32>.zero
        @inline(__always) func lanes(_ chunk: Int, _ bit: UInt32) -> SIMD4<UInt32> {
            unsafeBitCast(isTrue(Self.load(a, chunk), chunk), to: SIMD4<UInt32>.self) & SIMD4(repeating: bit)
        }
        for run in 0..<runs {
            let k = run &* 4
            let four = lanes(k, 1) | lanes(k &+ 1, 2) | (lanes(k &+ 2, 4) | lanes(k &+ 3, 8))
            bits = bits &>> 4 | four &<< 12
        }
        bits = bits &>> SIMD4(repeating: UInt32(truncatingIfNeeded: 16 &- 4 &* runs))
        return UInt64(bits[0]) | UInt64(bits[1]) << 16 | UInt64(bits[2]) << 32 | UInt64(bits[3]) << 48
    }

    @inline(__always)
    private static func load(_ a: UnsafePointer<Float>, _ chunk: Int) -> SIMD4<Float> {
        UnsafeRawPointer(a).loadUnaligned(fromByteOffset: chunk &* 16, as: SIMD4<Float>.self)
    }

    func compare(_ comparison: Comparison, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> UInt64 {
        switch comparison {
        case .less: rows(a) { x, k in x .< Self.load(b, k) }
        case .lessOrEqual: rows(a) { x, k in x .<= Self.load(b, k) }
        case .greater: rows(a) { x, k in x .> Self.load(b, k) }
        case .greaterOrEqual: rows(a) { x, k in x .>= Self.load(b, k) }
        case .equal: rows(a) { x, k in x .== Self.load(b, k) }
        // IEEE 754 calls NaN unequal to everything; here an unknown side makes no truth.
        case .notEqual: rows(a) { x, k in (x .< Self.load(b, k)) .| (x .> Self.load(b, k)) }
        }
    }

    func compare(_ comparison: Comparison, _ a: UnsafePointer<Float>, constant: Float) -> UInt64 {
        let c = SIMD4<Float>(repeating: constant)
        return switch comparison {
        case .less: rows(a) { x, _ in x .< c }
        case .lessOrEqual: rows(a) { x, _ in x .<= c }
        case .greater: rows(a) { x, _ in x .> c }
        case .greaterOrEqual: rows(a) { x, _ in x .>= c }
        case .equal: rows(a) { x, _ in x .== c }
        case .notEqual: rows(a) { x, _ in (x .< c) .| (x .> c) }
        }
    }

    func known(_ a: UnsafePointer<Float>) -> UInt64 { rows(a) { x, _ in x .== x } }

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

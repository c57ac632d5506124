internal import CVectorKernels
internal import ClickModel
internal import LinearAlgebra

/// The weighted sum of one row's terms, with the bits that a row of a group gets from `sgemv`.
///
/// A group of sixteen rows for one click is fifteen rows too many. The kernel adds in the order of OpenBLAS's kernels for processors
/// with FMA; whether the library at hand does so is tried once, with the model's own weights.
///
/// Its memory is its owner's to free: a copy of this costs no count of references.
struct RowSum {
    /// Where the values of each column go.
    let places: UnsafeMutablePointer<UInt32>
    /// The row: what belongs to no column stays 0.
    let values: UnsafeMutablePointer<Float>
    private let weights: UnsafeMutablePointer<Float>
    private let columns: Int32

    /// - Returns: nil when the library adds in another order.
    init?(weights: [Float], group: Int) {
        columns = Int32(weights.count)
        let floats = [Float](repeating: 0, count: Int(fraud_row_floats(columns)))
        places = KernelMemory.copy(weights.indices.map { fraud_row_place(Int32($0), Int32(weights.count)) })
        values = KernelMemory.copy(floats)
        self.weights = KernelMemory.copy(floats)
        for (column, weight) in weights.enumerated() { self.weights[Int(places[column])] = weight }
        guard weights.isEmpty || agrees(weights, group: group) else {
            deallocate()
            return nil
        }
    }

    func deallocate() {
        places.deallocate()
        values.deallocate()
        weights.deallocate()
    }

    @inline(__always)
    var sum: Float { fraud_row_sum(weights, values, columns) }

    /// Whether rows of numbers of all sizes get the same bits from both. Another order would round one in a few otherwise.
    private func agrees(_ weights: [Float], group: Int) -> Bool {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        var sums = [Float](repeating: 0, count: group)
        for _ in 0..<16 {
            let design = (0..<weights.count * group).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let size = Float(sign: .plus, exponent: Int(state >> 32 & 7) - 4, significand: 1)
                return Float(Int32(truncatingIfNeeded: state >> 33) &- 1 << 30) * 0x1p-30 * size
            }
            design.withUnsafeBufferPointer { design in
                BLAS.sgemv(ColumnMajor(design.baseAddress!, rows: group, columns: weights.count, leading: group), x: weights, y: &sums)
            }
            for row in 0..<group {
                for column in weights.indices { values[Int(places[column])] = design[column * group + row] }
                guard sum.bitPattern == sums[row].bitPattern else { return false }
            }
        }
        return true
    }
}

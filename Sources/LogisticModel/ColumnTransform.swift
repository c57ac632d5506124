/// The transform of one feature column, in the precision of the scorer: clip, log1p or identity, less the centre.
///
/// What is left to do, the division by the scale, is folded into the weight.
package struct ColumnTransform: Sendable, BitwiseCopyable {
    package var isLog: Bool
    package var low: Float
    package var high: Float
    package var center: Float

    package init(isLog: Bool, low: Float, high: Float, center: Float) {
        self.isLog = isLog
        self.low = low
        self.high = high
        self.center = center
    }

    /// Values less their centre, 0 where unknown; and 1 where unknown, else 0.
    @inline(__always)
    func apply(_ x: VectorMath.Lanes, log: Bool) -> (value: VectorMath.Lanes, missing: VectorMath.Lanes) {
        typealias Bits = SIMD4<UInt32>
        let known = x .== x
        var t = clip(x)
        if log { t = VectorMath.log1p(t) }
        let centred = t - VectorMath.Lanes(repeating: center)
        let zero = VectorMath.Lanes(repeating: 0)
        return (zero.replacing(with: centred, where: known), VectorMath.Lanes(repeating: 1).replacing(with: zero, where: known))
    }

    @inline(__always)
    private func clip(_ x: VectorMath.Lanes) -> VectorMath.Lanes {
        VectorMath.Lanes(clip(x[0]), clip(x[1]), clip(x[2]), clip(x[3]))
    }

    @inline(__always)
    private func clip(_ x: Float) -> Float {
        let raised = x > low ? x : low
        return raised < high ? raised : high
    }

    /// Transforms `count` values, a multiple of 4, into a value column and, when there is one, a missing column.
    /// - Complexity: O(count), no allocation.
    @inline(__always)
    func apply(
        _ source: UnsafePointer<Float>, count: Int, into values: UnsafeMutablePointer<Float>, missing: UnsafeMutablePointer<Float>?
    ) {
        if isLog {
            loop(source, count: count, into: values, missing: missing, log: true)
        } else {
            loop(source, count: count, into: values, missing: missing, log: false)
        }
    }

    @inline(__always)
    private func loop(
        _ source: UnsafePointer<Float>, count: Int, into values: UnsafeMutablePointer<Float>, missing: UnsafeMutablePointer<Float>?,
        log: Bool
    ) {
        let lanes = VectorMath.Lanes.scalarCount
        var row = 0
        while row < count {
            let x = UnsafeRawPointer(source + row).loadUnaligned(as: VectorMath.Lanes.self)
            let (value, unknown) = apply(x, log: log)
            UnsafeMutableRawPointer(values + row).storeBytes(of: value, as: VectorMath.Lanes.self)
            if let missing { UnsafeMutableRawPointer(missing + row).storeBytes(of: unknown, as: VectorMath.Lanes.self) }
            row += lanes
        }
    }

    /// The same for one value: the centred value (0 when unknown) and whether it is unknown.
    package func apply(_ value: Float) -> (centred: Float, isMissing: Bool) {
        let (centred, _) = apply(VectorMath.Lanes(repeating: value), log: isLog)
        return (centred[0], value.isNaN)
    }

    /// Transforms a column of any length in place: what training sees. Returns nothing of the missing ones but 0.
    package func apply(inPlace column: inout [Float]) {
        let lanes = VectorMath.Lanes.scalarCount
        let whole = column.count / lanes * lanes
        column.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            apply(UnsafePointer(base), count: whole, into: base, missing: nil)
            for row in whole..<buffer.count { base[row] = apply(base[row]).centred }
        }
    }
}

/// Float functions that vectorize and give the same bits on every machine and in every lane.
///
/// They use only IEEE add, subtract, multiply, divide and integer operations, each correctly rounded; libm's results
/// change with its version, and fused multiply-add with the processor. Training and scoring share them.
package enum VectorMath {
    /// Lanes handled together. Rows are always worked in whole vectors, so a lane's result never depends on a neighbour.
    package typealias Lanes = SIMD4<Float>
    private typealias Bits = SIMD4<UInt32>

    /// ln(1 + x) for x ≥ 0, finite.
    ///
    /// 1 + x = 2ᵏ·m with m in [√½, √2); ln m = 2·artanh(s), s = (m − 1)/(m + 1), by the odd series
    /// s·(2 + ⅔s² + ⅖s⁴ + 2/7·s⁶), whose rest is under 3e-8.
    /// Absolute error at most 1.5e-7 + 1.2e-7·ln(1 + x): the rounding of 1 + x and of the sum. The error is absolute, so
    /// tiny x lose relative precision; x = 0 gives exactly 0. Not decreasing in x to within that error.
    @inline(__always)
    package static func log1p(_ x: Lanes) -> Lanes {
        let y = x + 1
        let bits = unsafeBitCast(y, to: Bits.self)
        // The exponent k ≥ 0 times 2²³: the multiple of 2²³ at or below bits − bits(√½).
        let exponent = (bits &- Bits(repeating: 0x3F35_04F3)) & Bits(repeating: 0xFF80_0000)
        let m = unsafeBitCast(bits &- exponent, to: Lanes.self)
        let s = (m - 1) / (m + 1)
        let z = s * s
        let series = ((z * 0.285_714_29 + 0.4) * z + 0.666_666_67) * z + 2
        // ln 2 · 2⁻²³ takes the place of a shift.
        return Lanes(unsafeBitCast(exponent, to: SIMD4<Int32>.self)) * 8.262_958_3e-08 + s * series
    }

    /// 1 / (1 + e⁻ˣ); NaN gives NaN. Relative error at most 4e-7; exactly 1 above 17, and never 0 (x is held to ±80).
    @inline(__always)
    package static func sigmoid(_ x: Lanes) -> Lanes {
        let one = Lanes(repeating: 1)
        let limit = Lanes(repeating: 80)
        var t = x.replacing(with: limit, where: x .> limit)
        t.replace(with: -limit, where: x .< -limit)
        return one / (one + exponential(-t))
    }

    /// eˣ for |x| ≤ 80: 2ⁿ·eʳ with |r| ≤ ½ ln 2, eʳ by its Taylor series of degree 7 (rest under 2e-8).
    @inline(__always)
    private static func exponential(_ x: Lanes) -> Lanes {
        // Adding 1.5·2²³ rounds to an integer, which is then in the low bits.
        let shifted = x * 1.442_695_04 + 12_582_912
        let n = shifted - 12_582_912
        // ln 2 in two parts; the first has few bits, so that n times it is exact.
        let r = (x - n * 0.693_359_375) + n * 2.121_944_4e-4
        var p = r * 1.984_127e-4 + 1.388_888_9e-3
        p = p * r + 8.333_333_3e-3
        p = p * r + 4.166_666_7e-2
        p = p * r + 0.166_666_67
        p = p * r + 0.5
        p = p * r + 1
        p = p * r + 1
        let scale = (unsafeBitCast(shifted, to: Bits.self) &+ Bits(repeating: 127)) &<< Bits(repeating: 23)
        return p * unsafeBitCast(scale, to: Lanes.self)
    }

    /// `log1p` of one number, by the same instructions.
    package static func log1p(_ x: Float) -> Float { log1p(Lanes(repeating: x))[0] }

    /// `sigmoid` of one number, by the same instructions.
    package static func sigmoid(_ x: Float) -> Float { sigmoid(Lanes(repeating: x))[0] }
}

/// Double functions over vectors that give the same bits on every machine: only IEEE operations, each correctly
/// rounded, no fused multiply-add, nothing of libm.
package enum LanesMath {
    package typealias Lanes = SIMD8<Double>
    private typealias Bits = SIMD8<UInt64>

    /// eˣ for x ≤ 0; held at x = −708, where e^x is 3e-308. NaN gives NaN. Relative error at most 3e-16.
    ///
    /// eˣ = 2ⁿ·eʳ with |r| ≤ ½ ln 2, and eʳ by its Taylor series of degree 13, whose rest is under 5e-18.
    @inline(__always)
    package static func exponential(nonPositive x: Lanes) -> Lanes {
        let t = x.replacing(with: -708, where: x .< -708)
        // Adding 1.5·2⁵² rounds to an integer, which is then in the low bits.
        let shifted = t * 1.442_695_040_888_963_4 + 6_755_399_441_055_744
        let n = shifted - 6_755_399_441_055_744
        // ln 2 in two parts; the first has few bits, so that n times it is exact.
        let r = (t - n * 0.693_147_180_369_123_8) - n * 1.908_214_929_270_587_7e-10
        var p = r * 1.605_904_383_682_161_5e-10 + 2.087_675_698_786_81e-9
        p = p * r + 2.505_210_838_544_172e-8
        p = p * r + 2.755_731_922_398_589e-7
        p = p * r + 2.755_731_922_398_589_3e-6
        p = p * r + 2.480_158_730_158_73e-5
        p = p * r + 1.984_126_984_126_984_1e-4
        p = p * r + 1.388_888_888_888_889e-3
        p = p * r + 8.333_333_333_333_333e-3
        p = p * r + 4.166_666_666_666_666_4e-2
        p = p * r + 0.166_666_666_666_666_66
        p = p * r + 0.5
        p = p * r + 1
        p = p * r + 1
        let scale = (unsafeBitCast(shifted, to: Bits.self) &+ Bits(repeating: 1023)) &<< Bits(repeating: 52)
        return p * unsafeBitCast(scale, to: Lanes.self)
    }

    /// ln(1 + x) for 0 ≤ x ≤ 1. Relative error at most 4e-16.
    ///
    /// 2·artanh(s), s = x / (2 + x) ≤ ⅓, by the odd series 2·(s + s³/3 + s⁵/5 + …) to s³¹, whose rest is under 2e-17.
    @inline(__always)
    package static func log1p(unit x: Lanes) -> Lanes {
        let s = x / (x + 2)
        let z = s * s
        var p = z * (2.0 / 31) + 2.0 / 29
        p = p * z + 2.0 / 27
        p = p * z + 2.0 / 25
        p = p * z + 2.0 / 23
        p = p * z + 2.0 / 21
        p = p * z + 2.0 / 19
        p = p * z + 2.0 / 17
        p = p * z + 2.0 / 15
        p = p * z + 2.0 / 13
        p = p * z + 2.0 / 11
        p = p * z + 2.0 / 9
        p = p * z + 2.0 / 7
        p = p * z + 2.0 / 5
        p = p * z + 2.0 / 3
        return (p * z) * s + s * 2
    }
}

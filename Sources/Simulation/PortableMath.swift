/// Logarithm and exponential from IEEE 754 basic operations alone. C libraries differ in the last bit of theirs, and
/// one bit would change the bytes of a simulation. Relative error under 1e-9.
enum PortableMath {
    private static let ln2 = 0.693_147_180_559_945_3

    /// Natural logarithm of a positive normal number: exponent apart, then the artanh series of the significand.
    static func log(_ x: Double) -> Double {
        let bits = x.bitPattern
        var exponent = Int((bits >> 52) & 0x7FF) - 1023
        var m = Double(bitPattern: (bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000)
        if m > 1.414_213_562_373_095 {
            m *= 0.5
            exponent += 1
        }
        let s = (m - 1) / (m + 1)
        let q = s * s
        let high = 1.0 / 9 + q * (1.0 / 11 + q * (1.0 / 13 + q * (1.0 / 15)))
        let series = 1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * high)))
        return 2 * s * series + Double(exponent) * ln2
    }

    /// e to the x, for |x| ≤ 700: a power of two times the Taylor series on ±ln 2 / 2.
    static func exp(_ x: Double) -> Double {
        let clamped = min(700, max(-700, x))
        let power = Int((clamped / ln2 + (clamped < 0 ? -0.5 : 0.5)))
        let r = clamped - Double(power) * ln2
        let high = 1.0 / 720 + r * (1.0 / 5040 + r * (1.0 / 40_320 + r * (1.0 / 362_880)))
        let series = 1 + r * (1 + r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * high)))))
        return series * Double(bitPattern: UInt64(power + 1023) << 52)
    }
}

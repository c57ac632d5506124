/// SplitMix64 (Steele, Lea, Flood 2014; Vigna's constants): the only source of randomness here, so that a seed gives
/// the same bytes everywhere. Samplers use +, −, ×, ÷ and `PortableMath` only, which IEEE 754 fixes to the last bit.
struct SplitMix64: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.finish(state)
    }

    /// A bijection of the 64-bit numbers that scatters neighbours.
    static func finish(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A hash of a key for one use; different `salt`s are independent of each other.
    static func mix(_ key: UInt64, _ salt: UInt64) -> UInt64 {
        finish(finish(key &+ 0x9E37_79B9_7F4A_7C15) ^ (salt &* 0xD6E8_FEB8_6659_FD93 &+ 0x632B_E59B_D9B4_E019))
    }

    /// The share of the 64-bit range below a hash: uniform in 0 ..< 1.
    static func unit(_ hash: UInt64) -> Double { Double(hash >> 11) * 0x1p-53 }

    /// Uniform in 0 ..< 1.
    mutating func unit() -> Double { Self.unit(next()) }

    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// Uniform in 0 ..< count (0 when count is 0).
    mutating func below(_ count: Int) -> Int { Self.below(count, next()) }

    /// Maps a hash to 0 ..< count (Lemire's multiply-shift).
    static func below(_ count: Int, _ hash: UInt64) -> Int {
        Int(UInt64(max(count, 0)).multipliedFullWidth(by: hash).high)
    }

    mutating func pick(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    mutating func pick(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * unit()
    }

    /// Close to normal, mean 0, deviation 1, never beyond ±4.9: the sum of eight 16-bit uniforms (Irwin–Hall).
    mutating func normal() -> Double {
        var sum: UInt64 = 0
        for _ in 0..<2 {
            let word = next()
            sum &+= (word & 0xFFFF) &+ ((word >> 16) & 0xFFFF) &+ ((word >> 32) & 0xFFFF) &+ (word >> 48)
        }
        return (Double(sum) / 65_535 - 4) * 1.224_744_871_391_589
    }

    /// Exponential with mean 1.
    mutating func exponential() -> Double { -PortableMath.log(1 - unit()) }

    mutating func logNormal(median: Double, sigma: Double) -> Double { median * PortableMath.exp(sigma * normal()) }

    /// A rank in 0 ..< count with probability falling as 1/(rank + offset): Zipf–Mandelbrot, exponent 1, by inversion.
    mutating func zipf(_ count: Int, offset: Double) -> Int { Self.zipf(count, offset: offset, unit: unit()) }

    static func zipf(_ count: Int, offset: Double, unit: Double) -> Int {
        let span = PortableMath.log((Double(count) + offset) / offset)
        return min(count - 1, max(0, Int(offset * PortableMath.exp(unit * span) - offset)))
    }
}

/// An amount in 1/10000 of a currency unit. Never a float: sums are exact, and stay at ±922 million million units instead of
/// overflowing.
public struct Money: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Ten-thousandths of a unit.
    public var e4: Int64

    @inlinable
    public init(e4: Int64) { self.e4 = e4 }

    public static let zero = Money(e4: 0)

    @inlinable
    public static func + (a: Money, b: Money) -> Money {
        let (sum, overflow) = a.e4.addingReportingOverflow(b.e4)
        return Money(e4: overflow ? (b.e4 < 0 ? .min : .max) : sum)
    }
    @inlinable
    public static func - (a: Money, b: Money) -> Money {
        let (difference, overflow) = a.e4.subtractingReportingOverflow(b.e4)
        return Money(e4: overflow ? (b.e4 < 0 ? .max : .min) : difference)
    }
    @inlinable
    public static func += (a: inout Money, b: Money) { a = a + b }
    @inlinable
    public static func < (a: Money, b: Money) -> Bool { a.e4 < b.e4 }
}

extension Money: CustomStringConvertible {
    /// Four decimals, e.g. `12.3400`.
    public var description: String {
        let magnitude = e4.magnitude
        let fraction = String(magnitude % 10_000)
        return "\(e4 < 0 ? "-" : "")\(magnitude / 10_000).\(String(repeating: "0", count: 4 - fraction.count))\(fraction)"
    }
}

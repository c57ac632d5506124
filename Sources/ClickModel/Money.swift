/// An amount in 1/10000 of a currency unit. Never a float: sums are exact.
public struct Money: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Ten-thousandths of a unit.
    public var e4: Int64

    @inlinable
    public init(e4: Int64) { self.e4 = e4 }

    public static let zero = Money(e4: 0)

    @inlinable
    public static func + (a: Money, b: Money) -> Money { Money(e4: a.e4 + b.e4) }
    @inlinable
    public static func - (a: Money, b: Money) -> Money { Money(e4: a.e4 - b.e4) }
    @inlinable
    public static func += (a: inout Money, b: Money) { a.e4 += b.e4 }
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

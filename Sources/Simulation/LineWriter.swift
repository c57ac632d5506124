/// Builds one line in a fixed buffer: the module's only unsafe code. Numbers are written digit by digit, so that no
/// locale and no float formatter has a say.
final class LineWriter {
    /// More than four times the longest line the simulator writes; every write checks it.
    private static let capacity = 8192
    private let base = UnsafeMutablePointer<UInt8>.allocate(capacity: LineWriter.capacity)
    private(set) var count = 0

    deinit { base.deallocate() }

    func clear() { count = 0 }

    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
    }

    private func reserve(_ room: Int) { precondition(count + room <= Self.capacity, "a simulated line outgrew its buffer") }

    @inline(__always)
    func text(_ value: StaticString) {
        let length = value.utf8CodeUnitCount
        reserve(length)
        (base + count).update(from: value.utf8Start, count: length)
        count += length
    }

    func bytes(_ source: [UInt8], _ range: Range<Int>) {
        reserve(range.count)
        source.withUnsafeBufferPointer { (base + count).update(from: $0.baseAddress! + range.lowerBound, count: range.count) }
        count += range.count
    }

    func byte(_ value: UInt8) {
        reserve(1)
        base[count] = value
        count += 1
    }

    func integer(_ value: Int64) {
        reserve(20)
        if value < 0 { byte(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var digits = 1
        var limit: UInt64 = 10
        while digits < 19, rest >= limit {
            digits += 1
            limit *= 10
        }
        for place in stride(from: digits - 1, through: 0, by: -1) {
            base[count + place] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    /// A fixed-point number: `value` over 10 to the `decimals`, trailing zeros kept.
    func decimal(_ value: Int64, decimals: Int) {
        let scale: Int64 = decimals == 2 ? 100 : decimals == 3 ? 1000 : 10_000
        if value < 0 { byte(UInt8(ascii: "-")) }
        let magnitude = Int64(value.magnitude)
        integer(magnitude / scale)
        reserve(decimals + 1)
        base[count] = UInt8(ascii: ".")
        var rest = magnitude % scale
        for place in stride(from: decimals, through: 1, by: -1) {
            base[count + place] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += decimals + 1
    }

    /// The low `digits` hexadecimal digits.
    func hex(_ value: UInt64, digits: Int) {
        reserve(digits)
        for place in 0..<digits {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * (digits - 1 - place)) & 15)
            base[count + place] = nibble < 10 ? 48 + nibble : 87 + nibble
        }
        count += digits
    }

    /// Base 36, at least `digits` of them.
    func base36(_ value: UInt64, digits: Int) {
        var length = digits
        var limit = value
        for _ in 0..<digits { limit /= 36 }
        while limit > 0 {
            length += 1
            limit /= 36
        }
        reserve(length)
        var rest = value
        for place in stride(from: length - 1, through: 0, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest % 36)
            base[count + place] = digit < 10 ? 48 + digit : 87 + digit
            rest /= 36
        }
        count += length
    }

    /// An IPv4 address with dots, or all eight groups of an IPv6 one (valid, if not the shortest form).
    func address(_ address: Address) {
        if address.isIPv6 {
            for group in 0..<8 {
                if group > 0 { byte(UInt8(ascii: ":")) }
                let half = group < 4 ? address.high : address.low
                let value = half >> UInt64(48 - 16 * (group & 3)) & 0xFFFF
                hex(value, digits: value < 16 ? 1 : value < 256 ? 2 : value < 4096 ? 3 : 4)
            }
        } else {
            for octet in 0..<4 {
                if octet > 0 { byte(UInt8(ascii: ".")) }
                integer(Int64(address.low >> UInt64(24 - 8 * octet) & 255))
            }
        }
    }
}

internal import CClickRecord

/// A set of IP addresses as sorted, disjoint ranges.
///
///     IPv4   starts [ s0 < s1 < … ]   ends [ e0, e1, … ]     s(i) <= e(i) < s(i+1) − 1
///     IPv6   the same, 128 bits
package struct AddressRanges: Sendable {
    /// Ranges read from one list; a longer list is an error.
    package static let maxRanges = 4_000_000
    /// Bad lines that an error names.
    package static let maxProblems = 100

    private var starts4: [UInt32] = []
    private var ends4: [UInt32] = []
    private var starts6: [UInt128] = []
    private var ends6: [UInt128] = []

    /// Disjoint ranges after merging.
    package var ranges4: Int { starts4.count }
    package var ranges6: Int { starts6.count }

    /// Reads lists of one address or CIDR block a line; `#` starts a comment, blank lines are skipped.
    ///
    /// - Throws: `ReferenceListError` that names each bad line (up to `maxProblems`) and what was expected there: half a
    ///   list of a kind that decides about money is worse than none.
    package init(_ lists: [(file: String, bytes: [UInt8])]) throws(ReferenceListError) {
        var pairs4: [(UInt32, UInt32)] = []
        var pairs6: [(UInt128, UInt128)] = []
        var problems: [String] = []
        for list in lists {
            var number = 0
            for line in list.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                number += 1
                let text = Self.trimmed(line)
                if text.isEmpty { continue }
                switch Self.parse(text) {
                case .v4(let first, let last): pairs4.append((first, last))
                case .v6(let first, let last): pairs6.append((first, last))
                case .bad(let expected):
                    let shown = String(decoding: text.prefix(60), as: UTF8.self).debugDescription
                    problems.append("\(list.file):\(number): \(shown): expected \(expected)")
                    if problems.count == Self.maxProblems { throw ReferenceListError(problems + ["(there may be more)"]) }
                }
                if pairs4.count + pairs6.count > Self.maxRanges {
                    throw ReferenceListError("\(list.file):\(number): more than \(Self.maxRanges) ranges")
                }
            }
        }
        if !problems.isEmpty { throw ReferenceListError(problems) }
        (starts4, ends4) = Self.merged(pairs4)
        (starts6, ends6) = Self.merged(pairs6)
    }

    /// Whether the address is in the set. The address is given as in a click record: `version` 4 (the low 32 bits of
    /// `low`), 6, or 0 for none.
    ///
    /// - Complexity: O(log ranges). No allocation.
    package func contains(high: UInt64, low: UInt64, version: UInt8) -> Bool {
        switch version {
        case 4: Self.contains(UInt32(truncatingIfNeeded: low), starts4, ends4)
        case 6: Self.contains(UInt128(high) << 64 | UInt128(low), starts6, ends6)
        default: false
        }
    }

    /// The last range that starts at or before the address is the only one that can hold it.
    @inline(__always)
    private static func contains<Address: FixedWidthInteger>(_ address: Address, _ starts: [Address], _ ends: [Address]) -> Bool {
        starts.withUnsafeBufferPointer { starts in
            var first = 0
            var count = starts.count
            while count > 0 {
                let half = count >> 1
                // Written so that it compiles to a conditional move: the outcome is unpredictable.
                let isAfter = starts[first &+ half] <= address
                first = isAfter ? first &+ half &+ 1 : first
                count = isAfter ? count &- half &- 1 : half
            }
            return first > 0 && address <= ends[first - 1]
        }
    }

    // MARK: Reading

    private enum Line {
        case v4(UInt32, UInt32)
        case v6(UInt128, UInt128)
        case bad(expected: String)
    }

    /// The line without its comment and the white space around it.
    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
        var text = line.prefix { $0 != UInt8(ascii: "#") }.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    private static func parse(_ text: ArraySlice<UInt8>) -> Line {
        let parts = text.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        var high: UInt64 = 0
        var low: UInt64 = 0
        let version = parts[0].withUnsafeBufferPointer { buffer in
            buffer.isEmpty ? 0 : fraud_parse_ip(buffer.baseAddress!, buffer.count, &high, &low)
        }
        guard version != 0 else { return .bad(expected: "an IPv4 or IPv6 address or CIDR block") }
        let width = version == 4 ? 32 : 128
        var prefix = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].count), parts[1].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let length = Int(String(decoding: parts[1], as: UTF8.self)), (1...width).contains(length)
            else { return .bad(expected: "a prefix length of 1 to \(width)") }
            prefix = length
        }
        if version == 4 {
            let host = prefix == 32 ? 0 : UInt32.max >> UInt32(prefix)
            let address = UInt32(truncatingIfNeeded: low)
            return .v4(address & ~host, address | host)
        }
        let host = prefix == 128 ? 0 : UInt128.max >> UInt128(prefix)
        let address = UInt128(high) << 64 | UInt128(low)
        return .v6(address & ~host, address | host)
    }

    /// Sorts and joins ranges that overlap or touch.
    private static func merged<Address: FixedWidthInteger>(_ pairs: [(Address, Address)]) -> ([Address], [Address]) {
        var starts: [Address] = []
        var ends: [Address] = []
        for (first, last) in pairs.sorted(by: { $0.0 < $1.0 }) {
            if let end = ends.last, end == .max || first <= end + 1 {
                ends[ends.count - 1] = max(end, last)
            } else {
                starts.append(first)
                ends.append(last)
            }
        }
        return (starts, ends)
    }
}

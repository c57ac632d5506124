internal import CClickRecord
internal import Storage

/// Recognises an input by what it begins with, so that a renamed, copied or grown file is still the same source and its
/// clicks are not counted again.
struct SourceIdentity {
    /// Longest prefix that is hashed.
    static let maximumPrefix = 64 << 10

    let prefix: [UInt8]

    /// - Parameter prefix: the first bytes of the decompressed content, up to 64 KiB; shorter only when the content is.
    init(prefix: [UInt8]) { self.prefix = prefix }

    /// MurmurHash3 x64-128 of the first `count` bytes, in hex.
    func hash(first count: Int) -> String {
        var out: (UInt64, UInt64) = (0, 0)
        prefix.withUnsafeBytes { bytes in
            withUnsafeMutableBytes(of: &out) { fraud_murmur3_128(bytes.baseAddress, count, 0, $0.baseAddress!.assumingMemoryBound(to: UInt64.self)) }
        }
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hex(out.0) + hex(out.1)
    }

    /// The known source this content belongs to: the one with the longest prefix that it begins with.
    func match(among known: [SourceRecord]) -> SourceRecord? {
        known
            .filter { $0.prefixBytes > 0 && $0.prefixBytes <= prefix.count && hash(first: Int($0.prefixBytes)) == $0.prefixHash }
            .max { $0.prefixBytes < $1.prefixBytes }
    }
}

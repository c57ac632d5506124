internal import CClickRecord

/// MurmurHash3 x64-128 (Austin Appleby, public domain): the hash of every key and of every HyperLogLog value.
///
/// It is not keyed: whoever chooses the texts can make two of them collide. Nothing here is a secret or a signature.
package enum MurmurHash3 {
    /// All 128 bits of the hash.
    @inline(__always)
    package static func hash128(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> (UInt64, UInt64) {
        var out: (UInt64, UInt64) = (0, 0)
        withUnsafeMutablePointer(to: &out) {
            $0.withMemoryRebound(to: UInt64.self, capacity: 2) { fraud_murmur3_128(bytes.baseAddress, bytes.count, seed, $0) }
        }
        return out
    }

    /// The first 64 bits: what PostgreSQL's `hll_hash_text` gives (there as a signed number).
    @inline(__always)
    package static func hash64(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        hash128(bytes, seed: seed).0
    }

    /// The first 64 bits of the hash of a text's UTF-8 bytes. May allocate: not for the hot path.
    package static func hash64(_ text: String, seed: UInt64 = 0) -> UInt64 {
        var text = text
        return text.withUTF8 { hash64(UnsafeRawBufferPointer($0), seed: seed) }
    }
}

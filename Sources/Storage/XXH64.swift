/// XXH64 (Yann Collet, xxHash specification 0.1.1): a fast checksum. It finds damage, it proves nothing against an attacker.
///
/// - Complexity: O(bytes), no allocation.
package enum XXH64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    package static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var stripes = Stripes(seed: seed)
        let whole = bytes.count / Stripes.byteCount * Stripes.byteCount
        stripes.add(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
        return stripes.finish(UnsafeRawBufferPointer(rebasing: bytes[whole...]))
    }

    /// The checksum of bytes that come in pieces: whole stripes of 32 bytes, then the rest.
    struct Stripes {
        static let byteCount = 32

        private let seed: UInt64
        private var a: UInt64
        private var b: UInt64
        private var c: UInt64
        private var d: UInt64
        private var count = 0

        init(seed: UInt64) {
            self.seed = seed
            a = seed &+ prime1 &+ prime2
            b = seed &+ prime2
            c = seed
            d = seed &- prime1
        }

        /// - Parameter bytes: a multiple of 32.
        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            precondition(bytes.count % Self.byteCount == 0, "whole stripes")
            var position = 0
            while position < bytes.count {
                a = round(a, word(bytes, position))
                b = round(b, word(bytes, position + 8))
                c = round(c, word(bytes, position + 16))
                d = round(d, word(bytes, position + 24))
                position += Self.byteCount
            }
            count += bytes.count
        }

        /// - Parameter rest: fewer than 32 bytes.
        func finish(_ rest: UnsafeRawBufferPointer) -> UInt64 {
            precondition(rest.count < Self.byteCount, "less than a stripe")
            var hash = seed &+ prime5
            if count > 0 {
                hash = rotated(a, 1) &+ rotated(b, 7) &+ rotated(c, 12) &+ rotated(d, 18)
                hash = merged(merged(merged(merged(hash, a), b), c), d)
            }
            return XXH64.finish(hash &+ UInt64(count + rest.count), rest, 0)
        }
    }

    /// The last 0–31 bytes, and the avalanche.
    private static func finish(_ start: UInt64, _ bytes: UnsafeRawBufferPointer, _ from: Int) -> UInt64 {
        var hash = start
        var position = from
        while position + 8 <= bytes.count {
            hash = rotated(hash ^ round(0, word(bytes, position)), 27) &* prime1 &+ prime4
            position += 8
        }
        if position + 4 <= bytes.count {
            let half = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
            hash = rotated(hash ^ (half &* prime1), 23) &* prime2 &+ prime3
            position += 4
        }
        while position < bytes.count {
            hash = rotated(hash ^ (UInt64(bytes[position]) &* prime5), 11) &* prime1
            position += 1
        }
        hash = (hash ^ (hash >> 33)) &* prime2
        hash = (hash ^ (hash >> 29)) &* prime3
        return hash ^ (hash >> 32)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 { rotated(lane &+ input &* prime2, 31) &* prime1 }

    @inline(__always)
    private static func merged(_ hash: UInt64, _ lane: UInt64) -> UInt64 { (hash ^ round(0, lane)) &* prime1 &+ prime4 }

    @inline(__always)
    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { (value << bits) | (value >> (64 - bits)) }
}

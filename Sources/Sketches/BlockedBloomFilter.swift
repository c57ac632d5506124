/// A Bloom filter whose every query touches one cache line (Putze, Sanders, Singler 2007).
///
/// A key picks one block of 64 bytes with its first hash word; in the block each of eight 64-bit lanes gets one bit, chosen
/// by six bits of the second word:
///
///     block   [ lane 0 | lane 1 | … | lane 7 ]   8 × 64 bits
///     key b     bits 0–5  6–11        42–47
///
/// With n keys in a block a stranger passes with (1 − (63/64)^n)^8. At 10.67 bits a key (48 keys a block on average)
/// that is about 1 %. No key that was added is ever denied. Plain bytes: a snapshot is a copy of them.
package struct BlockedBloomFilter: ~Copyable, @unchecked Sendable {
    package static let blockBytes = 64
    package static let bitsPerKeyDefault = 11.0
    private static let lanes = 8

    private let memory: AlignedMemory
    private let blocks: UnsafeMutablePointer<SIMD8<UInt64>>
    package let blockCount: Int

    /// A filter for about `expectedKeys` keys; more only raise the false-positive rate.
    ///
    /// - Complexity: O(bytes); one allocation, none after it.
    package init(expectedKeys: Int, bitsPerKey: Double = Self.bitsPerKeyDefault) {
        precondition(expectedKeys >= 0 && bitsPerKey > 0)
        self.init(blockCount: max(1, Int((Double(expectedKeys) * bitsPerKey / 512).rounded(.up))))
    }

    /// A filter of so many blocks of 64 bytes.
    package init(blockCount: Int) {
        precondition(blockCount > 0 && blockCount <= 1 << 32)
        self.blockCount = blockCount
        memory = AlignedMemory(byteCount: blockCount * Self.blockBytes)
        blocks = memory.base.bindMemory(to: SIMD8<UInt64>.self, capacity: blockCount)
    }

    /// A filter with the bytes of another; nil when they are no whole number of blocks.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.blockBytes, bytes.count % Self.blockBytes == 0, bytes.count / Self.blockBytes <= 1 << 32 else { return nil }
        self.init(blockCount: bytes.count / Self.blockBytes)
        memory.base.copyMemory(from: bytes.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
    }

    /// The state. Valid while the filter lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory.base, count: memory.byteCount) }

    /// Adds a key; says whether it was there before as far as the filter can tell. O(1), one cache line.
    @inline(__always)
    package mutating func insert(_ key: (UInt64, UInt64)) -> Bool {
        let mask = Self.mask(key.1)
        let block = blocks + index(key.0)
        let before = block.pointee
        let missing = mask & ~before
        guard missing != SIMD8<UInt64>() else { return true }
        block.pointee = before | mask
        return false
    }

    /// False when the key was certainly never added. O(1), one cache line.
    @inline(__always)
    package borrowing func mayContain(_ key: (UInt64, UInt64)) -> Bool {
        (Self.mask(key.1) & ~blocks[index(key.0)]) == SIMD8<UInt64>()
    }

    /// Reads the block of a key, so that it is near when the key is looked up.
    @inline(__always)
    package borrowing func touch(_ key: (UInt64, UInt64)) -> UInt64 { blocks[index(key.0)][0] }

    package mutating func removeAll() {
        memory.base.initializeMemory(as: UInt8.self, repeating: 0, count: memory.byteCount)
    }

    /// Multiply-shift of the high half: uniform over any block count.
    @inline(__always)
    private borrowing func index(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: ((word >> 32) &* UInt64(truncatingIfNeeded: blockCount)) >> 32)
    }

    @inline(__always)
    private static func mask(_ word: UInt64) -> SIMD8<UInt64> {
        let shifts = (SIMD8<UInt64>(repeating: word) &>> SIMD8<UInt64>(0, 6, 12, 18, 24, 30, 36, 42)) & 63
        return SIMD8<UInt64>(repeating: 1) &<< shifts
    }
}

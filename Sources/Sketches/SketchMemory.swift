/// Memory for millions of sketches: blocks in nine power-of-two size classes, 64 bytes to 16 KiB, with a free list each.
///
///     class   0    1    2    3     4     5     6     7      8
///     bytes   64   128  256  512   1Ki   2Ki   4Ki   8Ki    16Ki
///
/// Blocks are cut from slabs of 2 MiB that are never moved, and go back to the free list of their class, so a steady
/// state calls no `malloc`. Slabs are returned to the system when the memory itself goes. A sketch must be released
/// to the memory it grew in. One thread uses it at a time.
package final class SketchMemory: @unchecked Sendable {
    static let classCount = 9
    static let largestClass = classCount - 1
    private static let slabBytes = AlignedMemory.hugePageBytes

    private var slabs: [AlignedMemory] = []
    private var cursor: UnsafeMutableRawPointer?
    private var remaining = 0
    private var free = InlineArray<9, UnsafeMutableRawPointer?>(repeating: nil)

    /// Bytes in blocks that are handed out now.
    package private(set) var bytesInUse = 0
    /// Bytes taken from the system.
    package var bytesReserved: Int { slabs.count * Self.slabBytes }

    package init() {}

    @inline(__always)
    static func byteCount(ofClass sizeClass: Int) -> Int { 64 << sizeClass }

    /// A zeroed block. - Complexity: O(size of the block).
    func allocate(sizeClass: Int) -> UnsafeMutableRawPointer {
        let bytes = Self.byteCount(ofClass: sizeClass)
        bytesInUse += bytes
        guard let reused = free[sizeClass] else { return cut(bytes) }
        free[sizeClass] = reused.load(as: UnsafeMutableRawPointer?.self)
        reused.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        return reused
    }

    /// Takes a block back. O(1).
    func release(_ block: UnsafeMutableRawPointer, sizeClass: Int) {
        bytesInUse -= Self.byteCount(ofClass: sizeClass)
        block.storeBytes(of: free[sizeClass], as: UnsafeMutableRawPointer?.self)
        free[sizeClass] = block
    }

    /// A block that was never used: zero as it came from the system.
    private func cut(_ bytes: Int) -> UnsafeMutableRawPointer {
        if remaining < bytes {
            let slab = AlignedMemory(byteCount: Self.slabBytes)
            slabs.append(slab)
            cursor = slab.base
            remaining = Self.slabBytes
        }
        let block = cursor.unsafelyUnwrapped
        cursor = block + bytes
        remaining -= bytes
        return block
    }
}

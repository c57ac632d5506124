internal import Glibc

/// A zeroed, cache-line-aligned run of bytes that is freed with its last reference.
///
/// Runs of 2 MiB and more ask for huge pages: a table that is hit at random misses the address cache far less.
/// Lets a noncopyable struct hold raw memory without a `deinit` of its own. One thread uses it at a time.
package final class AlignedMemory: @unchecked Sendable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// - Complexity: O(`byteCount`); one allocation.
    package init(byteCount: Int) {
        precondition(byteCount > 0, "memory of no bytes")
        self.byteCount = byteCount
        base = Self.allocate(byteCount)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    static let hugePageBytes = 2 << 20

    /// Aligned memory, not cleared; large runs on huge pages where the system has them.
    static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= hugePageBytes else { return .allocate(byteCount: byteCount, alignment: 64) }
        let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: hugePageBytes)
        // Only advice: where it is refused the memory works as well.
        _ = madvise(base, byteCount / hugePageBytes * hugePageBytes, MADV_HUGEPAGE)
        return base
    }

    deinit { base.deallocate() }
}

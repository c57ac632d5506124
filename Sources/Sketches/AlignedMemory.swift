internal import Glibc

/// A zeroed, cache-line-aligned run of bytes that is freed with its last reference.
///
/// Runs of 2 MiB and more ask for huge pages: a table that is hit at random misses the address cache far less. They come
/// from the system as zero pages, so that nothing is cleared twice and a page costs memory once it is touched.
/// Lets a noncopyable struct hold raw memory without a `deinit` of its own. One thread uses it at a time.
package final class AlignedMemory: @unchecked Sendable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    /// Bytes at the front that stay on small pages.
    package let smallBytes: Int
    /// What was mapped; nil for memory of the allocator.
    private let mapping: UnsafeMutableRawBufferPointer?

    package static let hugePageBytes = 2 << 20
    private static let smallPageBytes = 4096

    /// - Complexity: O(`byteCount`) below 2 MiB, else O(1); one allocation.
    package init(byteCount: Int) {
        precondition(byteCount > 0, "memory of no bytes")
        self.byteCount = byteCount
        smallBytes = 0
        if byteCount < Self.hugePageBytes {
            base = .allocate(byteCount: byteCount, alignment: 64)
            base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            mapping = nil
        } else {
            (base, mapping) = Self.map(byteCount, smallBytes: 0)
        }
    }

    /// Address space that takes memory page by page as it is touched, for what grows in place up to a limit.
    ///
    /// - Parameter smallBytes: so much of its beginning stays on small pages, so that what stays small takes little; a
    ///   multiple of 4 KiB, at most 2 MiB.
    /// - Complexity: O(1), whatever the size.
    package init(reserving byteCount: Int, smallBytes: Int = 256 << 10) {
        precondition(byteCount > 0 && smallBytes % Self.smallPageBytes == 0 && smallBytes <= Self.hugePageBytes)
        self.byteCount = byteCount
        self.smallBytes = smallBytes
        (base, mapping) = Self.map(byteCount, smallBytes: smallBytes)
    }

    /// Bytes of memory taken when only the first `count` were ever touched, in order, pages counted whole.
    package func touchedBytes(first count: Int) -> Int {
        let whole = (byteCount - smallBytes) / Self.hugePageBytes * Self.hugePageBytes
        let (start, page) = count <= smallBytes || count > smallBytes + whole ? (0, Self.smallPageBytes) : (smallBytes, Self.hugePageBytes)
        return min(byteCount, start + (count - start + page - 1) / page * page)
    }

    /// Takes memory for a part of a reservation before it is touched, whole pages, where the system can. What is there already stays;
    /// any thread may do it while another uses the memory.
    package func populate(from start: Int, to end: Int) {
        precondition(mapping != nil && start >= 0 && end <= byteCount)
        let first = start / Self.smallPageBytes * Self.smallPageBytes
        guard first < end else { return }
        _ = madvise(base + first, end - first, MADV_POPULATE_WRITE)
    }

    /// Gives the memory of the first `count` bytes of a reservation back, by whole pages; they read as zero again.
    package func discard(first count: Int) {
        precondition(mapping != nil && count <= byteCount)
        let bytes = (count + Self.smallPageBytes - 1) / Self.smallPageBytes * Self.smallPageBytes
        if madvise(base, bytes, MADV_DONTNEED) != 0 { base.initializeMemory(as: UInt8.self, repeating: 0, count: count) }
    }

    /// Zero pages, on huge pages behind `smallBytes` where the system has them.
    private static func map(_ byteCount: Int, smallBytes: Int) -> (UnsafeMutableRawPointer, UnsafeMutableRawBufferPointer) {
        // Room to align what is behind the small pages.
        let size = byteCount + 2 * hugePageBytes
        // Pages count against memory when they are touched, not here.
        let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let start, start != MAP_FAILED else { fatalError("no address space for \(byteCount) bytes") }
        let huge = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: start) + UInt(smallBytes) + UInt(hugePageBytes) - 1) / UInt(hugePageBytes) * UInt(hugePageBytes))
            .unsafelyUnwrapped
        let whole = (byteCount - smallBytes) / hugePageBytes * hugePageBytes
        // Only advice: where it is refused the memory works as well.
        if whole > 0 { _ = madvise(huge, whole, MADV_HUGEPAGE) }
        return (huge - smallBytes, UnsafeMutableRawBufferPointer(start: start, count: size))
    }

    deinit {
        if let mapping { munmap(mapping.baseAddress, mapping.count) } else { base.deallocate() }
    }
}

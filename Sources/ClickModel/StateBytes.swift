internal import Glibc

/// Appends plain state to one growing buffer: the body of a snapshot. Native byte order and layout (x86-64 and arm64
/// Linux are both little-endian); the file around it carries a version and a checksum.
///
/// Its memory is its own, on huge pages where it is large, and stays when it is emptied: the stream waits for what is written
/// here, and fresh pages would cost it more than the copy. With a sink it holds a small buffer only, and hands on what it fills.
public struct StateWriter: ~Copyable, @unchecked Sendable {
    /// Bytes in memory: all that was written, or, with a sink, what it was not given yet.
    public private(set) var count = 0
    private var capacity: Int
    private var base: UnsafeMutableRawPointer
    /// Takes what is written, in order; nil to keep it.
    private let sink: ((UnsafeRawBufferPointer) -> Void)?

    private static let hugePage = 2 << 20

    public init(reservingBytes bytes: Int = 0) {
        capacity = max(4096, bytes)
        base = Self.allocate(capacity)
        sink = nil
    }

    /// A writer that keeps nothing: `sink` gets the bytes in order, in runs of any length. Call `flush` at the end.
    public init(to sink: @escaping (UnsafeRawBufferPointer) -> Void) {
        capacity = Self.sinkBufferBytes
        base = Self.allocate(capacity)
        self.sink = sink
    }

    private static let sinkBufferBytes = 64 << 10

    /// Gives the sink what it lacks; nothing without one.
    public mutating func flush() {
        guard let sink, count > 0 else { return }
        sink(UnsafeRawBufferPointer(start: base, count: count))
        count = 0
    }

    deinit { base.deallocate() }

    private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes < hugePage ? 64 : hugePage)
        // Only advice: without it the pages are small.
        if bytes >= hugePage { madvise(memory, bytes / hugePage * hugePage, MADV_HUGEPAGE) }
        return memory
    }

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() { count = 0 }

    /// Makes room for so many bytes more, and a quarter over when it has to grow.
    /// - Returns: whether it had to.
    @discardableResult
    public mutating func reserve(_ bytes: Int) -> Bool {
        guard bytes > capacity - count else { return false }
        if sink != nil {
            flush()
            if bytes <= capacity { return false }
        }
        let larger = (count + bytes) + (count + bytes) / 4
        let memory = Self.allocate(larger)
        memory.copyMemory(from: base, byteCount: count)
        base.deallocate()
        (base, capacity) = (memory, larger)
        return true
    }

    /// What was written, copied: for tests. A snapshot is read in place.
    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Appends bytes as they are, without a count.
    public mutating func append(raw: UnsafeRawBufferPointer) {
        guard let start = raw.baseAddress else { return }
        if let sink, raw.count >= capacity {
            flush()
            return sink(raw)
        }
        reserve(raw.count)
        (base + count).copyMemory(from: start, byteCount: raw.count)
        count += raw.count
    }

    /// Lets `fill` write at most so many bytes in place; it returns how many it wrote.
    public mutating func append(atMost limit: Int, _ fill: (UnsafeMutableRawPointer) -> Int) {
        reserve(limit)
        let written = fill(base + count)
        precondition((0...limit).contains(written), "more written than was asked for")
        count += written
    }

    @inlinable
    public mutating func append<T: BitwiseCopyable>(_ value: T) {
        Swift.withUnsafeBytes(of: value) { append(raw: $0) }
    }

    /// Appends a count and then the elements.
    @inlinable
    public mutating func append<T: BitwiseCopyable>(_ elements: UnsafeBufferPointer<T>) {
        append(elements.count)
        append(raw: UnsafeRawBufferPointer(elements))
    }

    /// Appends a four-byte tag; the reader checks it, so a layout that drifted is an error and not garbage.
    public mutating func append(tag: StaticString) {
        precondition(tag.utf8CodeUnitCount == 4)
        append(raw: UnsafeRawBufferPointer(start: tag.utf8Start, count: 4))
    }
}

/// A snapshot that does not fit the code that reads it.
public struct StateError: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// Reads back what a `StateWriter` wrote, in the same order.
public struct StateReader: ~Copyable {
    private let bytes: [UInt8]
    private var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var isAtEnd: Bool { position == bytes.count }

    private mutating func take(_ count: Int) throws(StateError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - position else {
            throw StateError("snapshot ends at byte \(bytes.count), \(count) more expected at \(position)")
        }
        defer { position += count }
        return position..<position + count
    }

    public mutating func read<T: BitwiseCopyable>(_ type: T.Type) throws(StateError) -> T {
        let range = try take(MemoryLayout<T>.size)
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self) }
    }

    /// Reads one element of an array that was appended raw: its stride, not only its size.
    public mutating func readStrided<T: BitwiseCopyable>(_ type: T.Type) throws(StateError) -> T {
        let range = try take(MemoryLayout<T>.stride)
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self) }
    }

    /// Reads a count and that many elements.
    public mutating func readArray<T: BitwiseCopyable>(_ type: T.Type) throws(StateError) -> [T] {
        let count = try read(Int.self)
        guard count >= 0, count <= (bytes.count - position) / max(1, MemoryLayout<T>.stride) else {
            throw StateError("snapshot claims \(count) elements at byte \(position) of \(bytes.count)")
        }
        let range = try take(count * MemoryLayout<T>.stride)
        return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range])) }
            initialized = count
        }
    }

    public mutating func expect(tag: StaticString) throws(StateError) {
        let range = try take(4)
        let expected = UnsafeBufferPointer(start: tag.utf8Start, count: 4)
        guard bytes[range].elementsEqual(expected) else {
            throw StateError("snapshot has \(String(decoding: bytes[range], as: UTF8.self)) at byte \(range.lowerBound), expected \(tag)")
        }
    }
}

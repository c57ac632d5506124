/// Appends plain state to one growing buffer: the body of a snapshot. Native byte order and layout (x86-64 and arm64
/// Linux are both little-endian); the file around it carries a version and a checksum.
public struct StateWriter: ~Copyable {
    public private(set) var bytes: [UInt8] = []

    public init(reservingBytes capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Writes into the memory of a buffer that is no longer needed; its content is dropped.
    public init(reusing buffer: consuming [UInt8]) {
        bytes = buffer
        bytes.removeAll(keepingCapacity: true)
    }

    public mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(capacity) }

    /// What was written; the writer ends here.
    public consuming func finish() -> [UInt8] { bytes }

    /// Appends bytes as they are, without a count.
    public mutating func append(raw: UnsafeRawBufferPointer) { bytes.append(contentsOf: raw) }

    @inlinable
    public mutating func append<T: BitwiseCopyable>(_ value: T) {
        withUnsafeBytes(of: value) { append(raw: $0) }
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
        bytes.append(contentsOf: UnsafeBufferPointer(start: tag.utf8Start, count: 4))
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

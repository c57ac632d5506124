internal import CSimdJSON

/// A reused buffer of whole lines, filled by a `SourceReader` and emptied by a `ClickDecoder`. One thread owns it at a
/// time: it is handed over through a queue, hence `@unchecked Sendable`.
package final class Chunk: @unchecked Sendable {
    /// Big enough that a chunk costs nothing beside its lines, small enough to stay in a second-level cache.
    package static let defaultCapacity = 256 << 10
    /// The smallest capacity: a line of the largest accepted size and its line end.
    package static let minimumCapacity = 65_536 + 2

    package let capacity: Int
    let bytes: UnsafeMutablePointer<UInt8>
    /// The lines and how far they are decoded.
    package internal(set) var lines: LineSpan

    package init(capacity: Int = Chunk.defaultCapacity) {
        precondition(capacity >= Chunk.minimumCapacity, "a chunk holds the largest line")
        self.capacity = capacity
        bytes = .allocate(capacity: capacity)
        lines = LineSpan(UnsafeRawBufferPointer(start: bytes, count: 0))
    }

    deinit { bytes.deallocate() }

    /// Bytes of lines in the buffer.
    package var count: Int { lines.cursor.length }
    package var isFinished: Bool { lines.isFinished }
    /// The place after the last decoded line.
    package var next: SourcePosition { lines.next }

    /// Makes the first `count` bytes the chunk's lines.
    func hold(_ count: Int, at position: SourcePosition) {
        lines = LineSpan(UnsafeRawBufferPointer(start: bytes, count: count), at: position)
    }
}

internal import CClickRecord
internal import CSimdJSON

/// A place between two lines of a source.
package struct SourcePosition: Hashable, Sendable {
    /// Bytes of (decompressed) content before it.
    package var offset: Int64
    /// 1-based number of the line that begins here.
    package var line: Int64

    package init(offset: Int64, line: Int64) {
        self.offset = offset
        self.line = line
    }

    package static let start = SourcePosition(offset: 0, line: 1)
}

/// A run of whole lines in memory that others own, and how far a decoder came in it. The last line may lack its newline.
/// The memory has to stay as it is until the span is finished.
package struct LineSpan {
    var cursor: fraud_line_cursor
    /// Set when one line too long to hold comes after the others: its length in the source. Its first 4 KiB stand behind them.
    var overlongBytes: Int64?
    var isOverlongTaken = false

    package init(_ bytes: UnsafeRawBufferPointer, at position: SourcePosition = .start) {
        cursor = fraud_line_cursor(
            bytes: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), length: bytes.count, position: 0,
            offset: position.offset, line: position.line)
    }

    package var isFinished: Bool { cursor.position == cursor.length && (overlongBytes == nil || isOverlongTaken) }

    /// Where the first line begins in the source.
    var startOffset: Int64 { cursor.offset }

    /// The place after the last decoded line (and blank lines after it).
    package var next: SourcePosition {
        let overlong = isOverlongTaken ? overlongBytes ?? 0 : 0
        return SourcePosition(offset: cursor.offset + Int64(cursor.position) + overlong, line: cursor.line)
    }
}

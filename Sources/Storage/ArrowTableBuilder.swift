package import ClickModel
internal import Synchronization

/// Rows appended cell by cell into column buffers that DuckDB reads in place: the way to bulk-write.
///
/// A row is its cells in column order, then `endRow()`. A cell of the wrong kind or out of place is a programmer's error
/// and traps. The buffers grow by doubling, keep their size across `removeAll()`, and so stop allocating once they have
/// held the largest fill. One thread owns a builder at a time: hence `@unchecked Sendable`.
///
/// Limit: `isFull` turns true at `softLimitBytes`; the owner is expected to flush then. Appending goes on beyond it
/// (a row is never dropped) until memory is out.
///
/// - Complexity: O(1) amortised a cell, O(bytes) for texts.
package final class ArrowTableBuilder: @unchecked Sendable {
    package static let defaultSoftLimitBytes = 256 << 20

    package let columns: [ArrowColumn]
    package let softLimitBytes: Int

    let buffers: UnsafeMutablePointer<ArrowColumnBuffer>
    /// Arrow nodes handed out and not released yet.
    let exported = Atomic<Int>(0)
    let columnCount: Int
    private let state: UnsafeMutablePointer<State>

    /// How far the rows are. Behind a pointer, where no check of exclusive access stands at every cell.
    private struct State {
        var rowCapacity: Int
        var count = 0
        /// Column of the next cell.
        var next = 0
    }

    package init(
        _ columns: [ArrowColumn], rowCapacity: Int = 1024, softLimitBytes: Int = ArrowTableBuilder.defaultSoftLimitBytes
    ) {
        precondition(!columns.isEmpty && rowCapacity > 0, "a table has columns and room for a row")
        self.columns = columns
        self.softLimitBytes = softLimitBytes
        columnCount = columns.count
        state = .allocate(capacity: 1)
        state.initialize(to: State(rowCapacity: rowCapacity))
        buffers = .allocate(capacity: columns.count)
        for (i, column) in columns.enumerated() {
            (buffers + i).initialize(to: ArrowColumnBuffer(column.kind, rowCapacity: rowCapacity))
        }
    }

    deinit {
        for i in 0..<columnCount { buffers[i].deallocate() }
        buffers.deallocate()
        state.deallocate()
    }

    /// Complete rows.
    package var count: Int { state.pointee.count }

    package var isEmpty: Bool { count == 0 }

    /// Bytes held by the rows.
    package var byteCount: Int { (0..<columnCount).reduce(0) { $0 + buffers[$1].used(rows: count) } }

    package var isFull: Bool { byteCount >= softLimitBytes }

    /// Forgets the rows and keeps the memory. Traps while a reader still holds them.
    package func removeAll() {
        precondition(exported.load(ordering: .acquiring) == 0, "rows are still being read")
        for i in 0..<columnCount { buffers[i].removeAll() }
        state.pointee.count = 0
        state.pointee.next = 0
    }

    /// Completes the row; traps when it lacks a cell.
    @inline(__always)
    package func endRow() {
        precondition(state.pointee.next == columnCount, "a row has all its cells")
        state.pointee.next = 0
        state.pointee.count &+= 1
        if state.pointee.count == state.pointee.rowCapacity { grow() }
    }

    @inline(never)
    private func grow() {
        state.pointee.rowCapacity *= 2
        for i in 0..<columnCount { buffers[i].grow(rows: state.pointee.rowCapacity) }
    }

    /// Begins a row that is written in one go, by who knows its columns.
    @inline(__always)
    func newRow() -> ArrowRow {
        precondition(state.pointee.next == 0, "a row is not complete")
        return ArrowRow(buffers, row: state.pointee.count)
    }

    /// Completes such a row; traps when it has not all its cells.
    @inline(__always)
    func end(_ row: ArrowRow) {
        state.pointee.next = row.column - buffers
        endRow()
    }

    @inline(__always)
    private func cell(_ kind: ArrowColumnKind) -> UnsafeMutablePointer<ArrowColumnBuffer> {
        let next = state.pointee.next
        precondition(next < columnCount, "more cells than columns")
        let buffer = buffers + next
        precondition(buffer.pointee.kind == kind, "a cell of another kind than its column")
        state.pointee.next = next &+ 1
        return buffer
    }

    package func appendNull() {
        let next = state.pointee.next
        precondition(next < columnCount, "more cells than columns")
        buffers[next].setNull(row: count)
        state.pointee.next = next &+ 1
    }

    package func append(int64 value: Int64) { cell(.int64).pointee.set(count, value) }
    package func append(int32 value: Int32) { cell(.int32).pointee.set(count, value) }
    package func append(double value: Double) { cell(.double).pointee.set(count, value) }
    package func append(float value: Float) { cell(.float).pointee.set(count, value) }
    package func append(bool value: Bool) { cell(.bool).pointee.setBit(count, value) }
    package func append(money value: Money) { cell(.money).pointee.setMoney(count, e4: value.e4) }
    /// Days since 1970-01-01.
    package func append(days value: Int32) { cell(.date).pointee.set(count, value) }
    package func append(date value: CivilDate) { append(days: Int32(clamping: value.daysSince1970)) }

    /// A time; beyond the years ±292,000 that microseconds can hold it is held at the end of that range.
    package func append(time value: EventTime) { cell(.timestamp).pointee.set(count, ArrowRow.microseconds(value.milliseconds)) }

    /// Text as UTF-8 bytes, which the caller vouches for (decoders reject invalid UTF-8).
    package func append(text value: UnsafeRawBufferPointer) { cell(.text).pointee.setBytes(count, value) }
    package func append(binary value: UnsafeRawBufferPointer) { cell(.binary).pointee.setBytes(count, value) }

    package func append(text value: String) {
        var value = value
        value.withUTF8 { append(text: UnsafeRawBufferPointer($0)) }
    }

    package func append(binary value: [UInt8]) { value.withUnsafeBytes { append(binary: $0) } }

    /// Text, or null when there are no bytes: a click record's way to say *unknown*.
    package func append(textOrNull value: UnsafeRawBufferPointer) {
        if value.isEmpty { appendNull() } else { append(text: value) }
    }

    package func append(texts values: [String]) {
        let list = cell(.textList)
        for var value in values { value.withUTF8 { list.pointee.addItem(UnsafeRawBufferPointer($0)) } }
        list.pointee.endTextList(count)
    }

    /// The names whose bit is set, in bit order, after an optional first one: a verdict's rules or reasons. Bits beyond the names are
    /// ignored.
    package func append(texts names: NameBytes, first: Int? = nil, selectedBy mask: UInt64) {
        precondition(state.pointee.next < columnCount, "more cells than columns")
        var row = ArrowRow(buffers + state.pointee.next, row: count)
        row.add(texts: names, first: first, selectedBy: mask)
        state.pointee.next &+= 1
    }

    /// `count` floats, `stride` apart: a row of a `FeatureBlock` when `stride` is the block's.
    package func append(floats values: UnsafePointer<Float>, count floats: Int, stride: Int = 1) {
        cell(.floatList).pointee.setFloats(count, values, count: floats, stride: stride)
    }

    package func append(floats values: [Float]) {
        values.withUnsafeBufferPointer { list in
            cell(.floatList).pointee.setFloats(count, list.baseAddress, count: list.count, stride: 1)
        }
    }

    /// The lowest and highest value of a timestamp (microseconds) or date (days) column; nil when there is none.
    /// - Complexity: O(rows)
    func range(ofColumn index: Int) -> ClosedRange<Int64>? {
        let buffer = buffers[index]
        var range: ClosedRange<Int64>?
        for row in 0..<count {
            if let bitmap = buffer.validity, bitmap[row >> 3] & (1 << UInt8(row & 7)) == 0 { continue }
            let value =
                buffer.kind == .date
                ? Int64(buffer.fixed.load(fromByteOffset: row * 4, as: Int32.self))
                : buffer.fixed.load(fromByteOffset: row * 8, as: Int64.self)
            range = min(range?.lowerBound ?? value, value)...max(range?.upperBound ?? value, value)
        }
        return range
    }
}

/// The row at hand of an `ArrowTableBuilder`, for who writes all its cells in order in one function: as `append`, but a
/// local value, so that a row costs one call from another module and not one a cell.
///
/// `ArrowTableBuilder.end` makes it count. A cell of another kind than its column traps.
struct ArrowRow {
    /// Where the next cell goes.
    private(set) var column: UnsafeMutablePointer<ArrowColumnBuffer>
    private let row: Int

    @inline(__always)
    init(_ columns: UnsafeMutablePointer<ArrowColumnBuffer>, row: Int) {
        column = columns
        self.row = row
    }

    /// Milliseconds to microseconds, held to their range.
    @inline(__always)
    static func microseconds(_ milliseconds: Int64) -> Int64 {
        let bound = Int64.max / 1000 - 1
        return max(-bound, min(bound, milliseconds)) &* 1000
    }

    @inline(__always)
    private mutating func cell(_ kind: ArrowColumnKind) -> UnsafeMutablePointer<ArrowColumnBuffer> {
        let cell = column
        precondition(cell.pointee.kind == kind, "a cell of another kind than its column")
        column = cell + 1
        return cell
    }

    @inline(__always) mutating func add(int64 value: Int64) { cell(.int64).pointee.set(row, value) }
    @inline(__always) mutating func add(float value: Float) { cell(.float).pointee.set(row, value) }
    @inline(__always) mutating func add(money e4: Int64) { cell(.money).pointee.setMoney(row, e4: e4) }
    @inline(__always) mutating func add(time milliseconds: Int64) { cell(.timestamp).pointee.set(row, Self.microseconds(milliseconds)) }
    @inline(__always) mutating func add(text value: UnsafeRawBufferPointer) { cell(.text).pointee.setBytes(row, value) }

    /// Null when there are no bytes.
    @inline(__always)
    mutating func add(textOrNull value: UnsafeRawBufferPointer) {
        if value.isEmpty { cell(.text).pointee.setNullText(row) } else { add(text: value) }
    }

    @inline(__always)
    mutating func addNull() {
        column.pointee.setNull(row: row)
        column += 1
    }

    /// Null for NaN.
    @inline(__always)
    mutating func add(floatOrNull value: Float) {
        let cell = cell(.float)
        if value.isNaN { cell.pointee.markNull(row) }
        cell.pointee.set(row, value.isNaN ? 0 : value)
    }

    /// Null for the smallest integer.
    @inline(__always)
    mutating func add(timeOrNull milliseconds: Int64) {
        let cell = cell(.timestamp)
        if milliseconds == .min { cell.pointee.markNull(row) }
        cell.pointee.set(row, milliseconds == .min ? 0 : Self.microseconds(milliseconds))
    }

    @inline(__always)
    mutating func add(boolOrNull value: Bool?) {
        let cell = cell(.bool)
        if value == nil { cell.pointee.markNull(row) }
        cell.pointee.setBit(row, value ?? false)
    }

    /// Two letters, the first in the high byte; null for 0.
    @inline(__always)
    mutating func add(country: UInt16) {
        withUnsafeBytes(of: country.bigEndian) { add(textOrNull: country == 0 ? UnsafeRawBufferPointer(start: nil, count: 0) : $0) }
    }

    /// The names whose bit is set, in bit order, after an optional first one. Bits beyond the names are ignored.
    @inline(__always)
    mutating func add(texts names: borrowing NameBytes, first: Int? = nil, selectedBy mask: UInt64) {
        let list = cell(.textList)
        if let first { list.pointee.addItem(names[first]) }
        var rest = mask
        while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest &- 1
            guard bit < names.count else { break }
            list.pointee.addItem(names[bit])
        }
        list.pointee.endTextList(row)
    }

    @inline(__always)
    mutating func add(floats values: UnsafePointer<Float>, count: Int, stride: Int) {
        cell(.floatList).pointee.setFloats(row, values, count: count, stride: stride)
    }
}

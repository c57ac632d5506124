/// The feature values of a batch, column by column: `column(j)[i]` is feature j of click i; NaN is unknown.
///
/// Columns are padded apart so that writing one click's row does not hit one cache set again and again
/// (a 4,096-byte stride maps every column to the same set of an L1 cache).
public final class FeatureBlock: @unchecked Sendable {
    /// Rows a block holds: a multiple of `rowGroup`, or 1.
    public let capacity: Int
    public let columnCount: Int
    /// Floats from one column to the next: the capacity of the memory's own block plus 16, or 1 for that of one click.
    public let stride: Int
    public let values: UnsafeMutablePointer<Float>
    /// The block whose memory this looks at; nil for its own.
    private let whole: FeatureBlock?

    /// Capacities of columns are multiples of this: who works on groups of rows may read and write what is left of the last one.
    public static let rowGroup = 64

    public init(columnCount: Int, capacity: Int = ClickBatch.defaultCapacity) {
        precondition(columnCount > 0 && capacity > 0)
        self.capacity = (capacity + Self.rowGroup - 1) / Self.rowGroup * Self.rowGroup
        self.columnCount = columnCount
        stride = self.capacity + 16
        whole = nil
        let count = stride * columnCount
        values = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(to: Float.self, capacity: count)
        values.update(repeating: 0, count: count)
    }

    /// A group of rows of another block, as a block: row 0 is row `group · rowGroup` there.
    public init(group: Int, of block: FeatureBlock) {
        precondition(group >= 0 && (group + 1) * Self.rowGroup <= block.capacity)
        capacity = Self.rowGroup
        columnCount = block.columnCount
        stride = block.stride
        values = block.values + group * Self.rowGroup
        whole = block
    }

    /// A block of one click whose features lie side by side: a few cache lines where columns take one each. It is readable to the
    /// end of its last 64 floats, and nobody may work on groups of its rows.
    public init(rowOf columnCount: Int) {
        precondition(columnCount > 0)
        (capacity, self.columnCount, stride, whole) = (1, columnCount, 1, nil)
        let count = (columnCount + Self.rowGroup) / Self.rowGroup * Self.rowGroup
        values = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(to: Float.self, capacity: count)
        values.update(repeating: 0, count: count)
    }

    deinit { if whole == nil { values.deallocate() } }

    @inlinable
    public func column(_ index: Int) -> UnsafeMutablePointer<Float> { values + index * stride }

    /// One click's feature values, in catalogue order. Allocates.
    public func row(_ index: Int) -> [Float] { (0..<columnCount).map { column($0)[index] } }
}

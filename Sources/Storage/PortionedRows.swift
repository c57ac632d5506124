/// Rows of a table of which an epoch has many: they may be handed over, portion by portion, before it ends.
///
/// One thread owns them at a time: hence `@unchecked Sendable`.
package final class PortionedRows: @unchecked Sendable {
    package let table: WarehouseTable
    /// What was not handed over.
    package private(set) var rows: ArrowTableBuilder { didSet { filled = .passUnretained(rows) } }
    /// The same. To count a reference is an atomic operation, which waits until everything stored before it is in the cache: at each row
    /// that was a seventh of its time.
    private var filled: Unmanaged<ArrowTableBuilder>
    /// Rows of the epoch that were.
    package private(set) var handedOver = 0
    /// A portion's rows, as quarters of those it is asked for: so that portions of each table are about as many bytes.
    private let quarters: Int

    init(_ table: WarehouseTable, quarters: Int) {
        self.table = table
        self.quarters = quarters
        rows = table.builder()
        filled = .passUnretained(rows)
    }

    /// Has a row appended.
    @inline(__always)
    func add(_ row: (ArrowTableBuilder) -> Void) { filled._withUnsafeGuaranteedRef(row) }

    /// Whether rows have come to a portion.
    /// - Parameter count: of flagged clicks; of other tables about as many bytes.
    @inline(__always)
    package func isDue(portion count: Int) -> Bool {
        filled._withUnsafeGuaranteedRef { !$0.isEmpty && $0.count &* 4 >= count &* quarters }
    }

    /// Hands over the rows at hand.
    /// - Parameter take: takes them, and gives an empty builder of the same table for those that follow.
    package func handOver(_ take: (ArrowTableBuilder, WarehouseTable) -> ArrowTableBuilder) {
        handedOver += rows.count
        rows = take(rows, table)
        precondition(rows.isEmpty && rows.columns == table.columns, "rows go on in an empty builder of their table")
    }

    func beginEpoch() { handedOver = 0 }
}

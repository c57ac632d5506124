/// Rows before a moment and rows from it on: a model is judged on what came after its training.
package struct TimeSplit: Sendable {
    /// Row numbers in time order (input order among equal times).
    package let before: [Int]
    package let after: [Int]
    /// Event time of the first row of `after`, epoch ms; nil when the table has no times.
    package let cutMs: Int64?

    /// Splits rows so that about the first `share` of them, by event time, lie before the cut.
    ///
    /// The share is one of rows, not of the clock: one stray timestamp cannot empty a side. Rows of one moment stay
    /// together, after the cut. Without times, or with only one moment, the order of the rows stands in for time.
    package init(table: LabelledTable, rows: [Int], share: Double) {
        precondition(share >= 0 && share <= 1)
        let target = Int((Double(rows.count) * share).rounded())
        guard let times = table.eventTimes, let first = rows.first, rows.contains(where: { times[$0] != times[first] }) else {
            before = Array(rows[..<target])
            after = Array(rows[target...])
            cutMs = nil
            return
        }
        let ordered = rows.sorted { (times[$0], $0) < (times[$1], $1) }
        guard target < ordered.count else {
            before = ordered
            after = []
            cutMs = nil
            return
        }
        let cut = times[ordered[target]]
        let index = ordered.firstIndex { times[$0] >= cut } ?? 0
        before = Array(ordered[..<index])
        after = Array(ordered[index...])
        cutMs = cut
    }
}

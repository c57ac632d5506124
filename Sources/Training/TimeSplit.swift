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

    private init(before: [Int], after: [Int], cutMs: Int64?) {
        self.before = before
        self.after = after
        self.cutMs = cutMs
    }

    /// The same cut without the later rows whose group is also before it: training keeps all it knows at the cut, and the later
    /// side has strangers only.
    package func keepingGroupsApart(_ groups: [UInt64]) -> TimeSplit {
        let known = Set(before.map { groups[$0] })
        return TimeSplit(before: before, after: after.filter { !known.contains(groups[$0]) }, cutMs: cutMs)
    }

    /// Splits of growing history: each trains on all rows before its cut and is judged on the stretch up to the next cut
    /// (forward chaining; scikit-learn's `TimeSeriesSplit`).
    ///
    /// - Parameters:
    ///   - rows: in any order; they are taken in time order.
    ///   - shares: of the rows that lie before each cut, rising, under 1; the last stretch ends with the rows.
    package static func chain(table: LabelledTable, rows: [Int], shares: [Double]) -> [TimeSplit] {
        let cuts = shares.map { TimeSplit(table: table, rows: rows, share: $0) }
        return cuts.indices.map { index in
            guard index + 1 < cuts.count else { return cuts[index] }
            let stretch = cuts[index].after.prefix(max(0, cuts[index].after.count - cuts[index + 1].after.count))
            return TimeSplit(before: cuts[index].before, after: Array(stretch), cutMs: cuts[index].cutMs)
        }
    }
}

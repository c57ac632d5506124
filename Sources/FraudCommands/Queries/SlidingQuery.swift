internal import ClickModel
internal import Sketches
internal import Storage
internal import Windows

/// Every sliding window that holds a click, by key, then time: merged from the minutes as they are read.
struct SlidingQuery {
    let window: SlidingWindow
    /// `ad_id`, `campaign_id` or `advertiser_id`.
    let key: String
    /// `.stream` or `.epoch`.
    let source: WindowTotalsQuery.Source
    /// Bounds of `window_start`: every window within is whole.
    let from: EventTime?
    let to: EventTime?

    static let columns = ["window_start", "window_end", "clicks", "valid", "fraud", "cost", "unique_users"]

    /// Calls `body` with the cells of each window: the key, then those of `columns`.
    ///
    /// - Complexity: memory for one window of one key, and for the windows that end between two of its minutes.
    func forEach(_ database: DuckDB, _ body: ([Cell]) throws -> Void) throws {
        let memory = SketchMemory()
        var windows = SlidingWindows(window)
        var key: Value?
        var finished: [[Cell]] = []
        func take(_ row: borrowing SlidingRow) {
            guard row.startMilliseconds >= from?.milliseconds ?? .min, row.startMilliseconds < to?.milliseconds ?? .max else { return }
            finished.append(
                ScoreSummary.cells([key ?? .null]) + [
                    .text(EventTime(milliseconds: row.startMilliseconds).description),
                    .text(EventTime(milliseconds: row.endMilliseconds).description), .integer(Int(row.clickCount)),
                    .integer(Int(row.validClicks)), .integer(Int(row.fraudClicks)), .number(row.totalCost.description),
                    .integer(Int(row.uniqueUsers)),
                ])
        }
        func handOn() throws {
            for row in finished { try body(row) }
            finished.removeAll(keepingCapacity: true)
        }
        // A window that begins before `to` has minutes up to its end.
        let end = to.map { EventTime(milliseconds: $0.milliseconds + window.sizeMilliseconds) }
        let minutes = WindowTotalsQuery(key: self.key, source: source, table: .minute, step: .minute, from: from, to: end, order: .key)
        try minutes.forEach(database, memory) { minute in
            if key != minute.key {
                windows.finish { take($0) }
                try handOn()
                key = minute.key
            }
            let pane = SlidingPane(
                startMilliseconds: minute.time.time?.milliseconds ?? 0, clickCount: minute.clicks, validClicks: minute.valid,
                totalCost: minute.cost)
            try minute.sketch.withUnsafeBytes { try windows.add(pane, sketch: $0) { take($0) } }
            try handOn()
        }
        windows.finish { take($0) }
        try handOn()
    }
}

package import ClickModel
internal import Sketches

/// One minute of one key, as a minute row holds it.
package struct SlidingPane {
    /// First moment of the minute, epoch ms.
    package var startMilliseconds: Int64
    package var clickCount: Int64
    package var validClicks: Int64
    /// Gross cost of `clickCount`.
    package var totalCost: Money

    package init(startMilliseconds: Int64, clickCount: Int64, validClicks: Int64, totalCost: Money) {
        self.startMilliseconds = startMilliseconds
        self.clickCount = clickCount
        self.validClicks = validClicks
        self.totalCost = totalCost
    }
}

/// One sliding window of one key. Lent to the closure of `SlidingWindows`: its sketch is gone when the closure returns.
package struct SlidingRow: ~Copyable {
    /// First moment of the window, epoch ms.
    package let startMilliseconds: Int64
    /// First moment after the window, epoch ms.
    package let endMilliseconds: Int64
    package let clickCount: Int64
    package let validClicks: Int64
    package let totalCost: Money
    /// Distinct visitors of the whole window, as `HyperLogLog.roundedEstimate`: not the sum of its minutes'.
    package let uniqueUsers: Int64
    /// The stored form of the union of the minutes' sketches.
    package let uniqueUsersSketch: UnsafeRawBufferPointer

    package var fraudClicks: Int64 { clickCount - validClicks }
}

/// Merges the minutes of one key, in order of time, into every sliding window that holds one of them.
///
/// Sums are added when a minute enters the window and taken off when it leaves; a union of sketches cannot be taken off,
/// so the minutes are a queue of two stacks (the "two-stacks" aggregator, Tangwongsan, Hirzel, Schneider 2017):
///
///     front   leaves the window first; each holds the union of itself and all behind it in the front
///     back    came last; each holds its own sketch, and one more the union of them all
///
/// A window is the first of the front and the union of the back. When the front runs out, the back becomes the front. So a
/// minute is deserialized once and merged at most three times, whatever size / slide is; a window costs two merges and
/// its serialization, and nothing when it holds the same minutes as the one before. Minutes that leave together are
/// merged on arrival. Windows that hold no minute are not visited.
///
/// Memory: a sketch of up to 16 KiB for each slide of one window (two if the slide does not divide the size), and two
/// more. Sums of cost stay at `Int64.max`.
package struct SlidingWindows: ~Copyable {
    package let window: SlidingWindow
    private let memory = SketchMemory()
    /// The one that leaves first is the last.
    private var front: [Part] = []
    private var back: [Part] = []
    private var backUnion = HyperLogLog()
    private var sum = Totals()
    /// Start of the next window to emit; that of the first window with a part in it while there are parts.
    private var nextStart = Int64.min
    private var lastPane = Int64.min
    private var serialized: [UInt8] = []
    private var users: Int64 = 0
    /// `serialized` and `users` are those of the parts.
    private var isSerialized = false

    /// What leaves as a whole: minutes that came in a row and begin in one slide. `start` is that of the slide.
    private struct Part {
        var start: Int64
        var totals: Totals
        var sketch: HyperLogLog
    }

    private struct Totals {
        // Wide, so that what was added can be taken off again whatever it is.
        var clicks: Int128 = 0
        var valid: Int128 = 0
        var cost: Int128 = 0

        mutating func add(_ other: Totals) {
            clicks += other.clicks
            valid += other.valid
            cost += other.cost
        }

        mutating func subtract(_ other: Totals) {
            clicks -= other.clicks
            valid -= other.valid
            cost -= other.cost
        }
    }

    package init(_ window: SlidingWindow) {
        self.window = window
    }

    /// Takes the key's next minute, and emits the windows that end at or before it.
    ///
    /// - Parameters:
    ///   - sketch: the stored form of the minute's visitors.
    ///   - emit: gets each row, by ascending start; the row is valid only during the call.
    /// - Throws: `SlidingWindowError` for a minute that does not follow the one before, or a malformed sketch; nothing is
    ///   taken or emitted then.
    /// - Complexity: O(windows emitted + 1) merges, amortized.
    package mutating func add(
        _ pane: SlidingPane, sketch: UnsafeRawBufferPointer, _ emit: (borrowing SlidingRow) -> Void
    ) throws(SlidingWindowError) {
        let start = pane.startMilliseconds
        guard start % EventTime.millisecondsPerMinute == 0, EventBounds.clamp(start) == start else {
            throw SlidingWindowError("a pane at \(start) ms, which begins no minute")
        }
        guard start > lastPane else { throw SlidingWindowError("a pane at \(start) ms after one at \(lastPane) ms: they must ascend") }
        var visitors = HyperLogLog()
        do throws(HyperLogLogError) {
            visitors = try HyperLogLog(serialized: sketch, memory)
        } catch {
            throw SlidingWindowError("the sketch of the pane at \(start) ms is malformed: \(error)")
        }
        emitWindows(endingBy: start, emit)
        if front.isEmpty && back.isEmpty { nextStart = window.firstStart(holding: start) }
        lastPane = start
        let totals = Totals(clicks: Int128(pane.clickCount), valid: Int128(pane.validClicks), cost: Int128(pane.totalCost.e4))
        sum.add(totals)
        isSerialized = false
        backUnion.merge(visitors, memory)
        // No window begins within a slide, so its minutes leave together. One that ends within it has been emitted.
        let slideStart = EventBounds.windowStart(start, size: window.slideMilliseconds)
        if let last = back.indices.last, back[last].start == slideStart {
            back[last].totals.add(totals)
            back[last].sketch.merge(visitors, memory)
            visitors.release(memory)
        } else {
            back.append(Part(start: slideStart, totals: totals, sketch: visitors))
        }
    }

    /// Emits the windows that are left and forgets the key: the next minute may be any of another key.
    package mutating func finish(_ emit: (borrowing SlidingRow) -> Void) {
        emitWindows(endingBy: .max, emit)
        lastPane = .min
    }

    /// Emits, while there are parts, each window that ends at or before a moment.
    private mutating func emitWindows(endingBy limit: Int64, _ emit: (borrowing SlidingRow) -> Void) {
        while !(front.isEmpty && back.isEmpty) && nextStart + window.sizeMilliseconds <= limit {
            serializeUnion()
            serialized.withUnsafeBytes { sketch in
                emit(
                    SlidingRow(
                        startMilliseconds: nextStart, endMilliseconds: nextStart + window.sizeMilliseconds,
                        clickCount: Int64(clamping: sum.clicks), validClicks: Int64(clamping: sum.valid),
                        totalCost: Money(e4: Int64(clamping: sum.cost)), uniqueUsers: users, uniqueUsersSketch: sketch))
            }
            nextStart += window.slideMilliseconds
            dropParts(before: nextStart)
        }
    }

    private mutating func serializeUnion() {
        guard !isSerialized else { return }
        isSerialized = true
        var union = HyperLogLog()
        if let first = front.last { union.merge(first.sketch, memory) }
        union.merge(backUnion, memory)
        serialized.removeAll(keepingCapacity: true)
        union.append(serializedTo: &serialized)
        users = union.roundedEstimate
        union.release(memory)
    }

    private mutating func dropParts(before start: Int64) {
        while true {
            if front.isEmpty { turnOver() }
            guard let first = front.last, first.start < start else { return }
            sum.subtract(first.totals)
            front.removeLast()
            var sketch = first.sketch
            sketch.release(memory)
            isSerialized = false
        }
    }

    /// Makes the back the front: from the newest on, each gets the union of those behind it.
    private mutating func turnOver() {
        while var part = back.popLast() {
            if let behind = front.last { part.sketch.merge(behind.sketch, memory) }
            front.append(part)
        }
        backUnion.release(memory)
    }
}

internal import ClickModel

/// Counters by day of event time, each day's in one run of memory; forgotten together.
///
/// Finding the day of a click that is of the same day as the one before costs one comparison. A new day allocates once; days are
/// as many as the clicks between two calls of `removeAll` have, at most.
struct DayCounts {
    /// Counters of a day.
    let width: Int
    /// Days since 1970, in order of appearance.
    private(set) var days: [Int64] = []
    private var positions: [Int64: Int] = [:]
    private var counts: [Int64] = []
    private var latest = (day: Int64.min, position: 0)

    init(width: Int) { self.width = width }

    /// Gives the counters of the day of a moment, ms.
    @inline(__always)
    mutating func withCounts(at milliseconds: Int64, _ body: (UnsafeMutablePointer<Int64>) -> Void) {
        let day = EventTime(milliseconds: milliseconds).windowStart(size: EventTime.millisecondsPerDay).milliseconds / EventTime.millisecondsPerDay
        if latest.day != day { find(day) }
        let start = latest.position * width
        counts.withUnsafeMutableBufferPointer { body($0.baseAddress! + start) }
    }

    @inline(never)
    private mutating func find(_ day: Int64) {
        if let position = positions[day] {
            latest = (day, position)
            return
        }
        latest = (day, days.count)
        positions[day] = days.count
        days.append(day)
        counts.append(contentsOf: repeatElement(0, count: width))
    }

    /// The days in order, each with its counters.
    func forEach(_ body: (_ day: Int64, ArraySlice<Int64>) -> Void) {
        for (day, position) in positions.sorted(by: { $0.key < $1.key }) { body(day, counts[position * width..<(position + 1) * width]) }
    }

    /// Forgets the days and keeps the memory.
    mutating func removeAll() {
        days.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        latest = (Int64.min, 0)
    }
}

internal import ClickModel

/// The folder that a row of the archive goes to: an hour of event time, or the default partition.
///
/// An hour gets a folder when it is within 48 hours of the flush's median event time, or holds at least 4 rows and at least
/// 1/4096 of the flush's, of which the 512 largest count. So a stream with its late clicks, and a backfill of months, stand
/// under their dates, while scattered corrupt times make no folder: there are at most 97 + 512 files a flush, whatever the
/// times are. The rest, and times outside 1970 to 9999, go to the default partition. That is named as an hour that no accepted
/// time has: under Hive's own name for it, `__HIVE_DEFAULT_PARTITION__`, pandas refuses the whole folder.
package enum ArchivePartition: Hashable, Sendable {
    /// Hours since 1970.
    case hour(Int64)
    case rest

    static let microsecondsPerHour: Int64 = 3_600_000_000
    static let hoursBesideMedian: Int64 = 48
    static let leastRows = 4
    static let leastShare = 4096
    static let largestHours = 512
    /// 1970-01-01 to 9999-12-30: what four digits of a year can name, but the default partition.
    static let nameable = 0..<CivilDate.days(year: 9999, month: 12, day: 31) * 24

    /// The partitions of these rows in order of time, the default last; none of them is empty.
    /// - Complexity: O(rows + hours × log hours)
    static func all(of rows: ArrowTableBuilder, timeColumn: Int) -> [ArchivePartition] {
        var counts: [Int64: Int] = [:]
        var restRows = 0
        // Rows come in runs of one hour: one look into the dictionary a run.
        var run = (hour: Int64(0), count: 0)
        rows.forEachTime(column: timeColumn) { microseconds in
            let hour = microseconds.map { $0 / microsecondsPerHour - ($0 % microsecondsPerHour < 0 ? 1 : 0) } ?? -1
            guard nameable.contains(hour) else { return restRows += 1 }
            if hour != run.hour {
                if run.count > 0 { counts[run.hour, default: 0] += run.count }
                run = (hour, 0)
            }
            run.count += 1
        }
        if run.count > 0 { counts[run.hour, default: 0] += run.count }
        let own = chosen(counts)
        restRows += counts.reduce(0) { $0 + (own.contains($1.key) ? 0 : $1.value) }
        return own.sorted().map(hour) + (restRows > 0 ? [.rest] : [])
    }

    /// The hours that get a folder, from the rows of each hour.
    package static func chosen(_ counts: [Int64: Int]) -> Set<Int64> {
        let total = counts.values.reduce(0, +)
        guard let median = median(counts, total) else { return [] }
        let near = counts.keys.filter { abs($0 - median) <= hoursBesideMedian }
        let large = counts.filter { abs($0.key - median) > hoursBesideMedian && $0.value >= leastRows && $0.value * leastShare >= total }
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .prefix(largestHours).map(\.key)
        return Set(near).union(large)
    }

    /// The hour of the middle row.
    private static func median(_ counts: [Int64: Int], _ total: Int) -> Int64? {
        var before = 0
        for hour in counts.keys.sorted() {
            before += counts[hour]!
            if before * 2 >= total { return hour }
        }
        return nil
    }

    var dateFolder: String {
        switch self {
        case .hour(let hour): "date=\(CivilDate(daysSince1970: hour / 24))"
        case .rest: "date=9999-12-31"
        }
    }

    var hourFolder: String {
        switch self {
        case .hour(let hour): "hour=\(hour % 24 < 10 ? "0" : "")\(hour % 24)"
        case .rest: "hour=00"
        }
    }

    /// SQL that picks this partition's rows by `ts`; nil when it is the only one.
    func condition(among all: [ArchivePartition]) -> String? {
        guard all.count > 1 else { return nil }
        let size = Self.microsecondsPerHour
        func time(_ hour: Int64) -> String { "make_timestamp(\(hour * size))" }
        switch self {
        case .hour(let hour): return "ts >= \(time(hour)) AND ts < \(time(hour + 1))"
        case .rest:
            let hours = all.compactMap { if case .hour(let hour) = $0 { String(hour) } else { nil } }.joined(separator: ", ")
            return "ts IS NULL OR ts < \(time(0)) OR epoch_us(ts) // \(size) NOT IN (\(hours))"
        }
    }
}

extension ArrowTableBuilder {
    /// Calls `body` with each cell of a timestamp column, in microseconds; nil for a null.
    fileprivate func forEachTime(column: Int, _ body: (Int64?) -> Void) {
        let buffer = buffers[column]
        precondition(buffer.kind == .timestamp, "a column of times")
        for row in 0..<count {
            if let bitmap = buffer.validity, bitmap[row >> 3] & (1 << UInt8(row & 7)) == 0 { body(nil) } else {
                body(buffer.fixed.load(fromByteOffset: row * 8, as: Int64.self))
            }
        }
    }
}

/// A moment of event time: milliseconds since 1970-01-01T00:00:00Z. Always UTC; never the machine's clock.
public struct EventTime: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var milliseconds: Int64

    @inlinable
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static let millisecondsPerMinute: Int64 = 60_000
    public static let millisecondsPerHour: Int64 = 3_600_000
    public static let millisecondsPerDay: Int64 = 86_400_000

    @inlinable
    public static func < (a: EventTime, b: EventTime) -> Bool { a.milliseconds < b.milliseconds }

    /// The start of the tumbling window of `size` milliseconds that holds this moment; also right before 1970.
    @inlinable
    public func windowStart(size: Int64) -> EventTime {
        let remainder = milliseconds % size
        return EventTime(milliseconds: milliseconds - (remainder < 0 ? remainder + size : remainder))
    }
}

extension EventTime: CustomStringConvertible {
    /// RFC 3339 with milliseconds, e.g. `2026-11-01T09:30:00.000Z`.
    public var description: String {
        let civil = CivilDate(daysSince1970: windowStart(size: Self.millisecondsPerDay).milliseconds / Self.millisecondsPerDay)
        let inDay = milliseconds - windowStart(size: Self.millisecondsPerDay).milliseconds
        func pad(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(civil)T\(pad(inDay / 3_600_000, 2)):\(pad(inDay / 60_000 % 60, 2)):\(pad(inDay / 1000 % 60, 2)).\(pad(inDay % 1000, 3))Z"
    }
}

/// A day of the proleptic Gregorian calendar.
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Days since 1970-01-01 to a date: Howard Hinnant's `civil_from_days`
    /// (howardhinnant.github.io/date_algorithms.html).
    public init(daysSince1970 days: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * m + 2) / 5 + 1)
        month = Int(m < 10 ? m + 3 : m - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    /// Parses `YYYY-MM-DD`; nil when it is no such date.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            let y = Int(parts[0]), let m = Int(parts[1]), let d = Int(parts[2])
        else { return nil }
        let made = CivilDate(daysSince1970: CivilDate.days(year: y, month: m, day: d))
        guard made.year == y, made.month == m, made.day == d else { return nil }
        self = made
    }

    /// Days since 1970-01-01 (`days_from_civil`, same source).
    public static func days(year: Int, month: Int, day: Int) -> Int64 {
        let y = Int64(month <= 2 ? year - 1 : year)
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let shifted = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * shifted + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    public var daysSince1970: Int64 { Self.days(year: year, month: month, day: day) }

    /// Midnight UTC at the start of the day.
    public var start: EventTime { EventTime(milliseconds: daysSince1970 * EventTime.millisecondsPerDay) }

    public static func < (a: CivilDate, b: CivilDate) -> Bool { a.daysSince1970 < b.daysSince1970 }

    public var description: String {
        func pad(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
    }
}

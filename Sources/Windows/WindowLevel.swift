internal import ClickModel

/// The tumbling windows that are kept, each [start, end) in event time, UTC.
package enum WindowLevel: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case minute = 0
    case hour = 1
    case day = 2

    /// Length of the window, ms.
    @inline(__always)
    package var milliseconds: Int64 {
        switch self {
        case .minute: EventTime.millisecondsPerMinute
        case .hour: EventTime.millisecondsPerHour
        case .day: EventTime.millisecondsPerDay
        }
    }
}

/// A set of levels.
package struct WindowLevels: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package init(_ level: WindowLevel) { rawValue = 1 << level.rawValue }

    package static let minute = WindowLevels(.minute)
    package static let hour = WindowLevels(.hour)
    package static let day = WindowLevels(.day)
}

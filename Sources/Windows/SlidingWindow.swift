internal import ClickModel

/// What is wrong with a sliding window or the panes it is merged from.
package struct SlidingWindowError: Error, Equatable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// Windows of one size that begin at every multiple of the slide since 1970-01-01T00:00:00Z: [start, start + size).
///
/// The same alignment as Flink's `SlidingEventTimeWindows` without offset (`TimeWindow.getWindowStartWithOffset` of the slide).
package struct SlidingWindow: Hashable, Sendable, CustomStringConvertible {
    package static let longestMilliseconds = 7 * EventTime.millisecondsPerDay

    /// Length of a window, ms: a multiple of the minute, at most seven days.
    package let sizeMilliseconds: Int64
    /// From the start of a window to that of the next, ms: a multiple of the minute, at most the size.
    package let slideMilliseconds: Int64

    /// - Throws: `SlidingWindowError` when a length is out of its range.
    package init(sizeMilliseconds size: Int64, slideMilliseconds slide: Int64) throws(SlidingWindowError) {
        let minute = EventTime.millisecondsPerMinute
        guard size > 0, size % minute == 0, slide > 0, slide % minute == 0 else {
            throw SlidingWindowError("size and slide of a sliding window must be whole minutes, at least one")
        }
        guard slide <= size else {
            throw SlidingWindowError(
                "the slide of a sliding window must not be longer than its size: clicks in between would be in no window")
        }
        guard size <= Self.longestMilliseconds else { throw SlidingWindowError("a sliding window must not be longer than 7d") }
        sizeMilliseconds = size
        slideMilliseconds = slide
    }

    /// Parses `SIZE/SLIDE`, each a whole number and a unit m, h or d, such as `5m/1m`, `1h/5m` or `90m/10m`.
    ///
    /// - Throws: `SlidingWindowError` when it is none, or a length is out of its range.
    package init(_ text: String) throws(SlidingWindowError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw SlidingWindowError("'\(text)' is no sliding window: expected SIZE/SLIDE, such as 5m/1m")
        }
        let size = try Self.milliseconds(parts[0], in: text)
        let slide = try Self.milliseconds(parts[1], in: text)
        do throws(SlidingWindowError) {
            try self.init(sizeMilliseconds: size, slideMilliseconds: slide)
        } catch {
            throw SlidingWindowError("'\(text)': \(error.description)")
        }
    }

    /// `SIZE/SLIDE` in minutes, hours or days, whichever is the largest unit that is exact.
    package var description: String { "\(Self.text(sizeMilliseconds))/\(Self.text(slideMilliseconds))" }

    /// Start of the first window that holds a moment.
    func firstStart(holding time: Int64) -> Int64 {
        EventBounds.windowStart(time - sizeMilliseconds, size: slideMilliseconds) + slideMilliseconds
    }

    private static func milliseconds(_ part: Substring, in text: String) throws(SlidingWindowError) -> Int64 {
        let units: [Character: Int64] = [
            "m": EventTime.millisecondsPerMinute, "h": EventTime.millisecondsPerHour, "d": EventTime.millisecondsPerDay,
        ]
        guard let letter = part.last, let unit = units[letter] else {
            throw SlidingWindowError("'\(text)': '\(part)' has no unit: m (minutes), h (hours) or d (days)")
        }
        let digits = part.dropLast()
        guard (1...6).contains(digits.count), digits.allSatisfy({ ("0"..."9").contains($0) }), let number = Int64(digits) else {
            throw SlidingWindowError("'\(text)': '\(digits)' is no whole number of up to six digits")
        }
        return number * unit
    }

    private static func text(_ milliseconds: Int64) -> String {
        for (letter, unit) in [("d", EventTime.millisecondsPerDay), ("h", EventTime.millisecondsPerHour)] where milliseconds % unit == 0 {
            return "\(milliseconds / unit)\(letter)"
        }
        return "\(milliseconds / EventTime.millisecondsPerMinute)m"
    }
}

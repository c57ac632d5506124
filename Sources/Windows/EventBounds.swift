/// The range event times are held to, so that no sum of a time and a duration can overflow: ±9 × 10^15 ms, some
/// 285,000 years either side of 1970, which also fits a TIMESTAMP in microseconds.
enum EventBounds {
    static let greatest: Int64 = 9_000_000_000_000_000

    @inline(__always)
    static func clamp(_ time: Int64) -> Int64 { min(max(time, -greatest), greatest) }

    /// Start of the tumbling window of `size` ms that holds a clamped time.
    @inline(__always)
    static func windowStart(_ time: Int64, size: Int64) -> Int64 {
        let remainder = time % size
        return time - (remainder < 0 ? remainder + size : remainder)
    }

    /// a + b, held at the largest amount instead of overflowing.
    @inline(__always)
    static func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (b < 0 ? .min : .max) : sum
    }
}

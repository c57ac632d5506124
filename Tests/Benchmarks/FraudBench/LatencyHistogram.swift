/// Counts of durations in log-linear buckets: after HdrHistogram (Gil Tene), with its error of at most 1 in 64.
///
/// Values below 64 have a bucket each; above, every power of two is cut into 64 of equal width. 32 octaves, 16 KiB: recording is a
/// shift and an increment, whatever the number of values.
struct LatencyHistogram {
    private static let bits = 6
    private var counts = [UInt64](repeating: 0, count: 32 << Self.bits)
    private(set) var count: UInt64 = 0
    private(set) var greatest = 0

    @inline(__always)
    private static func bucket(_ value: Int) -> Int {
        let shift = max(0, Int.bitWidth - 1 - bits - value.leadingZeroBitCount)
        return shift << bits + value >> shift
    }

    /// The greatest value that a bucket holds.
    private static func highest(_ bucket: Int) -> Int {
        guard bucket >= 2 << bits else { return bucket }
        let shift = bucket >> bits - 1
        return (bucket - shift << bits + 1) << shift - 1
    }

    @inline(__always)
    mutating func record(_ value: Int) {
        let value = min(max(value, 0), 1 << 36)
        counts[Self.bucket(value)] += 1
        count += 1
        greatest = max(greatest, value)
    }

    /// The value that a share of all values does not pass.
    func quantile(_ share: Double) -> Int {
        let wanted = max(1, (share * Double(count)).rounded(.up))
        var seen = 0.0
        for (bucket, count) in counts.enumerated() where count > 0 {
            seen += Double(count)
            if seen >= wanted { return min(Self.highest(bucket), greatest) }
        }
        return greatest
    }
}

internal import CClickRecord

/// The last eight gaps between a key's clicks, ms, 24 bits each: a key's time to live is below 2^24 ms.
struct GapState: BitwiseCopyable {
    private var bytes: (UInt64, UInt64, UInt64) = (0, 0, 0)

    static let minimum = 4

    /// Remembers a gap in the oldest place, none for nil, and says how regular the gaps are: their coefficient of variation
    /// and the share of them within 5 % (or 20 ms) of their median; NaN with fewer than four.
    ///
    /// - Parameter count: the owner's counter of gaps so far.
    @inline(__always)
    mutating func add(milliseconds: Int64?, count: inout UInt8) -> (cv: Float, equalShare: Float) {
        var place: UInt32 = 8
        let gap = UInt32(truncatingIfNeeded: milliseconds ?? 0)
        if milliseconds != nil {
            place = UInt32(count & 7)
            // Past eight the counter only needs to keep its place in the ring.
            count = count == 255 ? 248 : count &+ 1
        }
        let n = min(8, Int(count))
        return withUnsafeMutableBytes(of: &bytes) {
            let gaps = $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
            if n >= Self.minimum { return Self.measure(gaps, place, gap, n) }
            if place < 8 { fraud_gap_set(gaps, place, gap) }
            return (.nan, .nan)
        }
    }

    @inline(never)
    private static func measure(_ bytes: UnsafeMutablePointer<UInt8>, _ place: UInt32, _ gap: UInt32, _ n: Int) -> (Float, Float) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 8) { buffer in
            let gaps = buffer.baseAddress.unsafelyUnwrapped
            fraud_gap_seconds(bytes, place, gap, gaps)
            // Gaps not there yet are 0: adding them changes no sum.
            var sum: Float = 0
            for i in 0..<8 { sum += gaps[i] }
            let mean = sum / Float(n)
            var squares: Float = 0
            for i in 0..<8 { squares += i < n ? (gaps[i] - mean) * (gaps[i] - mean) : 0 }
            let median = fraud_lower_median(gaps, Int32(n))
            let equal = fraud_count_near(gaps, Int32(n), median, max(0.02, 0.05 * median))
            let cv = mean > 0 ? (squares / Float(n)).squareRoot() / mean : 0
            return (cv, Float(equal) / Float(n))
        }
    }
}

/// How many different hashes a key met in the last half-hour to hour: linear counting (Whang, Vander-Zanden, Taylor 1990)
/// over bitmaps of two half-hour generations (`ClickTime`).
struct DistinctState: BitwiseCopyable {
    private var current: UInt64 = 0
    private var previous: UInt64 = 0

    /// Moves on by `steps` generations.
    @inline(__always)
    mutating func rotate(_ steps: Int64) {
        guard steps > 0 else { return }
        previous = steps == 1 ? current : 0
        current = 0
    }

    /// Adds a hash, by its top bits, and returns the rounded estimate.
    @inline(__always)
    mutating func add(_ hash: UInt64) -> Float {
        current |= 1 &<< (hash &>> 58)
        return fraud_distinct_estimate_64(current | previous)
    }
}

/// The same over 32 bits, for keys that meet few: at most 98.
struct SmallDistinctState: BitwiseCopyable {
    private var current: UInt32 = 0
    private var previous: UInt32 = 0

    @inline(__always)
    mutating func rotate(_ steps: Int64) {
        guard steps > 0 else { return }
        previous = steps == 1 ? current : 0
        current = 0
    }

    @inline(__always)
    mutating func add(_ hash: UInt64) -> Float {
        current |= 1 &<< UInt32(truncatingIfNeeded: hash &>> 59)
        return fraud_distinct_estimate_32(current | previous)
    }
}

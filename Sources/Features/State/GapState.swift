/// The last eight gaps between a key's clicks, seconds.
struct GapState: BitwiseCopyable {
    private var gaps = SIMD8<Float>(repeating: 0)

    static let minimum = 4

    /// Remembers a gap in the oldest place. `count` is the owner's counter of gaps so far.
    @inline(__always)
    mutating func add(_ seconds: Float, count: inout UInt8) {
        gaps[Int(count & 7)] = seconds
        // Past eight the counter only needs to keep its place in the ring.
        count = count == 255 ? 248 : count &+ 1
    }

    /// Coefficient of variation of the gaps and the share of them within 5 % (or 20 ms) of their median;
    /// NaN with fewer than four.
    @inline(__always)
    func regularity(count: UInt8) -> (cv: Float, equalShare: Float) {
        let n = min(8, Int(count))
        guard n >= Self.minimum else { return (.nan, .nan) }
        var sum: Float = 0
        for i in 0..<n { sum += gaps[i] }
        let mean = sum / Float(n)
        var squares: Float = 0
        for i in 0..<n { squares += (gaps[i] - mean) * (gaps[i] - mean) }
        let median = Self.median(gaps, n)
        let tolerance = max(0.02, 0.05 * median)
        var equal = 0
        for i in 0..<n where abs(gaps[i] - median) <= tolerance { equal += 1 }
        let cv = mean > 0 ? (squares / Float(n)).squareRoot() / mean : 0
        return (cv, Float(equal) / Float(n))
    }

    /// The lower median, by insertion sort: at most eight values, in registers.
    @inline(__always)
    private static func median(_ values: SIMD8<Float>, _ n: Int) -> Float {
        var sorted = values
        for i in 1..<n {
            let value = sorted[i]
            var j = i
            while j > 0, sorted[j - 1] > value {
                sorted[j] = sorted[j - 1]
                j -= 1
            }
            sorted[j] = value
        }
        return sorted[(n - 1) / 2]
    }
}

/// How many different hashes a key met in the last half-hour to hour: linear counting (Whang, Vander-Zanden, Taylor 1990)
/// over bitmaps of two half-hour generations.
struct DistinctCount<Bitmap: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>: BitwiseCopyable {
    private var current: Bitmap = 0
    private var previous: Bitmap = 0

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
        current |= 1 << Bitmap(truncatingIfNeeded: hash >> UInt64(64 - Bitmap.bitWidth.trailingZeroBitCount))
        let set = (current | previous).nonzeroBitCount
        return Bitmap.bitWidth == 64 ? DistinctEstimate.of64[set] : DistinctEstimate.of32[set]
    }
}

typealias DistinctState = DistinctCount<UInt64>
/// For keys that meet few: at most 98.
typealias SmallDistinctState = DistinctCount<UInt32>

/// The half-hours that distinct counts are kept by.
enum Generation {
    static let milliseconds: Int64 = 1_800_000

    /// Generations between two event times, never negative.
    @inline(__always)
    static func steps(from lastSeen: Int64, to now: Int64) -> Int64 {
        max(0, now / milliseconds &- lastSeen / milliseconds)
    }
}

/// Estimates by number of set bits; a full bitmap reads as one bit less.
enum DistinctEstimate {
    nonisolated(unsafe) static let of64 = table(bits: 64)
    nonisolated(unsafe) static let of32 = table(bits: 32)

    private static func table(bits: Int) -> UnsafePointer<Float> {
        let values = UnsafeMutablePointer<Float>.allocate(capacity: bits + 1)
        for k in 0...bits {
            values[k] = Float(expectedDraws(bits: bits, set: min(k, bits - 1)))
        }
        return UnsafePointer(values)
    }

    /// Hashes it takes on average to set k of m bits, m/m + m/(m−1) + … + m/(m−k+1), rounded: the discrete counterpart of
    /// −m·ln(1 − k/m), which gives 1 for one bit and 2 for two.
    private static func expectedDraws(bits: Int, set: Int) -> Double {
        var draws = 0.0
        for filled in 0..<set { draws += Double(bits) / Double(bits - filled) }
        return draws.rounded()
    }
}

internal import CClickRecord

/// The last eight gaps between a key's clicks, ms, 24 bits each: a key's time to live is below 2^24 ms.
struct GapState: BitwiseCopyable {
    private var bytes: (UInt64, UInt64, UInt64) = (0, 0, 0)

    static let minimum = 4

    /// Remembers a gap in the oldest place. `count` is the owner's counter of gaps so far.
    @inline(__always)
    mutating func add(milliseconds: Int64, count: inout UInt8) {
        withUnsafeMutableBytes(of: &bytes) {
            fraud_gap_set($0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), UInt32(count & 7), UInt32(truncatingIfNeeded: milliseconds))
        }
        // Past eight the counter only needs to keep its place in the ring.
        count = count == 255 ? 248 : count &+ 1
    }

    /// Coefficient of variation of the gaps and the share of them within 5 % (or 20 ms) of their median;
    /// NaN with fewer than four.
    @inline(__always)
    func regularity(count: UInt8) -> (cv: Float, equalShare: Float) {
        count < Self.minimum ? (.nan, .nan) : measured(min(8, Int(count)))
    }

    @inline(never)
    private func measured(_ n: Int) -> (cv: Float, equalShare: Float) {
        var gaps = SIMD8<Float>(repeating: 0)
        withUnsafeBytes(of: bytes) { bytes in
            withUnsafeMutableBytes(of: &gaps) {
                fraud_gap_seconds(
                    bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self),
                    $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self))
            }
        }
        // Gaps not there yet are 0: adding them changes no sum.
        var sum: Float = 0
        for i in 0..<8 { sum += gaps[i] }
        let mean = sum / Float(n)
        let absent = Self.places .>= Int32(truncatingIfNeeded: n)
        let squared = (gaps - mean) * (gaps - mean)
        let counted = squared.replacing(with: 0, where: absent)
        var squares: Float = 0
        for i in 0..<8 { squares += counted[i] }
        let median = Self.median(gaps.replacing(with: .infinity, where: absent), n)
        let tolerance = max(0.02, 0.05 * median)
        var equal: Int32 = 0
        for i in 0..<8 { equal &+= i < n && abs(gaps[i] - median) <= tolerance ? 1 : 0 }
        let cv = mean > 0 ? (squares / Float(n)).squareRoot() / mean : 0
        return (cv, Float(equal) / Float(n))
    }

    private static var places: SIMD8<Int32> { SIMD8(0, 1, 2, 3, 4, 5, 6, 7) }

    /// The lower median of the first n of 4 to 8 values, the others being infinite: by a sorting network of 19 exchanges.
    @inline(__always)
    private static func median(_ v: SIMD8<Float>, _ n: Int) -> Float {
        var (a, b, c, d, e, f, g, h) = (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
        order(&a, &c); order(&b, &d); order(&e, &g); order(&f, &h)
        order(&a, &e); order(&b, &f); order(&c, &g); order(&d, &h)
        order(&a, &b); order(&c, &d); order(&e, &f); order(&g, &h)
        order(&c, &e); order(&d, &f)
        order(&b, &e); order(&d, &g)
        order(&b, &c); order(&d, &e); order(&f, &g)
        return n > 6 ? d : (n > 4 ? c : b)
    }

    @inline(__always)
    private static func order(_ a: inout Float, _ b: inout Float) {
        (a, b) = (a < b ? a : b, a < b ? b : a)
    }
}

/// How many different hashes a key met in the last half-hour to hour: linear counting (Whang, Vander-Zanden, Taylor 1990)
/// over bitmaps of two half-hour generations.
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

/// The half-hours that distinct counts are kept by.
enum Generation {
    static let milliseconds: Int64 = 1_800_000

    /// Generations between two event times, never negative.
    @inline(__always)
    static func steps(from lastSeen: Int64, to now: Int64) -> Int64 {
        max(0, now / milliseconds &- lastSeen / milliseconds)
    }
}

internal import CClickRecord

/// Six 16-bit saturating counts of panes of event time, lane 0 the pane of the owner's `lastSeen`, lane n the n-th before it:
/// the panes move by shifting when time moves on, and the owner's `lastSeen` is all the clock there is.
///
///     | now | −1 | −2 | −3 | −4 | −5 |   12 bytes
///
/// They are moved in place, by loads that reach 12 bytes before and 4 behind them within their owner.
struct PaneCounts: BitwiseCopyable {
    private var lanes: (UInt32, UInt32, UInt32) = (0, 0, 0)

    /// Moves the lanes on by `steps`, counts the click (or none, for `one` 0) and returns the count of its pane, and of that and
    /// those before it. A click from before all panes is in none of them.
    @inline(__always)
    static func count(_ lanes: UnsafeMutableRawPointer, steps: Int64, one: UInt32 = 1) -> fraud_pane_counts {
        fraud_count_pane(lanes.assumingMemoryBound(to: UInt8.self), steps, one)
    }

    /// Lane 0.
    var newest: UInt32 { lanes.0 & 0xffff }
}

/// The time of a click, ms, and the numbers of the panes it lies in; times before 1970 lie in panes after all others.
struct ClickTime: BitwiseCopyable {
    let now: Int64
    let shortPane: Int64
    let longPane: Int64
    let generation: Int64

    @inline(__always)
    init(_ now: Int64) {
        self.now = now
        shortPane = Self.shortPane(now)
        longPane = Self.longPane(now)
        generation = Self.generation(now)
    }

    /// Panes of 10 s. Unsigned division by a constant is a few instructions less.
    @inline(__always)
    static func shortPane(_ time: Int64) -> Int64 { Int64(bitPattern: UInt64(bitPattern: time) / 10_000) }
    /// Panes of 10 min.
    @inline(__always)
    static func longPane(_ time: Int64) -> Int64 { Int64(bitPattern: UInt64(bitPattern: time) / 600_000) }
    /// Half-hours: generations of distinct counts.
    @inline(__always)
    static func generation(_ time: Int64) -> Int64 { Int64(bitPattern: UInt64(bitPattern: time) / 1_800_000) }

    /// Generations since another time; 0 or less for none.
    @inline(__always)
    func generations(since lastSeen: Int64) -> Int64 { generation &- Self.generation(lastSeen) }
}

/// Click counts of one key in panes of event time: six of 10 s and six of 10 min.
struct RateState: BitwiseCopyable {
    private var minutes = PaneCounts()
    private var hours = PaneCounts()

    struct Counts {
        var tenSeconds: Float
        var minute: Float
        var hour: Float
    }

    /// The newest 10-minute pane.
    var longLane0: UInt32 { hours.newest }
}

extension UnsafeMutablePointer where Pointee: RatedState {
    /// Counts a click and returns the counts that include it.
    ///
    /// Call it before `lastSeen` moves on to the click; a fresh state's `lastSeen` is the click's time.
    /// - Complexity: O(1), no branches on the count.
    @inline(__always)
    func countClick(_ time: ClickTime) -> RateState.Counts {
        let minutes = UnsafeMutableRawPointer(self) + StateLayout.counts
        let lastSeen = pointee.lastSeen
        let short = PaneCounts.count(minutes, steps: time.shortPane &- ClickTime.shortPane(lastSeen))
        let long = PaneCounts.count(minutes + 12, steps: time.longPane &- ClickTime.longPane(lastSeen))
        // A click from before all panes counts itself alone.
        return RateState.Counts(
            tenSeconds: Self.float(short.own), minute: Self.float(short.sum), hour: Self.float(long.sum))
    }

    @inline(__always)
    private static func float(_ count: UInt32) -> Float { Float(Int32(truncatingIfNeeded: max(1, count))) }
}

extension UnsafeMutablePointer where Pointee == PairState {
    /// Counts a click; returns the hour's count with it and the seconds since the pair's last click (NaN for the first).
    @inline(__always)
    func countClick(_ time: ClickTime, fresh: Bool) -> (hour: Float, secondsSinceLast: Float) {
        let lastSeen = fresh ? time.now : pointee.lastSeen
        let gap = fresh ? Float.nan : Float(abs(time.now &- lastSeen)) / 1000
        let counts = PaneCounts.count(UnsafeMutableRawPointer(self) + StateLayout.counts, steps: time.longPane &- ClickTime.longPane(lastSeen))
        pointee.lastSeen = max(lastSeen, time.now)
        return (Float(Int32(truncatingIfNeeded: max(1, counts.sum))), gap)
    }
}

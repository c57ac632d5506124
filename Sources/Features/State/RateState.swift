/// Click counts of one key in panes of event time: six of 10 s and six of 10 min, 16 saturating bits each.
///
/// Lane 0 is the pane of `lastSeen`, lane n the n-th before it; so the panes move by shifting when time moves on, and
/// the owner's `lastSeen` is all the clock there is.
///
///     minutes  | … | -20 s | -10 s | now |   UInt128, lanes 0–5 used
///     hours    | … | -20 m | -10 m | now |
struct RateState: BitwiseCopyable {
    private var minutes: UInt128 = 0
    private var hours: UInt128 = 0

    static let shortPane: Int64 = 10_000
    static let longPane: Int64 = 600_000
    private static let used: UInt128 = (1 << 96) - 1

    struct Counts {
        var tenSeconds: Float
        var minute: Float
        var hour: Float
    }

    /// Counts a click at `now` and returns the counts that include it.
    ///
    /// - Parameter lastSeen: the key's largest event time before this click; ignored for a fresh state (all zero).
    /// - Complexity: O(1), no branches on the count.
    @inline(__always)
    mutating func add(now: Int64, lastSeen: Int64) -> Counts {
        let shortAge = Self.advance(&minutes, from: lastSeen, to: now, pane: Self.shortPane)
        let longAge = Self.advance(&hours, from: lastSeen, to: now, pane: Self.longPane)
        Self.increment(&minutes, lane: shortAge)
        Self.increment(&hours, lane: longAge)
        // A click from before all panes counts itself alone.
        return Counts(
            tenSeconds: Float(max(1, Self.lane(minutes, shortAge))),
            minute: Float(max(1, Self.sum(minutes, from: shortAge))),
            hour: Float(max(1, Self.sum(hours, from: longAge))))
    }

    /// Clicks of the current 10-minute pane and of the five before it, without adding one.
    @inline(__always)
    func longLane(_ lane: Int) -> Int { lane < 6 ? Self.lane(hours, lane) : 0 }

    /// Moves the lanes so that lane 0 is the pane of the later of the two times; returns the lane of `now`; 6 for
    /// a time before all panes, which none of them counts.
    @inline(__always)
    static func advance(_ panes: inout UInt128, from lastSeen: Int64, to now: Int64, pane: Int64) -> Int {
        let steps = now / pane &- lastSeen / pane
        if steps > 0 {
            panes = steps > 5 ? 0 : (panes << UInt128(truncatingIfNeeded: steps &* 16)) & used
            return 0
        }
        return Int(truncatingIfNeeded: min(6, 0 &- steps))
    }

    @inline(__always)
    static func lane(_ panes: UInt128, _ lane: Int) -> Int {
        Int(truncatingIfNeeded: (panes >> UInt128(truncatingIfNeeded: lane &* 16)) & 0xffff)
    }

    @inline(__always)
    static func increment(_ panes: inout UInt128, lane: Int) {
        if lane < 6, self.lane(panes, lane) < 0xffff { panes &+= 1 << UInt128(truncatingIfNeeded: lane &* 16) }
    }

    @inline(__always)
    static func sum(_ panes: UInt128, from lane: Int) -> Int {
        var rest = panes >> UInt128(truncatingIfNeeded: lane &* 16)
        var total = 0
        for _ in lane..<6 {
            total &+= Int(truncatingIfNeeded: rest & 0xffff)
            rest >>= 16
        }
        return total
    }
}

/// Clicks of a pair of keys in the hour and the time of the last: 32 bytes.
struct PairState: KeyState {
    var lastSeen: Int64 = 0
    private var hours: UInt128 = 0

    /// Counts a click; returns the hour's count with it and the seconds since the pair's last click (NaN for the first).
    @inline(__always)
    mutating func add(now: Int64, fresh: Bool) -> (hour: Float, secondsSinceLast: Float) {
        let gap = fresh ? Float.nan : Float(abs(now &- lastSeen)) / 1000
        if fresh { lastSeen = now }
        let lane = RateState.advance(&hours, from: lastSeen, to: now, pane: RateState.longPane)
        RateState.increment(&hours, lane: lane)
        lastSeen = max(lastSeen, now)
        return (Float(max(1, RateState.sum(hours, from: lane))), gap)
    }
}

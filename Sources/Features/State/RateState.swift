internal import CClickRecord

/// Six 16-bit saturating counts of panes of event time, lane 0 the pane of the owner's `lastSeen`, lane n the n-th before it:
/// the panes move by shifting when time moves on, and the owner's `lastSeen` is all the clock there is.
///
///     | now | −1 | −2 | −3 | −4 | −5 |   12 bytes
///
/// They are moved in place, by loads that reach 12 bytes before and 4 behind them within their owner.
struct PaneCounts: BitwiseCopyable {
    private var lanes: (UInt32, UInt32, UInt32) = (0, 0, 0)

    /// Panes that `now` is ahead of `lastSeen`, and panes it is behind; 0 to 6 each, 6 for all that is further.
    @inline(__always)
    static func steps(from lastSeen: Int64, to now: Int64, pane: Int64) -> (ahead: UInt32, behind: UInt32) {
        let steps = now / pane &- lastSeen / pane
        return (UInt32(truncatingIfNeeded: max(0, min(6, steps))), UInt32(truncatingIfNeeded: max(0, min(6, 0 &- steps))))
    }

    /// Moves the lanes, counts the click (or none, for `one` 0) and returns the sum of its pane and of those before it.
    /// A click from before all panes is in none of them.
    @inline(__always)
    static func count(_ lanes: UnsafeMutableRawPointer, _ steps: (ahead: UInt32, behind: UInt32), one: UInt32 = 1) -> UInt32 {
        fraud_count_pane(lanes.assumingMemoryBound(to: UInt8.self), steps.ahead, steps.behind, one)
    }

    /// The count of one pane; 0 before all panes.
    @inline(__always)
    static func lane(_ lanes: UnsafeRawPointer, _ lane: UInt32) -> UInt32 {
        lane < 6 ? UInt32(lanes.loadUnaligned(fromByteOffset: Int(lane) &* 2, as: UInt16.self)) : 0
    }

    /// Lane 0.
    var newest: UInt32 { lanes.0 & 0xffff }
}

/// Click counts of one key in panes of event time: six of 10 s and six of 10 min.
struct RateState: BitwiseCopyable {
    private var minutes = PaneCounts()
    private var hours = PaneCounts()

    static let shortPane: Int64 = 10_000
    static let longPane: Int64 = 600_000

    struct Counts {
        var tenSeconds: Float
        var minute: Float
        var hour: Float
    }

    /// The newest 10-minute pane.
    var longLane0: UInt32 { hours.newest }
}

extension UnsafeMutablePointer where Pointee: RatedState {
    /// Counts a click at `now` and returns the counts that include it.
    ///
    /// Call it before `lastSeen` moves on to the click; a fresh state's `lastSeen` is the click's time.
    /// - Complexity: O(1), no branches on the count.
    @inline(__always)
    func countClick(now: Int64) -> RateState.Counts {
        // Behind key and time; a test holds the layouts to that.
        let minutes = UnsafeMutableRawPointer(self) + 16
        let lastSeen = pointee.lastSeen
        let short = PaneCounts.steps(from: lastSeen, to: now, pane: RateState.shortPane)
        let minute = PaneCounts.count(minutes, short)
        let hour = PaneCounts.count(minutes + 12, PaneCounts.steps(from: lastSeen, to: now, pane: RateState.longPane))
        // A click from before all panes counts itself alone.
        return RateState.Counts(
            tenSeconds: Float(max(1, PaneCounts.lane(minutes, short.behind))), minute: Float(max(1, minute)), hour: Float(max(1, hour)))
    }
}

extension UnsafeMutablePointer where Pointee == PairState {
    /// Counts a click; returns the hour's count with it and the seconds since the pair's last click (NaN for the first).
    @inline(__always)
    func countClick(now: Int64, fresh: Bool) -> (hour: Float, secondsSinceLast: Float) {
        let gap = fresh ? Float.nan : Float(abs(now &- pointee.lastSeen)) / 1000
        if fresh { pointee.lastSeen = now }
        let steps = PaneCounts.steps(from: pointee.lastSeen, to: now, pane: RateState.longPane)
        let hour = PaneCounts.count(UnsafeMutableRawPointer(self) + 16, steps)
        pointee.lastSeen = max(pointee.lastSeen, now)
        return (Float(max(1, hour)), gap)
    }
}

/// A place on earth, and when the key was there; NaN when it is unknown.
struct Position: BitwiseCopyable {
    var lat: Float = .nan
    var lon: Float = .nan
    /// Event time, ms.
    var seen: Int64 = 0
}

/// State of one address: 128 bytes, two cache lines.
struct AddressState: KeyState {
    var lastSeen: Int64 = 0
    var listFlags: UInt8 = 0
    var gapCount: UInt8 = 0
    var rate = RateState()
    var gaps = GapState()
    var users = DistinctState()
    var devices = DistinctState()
    var agents = SmallDistinctState()
    var ads = SmallDistinctState()
}

/// State of one network: IPv4 /24 or IPv6 /48.
struct SubnetState: KeyState {
    var lastSeen: Int64 = 0
    var rate = RateState()
    var addresses = DistinctState()
    var agents = DistinctState()
}

/// State of one device fingerprint.
struct DeviceState: KeyState {
    var lastSeen: Int64 = 0
    var firstSeen: Int64 = 0
    var rate = RateState()
    var gaps = GapState()
    var position = Position()
    var pathHash: UInt32 = 0
    var pathRepeats: UInt8 = 0
    var gapCount: UInt8 = 0
    var jumps: UInt8 = 0
    var addresses = DistinctState()
    var subnets = DistinctState()
}

/// State of one user.
struct UserState: KeyState {
    var lastSeen: Int64 = 0
    var jumps: UInt8 = 0
    var position = Position()
    var rate = RateState()
}

/// State of one ad: its rate and its usual rate.
struct AdState: KeyState {
    var lastSeen: Int64 = 0
    var baseline = BaselineState()
    var rate = RateState()
}

/// State of one publisher.
struct PublisherState: KeyState {
    var lastSeen: Int64 = 0
    var baseline = BaselineState()
    /// Clicks with a strong sign, in the same 10-minute panes as `rate`.
    var suspects: UInt128 = 0
    var rate = RateState()
}

/// What the crawler list says of one user agent.
struct AgentState: KeyState {
    var lastSeen: Int64 = 0
    var isCrawler: Bool = false
}

/// The usual number of clicks in a 10-minute pane: an exponential mean over past panes, half-life one hour.
struct BaselineState: BitwiseCopyable {
    /// NaN until one whole pane has passed.
    private var mean: Float = .nan
    /// The pane the key was born in has ended: it was cut, and says nothing of a usual pane.
    private var isSettled = false

    private static let keep: Float = 0.890_898_7  // 2^(−1/6): six panes an hour

    /// Takes the pane that has just ended, and the empty ones after it, into the mean. Call before the rate moves on.
    @inline(__always)
    mutating func roll(_ rate: RateState, lastSeen: Int64, now: Int64) {
        let steps = now / RateState.longPane &- lastSeen / RateState.longPane
        guard steps > 0 else { return }
        guard isSettled else {
            isSettled = true
            return
        }
        let ended = Float(rate.longLane(0))
        mean = mean.isNaN ? ended : mean * Self.keep + ended * (1 - Self.keep)
        var empty = min(steps &- 1, 144)
        while empty > 0 {
            mean *= Self.keep
            empty &-= 1
        }
    }

    /// A minute's count over the usual minute's, which counts as one click at least.
    @inline(__always)
    func ratio(minute: Float) -> Float { mean.isNaN ? .nan : minute / max(1, mean / 10) }
}

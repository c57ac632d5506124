/// A place on earth, and when the key was there; NaN when it is unknown.
struct Position: BitwiseCopyable {
    var lat: Float = .nan
    var lon: Float = .nan
    /// Event time, ms.
    var seen: Int64 = 0
}

/// A state that counts clicks in panes: key, time and counts stand first, at the same places in all of them, so that the
/// counts may be moved where they are.
///
///     | key 8 | lastSeen 8 | rate 24 | …
protocol RatedState: KeyState {
    var rate: RateState { get set }
}

/// The places that counts in place rely on, checked when an extractor is made.
enum StateLayout {
    /// Of `rate` in every `RatedState`, and of `hours` in a `PairState`.
    static let counts = 16
    /// Of `suspects` in a `PublisherState`.
    static let suspects = 40

    static func check() {
        precondition(MemoryLayout<AddressState>.offset(of: \.rate) == counts && MemoryLayout<AddressState>.stride == 128)
        precondition(MemoryLayout<SubnetState>.offset(of: \.rate) == counts && MemoryLayout<SubnetState>.stride == 72)
        precondition(MemoryLayout<DeviceState>.offset(of: \.rate) == counts && MemoryLayout<DeviceState>.stride == 128)
        precondition(MemoryLayout<UserState>.offset(of: \.rate) == counts && MemoryLayout<UserState>.stride == 64)
        precondition(MemoryLayout<AdState>.offset(of: \.rate) == counts && MemoryLayout<AdState>.size >= 44)
        precondition(MemoryLayout<PublisherState>.offset(of: \.rate) == counts)
        precondition(MemoryLayout<PublisherState>.offset(of: \.suspects) == suspects && MemoryLayout<PublisherState>.size >= 56)
        precondition(MemoryLayout<PairState>.offset(of: \.hours) == counts && MemoryLayout<PairState>.size == 32)
        precondition(MemoryLayout<RateState>.size == 24 && MemoryLayout<PaneCounts>.size == 12)
    }
}

/// State of one address: 128 bytes, two cache lines.
struct AddressState: RatedState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var rate = RateState()
    var gaps = GapState()
    var users = DistinctState()
    var devices = DistinctState()
    var agents = SmallDistinctState()
    var ads = SmallDistinctState()
    var listFlags: UInt8 = 0
    var gapCount: UInt8 = 0
    /// Whole cache lines: a state on three would cost one more miss.
    private var unused: UInt64 = 0
}

/// State of one network, IPv4 /24 or IPv6 /48: 72 bytes.
struct SubnetState: RatedState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var rate = RateState()
    var addresses = DistinctState()
    var agents = DistinctState()
}

/// State of one device fingerprint: 128 bytes.
struct DeviceState: RatedState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var rate = RateState()
    var gaps = GapState()
    var firstSeen: Int64 = 0
    var position = Position()
    var addresses = DistinctState()
    var subnets = DistinctState()
    var pathHash: UInt32 = 0
    var pathRepeats: UInt8 = 0
    var gapCount: UInt8 = 0
    var jumps: UInt8 = 0
}

/// State of one user: 64 bytes, one cache line.
struct UserState: RatedState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var rate = RateState()
    var position = Position()
    var jumps: UInt8 = 0
}

/// State of one ad, its rate and its usual rate: 48 bytes.
struct AdState: RatedState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var rate = RateState()
    var baseline = BaselineState()
}

/// State of one publisher: 64 bytes.
struct PublisherState: RatedState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var rate = RateState()
    /// Clicks with a strong sign, in the same 10-minute panes as `rate`. Not the last field: see `PaneCounts`.
    var suspects = PaneCounts()
    var baseline = BaselineState()
}

/// What the crawler list says of one user agent.
struct AgentState: KeyState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var isCrawler: Bool = false
}

/// Clicks of a pair of keys in the hour and the time of the last: 32 bytes.
struct PairState: KeyState {
    var key: UInt64 = 0
    var lastSeen: Int64 = 0
    var hours = PaneCounts()
    private var unused: UInt32 = 0
}

/// The usual number of clicks in a 10-minute pane: an exponential mean over past panes, half-life one hour.
struct BaselineState: BitwiseCopyable {
    /// NaN until one whole pane has passed.
    private var mean: Float = .nan
    private var isSettled = false

    private static let keep: Float = 0.890_898_7  // 2^(−1/6): six panes an hour

    /// Takes the pane that has just ended, and the empty ones after it, into the mean. Call before the rate moves on.
    @inline(__always)
    mutating func roll(_ rate: RateState, lastSeen: Int64, _ time: ClickTime) {
        let steps = time.longPane &- ClickTime.longPane(lastSeen)
        guard steps > 0 else { return }
        guard isSettled else {
            isSettled = true
            return
        }
        let ended = Float(rate.longLane0)
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

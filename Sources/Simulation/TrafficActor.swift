/// A source of clicks with a script of its own: an attacker, or an honest crowd. Generated lazily, one click at a time.
protocol TrafficActor {
    /// When the next click happens, and how many are left.
    var clock: ActorClock { get }
    /// The click at `clock.time`; moves the clock on. Never called when the clock is done.
    mutating func makeClick(_ world: World) -> SimulatedClick
}

/// The time, the remaining clicks and the randomness of one actor.
struct ActorClock {
    var rng: SplitMix64
    private(set) var time: Int64
    private(set) var left: Int
    private let end: Int64

    /// An actor of `clicks` clicks, `meanGap` milliseconds apart: fewer when that would pass the end of the run.
    init(_ rng: SplitMix64, start: Int64, end: Int64, clicks: Int, meanGap: Double) {
        self.rng = rng
        time = start
        self.end = end
        left = max(1, min(clicks, 1 + Int(0.9 * Double(end - start) / max(1, meanGap))))
    }

    var isDone: Bool { left <= 0 || time >= end }

    /// One click was made; the next comes `gap` milliseconds later.
    mutating func advance(by gap: Double) {
        left -= 1
        time += Int64(min(1e12, max(1, gap)))
    }

    /// One click was made; the next happens at the same moment, a millisecond or two apart.
    mutating func stayHere() { advance(by: Double(rng.below(3))) }
}

/// What an attacker is born with: when, how big it may be, and the recorded click that replays need.
struct Assignment {
    var rng: SplitMix64
    let start: Int64
    let end: Int64
    /// Clicks the family still has to make in the whole run: a ceiling on this attacker's.
    let budget: Int
    let recorded: SimulatedClick
    let profile: SimulationProfile

    /// Clicks of this attacker, from its family's usual range.
    mutating func clicks(_ range: ClosedRange<Int>) -> Int { max(1, min(budget, rng.pick(range))) }

    func clock(_ clicks: Int, meanGap: Double) -> ActorClock {
        ActorClock(rng, start: start, end: end, clicks: clicks, meanGap: meanGap)
    }
}

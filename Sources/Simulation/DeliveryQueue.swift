internal import ClickModel

/// The way from the click to the scorer: delays, retries, replayed URLs and broken lines. Holds what has happened but
/// not arrived, a few seconds of traffic beside the rare late ones.
struct DeliveryQueue {
    private var heap = BinaryHeap()
    private var clicks = SlotPool<SimulatedClick>()
    private var rng: SplitMix64
    private let options: SimulationOptions
    private var nextID: UInt64 = 1
    /// A click that arrives so long after it happened, and in time, came over a slow network.
    private static let slowMilliseconds: Int64 = 10_000
    /// Off in the closing minutes, so that everything still arrives.
    var disturbs = true

    init(_ options: SimulationOptions) {
        self.options = options
        rng = SplitMix64(seed: SplitMix64.mix(options.seed, 5))
    }

    var count: Int { heap.count }
    /// When the next line arrives, epoch ms.
    var nextArrival: Int64? { heap.first?.time }

    /// Takes the line that arrives next; the queue must not be empty.
    mutating func pop() -> SimulatedClick {
        let slot = heap.pop().slot
        let click = clicks[slot]
        clicks.remove(slot)
        return click
    }

    private mutating func put(_ click: SimulatedClick, at arrival: Int64) {
        heap.push(time: arrival, slot: clicks.insert(click))
    }

    /// Sends a repeat of a click that arrived at `arrival`. One browser's connection keeps the order: the repeat arrives as
    /// much after the first as it happened after it.
    mutating func send(_ repeated: SimulatedClick, after first: SimulatedClick, arrivedAt arrival: Int64) {
        var click = repeated
        click.id = nextID
        nextID += 1
        if arrival - first.time >= Self.slowMilliseconds { click.delivery = .slow }
        put(click, at: arrival + click.time - first.time)
    }

    /// Sends a click that happens at `click.time`; its id is given here. Returns when it arrives.
    @discardableResult
    mutating func send(_ made: SimulatedClick) -> Int64 {
        var click = made
        click.id = nextID
        nextID += 1
        // Jitter is split so that arrival order and skewed clocks together stay within the bound.
        var arrival = click.time + Int64(rng.below(Int(options.jitterMilliseconds) * 3 / 5 + 1))
        guard disturbs else {
            put(click, at: arrival)
            return arrival
        }
        let fate = rng.unit()
        if fate < options.lateShare {
            click.delivery = .late
            let minute = EventTime(milliseconds: click.time).windowStart(size: EventTime.millisecondsPerMinute)
            arrival = minute.milliseconds + 6 * 60_000 + 90_000 + Int64(rng.exponential() * 600_000)
            // Too near the end there would be nobody left to be late for.
            if arrival >= options.end - 1000 { click.delivery = .prompt; arrival = click.time }
        } else if fate < options.lateShare + options.slowShare {
            click.delivery = .slow
            if !click.isFraud { click.lookAlikes.insert(.slowNetwork) }
            arrival = click.time + Self.slowMilliseconds + Int64(rng.below(230_000))
        } else if fate < options.lateShare + options.slowShare + options.duplicateShare {
            sendAgain(click, after: arrival)
        }
        put(click, at: arrival)
        if rng.chance(options.badLineShare) { putBadLine(at: click.time) }
        return arrival
    }

    /// The same id once more: a client that retries (the same bytes within seconds), or the URL replayed within the hour.
    private mutating func sendAgain(_ click: SimulatedClick, after arrival: Int64) {
        var copy = click
        if rng.chance(0.5) {
            copy.delivery = .retry
            put(copy, at: arrival + 200 + Int64(rng.below(20_000)))
        } else {
            copy.delivery = .replayedURL
            copy.attack = AttackFamily.replay.rawValue
            copy.lookAlikes = LookAlikeSet()
            copy.time += 3000 + Int64(min(2_700_000, rng.exponential() * 300_000))
            copy.clockSkew = 0
            // Another address of the same simulated block: those of homes are wide, the others a /24.
            let isHome = copy.address.isIPv6 || copy.address.low >> 28 == 15
            copy.address.low ^= rng.next() & (isHome ? 0x3F_FFFF : 0xFF)
            if copy.time < options.end { put(copy, at: copy.time) }
        }
    }

    private mutating func putBadLine(at time: Int64) {
        var bad = SimulatedClick()
        bad.time = time
        bad.id = nextID
        nextID += 1
        bad.delivery = .badLine
        bad.badVariant = UInt8(rng.below(BadLine.variants))
        put(bad, at: time)
    }
}

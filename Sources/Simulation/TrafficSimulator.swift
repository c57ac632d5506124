internal import ClickModel

/// Seeded, labelled ad-click traffic: honest people with all their oddities, seventeen families of fraud among them,
/// and the accidents of delivery, as NDJSON lines in the order they arrive.
///
/// Time runs forward through three sources, honest sessions, actors (attackers and honest groups) and the starts of new
/// actors; what happens goes through a `DeliveryQueue` and leaves it once nothing earlier can still arrive. Memory
/// is bounded by the clicks under way and the actors at work, not by the length of the run. The last minutes are filled
/// with single honest clicks so that exactly `options.clicks` lines come, all with event times before the end.
///
/// Same options, same bytes: integers and IEEE basic operations only, no hash order, no locale, no clock.
package struct TrafficSimulator {
    /// The CIDRs that simulated hosting, proxies and company VPNs use; reserved for benchmarks and documentation.
    package static let hostingRanges = AddressPlan.hostingRanges
    /// The simulated Tor exits, one address each.
    package static let torExits = AddressPlan.torExits
    /// `hostingRanges` as the text of a list file, one CIDR a line.
    package static var hostingList: String { hostingRanges.joined(separator: "\n") + "\n" }
    /// `torExits` as the text of a list file, one address a line.
    package static var torList: String { torExits.joined(separator: "\n") + "\n" }

    /// What has been produced so far.
    package private(set) var summary = SimulationSummary()

    private let options: SimulationOptions
    private let world: World
    private let line: ClickLine
    private var honest: HonestTraffic
    private var schedule: HonestSchedule
    private var planner: ActorPlanner
    private var queue: DeliveryQueue
    private var actorHeap = BinaryHeap()
    private var actors = SlotPool<(actor: any TrafficActor, attack: UInt8, strips: Bool)>()
    private var recorded = SimulatedClick()
    private var last = SimulatedClick()
    private var doubleClicksDue = 0
    private var rng: SplitMix64
    private var honestMade = 0
    /// Everything up to here has happened.
    private var now: Int64
    private let closing: Int64
    private var isClosed = false

    /// - Throws: `SimulationError` when an option is outside its range.
    package init(_ options: SimulationOptions) throws(SimulationError) {
        try options.validate()
        self.options = options
        world = World(options)
        line = ClickLine(world)
        honest = HonestTraffic(world)
        planner = ActorPlanner(world)
        queue = DeliveryQueue(options)
        rng = SplitMix64(seed: SplitMix64.mix(options.seed, 6))
        now = options.start.milliseconds
        closing = options.end - min(120_000, options.durationMilliseconds / 100)
        let accidents = options.duplicateShare + options.badLineShare
        let people = max(0, Double(options.clicks) * (1 - accidents) - planner.fraudTarget)
        schedule = HonestSchedule(options, target: people)
        recorded = honest.firstRecorded(at: now)
    }

    /// Appends the next line, newline included, to `bytes`; false when all have been produced.
    /// - Complexity: O(log of clicks under way); about 2 µs.
    package mutating func next(into bytes: inout [UInt8]) -> Bool {
        guard summary.lines < options.clicks else { return false }
        while !isClosed {
            if let arrival = queue.nextArrival, arrival <= now { break }
            advance()
        }
        guard queue.count > 0 else { return false }
        let click = queue.pop()
        last = click
        summary.count(click)
        if click.delivery == .badLine {
            BadLine.write(click, to: &bytes)
        } else {
            line.write(click)
            line.writer.append(to: &bytes)
        }
        return true
    }

    /// The truth of the line that came last; nil before the first and for a line that the schema rejects.
    package var lastTruth: ClickTruth? {
        guard last.id > 0, last.delivery != .badLine else { return nil }
        var lookAlikes = last.lookAlikes
        if last.delivery == .retry { lookAlikes.insert(.clientRetry) }
        return ClickTruth(clickID: line.id(last), attack: AttackFamily(rawValue: last.attack), lookAlikes: lookAlikes)
    }

    private mutating func add(_ actor: any TrafficActor, attack: UInt8) {
        // Blockers are no sign of innocence: some attackers' browsers hide the same signals, where others remain.
        let keepsSignals = AttackFamily(rawValue: attack)?.isKnownBySignals ?? true
        let slot = actors.insert((actor, attack, !keepsSignals && rng.chance(0.1)))
        actorHeap.push(time: actor.clock.time, slot: slot)
    }

    /// Makes the next thing happen.
    private mutating func advance() {
        let honestAt = schedule.next
        let actorAt = actorHeap.first?.time ?? .max
        let startAt = planner.nextStart
        let at = min(honestAt, actorAt, startAt)
        guard at < closing else { return close() }
        now = max(now, at)
        if startAt == at {
            beginActor()
        } else if actorAt == at {
            stepActor()
        } else if schedule.isBucketEnd {
            schedule.enterBucket(made: honestMade, &honest)
        } else {
            beginSession(at: at)
            schedule.advance(&honest)
        }
    }

    private mutating func beginSession(at time: Int64) {
        var first: SimulatedClick?
        var firstArrival: Int64 = 0
        honest.session(at: time) { click in
            guard click.time < closing else { return }
            honestMade += 1
            let arrival = queue.send(click)
            if first == nil { (first, firstArrival) = (click, arrival) }
        }
        guard let first else { return }
        if first.device != 0, first.address.isKnown, first.pointerDistance != SimulatedClick.unknown { recorded = first }
        if doubleClicksDue > 0, first.user != 0 || first.device != 0 { repeatClick(first, arrivedAt: firstArrival) }
    }

    private mutating func repeatClick(_ first: SimulatedClick, arrivedAt arrival: Int64) {
        // What comes too late is not seen as a double click by anybody.
        guard arrival - first.time < 4 * EventTime.millisecondsPerMinute else { return }
        doubleClicksDue -= 1
        let repeats = DoubleClick.repeats(of: first, options.profile, &rng)
        for var click in repeats where click.time < options.end {
            click.attack = AttackFamily.doubleClick.rawValue
            click.lookAlikes = LookAlikeSet()
            queue.send(click, after: first, arrivedAt: arrival)
        }
        if repeats.count > 1 { planner.countDoubleClicks(repeats.count - 1, at: first.time) }
    }

    private mutating func beginActor() {
        switch planner.begin(recorded: recorded) {
        case (.attack(let family), let actor?): add(actor, attack: family.rawValue)
        case (.attack, nil): doubleClicksDue += 1
        case (.group, let actor?): add(actor, attack: 255)
        case (.group, nil): break
        }
    }

    /// One click of the actor whose turn it is. A finished actor leaves.
    private mutating func stepActor() {
        let slot = actorHeap.pop().slot
        guard !actors[slot].actor.clock.isDone else { return actors.remove(slot) }
        var click = actors[slot].actor.makeClick(world)
        click.attack = actors[slot].attack
        if click.isFraud { click.lookAlikes = LookAlikeSet() }
        if click.isFraud, click.impressionTime == 0, click.timeToClick != SimulatedClick.unknown, rng.chance(0.3) {
            click.impressionTime = click.time - Int64(click.timeToClick)
        }
        if actors[slot].strips { click.stripSignals() }
        if !click.isFraud { honestMade += 1 }
        queue.send(click)
        let clock = actors[slot].actor.clock
        if clock.isDone { actors.remove(slot) } else { actorHeap.push(time: clock.time, slot: slot) }
    }

    /// The end: actors finish what falls before it, and single honest clicks fill up to the exact number of lines.
    private mutating func close() {
        queue.disturbs = false
        while let next = actorHeap.first, next.time < options.end { stepActor() }
        honest.enterBucket(at: closing)
        var time = Double(max(now, closing))
        let end = Double(options.end - 1)
        var left = options.clicks - summary.lines - queue.count
        while left > 0 {
            time += min(end - time, honest.gap(mean: (end - time) / Double(left + 1)))
            queue.send(honest.single(at: Int64(time)))
            left -= 1
        }
        isClosed = true
    }
}

internal import ClickModel

/// Decides when attackers of each family begin and how large they may be, so that every family ends near its share.
///
/// A family with a target of T clicks in the run begins its next attacker, of n clicks, when the run has progressed to
/// (begun + phase · n) / T, with a random phase: in a long run a steady mix, in a short one a start at a random hour.
struct AttackPlanner {
    private struct Plan {
        let family: AttackFamily
        let target: Double
        var begun = 0.0
        var nextStart: Int64 = 0
    }

    private var plans: [Plan] = []
    private var rng: SplitMix64
    private let world: World
    /// Fraud clicks the whole run should have.
    let target: Double

    init(_ world: World) {
        let options = world.options
        self.world = world
        rng = SplitMix64(seed: SplitMix64.mix(options.seed, 3))
        target = Double(options.clicks) * options.fraudShare
        let weights = AttackFamily.allCases.map { ($0, options.familyWeights[$0] ?? 0) }
        let sum = weights.reduce(0) { $0 + $1.1 }
        for (family, weight) in weights where weight > 0 && target > 0 {
            plans.append(Plan(family: family, target: target * weight / sum))
            schedule(plans.count - 1)
        }
    }

    /// When the next attacker begins; `Int64.max` when none will.
    var nextStart: Int64 { plans.reduce(Int64.max) { min($0, $1.nextStart) } }

    /// Clicks of a typical attacker: how far apart a family's attackers begin.
    private func usualSize(_ family: AttackFamily) -> ClosedRange<Int> {
        let p = world.options.profile
        return switch family {
        case .declaredCrawler: p.crawlerClicks
        case .hosting: p.hostingClicks
        case .doubleClick: 1...2
        case .replay: p.replayClicks
        case .ipBurst: p.burstClicks
        case .metronome: p.metronomeClicks
        case .slowDrip: p.dripClicks
        case .fingerprintFarm: p.fingerprintClicks
        case .deviceFarm: p.rackClicks
        case .impossibleTravel: p.travelClicks
        case .competitor: p.competitorClicks
        case .publisherInflation: p.inflationClicks
        case .hiddenAd: p.hiddenClicks
        case .attributionFlood: p.floodClicks
        case .noMovement: p.headlessClicks
        case .instantBounce: p.bounceClicks
        case .humanoid: p.humanoidClicks
        }
    }

    private mutating func schedule(_ index: Int) {
        let plan = plans[index]
        guard plan.begun + 0.5 < plan.target else {
            plans[index].nextStart = .max
            return
        }
        let size = min(Double(usualSize(plan.family).upperBound), plan.target - plan.begun)
        // A slow drip needs the day before it.
        let phase = (plan.family == .slowDrip ? 0.25 : 0.9) * rng.unit()
        let progress = min(0.95, (plan.begun + phase * size) / plan.target)
        let options = world.options
        let start = options.start.milliseconds + Int64(progress * Double(options.durationMilliseconds))
        // Never before the previous one: that moment has passed.
        plans[index].nextStart = max(start, plan.nextStart)
    }

    /// Begins the attacker that is due: its family and, unless it is a double click, the actor.
    mutating func begin(recorded: SimulatedClick) -> (AttackFamily, (any TrafficActor)?) {
        let index = plans.indices.min { plans[$0].nextStart < plans[$1].nextStart } ?? 0
        let plan = plans[index]
        let job = Assignment(
            rng: SplitMix64(seed: rng.next()), start: plan.nextStart, end: world.options.end,
            budget: max(1, Int(plan.target - plan.begun + 0.5)), recorded: recorded, profile: world.options.profile)
        let actor = makeActor(plan.family, job)
        // A double click waits for its honest first click; one repeat is promised, more are counted when they come.
        plans[index].begun += Double(actor?.clock.left ?? 1)
        schedule(index)
        return (plan.family, actor)
    }

    /// Counts clicks a family made outside an actor (double clicks), and plans its next ones.
    mutating func count(_ clicks: Int, of family: AttackFamily) {
        guard let index = plans.firstIndex(where: { $0.family == family }) else { return }
        plans[index].begun += Double(clicks)
        schedule(index)
    }

    private func makeActor(_ family: AttackFamily, _ job: Assignment) -> (any TrafficActor)? {
        switch family {
        case .declaredCrawler: DeclaredCrawler(world, job)
        case .hosting: HostingScript(world, job)
        case .doubleClick: nil
        case .replay: Replay(world, job)
        case .ipBurst: IPBurst(world, job)
        case .metronome: Metronome(world, job)
        case .slowDrip: SlowDrip(world, job)
        case .fingerprintFarm: FingerprintFarm(world, job)
        case .deviceFarm: DeviceFarm(world, job)
        case .impossibleTravel: ImpossibleTravel(world, job)
        case .competitor: Competitor(world, job)
        case .publisherInflation: PublisherInflation(world, job)
        case .hiddenAd: HiddenAd(world, job)
        case .attributionFlood: AttributionFlood(world, job)
        case .noMovement: NoMovement(world, job)
        case .instantBounce: InstantBounce(world, job)
        case .humanoid: Humanoid(world, job)
        }
    }
}

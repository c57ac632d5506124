internal import ClickModel

/// Decides when attackers and honest groups begin and how large they may be, so that every kind ends near its share.
///
/// A kind with a target of T clicks in its part of the run begins its next actor, of n clicks, when that part has
/// progressed to (begun + phase · n) / T, with a random phase: in a long run a steady mix, in a short one a start at a
/// random hour.
struct ActorPlanner {
    enum Kind { case attack(AttackFamily), group(LookAlike) }

    private struct Plan {
        let kind: Kind
        let target: Double
        /// The part of the run in which its actors begin and end.
        let start: Int64
        let end: Int64
        let profile: SimulationProfile
        var begun = 0.0
        var nextStart: Int64 = 0
    }

    private var plans: [Plan] = []
    private var due = 0
    private var rng: SplitMix64
    private let world: World
    /// Fraud clicks the whole run should have.
    let fraudTarget: Double

    init(_ world: World) {
        let options = world.options
        self.world = world
        rng = SplitMix64(seed: SplitMix64.mix(options.seed, 3))
        let timeline = PhaseTimeline(options)
        fraudTarget = timeline.fraudTarget
        for part in timeline.parts where part.fraudTarget > 0 {
            let weights = AttackFamily.allCases.map { ($0, part.phase.familyWeights[$0] ?? 0) }
            let sum = weights.reduce(0) { $0 + $1.1 }
            for (family, weight) in weights where weight > 0 {
                add(.attack(family), part.fraudTarget * weight / sum, part.start, part.end, part.phase.profile)
            }
        }
        let honest = Double(options.clicks) * (1 - options.duplicateShare - options.badLineShare) - fraudTarget
        for one in LookAlike.allCases where one.unit == .clicks {
            add(.group(one), honest * options.share(of: one), options.start.milliseconds, options.end, options.profile)
        }
        findDue()
    }

    private mutating func add(_ kind: Kind, _ target: Double, _ start: Int64, _ end: Int64, _ profile: SimulationProfile) {
        plans.append(Plan(kind: kind, target: target, start: start, end: end, profile: profile))
        schedule(plans.count - 1)
    }

    /// When the next actor begins; `Int64.max` when none will.
    var nextStart: Int64 { plans.isEmpty ? .max : plans[due].nextStart }

    private mutating func findDue() { due = plans.indices.min { plans[$0].nextStart < plans[$1].nextStart } ?? 0 }

    /// Clicks of a typical actor: how far apart actors of a kind begin.
    private func usualSize(_ plan: Plan) -> ClosedRange<Int> {
        switch plan.kind {
        case .attack(let family): plan.profile.usualClicks(of: family)
        case .group(let lookAlike): HonestGroup.usualClicks(of: lookAlike)
        }
    }

    private mutating func schedule(_ index: Int) {
        let plan = plans[index]
        guard plan.begun + 0.5 < plan.target else {
            plans[index].nextStart = .max
            return
        }
        let size = min(Double(usualSize(plan).upperBound), plan.target - plan.begun)
        // What takes its time needs the day before it.
        let phase = (isSlow(plan.kind) ? 0.25 : 0.9) * rng.unit()
        let progress = min(0.95, (plan.begun + phase * size) / plan.target)
        let start = plan.start + Int64(progress * Double(plan.end - plan.start))
        // Never before the previous one: that moment has passed.
        plans[index].nextStart = max(start, plan.nextStart)
    }

    private func isSlow(_ kind: Kind) -> Bool {
        switch kind {
        case .attack(let family): family == .slowDrip
        case .group(let lookAlike): lookAlike == .smallLoyalAudience || lookAlike == .kioskRefresh
        }
    }

    /// Begins the actor that is due: its kind and, unless it is a double click, the actor.
    mutating func begin(recorded: SimulatedClick) -> (Kind, (any TrafficActor)?) {
        let index = due
        let plan = plans[index]
        let job = Assignment(
            rng: SplitMix64(seed: rng.next()), start: plan.nextStart, end: plan.end,
            budget: max(1, Int(plan.target - plan.begun + 0.5)), recorded: recorded, profile: plan.profile)
        let actor: (any TrafficActor)? =
            switch plan.kind {
            case .attack(let family): makeAttacker(family, job)
            case .group(let lookAlike): HonestGroup.make(lookAlike, world, job)
            }
        // A double click waits for its honest first click; one repeat is promised, more are counted when they come.
        plans[index].begun += Double(actor?.clock.left ?? 1)
        schedule(index)
        findDue()
        return (plan.kind, actor)
    }

    /// Counts double clicks made beside a promised one at a moment, and plans the next ones.
    mutating func countDoubleClicks(_ clicks: Int, at time: Int64) {
        let found = plans.firstIndex {
            if case .attack(.doubleClick) = $0.kind { time < $0.end } else { false }
        }
        guard let found else { return }
        plans[found].begun += Double(clicks)
        schedule(found)
        findDue()
    }

    private func makeAttacker(_ family: AttackFamily, _ job: Assignment) -> (any TrafficActor)? {
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

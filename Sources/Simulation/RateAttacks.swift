/// Imitates a script that hammers from one address, with one to three agents and hardly a pointer path.
struct IPBurst: TrafficActor {
    private(set) var clock: ActorClock
    private let face: SimulatedClick
    private let key: UInt64
    private let agents: Int
    private let freshDevices: Bool
    private let ads: Int
    private let publisher: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        let country = world.country(&job.rng)
        var face = world.visitor(key, country: country, kind: job.rng.chance(0.7) ? .desktop : .phone)
        if job.rng.chance(0.4) { face.address = world.addresses.unlistedServer(country, key) }
        self.face = face
        agents = 1 + job.rng.below(3)
        freshDevices = job.rng.chance(0.4)
        ads = 1 + job.rng.below(5)
        publisher = world.inventory.publisher(job.rng.next())
        meanGap = job.rng.pick(job.profile.burstGapMilliseconds)
        let clicks = job.clicks(job.profile.burstClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = face
        click.time = clock.time
        let persona = UInt64(clock.rng.below(agents))
        let kind: DeviceKind = face.touch == 1 ? .phone : .desktop
        click.agent = world.agents.agent(kind, unit: SplitMix64.unit(SplitMix64.mix(key, 20 + persona)))
        click.device = freshDevices ? clock.rng.next() : SplitMix64.mix(key, 30 + persona)
        if freshDevices { click.user = 0 }
        click.viewPage(&clock.rng, medianTimeToClick: 900)
        if clock.rng.chance(0.5) { click.clickWithoutMoving(&clock.rng) } else { click.movePainted(&clock.rng) }
        if face.touch == 1 { click.tap(&clock.rng) }
        if clock.rng.chance(0.3) { click.dwell = Int32(200 + clock.rng.below(4000)) }
        let ad = world.inventory.ad(SplitMix64.mix(key, 40 + UInt64(clock.rng.below(ads))))
        world.sell(&click, ad: ad, publisher: publisher, &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

/// Imitates a timer: one device clicks at a fixed interval, jittered a little. Everything but the rhythm looks human.
struct Metronome: TrafficActor {
    private(set) var clock: ActorClock
    private let face: SimulatedClick
    private let key: UInt64
    private let ads: Int
    private let period: Double
    private let jitter: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        face = world.visitor(key, country: world.country(&job.rng), kind: job.rng.chance(0.6) ? .desktop : .phone)
        ads = 1 + job.rng.below(12)
        period = job.rng.pick(job.profile.metronomePeriodSeconds) * 1000
        jitter = job.rng.pick(job.profile.metronomeJitter)
        let clicks = job.clicks(job.profile.metronomeClicks)
        clock = job.clock(clicks, meanGap: period)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = face
        click.time = clock.time
        click.actHuman(&clock.rng)
        if click.dwell != SimulatedClick.unknown { click.dwell = min(click.dwell, Int32(period * (0.5 + 0.4 * clock.rng.unit()))) }
        let slot = UInt64(clock.rng.below(ads))
        world.sell(
            &click, ad: world.inventory.ad(SplitMix64.mix(key, 40 + slot)),
            publisher: world.inventory.publisher(SplitMix64.mix(key, 60 + slot % 3)), &clock.rng)
        clock.advance(by: period * (1 + jitter * clock.rng.normal()))
        return click
    }
}

/// Imitates a botnet hired by a small site: each address clicks a few times a day, from addresses seen nowhere else, on
/// the same few ads with the same mix of agents; hardly a dwell, never a conversion.
struct SlowDrip: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let pool: Int
    private let publisher: Int
    private let ads: Int
    private let agents: Int
    private let countries: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        publisher = world.inventory.smallPublisher(job.rng.next())
        ads = 2 + job.rng.below(3)
        agents = 2 + job.rng.below(4)
        countries = 1 + job.rng.below(3)
        let clicks = job.clicks(job.profile.dripClicks)
        pool = max(1, clicks / job.rng.pick(job.profile.dripClicksPerAddress))
        let wanted = job.rng.pick(job.profile.dripHours) * 3_600_000
        meanGap = min(wanted, 0.9 * Double(job.end - job.start)) / Double(clicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        // Round robin over the pool keeps every address at its few clicks.
        let member = UInt64(clock.left % pool)
        let memberKey = SplitMix64.mix(key, member)
        let country = SplitMix64.below(Country.all.count, SplitMix64.mix(key, 1 << 32 | member % UInt64(countries)))
        let agentSlot = 2 << 32 | memberKey % UInt64(agents)
        let kind: DeviceKind = agentSlot & 1 == 0 ? .desktop : .phone
        var click = world.visitor(memberKey, country: country, kind: kind)
        click.time = clock.time
        click.agent = world.agents.agent(kind, unit: SplitMix64.unit(SplitMix64.mix(key, agentSlot)))
        click.user = 0
        click.actHuman(&clock.rng)
        click.scrolls = Int32(clock.rng.below(3))
        click.dwell = clock.rng.chance(0.35) ? Int32(300 + clock.rng.below(3200)) : SimulatedClick.unknown
        let ad = world.inventory.ad(SplitMix64.mix(key, 3 << 32 | UInt64(clock.rng.below(ads))))
        world.sell(&click, ad: ad, publisher: publisher, &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

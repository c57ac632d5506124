/// Imitates a headless browser on a home connection: the click event is synthetic, so nothing moved before it; some
/// admit to automation.
struct NoMovement: TrafficActor {
    private(set) var clock: ActorClock
    private let face: SimulatedClick
    private let key: UInt64
    private let automationShare: Double
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        face = world.visitor(key, country: world.country(&job.rng), kind: .desktop)
        automationShare = job.rng.chance(0.5) ? job.rng.pick(job.profile.headlessAutomationShare) : 0
        meanGap = job.rng.pick(job.profile.headlessGapSeconds) * 1000
        let clicks = job.clicks(job.profile.headlessClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = face
        click.time = clock.time
        click.viewPage(&clock.rng)
        click.clickWithoutMoving(&clock.rng)
        click.webdriver = clock.rng.chance(automationShare) ? 1 : 0
        if clock.rng.chance(0.5) { click.dwell = Int32(300 + clock.rng.below(9000)) }
        let site = world.inventory.publisher(SplitMix64.mix(key, 60 + UInt64(clock.rng.below(3))))
        world.sell(&click, ad: world.inventory.ad(clock.rng.next()), publisher: site, &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * (0.1 + clock.rng.exponential()))
        return click
    }
}

/// Imitates paid-to-click traffic that leaves within a second, every time: human up to the click, nothing after it.
struct InstantBounce: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let country: Int
    private let devices: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        country = world.country(&job.rng)
        devices = 1 + job.rng.below(4)
        meanGap = job.rng.pick(job.profile.bounceGapSeconds) * 1000
        let clicks = job.clicks(job.profile.bounceClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let who = SplitMix64.mix(key, UInt64(clock.rng.below(devices)))
        var click = world.visitor(who, country: country, kind: who & 1 == 0 ? .desktop : .phone)
        click.time = clock.time
        click.actHuman(&clock.rng)
        click.dwell = clock.rng.chance(0.95) ? Int32(60 + clock.rng.below(900)) : SimulatedClick.unknown
        world.sell(
            &click, ad: world.inventory.ad(clock.rng.next()), publisher: world.inventory.publisher(clock.rng.next()),
            &clock.rng)
        let dwell = click.dwell
        click.loseFields(&clock.rng)
        click.dwell = dwell
        clock.advance(by: meanGap * (0.1 + clock.rng.exponential()))
        return click
    }
}

/// Imitates the best bots: human paths from a small library, replayed with noise, by fresh fingerprints on fresh home
/// addresses, at independent gaps. Only the repeated shape of the path and the freshness of everything give it away.
struct Humanoid: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let paths: Int
    private let noise: Double
    private let clicksPerFace: Int
    private let meanGap: Double
    private var made = 0

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        paths = job.rng.pick(job.profile.humanoidPaths)
        noise = job.rng.pick(job.profile.humanoidNoise)
        clicksPerFace = 2 + job.rng.below(9)
        meanGap = job.rng.pick(job.profile.humanoidGapSeconds) * 1000
        let clicks = job.clicks(job.profile.humanoidClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let face = SplitMix64.mix(key, UInt64(made / clicksPerFace))
        made += 1
        var click = world.visitor(face, country: SplitMix64.below(6, face), kind: .desktop)
        click.time = clock.time
        click.viewPage(&clock.rng)
        // The same seed gives the same recorded path again.
        var recording = SplitMix64(seed: SplitMix64.mix(key, 900 + UInt64(clock.rng.below(paths))))
        click.moveMouse(&recording)
        let share = noise
        var noisy = clock.rng
        func blur(_ field: inout Int32) { field = Int32(max(1, Double(field) * (1 + share * noisy.normal()))) }
        blur(&click.pointerMoves)
        blur(&click.pointerDistance)
        blur(&click.pointerDuration)
        blur(&click.speedCVE3)
        blur(&click.hover)
        click.straightnessE3 = min(1000, Int32(Double(click.straightnessE3) * (1 + share * 0.2 * noisy.normal())))
        clock.rng = noisy
        click.stay(&clock.rng, median: 9000, sigma: 0.7, bounceShare: 0)
        world.sell(
            &click, ad: world.inventory.ad(clock.rng.next()), publisher: world.inventory.publisher(clock.rng.next()),
            &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

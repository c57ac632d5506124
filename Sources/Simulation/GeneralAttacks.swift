/// Imitates search, monitoring and scraping bots that say so in their user agent and follow every link, ads too. A few
/// addresses of the operator's own; no script runs, so most signals are unknown or zero.
struct DeclaredCrawler: TrafficActor {
    private(set) var clock: ActorClock
    private let agent: Int32
    private let firstAddress: Int
    private let country: Int
    private let key: UInt64
    private let meanGap: Double
    private let runsScripts: Bool

    init(_ world: World, _ given: Assignment) {
        var job = given
        let index = job.rng.below(world.agents.crawlers.count)
        agent = world.agents.crawler(index)
        firstAddress = index * 16 + job.rng.below(12)
        country = job.rng.chance(0.7) ? 0 : world.country(&job.rng)
        key = job.rng.next()
        runsScripts = job.rng.chance(0.35)
        meanGap = job.rng.pick(job.profile.crawlerGapSeconds) * 1000
        let clicks = job.clicks(job.profile.crawlerClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = SimulatedClick()
        click.time = clock.time
        click.agent = agent
        click.address = world.addresses.crawler(firstAddress + clock.rng.below(4))
        world.place(&click, key, country)
        click.zoneMinutes = runsScripts ? 0 : SimulatedClick.unknown
        if runsScripts {
            click.clickWithoutMoving(&clock.rng)
            click.device = SplitMix64.mix(key, 1)
            click.webdriver = clock.rng.chance(0.3) ? 1 : 0
        }
        let inventory = world.inventory
        world.sell(&click, ad: clock.rng.below(inventory.ads), publisher: inventory.publisher(clock.rng.next()), &clock.rng)
        clock.advance(by: meanGap * (0.4 + 1.2 * clock.rng.unit()))
        return click
    }
}

/// Imitates scripts on rented servers and open proxies, a part of them through Tor: one user agent over many addresses
/// of one listed network, no pointer path, little time on the page, a clock that does not fit the place.
struct HostingScript: TrafficActor {
    private(set) var clock: ActorClock
    private let face: SimulatedClick
    private let network: UInt64
    private let addresses: Int
    private let throughTor: Bool
    private let automationShare: Double
    private let meanGap: Double
    private let publisher: Int
    private let painted: Bool

    init(_ world: World, _ given: Assignment) {
        var job = given
        network = job.rng.next()
        throughTor = job.rng.chance(job.profile.hostingTorShare)
        face = world.visitor(network, country: world.country(&job.rng), kind: .desktop)
        addresses = job.rng.pick(job.profile.hostingAddresses)
        automationShare = job.rng.pick(job.profile.hostingAutomationShare)
        publisher = world.inventory.smallPublisher(job.rng.next())
        painted = job.rng.chance(0.25)
        meanGap = job.rng.pick(job.profile.hostingGapSeconds) * 1000
        let clicks = job.clicks(job.profile.hostingClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = face
        click.time = clock.time
        let index = UInt64(clock.rng.below(addresses))
        click.address = throughTor
            ? world.addresses.torExit(SplitMix64.mix(network, index)) : world.addresses.hosting(network: network, index: index)
        click.device = SplitMix64.mix(network, 1000 + index)
        click.user = 0
        if clock.rng.chance(0.7) { click.zoneMinutes = 0 }
        click.viewPage(&clock.rng)
        if painted { click.movePainted(&clock.rng) } else { click.clickWithoutMoving(&clock.rng) }
        click.webdriver = clock.rng.chance(automationShare) ? 1 : 0
        if clock.rng.chance(0.4) { click.dwell = Int32(200 + clock.rng.below(2500)) }
        let site = clock.rng.chance(0.6) ? publisher : world.inventory.publisher(clock.rng.next())
        world.sell(&click, ad: world.inventory.ad(clock.rng.next()), publisher: site, &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

/// Imitates a recorder that sends captured clicks again under new ids from new addresses: the pointer path, the device
/// and the timing of one honest click, many times over. (The same URL sent again keeps its id: a duplicate.)
struct Replay: TrafficActor {
    private(set) var clock: ActorClock
    private let recorded: SimulatedClick
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        recorded = job.recorded
        meanGap = job.rng.pick(job.profile.replayGapSeconds) * 1000
        let clicks = job.clicks(job.profile.replayClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = recorded
        click.time = clock.time
        click.clockSkew = 0
        // The recorded impression, if any, stays: it is ever longer ago.
        let key = clock.rng.next()
        let country = click.country == 255 ? 0 : Int(click.country)
        click.address = world.addresses.home(country, household: key)
        click.dwell = clock.rng.chance(0.3) ? Int32(150 + clock.rng.below(3000)) : SimulatedClick.unknown
        click.costE4 = world.inventory.cost(ofAd: Int(click.ad), &clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

/// A visitor's finger (or a script beside them) clicks the same ad again within a moment. The first click is honest and
/// belongs to them; only the repeats are invalid.
enum DoubleClick {
    /// The repeats of an honest click, one to three.
    static func repeats(of first: SimulatedClick, _ profile: SimulationProfile, _ rng: inout SplitMix64) -> [SimulatedClick] {
        var at = first.time
        return (0..<(rng.chance(0.7) ? 1 : 2 + rng.below(2))).map { _ in
            var click = first
            let gap = rng.pick(profile.doubleClickGapMilliseconds)
            at += Int64(gap)
            click.time = at
            if click.timeToClick != SimulatedClick.unknown { click.timeToClick += Int32(at - first.time) }
            click.dwell = SimulatedClick.unknown
            return click
        }
    }
}

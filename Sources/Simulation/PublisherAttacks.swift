/// Imitates a small site whose owner and friends click its ads: few visitors, all of its placements, for hours.
struct PublisherInflation: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let country: Int
    private let visitors: Int
    private let publisher: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        country = world.country(&job.rng)
        visitors = job.rng.pick(job.profile.inflationVisitors)
        publisher = world.inventory.smallPublisher(job.rng.next())
        let clicks = job.clicks(job.profile.inflationClicks)
        meanGap = job.rng.pick(job.profile.inflationHours) * 3_600_000 / Double(max(60, clicks))
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let visitor = SplitMix64.mix(key, UInt64(clock.rng.below(visitors)))
        var click = world.visitor(visitor, country: country, kind: visitor & 1 == 0 ? .desktop : .phone)
        click.time = clock.time
        click.actHuman(&clock.rng)
        click.scrolls = Int32(clock.rng.below(5))
        click.timeToClick = Int32(400 + clock.rng.below(3000))
        if clock.rng.chance(0.7) { click.dwell = Int32(700 + clock.rng.below(4300)) }
        world.sell(&click, ad: world.inventory.ad(clock.rng.next()), publisher: publisher, &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

/// Imitates ads that nobody can see: stacked under each other, one pixel wide, or transparent. A page's one real click
/// falls through to the whole stack, so several clicks of one visitor come at the same instant.
struct HiddenAd: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let publisher: Int
    private let stack: Int
    private let trick: Int
    private let meanGap: Double
    private var inStack = 0
    private var visitorKey: UInt64 = 0

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        publisher = world.inventory.smallPublisher(job.rng.next())
        stack = job.rng.pick(job.profile.hiddenStack)
        trick = job.rng.below(3)
        meanGap = job.rng.pick(job.profile.hiddenGapSeconds) * 1000
        let clicks = job.clicks(job.profile.hiddenClicks)
        clock = job.clock(clicks, meanGap: meanGap / Double(stack))
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        if inStack == 0 { visitorKey = clock.rng.next() }
        let country = SplitMix64.below(4, visitorKey)
        var click = world.visitor(visitorKey, country: country, kind: visitorKey & 3 == 0 ? .desktop : .phone)
        click.time = clock.time
        click.actHuman(&clock.rng)
        switch trick {
        case 0: click.visibleE2 = 0
        case 1: click.opacityE2 = Int32(clock.rng.below(6))
        default: (click.width, click.height) = (Int32(clock.rng.below(2)), 1)
        }
        click.hover = click.touch == 0 ? 0 : click.hover
        if clock.rng.chance(0.6) { click.dwell = Int32(200 + clock.rng.below(2500)) }
        world.sell(&click, ad: world.inventory.ad(SplitMix64.mix(key, UInt64(inStack))), publisher: publisher, &clock.rng)
        inStack = (inStack + 1) % stack
        if inStack == 0 { clock.advance(by: meanGap * clock.rng.exponential()) } else { clock.stayHere() }
        return click
    }
}

/// Imitates click flooding for attribution: an app sends clicks that its users never made, as fast as it can, so that
/// a later purchase is credited to it. One publisher, phones that recur, next to no time on the ad.
struct AttributionFlood: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let publisher: Int
    private let ads: Int
    private let devices: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        publisher = world.inventory.smallPublisher(job.rng.next())
        ads = 1 + job.rng.below(4)
        let clicks = job.clicks(job.profile.floodClicks)
        devices = max(3, clicks / (2 + job.rng.below(8)))
        meanGap = job.rng.pick(job.profile.floodGapMilliseconds)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let phone = SplitMix64.mix(key, UInt64(clock.rng.below(devices)))
        var click = world.visitor(phone, country: SplitMix64.below(5, phone), kind: .phone)
        click.time = clock.time
        if phone & 4 == 0 { click.address = world.addresses.carrier(Int(click.country), phone) }
        click.tap(&clock.rng)
        click.viewPage(&clock.rng)
        click.scrolls = 0
        click.timeToClick = Int32(clock.rng.below(250))
        if clock.rng.chance(0.1) { click.dwell = Int32(100 + clock.rng.below(1500)) }
        let ad = world.inventory.ad(SplitMix64.mix(key, 40 + UInt64(clock.rng.below(ads))))
        world.sell(&click, ad: ad, publisher: publisher, &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

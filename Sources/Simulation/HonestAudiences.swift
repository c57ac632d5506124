/// A small site with a few dozen faithful readers, who click its few standing ads once or twice a day and read on.
struct LoyalAudience: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let country: Int
    private let readers: Int
    private let ads: Int
    private let publisher: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        country = world.country(&job.rng)
        readers = 15 + job.rng.below(60)
        ads = 2 + job.rng.below(5)
        publisher = world.inventory.smallPublisher(job.rng.next())
        let clicks = job.clicks(HonestGroup.usualClicks(of: .smallLoyalAudience))
        meanGap = min(job.rng.pick(6...18) * 3_600_000, 0.9 * Double(job.end - job.start)) / Double(clicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let reader = SplitMix64.mix(key, UInt64(clock.rng.below(readers)))
        let person = Person(world, country: country, rank: SplitMix64.below(world.people[country], reader))
        var click = person.appear(at: clock.time)
        click.lookAlikes.insert(.smallLoyalAudience)
        let ad = world.inventory.ad(SplitMix64.mix(key, 40 + UInt64(clock.rng.below(ads))))
        world.sell(&click, ad: ad, publisher: publisher, &clock.rng)
        person.behave(&click, &clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

/// An advertiser's marketing people look whether their ads run and lead where they should: three to eight clicks each on
/// their own ads, some on the same one twice, from the office, with a short look at the page.
struct AdvertiserStaff: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let country: Int
    private let staff: Int
    private let advertiser: Int
    private let address: Address
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        country = world.country(&job.rng)
        advertiser = job.rng.below(world.inventory.advertisers)
        address = world.addresses.office(country, key)
        meanGap = job.rng.pick(60...480) * 1000
        let clicks = job.clicks(HonestGroup.usualClicks(of: .advertiserStaff))
        staff = max(1, clicks / job.rng.pick(3...8))
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let member = SplitMix64.mix(key, UInt64(clock.rng.below(staff)))
        let person = Person.stranger(world, country: country, member)
        var click = person.appear(at: clock.time, connecting: false)
        world.place(&click, key, country)
        click.address = address
        click.lookAlikes.insert(.advertiserStaff)
        let ad = world.inventory.ad(ofAdvertiser: advertiser, SplitMix64.mix(key, 40 + UInt64(clock.rng.below(6))))
        world.sell(&click, ad: ad, publisher: world.inventory.publisher(clock.rng.next()), &clock.rng)
        person.behave(&click, &clock.rng)
        if click.dwell != SimulatedClick.unknown { click.dwell = min(click.dwell, 3000 + Int32(clock.rng.below(25_000))) }
        clock.advance(by: meanGap * (0.15 + clock.rng.exponential()))
        return click
    }
}

/// A cheap placement with poor traffic: an ad that pops up in a game where the thumb already is. Many touch it by mistake,
/// soon after it appears, and go back soon; all are different people, each once or twice.
struct CheapPlacement: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let publisher: Int
    private let placement: UInt8
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        publisher = world.inventory.smallPublisher(job.rng.next())
        placement = UInt8(job.rng.below(6))
        let clicks = job.clicks(HonestGroup.usualClicks(of: .cheapPlacement))
        meanGap = job.rng.pick(1...8) * 3_600_000 / Double(max(100, clicks))
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let person = player(world)
        var click = person.appear(at: clock.time)
        click.agent = world.agents.webView(SplitMix64.mix(person.key, 48))
        click.lookAlikes.insert(.appWebView)
        click.lookAlikes.insert(.cheapPlacement)
        world.sell(&click, ad: world.inventory.ad(clock.rng.next()), publisher: publisher, &clock.rng)
        click.placement = placement
        click.costE4 /= 5
        click.tap(&clock.rng)
        click.viewPage(&clock.rng)
        click.scrolls = 0
        click.timeToClick = Int32(min(60_000, 250 + clock.rng.logNormal(median: 900, sigma: 0.8)))
        if clock.rng.chance(0.7) { click.dwell = Int32(min(600_000, 350 + clock.rng.logNormal(median: 1700, sigma: 1))) }
        person.leaveTraces(&click, &clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }

    /// Somebody with a phone or tablet.
    private mutating func player(_ world: World) -> Person {
        var person: Person
        var tries = 0
        repeat {
            let country = world.country(&clock.rng)
            person = Person(world, country: country, rank: clock.rng.below(world.people[country]))
            tries += 1
        } while person.kind == .desktop && tries < 20
        return person
    }
}

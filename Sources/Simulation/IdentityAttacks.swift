/// Imitates one browser profile behind a residential proxy service: the same fingerprint, a new home address for every
/// click, often in another country.
struct FingerprintFarm: TrafficActor {
    private(set) var clock: ActorClock
    private let face: SimulatedClick
    private let key: UInt64
    private let countries: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        var face = world.visitor(key, country: world.country(&job.rng), kind: job.rng.chance(0.6) ? .desktop : .phone)
        face.user = 0
        self.face = face
        countries = job.rng.pick(job.profile.fingerprintCountries)
        let clicks = job.clicks(job.profile.fingerprintClicks)
        meanGap = job.rng.pick(job.profile.fingerprintMinutes) * 60_000 / Double(max(20, clicks))
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = face
        click.time = clock.time
        let slot = UInt64(clock.rng.below(countries))
        let country = SplitMix64.below(Country.all.count, SplitMix64.mix(key, 100 + slot))
        let zone = click.zoneMinutes
        world.move(&click, clock.rng.next(), to: country)
        if clock.rng.chance(0.5) { click.zoneMinutes = zone }
        click.actHuman(&clock.rng)
        if clock.rng.chance(0.5) { click.dwell = Int32(400 + clock.rng.below(5000)) }
        let site = world.inventory.publisher(SplitMix64.mix(key, 60 + UInt64(clock.rng.below(4))))
        world.sell(&click, ad: world.inventory.ad(clock.rng.next()), publisher: site, &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

/// Imitates a rack of phones, or a room of paid people: many devices of one model and agent behind a few addresses,
/// walking through the same ads in the same order for a shift of hours.
struct DeviceFarm: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let country: Int
    private let agent: Int32
    private let devices: Int
    private let addresses: Int
    private let ads: Int
    private let meanGap: Double
    private var turn = 0

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        country = world.country(&job.rng)
        agent = world.agents.agent(.phone, unit: job.rng.unit())
        devices = job.rng.pick(job.profile.rackDevices)
        addresses = job.rng.pick(job.profile.rackAddresses)
        ads = 3 + job.rng.below(8)
        meanGap = job.rng.pick(job.profile.rackGapSeconds) * 1000
        let clicks = job.clicks(job.profile.rackClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let device = UInt64(turn % devices)
        var click = world.visitor(SplitMix64.mix(key, device), country: country, kind: .phone)
        click.time = clock.time
        click.agent = agent
        let shared = SplitMix64.mix(key, 500 + device % UInt64(addresses))
        world.move(&click, shared, to: country)
        click.tap(&clock.rng)
        click.viewPage(&clock.rng, medianTimeToClick: 2500)
        click.scrolls = Int32(clock.rng.below(4))
        if clock.rng.chance(0.7) { click.dwell = Int32(1800 + clock.rng.below(4500)) }
        let step = UInt64(turn / devices % ads)
        world.sell(
            &click, ad: world.inventory.ad(SplitMix64.mix(key, 600 + step)),
            publisher: world.inventory.publisher(SplitMix64.mix(key, 700 + step % 3)), &clock.rng)
        click.loseFields(&clock.rng)
        turn += 1
        clock.advance(by: meanGap * (0.5 + clock.rng.unit()))
        return click
    }
}

/// Imitates a stolen account or proxy hopping: one user and device, clicks minutes apart from countries hours apart.
struct ImpossibleTravel: TrafficActor {
    private(set) var clock: ActorClock
    private let face: SimulatedClick
    private let key: UInt64
    private let places: Int
    private let meanGap: Double
    private var hop: Int

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        var face = world.visitor(key, country: world.country(&job.rng), kind: job.rng.chance(0.5) ? .desktop : .phone)
        face.user = SplitMix64.mix(key, 13)
        self.face = face
        places = 2 + job.rng.below(4)
        hop = job.rng.below(8)
        meanGap = job.rng.pick(job.profile.travelGapMinutes) * 60_000
        let clicks = job.clicks(job.profile.travelClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    /// Countries (indices) that lie at least 3,000 km apart: United States, India, Brazil, Germany, Japan, Australia.
    private static let farApart = [0, 4, 5, 1, 10, 13]

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = face
        click.time = clock.time
        // A place now and then twice in a row: not every step of a hopper is a jump.
        if clock.rng.chance(0.85) { hop += 1 }
        let place = hop % places
        let first = SplitMix64.below(Self.farApart.count, SplitMix64.mix(key, 100))
        let country = Self.farApart[(first + place) % Self.farApart.count]
        world.move(&click, SplitMix64.mix(key, 110 + UInt64(place)), to: country)
        click.zoneMinutes = face.zoneMinutes
        click.actHuman(&clock.rng)
        world.sell(
            &click, ad: world.inventory.ad(clock.rng.next()), publisher: world.inventory.publisher(clock.rng.next()),
            &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * (0.3 + 1.4 * clock.rng.unit()))
        return click
    }
}

/// Imitates a rival who drains one advertiser's budget: a small group in one network, the same advertiser's dear ads
/// again and again, a glance at the landing page and away.
struct Competitor: TrafficActor {
    private(set) var clock: ActorClock
    private let key: UInt64
    private let country: Int
    private let devices: Int
    private let advertiser: Int
    private let network: Address
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        country = world.country(&job.rng)
        devices = job.rng.pick(job.profile.competitorDevices)
        advertiser = world.inventory.advertiser(ofAd: world.inventory.expensiveAd(job.rng.next()))
        network = world.addresses.office(country, key)
        meanGap = job.rng.pick(job.profile.competitorGapSeconds) * 1000
        let clicks = job.clicks(job.profile.competitorClicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let who = UInt64(clock.rng.below(devices))
        var click = world.visitor(SplitMix64.mix(key, who), country: country, kind: who % 3 == 2 ? .phone : .desktop)
        click.time = clock.time
        world.place(&click, key, country)
        let host = (network.low & 255 &+ who / 2) % 254 + 1
        click.address = Address(high: 0, low: network.low & ~255 | host)
        click.actHuman(&clock.rng)
        if clock.rng.chance(0.75) { click.dwell = Int32(600 + clock.rng.below(3400)) }
        let ad = world.inventory.ad(ofAdvertiser: advertiser, SplitMix64.mix(key, 40 + UInt64(clock.rng.below(3))))
        world.sell(&click, ad: ad, publisher: world.inventory.publisher(clock.rng.next()), &clock.rng)
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * (0.2 + clock.rng.exponential()))
        return click
    }
}

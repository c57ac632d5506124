/// Honest groups with an occasion, each an actor of its own: crowds, kiosks, a small site's readers, an advertiser's staff.
enum HonestGroup {
    /// Clicks of one group: how far apart groups of a kind begin.
    static func usualClicks(of lookAlike: LookAlike) -> ClosedRange<Int> {
        switch lookAlike {
        case .stadium: 60...1500
        case .schoolNAT: 30...250
        case .tvSpot: 80...3000
        case .viralSite: 150...4000
        case .kioskRefresh: 8...60
        case .smallLoyalAudience: 30...150
        case .advertiserStaff: 4...24
        case .cheapPlacement: 100...1500
        default: 1...1
        }
    }

    /// The group of a look-alike whose share is one of clicks; nil for the others.
    static func make(_ lookAlike: LookAlike, _ world: World, _ job: Assignment) -> (any TrafficActor)? {
        switch lookAlike {
        case .stadium, .schoolNAT, .tvSpot, .viralSite: Crowd(lookAlike, world, job)
        case .kioskRefresh: Kiosk(world, job)
        case .smallLoyalAudience: LoyalAudience(world, job)
        case .advertiserStaff: AdvertiserStaff(world, job)
        case .cheapPlacement: CheapPlacement(world, job)
        default: nil
        }
    }
}

/// Many people at once: a television spot seen at home, in a stadium or in a school behind one address, or a site that goes
/// viral. Devices, agents and gaps are as varied as people are.
struct Crowd: TrafficActor {
    private(set) var clock: ActorClock
    private let lookAlike: LookAlike
    private let country: Int
    private let publisher: Int?
    private let ad: Int?
    /// The one or two addresses of a stadium, the one of a school; none for people at home.
    private let venues: [Address]
    private let meanGap: Double

    init(_ lookAlike: LookAlike, _ world: World, _ given: Assignment) {
        var job = given
        self.lookAlike = lookAlike
        country = job.rng.below(6)
        ad = lookAlike == .viralSite ? nil : world.inventory.ad(job.rng.next())
        publisher = lookAlike == .viralSite ? world.inventory.publisher(job.rng.next()) : nil
        let place = job.rng.next()
        let count = lookAlike == .stadium ? 1 + job.rng.below(2) : lookAlike == .schoolNAT ? 1 : 0
        let spot = world.addresses.office(country, place)
        venues = (0..<count).map { Address(high: 0, low: spot.low & ~255 | (spot.low & 255 &+ UInt64($0)) % 254 + 1) }
        let clicks = job.clicks(HonestGroup.usualClicks(of: lookAlike))
        let minutes: ClosedRange<Double> =
            switch lookAlike {
            case .stadium: 2...8
            case .schoolNAT: 4...25
            case .tvSpot: 1.5...5
            default: 40...150
            }
        meanGap = job.rng.pick(minutes) * 60_000 / Double(clicks)
        clock = job.clock(clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let person = member(world)
        var click = person.appear(at: clock.time, connecting: venues.isEmpty)
        if !venues.isEmpty {
            world.place(&click, venues[0].low, country)
            click.address = venues[clock.rng.below(venues.count)]
            if lookAlike == .schoolNAT, person.kind == .desktop { useSchoolComputer(&click, person, world) }
        }
        click.lookAlikes.insert(lookAlike)
        world.sell(
            &click, ad: ad ?? world.inventory.ad(clock.rng.next()),
            publisher: publisher ?? person.site(&clock.rng), &clock.rng)
        person.behave(&click, &clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }

    /// Somebody of the country; in a stadium, where nine of ten have a phone in hand, and in a school one of those there.
    private mutating func member(_ world: World) -> Person {
        guard !venues.isEmpty else { return Person(world, country: country, rank: clock.rng.below(world.people[country])) }
        func someone() -> Person {
            .stranger(world, country: country, SplitMix64.mix(venues[0].low, UInt64(clock.rng.below(lookAlike == .stadium ? 20_000 : 400))))
        }
        var person = someone()
        guard lookAlike == .stadium, clock.rng.chance(0.9) else { return person }
        for _ in 0..<20 where person.kind != .phone { person = someone() }
        return person
    }

    /// One of the school's own: two models between them, everybody signed in.
    private func useSchoolComputer(_ click: inout SimulatedClick, _ person: Person, _ world: World) {
        let model = SplitMix64.mix(venues[0].low, 203 + (person.key & 1))
        click.agent = world.agents.agent(.desktop, unit: SplitMix64.unit(model))
        click.device = SplitMix64.mix(person.key, 54)
        click.user = SplitMix64.mix(person.key, 34)
    }
}

/// A page on a screen in a shop or lobby that loads itself anew every half-minute or so. Its ads change by the clock; its
/// clicks are those of passers-by, few and at no fixed interval, all on one device at one address without a user.
struct Kiosk: TrafficActor {
    private(set) var clock: ActorClock
    private let face: SimulatedClick
    private let key: UInt64
    private let refresh: Int
    private let meanGap: Double

    init(_ world: World, _ given: Assignment) {
        var job = given
        key = job.rng.next()
        let country = world.country(&job.rng)
        var face = world.visitor(key, country: country, kind: .tablet)
        face.user = 0
        face.address = world.addresses.office(country, job.rng.next())
        face.lookAlikes.insert(.kioskRefresh)
        self.face = face
        refresh = [15_000, 30_000, 60_000][job.rng.below(3)]
        meanGap = job.rng.pick(4...25) * 60_000
        clock = job.clock(job.clicks(HonestGroup.usualClicks(of: .kioskRefresh)), meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        var click = face
        click.time = clock.time
        click.tap(&clock.rng)
        click.viewPage(&clock.rng)
        click.scrolls = 0
        click.timeToClick = Int32(400 + clock.rng.below(refresh))
        click.stay(&clock.rng, bounceShare: world.share(of: .mistakenBack))
        if click.dwell != SimulatedClick.unknown { click.dwell = min(click.dwell, 90_000) }
        world.sell(&click, ad: world.inventory.ad(clock.rng.next()), publisher: world.inventory.publisher(key), &clock.rng)
        click.page = 0
        click.loseFields(&clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

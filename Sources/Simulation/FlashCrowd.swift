/// Honest crowds that look like attacks: a television spot, and a site that goes viral.
///
/// Many people click the same ad (or read the same site) at once; a third of a spot's sit in one stadium or school
/// behind one address. Devices, agents and gaps are as varied as people are.
struct FlashCrowd: TrafficActor {
    private(set) var clock: ActorClock
    private let country: Int
    private let publisher: Int?
    private let ad: Int?
    private let venue: Address
    private let meanGap: Double

    init(_ world: World, rng seeded: SplitMix64, start: Int64, end: Int64, clicks: Int) {
        var rng = seeded
        country = rng.below(6)
        let viral = rng.chance(0.4)
        ad = viral ? nil : world.inventory.ad(rng.next())
        publisher = viral ? world.inventory.publisher(rng.next()) : nil
        venue = world.addresses.office(country, rng.next())
        meanGap = (viral ? rng.pick(40...120) : rng.pick(1.5...4)) * 60_000 / Double(max(1, clicks))
        clock = ActorClock(rng, start: start, end: end, clicks: clicks, meanGap: meanGap)
    }

    mutating func makeClick(_ world: World) -> SimulatedClick {
        let person = Person(world, country: country, rank: clock.rng.below(world.people[country]))
        var click = person.appear(at: clock.time, in: world)
        if ad != nil, clock.rng.chance(0.33) { click.address = venue }
        world.sell(
            &click, ad: ad ?? world.inventory.ad(clock.rng.next()),
            publisher: publisher ?? person.site(world, &clock.rng), &clock.rng)
        person.behave(&click, &clock.rng)
        clock.advance(by: meanGap * clock.rng.exponential())
        return click
    }
}

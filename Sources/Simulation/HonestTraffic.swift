/// Sessions of honest people: who comes, when, and what they click. Holds the rhythm of the current bucket.
struct HonestTraffic {
    /// Expected clicks of a session; the pace is set with it and corrected every bucket.
    static let clicksPerSession = 1.27

    private let world: World
    private var rng: SplitMix64
    /// Cumulative activity of the countries in the current bucket.
    private var cumulative: [Double]

    init(_ world: World) {
        self.world = world
        rng = SplitMix64(seed: SplitMix64.mix(world.options.seed, 2))
        cumulative = Array(repeating: 0, count: Country.all.count)
    }

    /// Activity of all countries at a moment, arbitrary units.
    static func activity(at time: Int64) -> Double { Country.all.reduce(0) { $0 + $1.activity(at: time) } }

    mutating func enterBucket(at time: Int64) {
        var sum = 0.0
        for (index, country) in Country.all.enumerated() {
            sum += country.activity(at: time)
            cumulative[index] = sum
        }
    }

    /// Milliseconds to the next session when they come `mean` apart.
    mutating func gap(mean: Double) -> Double { mean * rng.exponential() }

    /// Someone who is awake: by country's hour, then by how active people are.
    mutating func someone() -> Person {
        let point = rng.unit() * cumulative[cumulative.count - 1]
        let country = min(cumulative.count - 1, cumulative.firstIndex { point < $0 } ?? 0)
        let count = world.people[country]
        return Person(world, country: country, rank: rng.zipf(count, offset: max(2, Double(count) / 40)))
    }

    /// A click that replays can use before anybody has come.
    mutating func firstRecorded(at time: Int64) -> SimulatedClick {
        enterBucket(at: time)
        return single(at: time)
    }

    /// One click of a person on their own.
    mutating func single(at time: Int64) -> SimulatedClick { click(of: someone(), at: time, ad: nil) }

    private mutating func click(of person: Person, at time: Int64, ad: Int?) -> SimulatedClick {
        var click = person.appear(at: time, in: world)
        // Some ads follow a person around; the rest is by popularity.
        let interest = rng.chance(0.15) ? SplitMix64.mix(person.key, 60) : rng.next()
        world.sell(&click, ad: ad ?? world.inventory.ad(interest), publisher: person.site(world, &rng), &rng)
        person.behave(&click, &rng)
        return click
    }

    /// A session that begins at `time`, given click by click, the first one first.
    mutating func session(at time: Int64, emit: (SimulatedClick) -> Void) {
        let person = someone()
        let first = click(of: person, at: time, ad: nil)
        emit(first)
        let kind = rng.unit()
        if kind < 0.004 {
            // The landing page failed to load: the same ad again after a few seconds.
            var again = first
            again.time += 4000 + Int64(rng.below(36_000))
            again.timeToClick = Int32(again.time - first.time)
            again.stay(&rng)
            emit(again)
        } else if kind < 0.010 {
            shopAround(person, first, emit)
        } else if kind < 0.19 {
            var at = time
            repeat {
                at += Int64(min(600_000, 8000 + rng.logNormal(median: 55_000, sigma: 1.1)))
                emit(click(of: person, at: at, ad: nil))
            } while rng.chance(0.28)
        }
    }

    /// Compares offers: several ads of one advertiser, minutes apart, and long looks at each.
    private mutating func shopAround(_ person: Person, _ first: SimulatedClick, _ emit: (SimulatedClick) -> Void) {
        let advertiser = world.inventory.advertiser(ofAd: Int(first.ad))
        var at = first.time
        for _ in 0..<(2 + rng.below(4)) {
            at += Int64(min(300_000, 15_000 + rng.logNormal(median: 60_000, sigma: 0.8)))
            emit(click(of: person, at: at, ad: world.inventory.ad(ofAdvertiser: advertiser, rng.next())))
        }
    }
}

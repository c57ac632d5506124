/// Sessions of honest people: who comes, when, and what they click. Holds the rhythm of the current bucket.
struct HonestTraffic {
    /// Expected clicks of a session; the pace is set with it and corrected every bucket.
    static let clicksPerSession = 1.3

    let world: World
    var rng: SplitMix64
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

    mutating func click(of person: Person, at time: Int64, ad: Int?) -> SimulatedClick {
        var click = person.appear(at: time)
        finish(&click, person, ad: ad)
        return click
    }

    /// Gives a click of a visitor its ad, site and behaviour.
    mutating func finish(_ click: inout SimulatedClick, _ person: Person, ad: Int?) {
        // Some ads follow a person around; the rest is by popularity.
        let interest = rng.chance(0.15) ? SplitMix64.mix(person.key, 60) : rng.next()
        world.sell(&click, ad: ad ?? world.inventory.ad(interest), publisher: person.site(&rng), &rng)
        person.behave(&click, &rng)
    }
}

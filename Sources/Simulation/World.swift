/// What all traffic shares and nothing changes: people, addresses, inventory, agents.
final class World {
    let options: SimulationOptions
    let inventory: Inventory
    let addresses: AddressPlan
    let agents = UserAgents()
    let people: [Int]
    /// Companies with a VPN gateway or cloud desktops of their own.
    let companies: Int
    private let seed: UInt64
    /// Share of each look-alike, by raw value.
    private let shares: [Double]

    init(_ options: SimulationOptions) {
        self.options = options
        shares = LookAlike.allCases.map(options.share)
        seed = SplitMix64.mix(options.seed, 1)
        let total = Country.all.reduce(0) { $0 + $1.weight }
        people = Country.all.map { max(20, Int(Double(options.population) * $0.weight / total)) }
        companies = min(2000, max(4, people.reduce(0, +) / 400))
        inventory = Inventory(options)
        addresses = AddressPlan(peoplePerCountry: people)
    }

    func share(of lookAlike: LookAlike) -> Double { shares[Int(lookAlike.rawValue)] }

    /// The key of person `rank` of a country; their whole life derives from it.
    func personKey(country: Int, rank: Int) -> UInt64 {
        SplitMix64.mix(seed, UInt64(country) << 48 | UInt64(rank))
    }

    /// A country, by its share of honest traffic.
    func country(_ rng: inout SplitMix64) -> Int {
        var left = rng.unit() * Country.all.reduce(0) { $0 + $1.weight }
        for (index, country) in Country.all.enumerated() {
            left -= country.weight
            if left < 0 { return index }
        }
        return 0
    }

    /// Identity fields of a made-up visitor at a home address: who attackers pretend to be, or whose machine they use.
    func visitor(_ key: UInt64, country: Int, kind: DeviceKind) -> SimulatedClick {
        var click = SimulatedClick()
        click.device = SplitMix64.mix(key, 11)
        if SplitMix64.mix(key, 12) & 1 == 0 { click.user = SplitMix64.mix(key, 13) }
        click.agent = agents.agent(kind, unit: SplitMix64.unit(SplitMix64.mix(key, 14)))
        move(&click, key, to: country)
        click.touch = kind == .desktop ? 0 : 1
        return click
    }

    /// Moves a visitor to a home address of a country, position and clock with it.
    func move(_ click: inout SimulatedClick, _ key: UInt64, to country: Int) {
        click.address = addresses.home(country, household: key)
        place(&click, key, country)
    }

    /// Position and clock of a country's city near which the key lives, a few kilometres off.
    func place(_ click: inout SimulatedClick, _ key: UInt64, _ country: Int) {
        let hash = SplitMix64.mix(key, 15)
        let cities = Country.all[country].cities
        let city = cities[SplitMix64.below(cities.count, hash)]
        click.country = UInt8(country)
        click.latitudeE2 = Int32(city.latitudeE2 + Int(hash & 31) - 16)
        click.longitudeE2 = Int32(city.longitudeE2 + Int((hash >> 5) & 31) - 16)
        click.zoneMinutes = Int32(city.zoneMinutes)
    }

    /// Which ad, where and at what price.
    func sell(_ click: inout SimulatedClick, ad: Int, publisher: Int, _ rng: inout SplitMix64) {
        click.ad = Int32(ad)
        click.publisher = Int32(publisher)
        click.placement = inventory.placement(ofPublisher: publisher, &rng)
        click.page = rng.chance(0.12) ? -1 : Int32(rng.zipf(400, offset: 4))
        click.costE4 = inventory.cost(ofAd: ad, &rng)
    }
}

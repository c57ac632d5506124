/// One honest visitor. Traits derive from the key, so that nobody has to be stored: `trait` i is uniform in 0 ..< 1.
struct Person {
    let key: UInt64
    /// People of a household share a router, and some a device.
    let household: UInt64
    let country: Int
    let kind: DeviceKind

    /// Person `rank` of a country, rank 0 being the most active; neighbours by rank live together in twos.
    init(_ world: World, country: Int, rank: Int) {
        key = world.personKey(country: country, rank: rank)
        household = world.personKey(country: country, rank: rank | 1 << 40 | 1)
        self.country = country
        let share = SplitMix64.unit(SplitMix64.mix(key, 21))
        kind = share < 0.52 ? .phone : share < 0.59 ? .tablet : .desktop
    }

    private func trait(_ salt: UInt64) -> Double { SplitMix64.unit(SplitMix64.mix(key, salt)) }

    /// Uses the keyboard or a switch instead of a pointer.
    var isKeyboardUser: Bool { kind == .desktop && trait(22) < 0.02 }
    var hasAdBlocker: Bool { trait(23) < (kind == .desktop ? 0.16 : 0.06) }
    /// Works through a company VPN or cloud desktop: a listed hosting address, a human behind it.
    var worksThroughGateway: Bool { kind == .desktop && trait(24) < 0.025 }
    /// Phone makers' relays hide the address.
    var usesPrivacyRelay: Bool { kind != .desktop && trait(25) < 0.015 }
    /// Switches a VPN on at some hour of the day, and leaves it on: one jump, then steady.
    var switchesVPNOn: Bool { trait(26) < 0.006 }
    var hasSkewedClock: Bool { trait(27) < 0.01 }
    /// Reads one site only.
    var isLoyal: Bool { trait(28) < 0.04 }
    private var goesToOffice: Bool { trait(29) < 0.45 }
    private var hasIPv6: Bool { trait(30) < 0.3 }

    /// Identity at a moment: device, user, agent, and the network the device is in now.
    func appear(at time: Int64, in world: World) -> SimulatedClick {
        var click = SimulatedClick()
        click.time = time
        identify(&click, world)
        world.place(&click, household, country)
        click.touch = kind == .desktop ? 0 : 1
        connect(&click, at: time, world)
        if hasSkewedClock {
            let reach = world.options.jitterMilliseconds / 5
            click.clockSkew = Int32(SplitMix64.below(Int(2 * reach) + 1, SplitMix64.mix(key, 31))) - Int32(reach)
        }
        return click
    }

    private func identify(_ click: inout SimulatedClick, _ world: World) {
        click.agent = world.agents.agent(kind, unit: trait(32))
        // Most are signed in somewhere; a family tablet or desktop is one device under several users.
        if trait(33) < 0.7 { click.user = SplitMix64.mix(key, 34) }
        if kind == .phone, trait(35) < 0.02 {
            // A popular phone model with a weak fingerprint: dozens of strangers look like one device.
            let groups = max(1, world.people[country] / 1500)
            click.device = SplitMix64.mix(UInt64(SplitMix64.below(groups, SplitMix64.mix(key, 36))), 37 + UInt64(country))
            click.agent = world.agents.agent(.phone, unit: SplitMix64.unit(click.device))
        } else if kind != .phone, SplitMix64.unit(SplitMix64.mix(household, 47)) < 0.12 {
            click.device = SplitMix64.mix(household, 38 + UInt64(kind.rawValue))
            click.agent = world.agents.agent(kind, unit: SplitMix64.unit(click.device))
        } else {
            click.device = SplitMix64.mix(key, 38)
        }
    }

    /// Where the device is on the net: home, office, on the move, behind a gateway or relay.
    private func connect(_ click: inout SimulatedClick, at time: Int64, _ world: World) {
        let local = time + Int64(click.zoneMinutes) * 60_000
        let hour = Int(local / 3_600_000 % 24)
        let day = local / 86_400_000
        let atWork = !Country.isWeekend(local) && (9..<17).contains(hour)
        if switchesVPNOn, Double(hour) >= 6 + 14 * trait(39) {
            let exit = SplitMix64.below(Country.all.count, SplitMix64.mix(key, 40))
            let zone = click.zoneMinutes
            world.place(&click, SplitMix64.mix(key, 41), exit)
            click.zoneMinutes = zone
            click.address = world.addresses.unlistedServer(exit, SplitMix64.mix(key, 42) % 40)
        } else if worksThroughGateway, atWork || trait(43) < 0.3 {
            click.address = world.addresses.companyGateway(SplitMix64.mix(key, 44) % 300)
        } else if usesPrivacyRelay {
            let relay = SplitMix64.mix(key, UInt64(bitPattern: day))
            click.address = relay & 1 == 0
                ? world.addresses.companyGateway(relay % 60) : world.addresses.unlistedServer(country, relay % 60)
        } else if atWork, goesToOffice {
            click.address = world.addresses.office(country, SplitMix64.mix(key, 45))
        } else if kind == .phone, isOnTheMove(hour, day) {
            roam(&click, slot: day * 8 + Int64(hour / 3), world)
        } else if hasIPv6 {
            click.address = world.addresses.privacyAddress(country, household: household, person: key, day: day)
        } else {
            click.address = world.addresses.home(country, household: household)
        }
    }

    private func isOnTheMove(_ hour: Int, _ day: Int64) -> Bool {
        let slot = SplitMix64.unit(SplitMix64.mix(key, UInt64(bitPattern: day * 8 + Int64(hour / 3)) ^ 0x5107))
        return slot < ((7..<20).contains(hour) ? 0.75 : 0.4)
    }

    /// On the mobile network: a carrier's shared address, and a position that is off by up to 100 km.
    private func roam(_ click: inout SimulatedClick, slot: Int64, _ world: World) {
        // A phone keeps to its carrier's few gateways.
        let gateway = SplitMix64.mix(key, 46) &+ UInt64(bitPattern: slot / 4) << 40
        click.address = world.addresses.carrier(country, gateway)
        let off = SplitMix64.mix(key, UInt64(bitPattern: slot))
        click.latitudeE2 += Int32(off & 63) - 32
        click.longitudeE2 += Int32((off >> 6) & 127) - 64
    }

    /// The site a click happens on: mostly one of the person's three favourites.
    func site(_ world: World, _ rng: inout SplitMix64) -> Int {
        let favourite: UInt64 = isLoyal ? 0 : rng.chance(0.65) ? UInt64(rng.below(3)) : 3
        return world.inventory.publisher(favourite == 3 ? rng.next() : SplitMix64.mix(key, 50 + favourite))
    }

    /// What the person does on the page; fills everything after identity and inventory.
    func behave(_ click: inout SimulatedClick, _ rng: inout SplitMix64) {
        if isKeyboardUser {
            click.useKeyboard(&rng)
            click.viewPage(&rng)
            click.stay(&rng)
        } else {
            click.actHuman(&rng)
        }
        if rng.chance(0.3) { click.impressionTime = click.time - Int64(click.timeToClick) }
        if hasAdBlocker { click.stripSignals() }
        click.loseFields(&rng)
    }
}

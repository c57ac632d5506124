/// One honest visitor. Traits derive from the key, so that nobody has to be stored: `trait` i is uniform in 0 ..< 1.
struct Person {
    let key: UInt64
    /// People of a household share a router, and some a device.
    let household: UInt64
    let country: Int
    let kind: DeviceKind
    let world: World

    /// Person `rank` of a country, rank 0 being the most active; neighbours by rank live together in twos.
    init(_ world: World, country: Int, rank: Int) {
        self.world = world
        key = world.personKey(country: country, rank: rank)
        household = world.personKey(country: country, rank: rank | 1 << 40 | 1)
        self.country = country
        let share = SplitMix64.unit(SplitMix64.mix(key, 21))
        kind = share < 0.52 ? .phone : share < 0.59 ? .tablet : .desktop
    }

    /// Somebody of a country who clicks on one occasion only: whoever is elsewhere then must not also be at home.
    static func stranger(_ world: World, country: Int, _ hash: UInt64) -> Person {
        Person(world, country: country, rank: 1 << 31 | Int(hash >> 34))
    }

    func trait(_ salt: UInt64) -> Double { SplitMix64.unit(SplitMix64.mix(key, salt)) }

    /// Whether this person has a habit that a share of people have.
    func has(_ habit: LookAlike) -> Bool { trait(1000 + UInt64(habit.rawValue)) < world.share(of: habit) }

    /// Uses the keyboard or a switch instead of a pointer.
    var isKeyboardUser: Bool { kind == .desktop && has(.keyboardUser) }
    /// Speaks to the computer, or has it read the page.
    var isVoiceUser: Bool { kind == .desktop && has(.voiceControl) }
    var hasCloudDesktop: Bool { kind == .desktop && has(.cloudDesktop) }
    var usesWebView: Bool { kind != .desktop && has(.appWebView) }
    /// Reads one site only.
    var isLoyal: Bool { trait(28) < 0.04 }
    /// The company whose network or cloud desktop the person uses.
    var company: UInt64 { UInt64(SplitMix64.below(world.companies, SplitMix64.mix(key, 44))) }

    /// Identity at a moment: device, user, agent, and the network the device is in now, unless the caller puts it into one.
    func appear(at time: Int64, connecting: Bool = true) -> SimulatedClick {
        var click = SimulatedClick()
        click.time = time
        identify(&click)
        world.place(&click, household, country)
        click.touch = kind == .desktop ? 0 : 1
        if click.touch == 1 { click.lookAlikes.insert(.touchUser) }
        if connecting { connect(&click, at: time) }
        if has(.clockSkew) {
            let reach = world.options.jitterMilliseconds / 5
            click.clockSkew = Int32(SplitMix64.below(Int(2 * reach) + 1, SplitMix64.mix(key, 31))) - Int32(reach)
            click.lookAlikes.insert(.clockSkew)
        }
        return click
    }

    private func identify(_ click: inout SimulatedClick) {
        click.agent = world.agents.agent(kind, unit: trait(32))
        // Most are signed in somewhere; a family tablet or desktop is one device under several users.
        if trait(33) < 0.7 { click.user = SplitMix64.mix(key, 34) }
        click.device = SplitMix64.mix(key, 38)
        if kind == .phone, has(.popularPhone) {
            // A popular phone model with a weak fingerprint: dozens of strangers look like one device.
            let groups = max(1, world.people[country] / 1500)
            click.device = SplitMix64.mix(UInt64(SplitMix64.below(groups, SplitMix64.mix(key, 36))), 37 + UInt64(country))
            click.agent = world.agents.agent(.phone, unit: SplitMix64.unit(click.device))
            click.lookAlikes.insert(.popularPhone)
        } else if kind != .phone, SplitMix64.unit(SplitMix64.mix(household, 47)) < world.share(of: .sharedDevice) {
            click.device = SplitMix64.mix(household, 38 + UInt64(kind.rawValue))
            click.agent = world.agents.agent(kind, unit: SplitMix64.unit(click.device))
            click.lookAlikes.insert(.sharedDevice)
        } else if usesWebView {
            click.agent = world.agents.webView(SplitMix64.mix(key, 48))
            click.lookAlikes.insert(.appWebView)
        } else if has(.unusualBrowser) {
            click.agent = world.agents.unusual(kind, SplitMix64.mix(key, 49))
            click.lookAlikes.insert(.unusualBrowser)
        }
    }

    /// The site a click happens on: mostly one of the person's three favourites.
    func site(_ rng: inout SplitMix64) -> Int {
        let favourite: UInt64 = isLoyal ? 0 : rng.chance(0.65) ? UInt64(rng.below(3)) : 3
        return world.inventory.publisher(favourite == 3 ? rng.next() : SplitMix64.mix(key, 50 + favourite))
    }

    /// What the person does on the page; fills everything after identity and inventory.
    func behave(_ click: inout SimulatedClick, _ rng: inout SplitMix64) {
        let bounceShare = world.share(of: .mistakenBack)
        if isVoiceUser {
            click.speak(&rng)
            click.lookAlikes.insert(.voiceControl)
        } else if isKeyboardUser {
            click.useKeyboard(&rng)
            click.lookAlikes.insert(.keyboardUser)
        } else if click.touch == 1 {
            click.tap(&rng)
        } else {
            click.moveMouse(&rng)
            if click.lookAlikes.contains(.cloudDesktop) { click.coarsenPath(&rng) }
        }
        click.viewPage(&rng)
        click.stay(&rng, bounceShare: bounceShare)
        leaveTraces(&click, &rng)
    }

    /// What reaches the server of all that, the same for whatever the person did.
    func leaveTraces(_ click: inout SimulatedClick, _ rng: inout SplitMix64) {
        if rng.chance(0.3) { click.impressionTime = click.time - Int64(click.timeToClick) }
        if has(.unmeasuredBeacon) {
            click.loseMeasurement()
            click.lookAlikes.insert(.unmeasuredBeacon)
        }
        if has(.adBlocker) {
            click.stripSignals()
            click.lookAlikes.insert(.adBlocker)
        }
        click.loseFields(&rng)
        if (0..<1000).contains(click.dwell) { click.lookAlikes.insert(.mistakenBack) }
    }
}

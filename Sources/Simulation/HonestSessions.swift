/// What honest people do in a sitting beyond one click: fail to load, reload, compare, travel, switch a VPN on.
extension HonestTraffic {
    /// A session that begins at `time`, given click by click, the first one first.
    mutating func session(at time: Int64, emit: (SimulatedClick) -> Void) {
        let person = someone()
        var kind = rng.unit()
        func falls(_ lookAlike: LookAlike) -> Bool {
            kind -= world.share(of: lookAlike)
            return kind < 0
        }
        if falls(.commuter) {
            commute(carried(person), time, emit)
        } else if falls(.vpnSwitch) {
            switchVPN(.stranger(world, country: person.country, rng.next()), time, emit)
        } else {
            let first = click(of: person, at: time, ad: nil)
            emit(first)
            if falls(.retryAfterFailure) {
                retry(person, first, emit)
            } else if falls(.pageReload) {
                reload(person, first, emit)
            } else if falls(.comparisonShopper) {
                shopAround(person, first, emit)
            } else if rng.unit() < 0.18 {
                var at = time
                repeat {
                    at += Int64(min(600_000, 8000 + rng.logNormal(median: 55_000, sigma: 1.1)))
                    emit(click(of: person, at: at, ad: nil))
                } while rng.chance(0.28)
            }
        }
    }

    /// The landing page failed to load: back, and the same ad again, now and then twice. Seeing that nothing comes, going
    /// back and aiming anew takes a person some two seconds at the least.
    private mutating func retry(_ person: Person, _ first: SimulatedClick, _ emit: (SimulatedClick) -> Void) {
        var at = first.time
        repeat {
            at += Int64(min(60_000, 1800 + rng.logNormal(median: 5500, sigma: 0.8)))
            var again = click(of: person, at: at, ad: Int(first.ad))
            keepPlace(&again, of: first)
            // The page is still the same: its impression is ever longer ago.
            if first.timeToClick != SimulatedClick.unknown { again.timeToClick = first.timeToClick + Int32(at - first.time) }
            again.impressionTime = first.impressionTime
            again.lookAlikes.insert(.retryAfterFailure)
            emit(again)
        } while rng.chance(0.2)
    }

    /// The publisher's page was loaded again: often the same ad in the same place, seen and clicked anew.
    private mutating func reload(_ person: Person, _ first: SimulatedClick, _ emit: (SimulatedClick) -> Void) {
        let at = first.time + 8000 + Int64(min(300_000, rng.logNormal(median: 25_000, sigma: 0.9)))
        var again = click(of: person, at: at, ad: rng.chance(0.5) ? Int(first.ad) : nil)
        keepPlace(&again, of: first)
        again.lookAlikes.insert(.pageReload)
        emit(again)
    }

    private func keepPlace(_ click: inout SimulatedClick, of first: SimulatedClick) {
        click.publisher = first.publisher
        click.placement = first.placement
        click.page = first.page
        click.address = first.address
        (click.latitudeE2, click.longitudeE2) = (first.latitudeE2, first.longitudeE2)
    }

    /// Compares offers: several ads of one advertiser, minutes apart, some of them twice, and long looks at each.
    private mutating func shopAround(_ person: Person, _ first: SimulatedClick, _ emit: (SimulatedClick) -> Void) {
        let advertiser = world.inventory.advertiser(ofAd: Int(first.ad))
        var at = first.time
        var seen = [Int(first.ad)]
        for _ in 0..<(2 + rng.below(6)) {
            at += Int64(min(400_000, 15_000 + rng.logNormal(median: 75_000, sigma: 0.8)))
            let other = world.inventory.ad(ofAdvertiser: advertiser, rng.next())
            let ad = rng.chance(0.35) ? seen[rng.below(seen.count)] : other
            if !seen.contains(ad) { seen.append(ad) }
            var look = click(of: person, at: at, ad: ad)
            if look.dwell != SimulatedClick.unknown { look.dwell = max(look.dwell, 4000 + Int32(rng.below(60_000))) }
            look.lookAlikes.insert(.comparisonShopper)
            emit(look)
        }
    }

    /// The person, or another of the country when what they have is a desktop.
    private mutating func carried(_ person: Person) -> Person {
        var person = person
        for _ in 0..<20 where person.kind == .desktop {
            person = Person(world, country: person.country, rank: rng.below(world.people[person.country]))
        }
        return person
    }

    /// On the way to work or home: home network, one or two gateways of the carrier, an office or café; 3 to 6 clicks in
    /// half an hour to an hour, a few kilometres apart.
    private mutating func commute(_ person: Person, _ start: Int64, _ emit: (SimulatedClick) -> Void) {
        var at = start
        let clicks = 3 + rng.below(4)
        let gap = Double((30 + rng.below(35)) * 60_000) / Double(clicks)
        for step in 0..<clicks {
            var click = person.appear(at: at, connecting: false)
            click.lookAlikes.insert(.commuter)
            switch 4 * step / clicks {
            case 0: person.stayHome(&click, day: start / 86_400_000, time: start)
            case 3: click.address = world.addresses.office(person.country, SplitMix64.mix(person.key, 45))
            case let leg: person.roam(&click, slot: start / 10_800_000 + Int64(leg) * 4)
            }
            finish(&click, person, ad: nil)
            emit(click)
            at += Int64(gap * (0.3 + rng.exponential()))
        }
    }

    /// A VPN switched on between two clicks: one jump to its exit, then steady. Most services' exits are on the hosting
    /// lists. The browser's clock stays at home.
    private mutating func switchVPN(_ person: Person, _ start: Int64, _ emit: (SimulatedClick) -> Void) {
        var at = start
        let exit = rng.below(Country.all.count)
        let place = rng.next()
        let address = rng.chance(0.7) ? world.addresses.vpnExit(place % 200) : world.addresses.unlistedServer(exit, place % 40)
        emit(click(of: person, at: at, ad: nil))
        for _ in 0..<(1 + rng.below(5)) {
            at += Int64(min(600_000, 12_000 + rng.logNormal(median: 60_000, sigma: 1)))
            var click = person.appear(at: at, connecting: false)
            let zone = click.zoneMinutes
            world.place(&click, place, exit)
            click.zoneMinutes = zone
            click.address = address
            click.lookAlikes.insert(.vpnSwitch)
            finish(&click, person, ad: nil)
            emit(click)
        }
    }
}

/// Where a person's device is on the net: home, office, campus, on the move, behind a gateway or relay.
extension Person {
    func connect(_ click: inout SimulatedClick, at time: Int64) {
        let local = time + Int64(click.zoneMinutes) * 60_000
        let hour = Int(local / 3_600_000 % 24)
        let day = local / 86_400_000
        let atWork = !Country.isWeekend(local) && (9..<17).contains(hour)
        if hasCloudDesktop, atWork || trait(43) < 0.2 {
            useCloudDesktop(&click)
        } else if kind == .desktop, has(.companyVPN), atWork || trait(43) < 0.3 {
            click.address = world.addresses.companyGateway(company)
            click.lookAlikes.insert(.companyVPN)
        } else if kind != .desktop, has(.privacyRelay) {
            // The relay gives another of its country's exits every few hours.
            let exit = SplitMix64.mix(key, UInt64(bitPattern: day * 6 + Int64(hour / 4)))
            click.address = world.addresses.privacyRelay(SplitMix64.mix(UInt64(country), UInt64(SplitMix64.below(40, exit))))
            click.lookAlikes.insert(.privacyRelay)
        } else if has(.campus), (8..<22).contains(hour), isOnTheMove(hour, day) {
            click.address = world.addresses.campus(country, SplitMix64.mix(key, 45))
            click.lookAlikes.insert(.campus)
        } else if atWork, has(.office) {
            workInOffice(&click)
        } else if kind == .phone, isOnTheMove(hour, day) {
            roam(&click, slot: day * 8 + Int64(hour / 3))
        } else {
            stayHome(&click, day: day, time: time)
        }
    }

    private func isOnTheMove(_ hour: Int, _ day: Int64) -> Bool {
        let slot = SplitMix64.unit(SplitMix64.mix(key, UInt64(bitPattern: day * 8 + Int64(hour / 3)) ^ 0x5107))
        return slot < world.share(of: .carrierNAT) * ((7..<20).contains(hour) ? 1 : 0.55)
    }

    /// Desktops cloned from a company's few images: one agent and weak fingerprint each, the company's exits, a clock that
    /// many leave at UTC.
    private func useCloudDesktop(_ click: inout SimulatedClick) {
        let image = SplitMix64.mix(company, 200 + UInt64(SplitMix64.below(3, SplitMix64.mix(key, 51))))
        click.device = image
        click.agent = world.agents.agent(.desktop, unit: 0.3 * SplitMix64.unit(image))
        click.address = world.addresses.cloudDesktop(company: company, exit: UInt64(SplitMix64.below(4, SplitMix64.mix(key, 52))))
        if SplitMix64.unit(SplitMix64.mix(company, 201)) < 0.4 { click.zoneMinutes = 0 }
        click.lookAlikes.insert(.cloudDesktop)
    }

    /// One address for all; a third of the offices give everybody the same browser.
    private func workInOffice(_ click: inout SimulatedClick) {
        let place = SplitMix64.mix(key, 45)
        click.address = world.addresses.office(country, place)
        let policy = SplitMix64.mix(click.address.low, 202)
        if kind == .desktop, SplitMix64.unit(policy) < 0.33 { click.agent = world.agents.agent(.desktop, unit: SplitMix64.unit(SplitMix64.mix(policy, 1))) }
        click.lookAlikes.insert(.office)
    }

    /// On the mobile network: a carrier's shared address, and a position that is off by up to 100 km.
    func roam(_ click: inout SimulatedClick, slot: Int64) {
        // A phone keeps to its carrier's few gateways.
        let gateway = SplitMix64.mix(key, 46) &+ UInt64(bitPattern: slot / 4) << 40
        click.address = world.addresses.carrier(country, gateway)
        let off = SplitMix64.mix(key, UInt64(bitPattern: slot))
        click.latitudeE2 += Int32(off & 63) - 32
        click.longitudeE2 += Int32((off >> 6) & 127) - 64
        click.lookAlikes.insert(.carrierNAT)
    }

    func stayHome(_ click: inout SimulatedClick, day: Int64, time: Int64) {
        // With both protocols, each connection takes the faster one of the moment.
        let both = has(.geoipError)
        let sixNow = both ? SplitMix64.mix(key, UInt64(bitPattern: time)) & 1 == 0 : has(.ipv6Privacy)
        if sixNow {
            click.address = world.addresses.privacyAddress(country, household: household, person: key, day: day)
            click.lookAlikes.insert(.ipv6Privacy)
        } else {
            click.address = world.addresses.home(country, household: household)
        }
        guard both else { return }
        // The database knows the two networks by different cities, 150 to 600 km apart: 111 km a degree of latitude.
        if !sixNow {
            let away = 135 + Int32(SplitMix64.below(406, SplitMix64.mix(key, 53)))
            click.latitudeE2 += click.latitudeE2 > 0 ? -away : away
        }
        click.lookAlikes.insert(.geoipError)
    }
}

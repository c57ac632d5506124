/// Which address belongs to whom. Nothing here is anybody's real address:
///
///     240 + country . 0–127   . x . x     homes and residential proxies (class E, reserved)
///     240 + country . 128–191 . x . x     offices and campuses
///     240 + country . 192–255 . x . x     VPN exits and servers that no list knows
///     100.64.0.0/10                       carrier NAT (RFC 6598), four /16 a country
///     2001:db8:0000–6fff::/36             IPv6 homes (RFC 3849), a /64 each
///     198.18.0.0/15, 203.0.113.0/24, 2001:db8:f000::/36     hosting; in 198.19.192.0/18 the gateways of company VPNs,
///                                         cloud desktops, privacy relays and VPN services (RFC 2544, 5737)
///     192.0.2.0/24                        Tor exits (RFC 5737)
///     198.51.100.0/24                     the crawlers' own, unlisted (RFC 5737)
struct AddressPlan: Sendable {
    static let hostingRanges = ["198.18.0.0/15", "203.0.113.0/24", "2001:db8:f000::/36"]
    static let torExits = (1...96).map { "192.0.2.\($0)" }

    /// /24 networks that the homes of a country fill, so that about 16 people share one.
    private let homeNetworks: [Int]
    /// Addresses of carrier NAT in a country, about one for every 250 phones.
    private let carrierAddresses: [Int]
    private let offices: [Int]

    init(peoplePerCountry: [Int]) {
        homeNetworks = peoplePerCountry.map { min(32_768, max(8, $0 / 16)) }
        carrierAddresses = peoplePerCountry.map { min(200_000, max(1, $0 / 500)) }
        offices = peoplePerCountry.map { min(16_384, max(2, $0 / 120)) }
    }

    private func classE(_ country: Int, _ network: Int, _ host: UInt64) -> Address {
        .v4(240 + country, network >> 8, network & 255, 1 + SplitMix64.below(254, host))
    }

    /// The IPv4 address of a household.
    func home(_ country: Int, household: UInt64) -> Address {
        classE(country, SplitMix64.below(homeNetworks[country], SplitMix64.mix(household, 101)), SplitMix64.mix(household, 102))
    }

    /// An IPv6 privacy address: the household's /64, and an interface id that changes daily.
    func privacyAddress(_ country: Int, household: UInt64, person: UInt64, day: Int64) -> Address {
        let net = SplitMix64.mix(household, 103)
        let site = UInt64(country) << 11 | (net >> 53)
        return Address(
            high: 0x2001_0db8_0000_0000 | site << 16 | (net & 0xFFFF),
            low: SplitMix64.mix(person, UInt64(bitPattern: day)) | 1)
    }

    /// One of the few addresses a mobile carrier's customers share; a phone keeps it for a slot of hours.
    func carrier(_ country: Int, _ hash: UInt64) -> Address {
        let index = SplitMix64.below(carrierAddresses[country], hash)
        return .v4(100, 64 + country * 4 + (index >> 16), (index >> 8) & 255, index & 255)
    }

    /// An office or campus, by what picks it; all of its people share one address.
    func office(_ country: Int, _ hash: UInt64) -> Address {
        let index = UInt64(SplitMix64.below(offices[country], hash))
        return classE(country, 32_768 + SplitMix64.below(16_384, SplitMix64.mix(index, 104)), SplitMix64.mix(index, 105))
    }

    /// A campus, by what picks it: few and large.
    func campus(_ country: Int, _ hash: UInt64) -> Address {
        let index = UInt64(SplitMix64.below(max(1, offices[country] / 12), hash))
        return classE(country, 32_768 + SplitMix64.below(16_384, SplitMix64.mix(index, 110)), SplitMix64.mix(index, 111))
    }

    /// A VPN exit or rented server that no list knows.
    func unlistedServer(_ country: Int, _ hash: UInt64) -> Address {
        classE(country, 49_152 + SplitMix64.below(512, hash), SplitMix64.mix(hash, 106))
    }

    /// A company's VPN gateway, in a listed range.
    func companyGateway(_ hash: UInt64) -> Address { gateway(192, hash) }

    /// One of a company's cloud desktops' few exits: its desktops share a /24 of a listed range.
    func cloudDesktop(company: UInt64, exit: UInt64) -> Address {
        .v4(198, 19, 208 + SplitMix64.below(16, SplitMix64.mix(company, 112)), 1 + SplitMix64.below(254, SplitMix64.mix(company, exit)))
    }

    /// An exit of a phone maker's privacy relay, in a listed range.
    func privacyRelay(_ hash: UInt64) -> Address { gateway(224, hash) }

    /// An exit of a VPN service, in a listed range.
    func vpnExit(_ hash: UInt64) -> Address { gateway(240, hash) }

    /// One of 16 listed /24 networks from 198.19.`third`.0 on.
    private func gateway(_ third: Int, _ hash: UInt64) -> Address {
        .v4(198, 19, third + SplitMix64.below(16, hash), 1 + SplitMix64.below(254, SplitMix64.mix(hash, 107)))
    }

    /// Address `index` of a rented network in a listed range.
    func hosting(network: UInt64, index: UInt64) -> Address {
        let pick = SplitMix64.below(100, network)
        let host = SplitMix64.mix(network, index)
        if pick < 5 { return Address(high: 0x2001_0db8_f000_0000 | (network & 0xFFFF), low: host | 1) }
        if pick < 12 { return .v4(203, 0, 113, 1 + SplitMix64.below(254, host)) }
        let slash24 = SplitMix64.below(448, SplitMix64.mix(network, 108))
        return .v4(198, 18 + (slash24 >> 8), slash24 & 255, 1 + SplitMix64.below(254, host))
    }

    func torExit(_ hash: UInt64) -> Address { .v4(192, 0, 2, 1 + SplitMix64.below(Self.torExits.count, hash)) }

    func crawler(_ index: Int) -> Address { .v4(198, 51, 100, 1 + index % 254) }
}

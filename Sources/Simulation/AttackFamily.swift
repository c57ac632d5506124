/// A family of click fraud, named as the threat model names it. The raw value is its place in `allCases`.
package enum AttackFamily: UInt8, CaseIterable, Sendable {
    case declaredCrawler, hosting, doubleClick, replay
    case ipBurst, metronome, slowDrip
    case fingerprintFarm, deviceFarm, impossibleTravel, competitor
    case publisherInflation, hiddenAd, attributionFlood
    case noMovement, instantBounce, humanoid

    /// The value of the `attack` field, e.g. `slow_drip`.
    package var name: String { staticName.description }

    /// The family with this `attack` name, or nil.
    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    var staticName: StaticString {
        switch self {
        case .declaredCrawler: "declared_crawler"
        case .hosting: "hosting"
        case .doubleClick: "double_click"
        case .replay: "replay"
        case .ipBurst: "ip_burst"
        case .metronome: "metronome"
        case .slowDrip: "slow_drip"
        case .fingerprintFarm: "fingerprint_farm"
        case .deviceFarm: "device_farm"
        case .impossibleTravel: "impossible_travel"
        case .competitor: "competitor"
        case .publisherInflation: "publisher_inflation"
        case .hiddenAd: "hidden_ad"
        case .attributionFlood: "attribution_flood"
        case .noMovement: "no_movement"
        case .instantBounce: "instant_bounce"
        case .humanoid: "humanoid"
        }
    }

    /// Whether what the browser reports is all there is to know the family by.
    var isKnownBySignals: Bool {
        switch self {
        case .hiddenAd, .noMovement, .instantBounce, .humanoid, .replay, .doubleClick, .declaredCrawler: true
        default: false
        }
    }

    /// Share of the fraud a family gets by default, relative to the others.
    var defaultWeight: Double {
        switch self {
        case .doubleClick, .replay: 0.6
        case .impossibleTravel: 0.7
        case .competitor, .instantBounce, .humanoid: 0.8
        case .hosting, .ipBurst, .slowDrip, .attributionFlood: 1.2
        default: 1
        }
    }
}

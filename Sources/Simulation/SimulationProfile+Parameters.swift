/// A range that attackers of a family draw from, as scenario files name it.
struct AttackParameter {
    enum Value {
        case counts(WritableKeyPath<SimulationProfile, ClosedRange<Int>>)
        case numbers(WritableKeyPath<SimulationProfile, ClosedRange<Double>>)
        case share(WritableKeyPath<SimulationProfile, Double>)
    }

    let name: String
    let value: Value
    /// What a bound of the range may be.
    let limits: ClosedRange<Double>

    init(_ name: String, _ path: WritableKeyPath<SimulationProfile, ClosedRange<Int>>, _ limits: ClosedRange<Double>) {
        (self.name, value, self.limits) = (name, .counts(path), limits)
    }

    init(_ name: String, _ path: WritableKeyPath<SimulationProfile, ClosedRange<Double>>, _ limits: ClosedRange<Double>) {
        (self.name, value, self.limits) = (name, .numbers(path), limits)
    }

    init(_ name: String, _ path: WritableKeyPath<SimulationProfile, Double>) {
        (self.name, value, limits) = (name, .share(path), 0...1)
    }

    private static let clicks: ClosedRange<Double> = 1...1_000_000
    private static let seconds: ClosedRange<Double> = 0.01...86_400
    private static let milliseconds: ClosedRange<Double> = 1...86_400_000
    private static let hours: ClosedRange<Double> = 0.01...1000
    private static let members: ClosedRange<Double> = 1...100_000
    private static let share: ClosedRange<Double> = 0...1

    /// The parameters of a family.
    static func all(of family: AttackFamily) -> [AttackParameter] {
        general(family) ?? group(family) ?? behaviour(family)
    }

    private static func general(_ family: AttackFamily) -> [AttackParameter]? {
        switch family {
        case .declaredCrawler:
            [.init("clicks", \.crawlerClicks, clicks), .init("gap_seconds", \.crawlerGapSeconds, seconds)]
        case .hosting:
            [
                .init("clicks", \.hostingClicks, clicks), .init("gap_seconds", \.hostingGapSeconds, seconds),
                .init("addresses", \.hostingAddresses, members), .init("automation_share", \.hostingAutomationShare, share),
                .init("tor_share", \.hostingTorShare),
            ]
        case .doubleClick: [.init("gap_ms", \.doubleClickGapMilliseconds, milliseconds)]
        case .replay: [.init("clicks", \.replayClicks, clicks), .init("gap_seconds", \.replayGapSeconds, seconds)]
        case .ipBurst: [.init("clicks", \.burstClicks, clicks), .init("gap_ms", \.burstGapMilliseconds, milliseconds)]
        case .metronome:
            [
                .init("clicks", \.metronomeClicks, clicks), .init("period_seconds", \.metronomePeriodSeconds, seconds),
                .init("jitter", \.metronomeJitter, share),
            ]
        case .slowDrip:
            [
                .init("clicks", \.dripClicks, clicks), .init("clicks_per_address", \.dripClicksPerAddress, 1...15),
                .init("hours", \.dripHours, hours),
            ]
        default: nil
        }
    }

    private static func group(_ family: AttackFamily) -> [AttackParameter]? {
        switch family {
        case .fingerprintFarm:
            [
                .init("clicks", \.fingerprintClicks, clicks), .init("minutes", \.fingerprintMinutes, 0.1...10_000),
                .init("countries", \.fingerprintCountries, 1...14),
            ]
        case .deviceFarm:
            [
                .init("clicks", \.rackClicks, clicks), .init("devices", \.rackDevices, members),
                .init("addresses", \.rackAddresses, members), .init("gap_seconds", \.rackGapSeconds, seconds),
            ]
        case .impossibleTravel: [.init("clicks", \.travelClicks, clicks), .init("gap_minutes", \.travelGapMinutes, 0.1...1000)]
        case .competitor:
            [
                .init("clicks", \.competitorClicks, clicks), .init("devices", \.competitorDevices, members),
                .init("gap_seconds", \.competitorGapSeconds, seconds),
            ]
        case .publisherInflation:
            [
                .init("clicks", \.inflationClicks, clicks), .init("visitors", \.inflationVisitors, members),
                .init("hours", \.inflationHours, hours),
            ]
        default: nil
        }
    }

    private static func behaviour(_ family: AttackFamily) -> [AttackParameter] {
        switch family {
        case .hiddenAd:
            [
                .init("clicks", \.hiddenClicks, clicks), .init("stack", \.hiddenStack, 1...100),
                .init("gap_seconds", \.hiddenGapSeconds, seconds),
            ]
        case .attributionFlood: [.init("clicks", \.floodClicks, clicks), .init("gap_ms", \.floodGapMilliseconds, milliseconds)]
        case .noMovement:
            [
                .init("clicks", \.headlessClicks, clicks), .init("gap_seconds", \.headlessGapSeconds, seconds),
                .init("automation_share", \.headlessAutomationShare, share),
            ]
        case .instantBounce: [.init("clicks", \.bounceClicks, clicks), .init("gap_seconds", \.bounceGapSeconds, seconds)]
        case .humanoid:
            [
                .init("clicks", \.humanoidClicks, clicks), .init("gap_seconds", \.humanoidGapSeconds, seconds),
                .init("noise", \.humanoidNoise, share), .init("paths", \.humanoidPaths, members),
            ]
        default: []
        }
    }
}

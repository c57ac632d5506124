/// The ranges that attackers draw their parameters from. A model fitted on `train` and measured on `test` meets
/// attackers that are slower, more careful and more spread out than those it learned from.
package struct SimulationProfile: Sendable {
    /// `train` or `test`.
    package let name: String

    var crawlerClicks = 20...150
    var crawlerGapSeconds = 2.0...20
    var hostingClicks = 40...300
    var hostingGapSeconds = 1.0...12
    var hostingAddresses = 4...24
    /// Share of an attacker's clicks whose browser admits to automation.
    var hostingAutomationShare = 0.1...0.5
    var hostingTorShare = 0.25
    var doubleClickGapMilliseconds = 120.0...1500
    var replayClicks = 10...60
    var replayGapSeconds = 2.0...40

    var burstClicks = 60...400
    var burstGapMilliseconds = 150.0...900
    var metronomeClicks = 30...160
    var metronomePeriodSeconds = 4.0...45
    /// Standard deviation of a period, relative to it.
    var metronomeJitter = 0.002...0.02
    var dripClicks = 150...1200
    var dripClicksPerAddress = 2...8
    var dripHours = 5.0...20

    var fingerprintClicks = 30...150
    var fingerprintMinutes = 15.0...50
    var fingerprintCountries = 2...6
    var rackClicks = 120...700
    var rackDevices = 15...60
    var rackAddresses = 1...2
    var rackGapSeconds = 2.0...8
    var travelClicks = 8...30
    var travelGapMinutes = 1.0...12
    var competitorClicks = 20...90
    var competitorDevices = 1...4
    var competitorGapSeconds = 25.0...240

    var inflationClicks = 80...400
    var inflationVisitors = 5...20
    var inflationHours = 1.0...5
    var hiddenClicks = 40...250
    /// Clicks at one instant from one page.
    var hiddenStack = 3...8
    var hiddenGapSeconds = 5.0...60
    var floodClicks = 200...1500
    var floodGapMilliseconds = 150.0...1500

    var headlessClicks = 5...40
    var headlessGapSeconds = 4.0...60
    var headlessAutomationShare = 0.3...0.8
    var bounceClicks = 10...60
    var bounceGapSeconds = 10.0...120
    var humanoidClicks = 30...150
    var humanoidGapSeconds = 10.0...120
    /// Relative noise on a replayed pointer path.
    var humanoidNoise = 0.004...0.02
    var humanoidPaths = 1...4

    /// Attackers to learn from: plainer, faster, in tighter groups.
    package static let train = SimulationProfile(name: "train")

    /// Attackers to measure with: other ranges throughout, mostly harder.
    package static let test: SimulationProfile = {
        var p = SimulationProfile(name: "test")
        (p.crawlerClicks, p.crawlerGapSeconds) = (10...250, 1...45)
        (p.hostingClicks, p.hostingGapSeconds, p.hostingAddresses) = (30...400, 2...25, 8...60)
        (p.hostingAutomationShare, p.hostingTorShare) = (0...0.3, 0.15)
        p.doubleClickGapMilliseconds = 90...2500
        (p.replayClicks, p.replayGapSeconds) = (6...90, 5...90)
        (p.burstClicks, p.burstGapMilliseconds) = (40...600, 250...1500)
        (p.metronomeClicks, p.metronomePeriodSeconds, p.metronomeJitter) = (20...200, 6...90, 0.005...0.04)
        (p.dripClicks, p.dripClicksPerAddress, p.dripHours) = (200...1500, 1...12, 3...22)
        (p.fingerprintClicks, p.fingerprintMinutes, p.fingerprintCountries) = (20...200, 20...90, 1...8)
        (p.rackClicks, p.rackDevices, p.rackAddresses, p.rackGapSeconds) = (100...900, 8...90, 1...4, 3...14)
        (p.travelClicks, p.travelGapMinutes) = (6...40, 2...30)
        (p.competitorClicks, p.competitorDevices, p.competitorGapSeconds) = (15...120, 1...6, 40...420)
        (p.inflationClicks, p.inflationVisitors, p.inflationHours) = (60...500, 8...40, 1...8)
        (p.hiddenClicks, p.hiddenStack, p.hiddenGapSeconds) = (30...300, 2...10, 8...120)
        (p.floodClicks, p.floodGapMilliseconds) = (150...2000, 300...3000)
        (p.headlessClicks, p.headlessGapSeconds, p.headlessAutomationShare) = (3...60, 6...150, 0.1...0.6)
        (p.bounceClicks, p.bounceGapSeconds) = (8...80, 15...240)
        (p.humanoidClicks, p.humanoidGapSeconds) = (20...200, 15...240)
        (p.humanoidNoise, p.humanoidPaths) = (0.01...0.05, 2...8)
        return p
    }()

    /// Clicks of one attacker.
    func usualClicks(of family: AttackFamily) -> ClosedRange<Int> {
        switch family {
        case .declaredCrawler: crawlerClicks
        case .hosting: hostingClicks
        case .doubleClick: 1...2
        case .replay: replayClicks
        case .ipBurst: burstClicks
        case .metronome: metronomeClicks
        case .slowDrip: dripClicks
        case .fingerprintFarm: fingerprintClicks
        case .deviceFarm: rackClicks
        case .impossibleTravel: travelClicks
        case .competitor: competitorClicks
        case .publisherInflation: inflationClicks
        case .hiddenAd: hiddenClicks
        case .attributionFlood: floodClicks
        case .noMovement: headlessClicks
        case .instantBounce: bounceClicks
        case .humanoid: humanoidClicks
        }
    }

    /// The profile with this name, or nil.
    package static func named(_ name: String) -> SimulationProfile? {
        [train, test].first { $0.name == name }
    }
}

package import ClickModel

/// What to simulate. The same options give the same bytes on every machine.
package struct SimulationOptions: Sendable {
    package var seed: UInt64 = 1
    /// Lines to produce, duplicates, late clicks and bad lines included: exactly so many come.
    package var clicks = 100_000
    /// First event time; 2026-11-01T00:00:00Z is a Sunday.
    package var start = EventTime(milliseconds: 1_793_491_200_000)
    /// Event times lie in `start ..< start + duration`.
    package var durationMilliseconds = EventTime.millisecondsPerDay
    /// Share of the clicks that are fraud.
    package var fraudShare = 0.15
    /// Relative weight of each family within the fraud; a family that is left out does not occur.
    package var familyWeights: [AttackFamily: Double] = Dictionary(
        uniqueKeysWithValues: AttackFamily.allCases.map { ($0, $0.defaultWeight) })
    package var profile = SimulationProfile.train
    /// Share of each look-alike, of what its `unit` says; one that is left out keeps its default, 0 leaves it out.
    package var lookAlikeShares: [LookAlike: Double] = [:]
    /// Parts of the run that differ, one after another; their lengths add up to the duration. Empty: one part, of the
    /// values above.
    package var phases: [SimulationPhase] = []

    package var ads = 400
    package var campaigns = 120
    package var advertisers = 40
    package var publishers = 150
    /// People who may click; 0 means one for every three clicks, at least 500.
    package var users = 0

    /// Share of lines that repeat an earlier `click_id`: half a client's retries (same bytes), half replayed URLs.
    package var duplicateShare = 0.002
    /// Share of clicks delivered more than 5 minutes after the end of their minute.
    package var lateShare = 0.001
    /// Share of clicks that a slow network delivers 10 s to 4 min after they happened, still in time.
    package var slowShare = 0.002
    /// Bound on how far behind the greatest event time seen so far a punctual click may come.
    package var jitterMilliseconds: Int64 = 2000
    /// Share of lines that must be rejected.
    package var badLineShare = 0.0005

    package init() {}

    /// People who may click, the default resolved.
    var population: Int { users > 0 ? users : max(500, clicks / 3) }

    var end: Int64 { start.milliseconds + durationMilliseconds }

    /// The phases, the default resolved.
    var resolvedPhases: [SimulationPhase] {
        guard phases.isEmpty else { return phases }
        return [SimulationPhase(
            durationMilliseconds: durationMilliseconds, fraudShare: fraudShare, familyWeights: familyWeights, profile: profile)]
    }

    /// Share of a look-alike, the default resolved.
    package func share(of lookAlike: LookAlike) -> Double { lookAlikeShares[lookAlike] ?? lookAlike.defaultShare }

    private func require(_ holds: Bool, _ message: String) throws(SimulationError) {
        if !holds { throw SimulationError(message) }
    }

    /// - Throws: `SimulationError` naming the first option outside its range.
    package func validate() throws(SimulationError) {
        try require((0...1_000_000_000_000).contains(clicks), "clicks must be 0 to 10^12")
        try require((86_400_000...4_102_444_800_000).contains(start.milliseconds), "start must be 1970-01-02 to 2100-01-01")
        try require(
            (1000...400 * EventTime.millisecondsPerDay).contains(durationMilliseconds), "duration must be 1 s to 400 days")
        try require((1...1_000_000).contains(ads), "ads must be 1 to 1000000")
        try require((1...ads).contains(campaigns), "campaigns must be 1 to the number of ads")
        try require((1...campaigns).contains(advertisers), "advertisers must be 1 to the number of campaigns")
        try require((1...1_000_000).contains(publishers), "publishers must be 1 to 1000000")
        try require((0...1_000_000_000).contains(users), "users must be 0 (automatic) to 10^9")
        for (name, share) in [
            ("duplicate", duplicateShare), ("late", lateShare), ("slow", slowShare), ("bad line", badLineShare),
        ] {
            try require((0...0.1).contains(share), "\(name) share must be 0 to 0.1")
        }
        try require((0...4000).contains(jitterMilliseconds), "jitter must be 0 to 4000 ms")
        for (lookAlike, share) in lookAlikeShares {
            try require((0...1).contains(share), "the share of \(lookAlike.name) must be 0 to 1")
        }
        for unit in [LookAlike.Unit.sessions, .clicks] {
            let sum = LookAlike.allCases.filter { $0.unit == unit }.reduce(0) { $0 + share(of: $1) }
            try require(sum <= Self.maxLookAlikeSum, "the look-alikes' shares of \(unit.rawValue) must add up to at most \(Self.maxLookAlikeSum)")
        }
        try validatePhases()
    }

    private func validatePhases() throws(SimulationError) {
        try require(phases.count <= Self.maxPhases, "at most \(Self.maxPhases) phases are allowed")
        for phase in resolvedPhases {
            try require((0...0.9).contains(phase.fraudShare), "fraud share must be 0 to 0.9")
            try require((0...1000).contains(phase.volume), "volume must be 0 to 1000")
            try require(phase.durationMilliseconds >= 1000, "a phase must last at least 1 s")
            try require(
                phase.familyWeights.values.allSatisfy { (0...1_000_000).contains($0) }, "family weights must be 0 to 1000000")
            try require(
                phase.fraudShare == 0 || phase.familyWeights.values.contains { $0 > 0 }, "fraud needs a family of weight above 0")
        }
        try require(resolvedPhases.contains { $0.volume > 0 }, "a phase must have a volume above 0")
        let sum = resolvedPhases.reduce(0) { $0 + $1.durationMilliseconds }
        try require(sum == durationMilliseconds, "the phases must last as long as the run")
    }

    package static let maxPhases = 100
    /// What of the sessions, and of the honest clicks, may be look-alikes at most: the rest fills the run.
    package static let maxLookAlikeSum = 0.8
}

/// A part of a run: how much traffic, how much of it fraud, and of which families.
package struct SimulationPhase: Sendable {
    package var durationMilliseconds: Int64
    /// Traffic against the usual rhythm of the hour; 1 is usual.
    package var volume = 1.0
    package var fraudShare: Double
    package var familyWeights: [AttackFamily: Double]
    package var profile: SimulationProfile

    package init(
        durationMilliseconds: Int64, volume: Double = 1, fraudShare: Double, familyWeights: [AttackFamily: Double],
        profile: SimulationProfile
    ) {
        self.durationMilliseconds = durationMilliseconds
        self.volume = volume
        self.fraudShare = fraudShare
        self.familyWeights = familyWeights
        self.profile = profile
    }
}

/// An option outside its range.
package struct SimulationError: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

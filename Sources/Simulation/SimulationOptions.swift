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

    /// - Throws: `SimulationError` naming the first option outside its range.
    package func validate() throws(SimulationError) {
        func require(_ holds: Bool, _ message: String) throws(SimulationError) {
            if !holds { throw SimulationError(message) }
        }
        try require((0...1_000_000_000_000).contains(clicks), "clicks must be 0 to 10^12")
        try require((86_400_000...4_102_444_800_000).contains(start.milliseconds), "start must be 1970-01-02 to 2100-01-01")
        try require(
            (1000...400 * EventTime.millisecondsPerDay).contains(durationMilliseconds), "duration must be 1 s to 400 days")
        try require((0...0.9).contains(fraudShare), "fraud share must be 0 to 0.9")
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
        try require(
            familyWeights.values.allSatisfy { (0...1_000_000).contains($0) }, "family weights must be 0 to 1000000")
        try require(
            fraudShare == 0 || familyWeights.values.contains { $0 > 0 }, "fraud needs a family of weight above 0")
    }
}

/// An option outside its range.
package struct SimulationError: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

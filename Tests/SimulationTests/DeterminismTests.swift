import ClickModel
import Foundation
import Simulation
import Testing

@Suite("A simulation is determined by its options")
struct DeterminismTests {
    @Test("the same options give the same bytes", arguments: [1, 2, 0xFFFF_FFFF_FFFF_FFFF] as [UInt64])
    func sameSeed(seed: UInt64) throws {
        let first = try simulate(options(clicks: 8000, seed: seed))
        let second = try simulate(options(clicks: 8000, seed: seed))
        #expect(first.bytes == second.bytes, "seed \(seed)")
        #expect(first.summary == second.summary, "seed \(seed)")
    }

    @Test("the bytes of one seed stay what they were, on every machine")
    func golden() throws {
        // FNV-1a of the bytes. A change here changes everybody's training data: change it knowingly.
        let bytes = try simulate(options(clicks: 5000, seed: 42)).bytes
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        #expect(hash == 0x6b9eb31169861730, "got 0x\(String(hash, radix: 16))")
    }

    @Test("another seed, profile or share gives other bytes")
    func otherOptions() throws {
        let base = try simulate(options(clicks: 3000)).bytes
        #expect(try simulate(options(clicks: 3000, seed: 12)).bytes != base)
        #expect(try simulate(options(clicks: 3000) { $0.profile = .test }).bytes != base)
        #expect(try simulate(options(clicks: 3000) { $0.fraudShare = 0.2 }).bytes != base)
    }

    @Test("runs with different seeds share no click id")
    func distinctIDs() throws {
        let a = Set(clicks(try simulate(options(clicks: 3000, seed: 1)).bytes).compactMap { $0.text("click_id") })
        let b = Set(clicks(try simulate(options(clicks: 3000, seed: 2)).bytes).compactMap { $0.text("click_id") })
        #expect(a.isDisjoint(with: b))
    }

    @Test("exactly as many lines come as were asked for, also when there are few", arguments: [0, 1, 7, 100, 1234, 9000])
    func exactCount(count: Int) throws {
        for hours in [0.01, 1, 24, 240] {
            let made = try simulate(options(clicks: count) { $0.durationMilliseconds = Int64(hours * 3_600_000) })
            #expect(made.bytes.count { $0 == UInt8(ascii: "\n") } == count, "\(hours) h")
            #expect(made.summary.lines == count, "\(hours) h")
        }
    }

    @Test("the summary's classes add up to the lines")
    func conservation() throws {
        let s = try simulate(options(clicks: 30_000)).summary
        #expect(s.valid + s.fraud + s.duplicates + s.late + s.bad == s.lines)
        #expect(s.fraudByFamily.reduce(0, +) == s.fraud)
    }

    @Test("options outside their range are refused with the reason")
    func refusals() {
        let wrong: [(inout SimulationOptions) -> Void] = [
            { $0.clicks = -1 }, { $0.fraudShare = 1 }, { $0.durationMilliseconds = 0 }, { $0.ads = 0 },
            { $0.campaigns = 1000 }, { $0.advertisers = 500 }, { $0.publishers = 0 }, { $0.lateShare = .nan },
            { $0.jitterMilliseconds = -1 }, { $0.familyWeights = [:] }, { $0.familyWeights = [.replay: -1] },
            { $0.start = EventTime(milliseconds: -1) },
        ]
        for (index, change) in wrong.enumerated() {
            #expect(throws: SimulationError.self, "case \(index)") { try TrafficSimulator(options(clicks: 10, change)) }
        }
    }

    @Test("extreme but allowed options run")
    func extremes() throws {
        for change: (inout SimulationOptions) -> Void in [
            { $0.ads = 1; $0.campaigns = 1; $0.advertisers = 1; $0.publishers = 1; $0.users = 1 },
            { $0.fraudShare = 0.9 }, { $0.fraudShare = 0 }, { $0.jitterMilliseconds = 0 },
            { $0.duplicateShare = 0.1; $0.lateShare = 0.1; $0.slowShare = 0.1; $0.badLineShare = 0.1 },
            { $0.durationMilliseconds = 1000 }, { $0.familyWeights = [.slowDrip: 1] },
            { $0.start = EventTime(milliseconds: 86_400_000) },
        ] {
            let made = try simulate(options(clicks: 5000, change))
            #expect(made.summary.lines == 5000)
        }
    }
}

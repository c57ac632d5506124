import ClickModel
import Foundation
import Simulation
import Testing

@Suite("Lines arrive as the options promise")
struct DeliveryTests {
    @Test("punctual clicks stay within the jitter; only the slow and late shares exceed it", arguments: [0, 500, 2000] as [Int64])
    func disorder(jitter: Int64) throws {
        let made = try simulate(options(clicks: 30_000, seed: 31) {
            $0.jitterMilliseconds = jitter
            $0.durationMilliseconds = 3 * 3_600_000
        })
        var seen = Set<String>()
        var greatest = 0.0
        var (behind, late, repeated) = (0, 0, 0)
        for click in clicks(made.bytes) {
            let ts = click.number("ts") ?? 0
            guard seen.insert(click.text("click_id") ?? "").inserted else {
                repeated += 1
                continue
            }
            if greatest - ts > Double(jitter) { behind += 1 }
            let minuteEnd = (ts / 60_000).rounded(.down) * 60_000 + 60_000
            if minuteEnd + 300_000 <= greatest - 5000 { late += 1 }
            greatest = max(greatest, ts)
        }
        #expect(repeated == made.summary.duplicates)
        #expect(late == made.summary.late)
        #expect(behind <= made.summary.late + made.summary.slow)
        #expect(behind >= made.summary.late)
    }

    @Test("event times lie within the run")
    func range() throws {
        let options = options(clicks: 10_000, seed: 32)
        let start = Double(options.start.milliseconds)
        let times = clicks(try simulate(options).bytes).compactMap { $0.number("ts") }
        // A skewed clock may be off by a fifth of the jitter.
        #expect(times.allSatisfy { $0 >= start - 400 && $0 < start + 86_400_400 })
        #expect(times.max() ?? 0 > start + 85_900_000)
    }

    @Test("duplicate, late, slow and bad shares are near what was asked")
    func shares() throws {
        let s = try simulate(options(clicks: 200_000, seed: 33) {
            $0.duplicateShare = 0.01
            $0.lateShare = 0.01
            $0.badLineShare = 0.01
        }).summary
        for (name, count) in [("duplicates", s.duplicates), ("late", s.late), ("bad", s.bad)] {
            #expect(abs(Double(count) / 2000 - 1) < 0.15, "\(name) \(count)")
        }
    }

    @Test("a duplicate comes after its first, within the hour; a retry is the same line again")
    func duplicates() throws {
        let made = try simulate(options(clicks: 30_000, seed: 34) { $0.duplicateShare = 0.02 })
        var first: [String: (line: Int, ts: Double, text: String)] = [:]
        var (same, replayed) = (0, 0)
        for (number, line) in made.bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            guard let click = clicks(Array(line)).first, let id = click.text("click_id") else { continue }
            let ts = click.number("ts") ?? 0
            guard let earlier = first[id] else {
                first[id] = (number, ts, String(decoding: line, as: UTF8.self))
                continue
            }
            #expect(ts - earlier.ts < 3_600_000)
            if earlier.text == String(decoding: line, as: UTF8.self) {
                same += 1
            } else {
                #expect(click.text("attack") == "replay")
                replayed += 1
            }
        }
        #expect(same > 150 && replayed > 150 && same + replayed == made.summary.duplicates)
    }
}

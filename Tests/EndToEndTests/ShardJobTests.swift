import Foundation
import Testing

/// Jobs whose feature tables are split by key.
@Suite("Jobs with shards", .serialized)
struct ShardJobTests {
    private static let epochEvents = ["--epoch-events", "2000", "--lists", "training-data"]

    private func simulate(_ scratch: Scratch) throws -> String {
        let input = scratch.path("clicks.ndjson")
        let made = try Programs.run(Programs.fraud, ["simulate", "--clicks", "12000", "--hours", "0.2", "--seed", "77", "--out", input])
        #expect(made.status == 0, "\(made.errors)")
        return input
    }

    private func arguments(_ input: String, _ name: String, shards: Int, _ scratch: Scratch) -> [String] {
        ["score", input, "--db", scratch.path(name + ".duckdb"), "--verdicts", scratch.path(name + ".verdicts"), "--shards", String(shards)] + Self.epochEvents
    }

    @Test("tables, archive and verdicts are the same for any number of shards")
    func sameTables() throws {
        let scratch = try Scratch()
        let input = try simulate(scratch)
        for shards in [1, 2, 3, 16] {
            let run = try Programs.run(Programs.fraud, arguments(input, "shards-\(shards)", shards: shards, scratch))
            #expect(run.status == 0, "\(shards): \(run.errors)")
        }
        let compared = try Programs.python("tables_equal.py", [1, 2, 3, 16].map { scratch.path("shards-\($0).duckdb") })
        #expect(compared.status == 0, "\(compared.errors)")
    }

    @Test("killed and run again with another number of shards, a job ends as one that was left alone with one")
    func resumed() throws {
        let scratch = try Scratch()
        let input = try simulate(scratch)
        #expect(try Programs.run(Programs.fraud, arguments(input, "calm", shards: 1, scratch)).status == 0)
        for (index, shards) in [[2, 1], [1, 3], [3, 2, 8]].enumerated() {
            for (run, count) in shards.enumerated() {
                var environment = ProcessInfo.processInfo.environment
                environment["FRAUD_FAULT"] = run + 1 < shards.count ? "epoch-committed:2" : nil
                let finished = try Programs.run(Programs.fraud, arguments(input, "other-\(index)", shards: count, scratch), environment: environment)
                #expect(finished.status == (run + 1 < shards.count ? SIGKILL : 0), "\(shards): \(finished.errors)")
            }
        }
        let compared = try Programs.python("tables_equal.py", [scratch.path("calm.duckdb")] + (0..<3).map { scratch.path("other-\($0).duckdb") })
        #expect(compared.status == 0, "\(compared.errors)")
    }
}

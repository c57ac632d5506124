import Foundation
import Testing

@Suite("Crashes", .serialized)
struct CrashTests {
    /// `make torture` sets it to 10,000.
    static let kills = Int(ProcessInfo.processInfo.environment["FRAUD_KILLS"] ?? "") ?? 200

    private func arguments(_ input: String, _ scratch: Scratch, _ name: String) -> [String] {
        [input, "--db", scratch.path("\(name).duckdb"), "--verdicts", scratch.path("\(name).verdicts"), "--epoch-events", "20000", "--json"]
    }

    @Test("killed at a named point of a commit, the job goes on to the same tables", arguments: ["snapshot-saved", "epoch-committed"])
    func killedAtFaultPoint(point: String) throws {
        let scratch = try Scratch()
        let input = scratch.path("clicks.ndjson")
        _ = try Programs.run(Programs.fraud, ["simulate", "--clicks", "70000", "--seed", "12", "--hours", "2", "--out", input])
        #expect(try Programs.score(arguments(input, scratch, "calm")).status == 0)
        for count in 1...3 {
            let name = "\(point)\(count)"
            var environment = ProcessInfo.processInfo.environment
            environment["FRAUD_FAULT"] = "\(point):\(count)"
            let killed = try Programs.run(Programs.fraud, ["score"] + arguments(input, scratch, name), environment: environment)
            #expect(killed.status == SIGKILL, "\(name) was not reached: \(killed.status) \(killed.errors)")
            #expect(try Programs.score(arguments(input, scratch, name)).status == 0)
            let compared = try Programs.python("tables_equal.py", [scratch.path("calm.duckdb"), scratch.path("\(name).duckdb")])
            #expect(compared.status == 0, "\(name): \(compared.errors)")
            #expect(scratch.text("\(name).verdicts") == scratch.text("calm.verdicts"), "\(name)")
        }
    }

    @Test("after kill -9 at random moments, again and again, the tables equal those of an undisturbed run")
    func killedAtRandom() throws {
        let scratch = try Scratch()
        let input = scratch.path("clicks.ndjson")
        let made = try Programs.run(Programs.fraud, ["simulate", "--clicks", "200000", "--seed", "11", "--hours", "3", "--out", input])
        #expect(made.status == 0, "\(made.errors)")
        let started = Date()
        let calm = try Programs.score(arguments(input, scratch, "calm"))
        #expect(calm.status == 0, "\(calm.errors)")
        let duration = Date().timeIntervalSince(started)

        var random = SystemRandomNumberGenerator()
        var killed = 0
        var round = 0
        while killed < Self.kills {
            round += 1
            let name = "round\(round)"
            var finished = false
            while !finished {
                let output = try Scratch()
                let process = try Programs.start(Programs.fraud, ["score"] + arguments(input, scratch, name), scratch: output)
                // Up to half a run's time: a run is killed several times on its way, and at every stage of it.
                let wait = killed < Self.kills ? Double.random(in: 0..<duration / 2, using: &random) : 600
                let deadline = Date() + wait
                while process.isRunning, Date() < deadline { usleep(1000) }
                if process.isRunning {
                    kill(process.processIdentifier, SIGKILL)
                    process.waitUntilExit()
                    killed += 1
                } else {
                    #expect(process.terminationStatus == 0, "after \(killed) kills: \(output.text("stderr"))")
                    guard process.terminationStatus == 0 else { return }
                    finished = true
                }
            }
            let compared = try Programs.python("tables_equal.py", [scratch.path("calm.duckdb"), scratch.path("\(name).duckdb")])
            #expect(compared.status == 0, "round \(round), \(killed) kills: \(compared.errors)")
            #expect(scratch.text("\(name).verdicts") == scratch.text("calm.verdicts"), "round \(round)")
            for file in try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path) where file.hasPrefix(name) {
                try FileManager.default.removeItem(atPath: scratch.path(file))
            }
        }
        print("crash test: \(killed) kills over \(round) rounds; an undisturbed run took \(duration) s")
    }
}

import Foundation
import Testing

@Suite("Crashes", .serialized)
struct CrashTests {
    /// `make torture` sets it to 10,000.
    static let kills = Int(ProcessInfo.processInfo.environment["FRAUD_KILLS"] ?? "") ?? 200

    @Test("killed at any named point of a commit, the job goes on to the same tables, verdicts and archive", arguments: CrashSource.all)
    func killedAtNamedPoints(source: CrashSource) throws {
        let rig = try CrashRig.shared.get()
        let shift = CrashSource.all.firstIndex { $0.name == source.name }!
        var names: [String] = []
        for (index, point) in CrashRig.points.enumerated() {
            // Over the sources, each point is met in the first, the second and the third epoch.
            let fault = "\(point):\(1 + (index + shift) % 3)"
            let killed = try rig.finish(source, point, fault: fault)
            #expect(killed.status == SIGKILL, "\(source), \(fault) was not reached: \(killed.status) \(killed.errors)")
            let run = try rig.finish(source, point)
            #expect(run.status == 0, "\(source) after \(fault): \(run.errors)")
            names.append(point)
        }
        try rig.expectEqual(source, names)
    }

    @Test("killed at one point and again at another on the way back, the job ends the same", arguments: CrashRig.points)
    func killedTwice(point: String) throws {
        let rig = try CrashRig.shared.get()
        let index = CrashRig.points.firstIndex(of: point)!
        let source = CrashSource.all[(index * 5 + 3) % CrashSource.all.count]
        let others = [index + 1, index + 4].map { CrashRig.points[$0 % CrashRig.points.count] }
        for other in others {
            for fault in ["\(point):2", "\(other):1"] {
                let killed = try rig.finish(source, "\(point)+\(other)", fault: fault)
                #expect(killed.status == SIGKILL, "\(source), \(fault) was not reached: \(killed.status) \(killed.errors)")
            }
            let run = try rig.finish(source, "\(point)+\(other)")
            #expect(run.status == 0, "\(source), \(point) then \(other): \(run.errors)")
        }
        try rig.expectEqual(source, others.map { "\(point)+\($0)" })
    }

    @Test("after kill -9 at random moments, again and again, every source ends as in an undisturbed run")
    func killedAtRandom() throws {
        let rig = try CrashRig.shared.get()
        var random = SystemRandomNumberGenerator()
        var killed = 0
        var round = 0
        while killed < Self.kills {
            let source = CrashSource.all[round % CrashSource.all.count]
            // Compared together: starting Python takes longer than a run.
            var names: [String] = []
            for _ in 0..<4 where killed < Self.kills {
                // Every other run saves its state rarely: on its way back it reads events of committed epochs again.
                names.append((names.count % 2 == 0 ? "random" : CrashRig.rare) + "\(names.count)")
                while killed < Self.kills, try Self.isKilled(rig, source, names.last!, after: &random) { killed += 1 }
                let run = try rig.finish(source, names.last!)
                try #require(run.status == 0, "\(source), round \(round), \(killed) kills: \(run.errors)")
            }
            try rig.expectEqual(source, names, "round \(round), \(killed) kills")
            round += 1
        }
        print("crash test: \(killed) kills over \(round) rounds of \(CrashSource.all.count) sources")
    }

    /// Starts a run and kills it within half the time of a whole run, for it goes on from where the last one was; false when it
    /// ended before that.
    private static func isKilled(
        _ rig: CrashRig, _ source: CrashSource, _ name: String, after random: inout some RandomNumberGenerator
    ) throws -> Bool {
        let output = try Scratch()
        let process = try rig.start(source, name, output: output)
        let deadline = Date() + Double.random(in: 0..<rig.seconds[source.name]! / 2, using: &random)
        while process.isRunning, Date() < deadline { usleep(500) }
        let isCut = process.isRunning
        if isCut { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        if !isCut { #expect(process.terminationStatus == 0, "\(source): \(output.text("stderr"))") }
        return isCut
    }
}

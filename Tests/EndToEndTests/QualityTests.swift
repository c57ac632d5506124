import Foundation
import Testing

@Suite("The attack replay suite")
struct QualityTests {
    static let scenario = "training-data/scenarios/example.yaml"

    @Test("its table is what an independent recount of verdicts and truth gives")
    func recount() throws {
        let scratch = try Scratch()
        let simulate = try Programs.run(Programs.fraud, [
            "simulate", "--scenario", Self.scenario, "--out", scratch.path("clicks.ndjson"), "--truth-out", scratch.path("truth.csv"),
            "--lists-out", scratch.path("lists"),
        ])
        #expect(simulate.status == 0, "\(simulate.errors)")
        let score = try Programs.score([
            scratch.path("clicks.ndjson"), "--db", scratch.path("clicks.duckdb"), "--no-archive", "--verdicts", scratch.path("verdicts.ndjson"),
            "--lists", scratch.path("lists"),
        ])
        #expect(score.status == 0, "\(score.errors)")
        let quality = try Programs.run(Programs.fraud, ["quality", Self.scenario, "--json"])
        #expect(quality.status == 0, "\(quality.errors)")
        try Data(quality.output.utf8).write(to: URL(filePath: scratch.path("quality.json")))
        let check = try Programs.python("quality_check.py", ["quality.json", "verdicts.ndjson", "truth.csv"].map(scratch.path))
        #expect(check.output == "agrees\n", "\(check.output) \(check.errors)")
        let report = try #require(try Commands.json(quality.output) as? [String: Any])
        #expect(report["synthetic"] as? Bool == true)
        #expect(report["client_retries_counted"] as? Int == 0)
    }

    @Test("it is called synthetic wherever it is printed, and the same twice")
    func synthetic() throws {
        let first = try Programs.run(Programs.fraud, ["quality", Self.scenario])
        #expect(first.output.components(separatedBy: "SYNTHETIC").count == 4, "\(first.output)")
        #expect(try Programs.run(Programs.fraud, ["quality", Self.scenario]).output == first.output)
    }

    @Test("the truth is never read: without it, verdicts are the same")
    func truthIsNotRead() throws {
        let scratch = try Scratch()
        _ = try Programs.run(Programs.fraud, ["simulate", "--clicks", "5000", "--seed", "4", "--out", scratch.path("with.ndjson")])
        let text = try String(contentsOfFile: scratch.path("with.ndjson"), encoding: .isoLatin1)
        let bare = text.replacing(/,"(label|attack|look_alike)":"[^"]*"/, with: "")
        #expect(text.contains("look_alike") && !bare.contains("look_alike"))
        try bare.write(toFile: scratch.path("without.ndjson"), atomically: true, encoding: .isoLatin1)
        var verdicts: [Data] = []
        for name in ["with", "without"] {
            let run = try Programs.score([
                scratch.path("\(name).ndjson"), "--db", scratch.path("\(name).duckdb"), "--no-archive", "--verdicts", scratch.path("\(name).verdicts"),
            ])
            #expect(run.status == 0, "\(run.errors)")
            verdicts.append(try Data(contentsOf: URL(filePath: scratch.path("\(name).verdicts"))))
        }
        #expect(verdicts[0] == verdicts[1] && verdicts[0].count > 100_000)
    }

    @Test("a wrong scenario is refused with every mistake's place", arguments: ["quality", "simulate"])
    func mistakes(command: String) throws {
        let scratch = try Scratch()
        let path = scratch.path("wrong.yaml")
        try "version: 1\nclicks: many\nfamilies: {robots: 1}\n".write(toFile: path, atomically: true, encoding: .utf8)
        let run = try Programs.run(Programs.fraud, command == "quality" ? ["quality", path] : ["simulate", "--scenario", path])
        #expect(run.status == 1)
        #expect(run.errors.contains("\(path):2:9: ") && run.errors.contains("\(path):3:12: "), "\(run.errors)")
    }
}

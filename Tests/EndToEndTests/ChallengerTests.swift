import Foundation
import Testing

/// The sample scored with a champion and two challengers in shadow, once for the suite.
private enum Shadowed {
    static let scratch = try! Scratch()
    static let input = "training-data/sample.ndjson.gz"
    static let files = [1.5, -1.5].enumerated().map { try! ModelFiles.write(scratch.path("challenger-\($0).json"), raisedBy: $1) }

    static func score(_ name: String, _ options: [String]) throws -> Commands {
        let commands = Commands(database: scratch.path(name + ".duckdb"))
        try commands.score([input], ["--lists", "training-data", "--no-challengers"] + options)
        return commands
    }

    static let commands = Result {
        try score("with", ["--verdicts", scratch.path("champion.verdicts")] + files.flatMap { ["--challenger", $0] })
    }
}

@Suite("Challengers", .serialized)
struct ChallengerTests {
    private func json(_ text: String) throws -> [String: Any] { try #require(try Commands.json(text) as? [String: Any]) }

    private func comparisons(_ commands: Commands, _ options: [String] = []) throws -> [[String: Any]] {
        try #require(try json(try commands.output(["model", "compare", "--json", "--by", "campaign"] + options))["comparisons"] as? [[String: Any]])
    }

    private func cell(_ object: Any?) -> [Int] {
        let cell = object as! [String: Any]
        return [cell["clicks"] as! Int, Commands.e4(cell, "cost")]
    }

    private struct Expected: Decodable {
        var sides: [String: [Int]]
        var groups: [String: [Int]]
    }

    @Test("what a challenger says in shadow is what it says when it decides, click by click and to the last digit of money")
    func agreesWithDeciding() throws {
        let commands = try Shadowed.commands.get()
        let found = try comparisons(commands)
        #expect(found.count == 2)
        for (number, file) in Shadowed.files.enumerated() {
            let verdicts = Shadowed.scratch.path("decides-\(number).verdicts")
            _ = try Shadowed.score("decides-\(number)", ["--model", file, "--verdicts", verdicts])
            let id = try ModelFiles.id(file)
            let check = try Programs.python(
                "shadow_check.py", [Shadowed.input, commands.database, id, Shadowed.scratch.path("champion.verdicts"), verdicts])
            #expect(check.status == 0, "\(file): \(check.errors)")
            let expected = try JSONDecoder().decode(Expected.self, from: Data(check.output.utf8))
            let comparison = try #require(found.first { $0["challenger_id"] as? String == id })
            for (side, figures) in expected.sides { #expect(cell(comparison[side]) == figures, "\(file) \(side)") }
            #expect(expected.sides[number == 0 ? "challenger_only" : "champion_only"]![0] > 20, "the models must differ, or nothing is compared")
            let groups = comparison["groups"] as! [[String: Any]]
            #expect(groups.count == expected.groups.count)
            for group in groups {
                let figures = cell(group["champion_only"]) + cell(group["challenger_only"])
                #expect(expected.groups[group["campaign_id"] as! String] == figures, "\(file) \(group)")
            }
            let over = try comparisons(commands, ["--challenger", id, "--model", file])
            let intercept = (over[0]["terms"] as! [[String: Any]]).first { $0["feature"] as? String == "(intercept)" }!
            let moved = (intercept[number == 0 ? "challenger_only" : "champion_only"] as! NSNumber).doubleValue
            #expect(abs(moved - (number == 0 ? 1.5 : -1.5)) < 1e-9)
        }
    }

    @Test("two files compared over the same clicks give the figures of the shadow, and the truth beside them")
    func comparesFiles() throws {
        let shadow = try #require(try comparisons(try Shadowed.commands.get(), ["--challenger", try ModelFiles.id(Shadowed.files[0])]).first)
        let run = try Programs.run(
            Programs.fraud,
            ["model", "compare", ModelFiles.champion, Shadowed.files[0], "--input", Shadowed.input, "--lists", "training-data", "--by", "family", "--json"])
        let direct = try #require((try json(run.output)["comparisons"] as? [[String: Any]])?.first, "\(run.errors)")
        for side in ["both", "champion_only", "challenger_only", "neither"] {
            #expect(cell(direct[side]) == cell(shadow[side]), "\(side)")
            let counts = direct[side] as! [String: Any]
            #expect((counts["fraud"] as! Int) + (counts["honest"] as! Int) == counts["clicks"] as! Int)
        }
        #expect((direct["groups"] as! [[String: Any]]).contains { $0["family"] as? String == "humanoid" })
    }

    @Test("challengers change nothing that is counted, flagged or billed, and their rows are the same however epochs are cut")
    func changesNothing() throws {
        let with = try Shadowed.commands.get()
        let without = try Shadowed.score("without", ["--verdicts", Shadowed.scratch.path("without.verdicts")])
        let names = ["with.duckdb", "champion.verdicts", "without.duckdb", "without.verdicts"].map(Shadowed.scratch.path)
        #expect(ModelFiles.bytes(names[1]) == ModelFiles.bytes(names[3]))
        let same = try Programs.python("tables_equal.py", ["--tables", "--but", "shadow_verdicts,shadow_totals", names[0], names[2]])
        #expect(same.status == 0, "\(same.errors)")
        #expect(try without.output(["model", "compare", "--json"]).contains("[]"))
        let cut = try Shadowed.score("cut", ["--epoch-events", "1000"] + Shadowed.files.flatMap { ["--challenger", $0] })
        #expect(try cut.output(["model", "compare", "--json"]) == with.output(["model", "compare", "--json"]))
        // As many bins as scores are counted in.
        let bins = try ModelFiles.write(Shadowed.scratch.path("bins.json")) { $0["reference"] = [["feature": "score", "edges": [Double](), "counts": [Int](repeating: 0, count: 23)] as [String: Any]] }
        let counts = try [cut, with].map { try Programs.python("drift_check.py", ["--counts", $0.database, bins]).output }
        let clicks = try JSONDecoder().decode([String: [Int]].self, from: Data(counts[0].utf8))["score"] ?? []
        #expect(counts[0] == counts[1] && (600...900).contains(clicks.reduce(0, +)), "\(counts)")
    }

    @Test("a challenger that cannot be used is an error by name; the champion itself is not scored twice; at most 16 score")
    func limits() throws {
        let scratch = try Scratch()
        func score(_ challengers: [String]) throws -> Finished {
            try Programs.score(["training-data/train.ndjson.gz", "--db", scratch.path("x.duckdb"), "--no-challengers"] + challengers.flatMap { ["--challenger", $0] })
        }
        let broken = try score(["README.md"])
        #expect(broken.status == 1 && broken.errors.contains("README.md"))
        let many = try (0..<17).map { try ModelFiles.write(scratch.path("\($0).json"), raisedBy: Double($0 + 1) / 10) }
        let refused = try score(many)
        #expect(refused.status == 1 && refused.errors.contains("at most 16"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("x.duckdb")), "nothing is made before the models are known to be right")
        let itself = try score([ModelFiles.champion])
        #expect(itself.status == 0 && itself.errors.contains("is the champion itself"), "\(itself.errors)")
    }
}

@Suite("Drift", .serialized)
struct DriftTests {
    /// Edges of some features, on which the counts stand.
    private static let edges: [String: [Double]] = [
        "ip_clicks_1h": [2, 3, 5, 10], "pointer_moves": [1, 10, 40, 80], "time_to_click_ms": [500, 2000, 8000], "automation_flag": [0.5], "score": [0.01, 0.1, 0.5, 0.9],
    ]

    private func reference(_ counts: (String, Int) -> Int) -> [[String: Any]] {
        Self.edges.sorted { $0.key < $1.key }.map { feature, edges in
            ["feature": feature, "edges": edges, "counts": (0..<edges.count + 2).map { counts(feature, $0) }]
        }
    }

    private func lines(_ commands: Commands, _ model: String) throws -> [String: [String: Any]] {
        let rows = try commands.rows(["report", "--drift", "--model", model])
        return Dictionary(rows.map { ($0["feature"] as! String, $0) }, uniquingKeysWith: { first, _ in first })
    }

    @Test("the report's index is that of numpy over the stored counts; what training saw is stable, another traffic shifted")
    func indexAndVerdict() throws {
        let scratch = try Scratch()
        let first = try ModelFiles.write(scratch.path("first.json")) { $0["reference"] = reference { 100 + 37 * $0.utf8.count * ($1 + 1) % 900 } }
        let sample = Commands(database: scratch.path("sample.duckdb"))
        try sample.score(["training-data/sample.ndjson.gz"], ["--model", first, "--lists", "training-data"])
        let printed = try lines(sample, first)
        let check = try Programs.python("drift_check.py", [sample.database, first])
        let expected = try JSONDecoder().decode([String: [Double]].self, from: Data(check.output.utf8))
        #expect(Set(printed.keys) == Set(Self.edges.keys), "\(check.errors)")
        for (feature, values) in expected {
            let line = try #require(printed[feature])
            #expect(abs((line["psi"] as! NSNumber).doubleValue - values[0]) < 1e-4 && line["clicks"] as! Int == Int(values[1]), "\(feature): \(line) and \(values)")
        }
        #expect((600...900).contains(printed["score"]!["clicks"] as! Int), "one click in 16 of 11,959")

        // A model whose training clicks were these: the same stream is stable, another is not.
        let counted = try Programs.python("drift_check.py", ["--counts", sample.database, first])
        let counts = try JSONDecoder().decode([String: [Int]].self, from: Data(counted.output.utf8))
        let second = try ModelFiles.write(scratch.path("second.json")) { $0["reference"] = reference { counts[$0]![$1] } }
        let again = Commands(database: scratch.path("again.duckdb"))
        try again.score(["training-data/sample.ndjson.gz"], ["--model", second, "--lists", "training-data"])
        for (feature, line) in try lines(again, second) { #expect(line["verdict"] as! String == "stable" && (line["psi"] as! NSNumber).doubleValue < 1e-9, "\(feature)") }
        let simulated = try Programs.run(
            Programs.fraud, ["simulate", "--clicks", "9000", "--seed", "5", "--fraud-share", "0.8", "--start", "2026-11-04", "--hours", "2", "--out", scratch.path("other.ndjson")])
        #expect(simulated.status == 0, "\(simulated.errors)")
        let other = Commands(database: scratch.path("other.duckdb"))
        try other.score([scratch.path("other.ndjson")], ["--model", second, "--lists", "training-data"])
        let moved = try lines(other, second)
        let notStable = moved.values.count { $0["verdict"] as? String != "stable" }
        #expect(moved["score"]?["verdict"] as? String == "shifted" && notStable > 1, "\(moved)")
    }

    @Test("a model without a reference says so; scores are then held against its first day")
    func withoutReference() throws {
        let scratch = try Scratch()
        let model = try ModelFiles.write(scratch.path("plain.json")) { $0["reference"] = [Any]() }
        let commands = Commands(database: scratch.path("x.duckdb"))
        try commands.score(["training-data/train.ndjson.gz", "training-data/sample.ndjson.gz"], ["--model", model])
        let run = try commands.run(["report", "--drift", "--per", "day", "--model", model, "--json"])
        #expect(run.status == 0 && run.errors.contains("keeps no distributions"), "\(run.errors)")
        let rows = try #require(try Commands.json(run.output) as? [[String: Any]])
        #expect(rows.allSatisfy { $0["feature"] as! String == "score" && $0["against"] as! String == "2026-11-02" } && rows.contains { $0["date"] as! String == "2026-11-03" }, "\(rows)")
        let missing = try commands.run(["report", "--drift"])
        #expect(missing.errors.contains("give it with --model"), "\(missing.errors)")
    }
}

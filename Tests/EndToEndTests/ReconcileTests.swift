import Foundation
import Testing

/// A stream around one day, scored, and what is done with it.
private struct Reconciled {
    static let day = "2026-11-20"
    let scratch: Scratch
    /// Inputs and verdicts, pair by pair, in the order they were scored.
    private(set) var scored: [String] = []

    init() throws { scratch = try Scratch() }

    var database: String { scratch.path("x.duckdb") }

    /// Writes `a.ndjson`, and `b.ndjson` with late clicks of its own.
    func make(seed: Int, count: Int = 4000, lateShare: Double) throws {
        let made = try Programs.python(
            "reconcile_check.py", ["make", "\(seed)", "\(count)", "\(lateShare)", scratch.path("a.ndjson"), scratch.path("b.ndjson")])
        #expect(made.status == 0, "seed \(seed): \(made.errors)")
    }

    mutating func score(_ name: String) throws {
        let (input, verdicts) = (scratch.path("\(name).ndjson"), scratch.path("\(name).verdicts"))
        let run = try Programs.score([input, "--db", database, "--verdicts", verdicts, "--epoch-events", "997"])
        #expect(run.status == 0, "\(name): \(run.errors)")
        scored += [input, verdicts]
    }

    func reconcile(_ arguments: [String] = [], environment: [String: String]? = nil) throws -> Finished {
        try Programs.run(
            Programs.fraud, ["reconcile", "--db", database, "--date", Self.day, "--json"] + arguments, environment: environment)
    }

    /// Reconciles and returns what was printed.
    func figures(_ arguments: [String] = []) throws -> [String: Any] {
        let run = try reconcile(arguments)
        #expect(run.status == 0, "\(run.errors)")
        try run.output.write(toFile: scratch.path("reconcile.json"), atomically: true, encoding: .utf8)
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    /// A copy of the database as it stands, its log too.
    func copy(_ name: String) throws -> String {
        let path = scratch.path(name)
        for ending in ["", ".wal"] {
            try? FileManager.default.removeItem(atPath: path + ending)
            if FileManager.default.fileExists(atPath: database + ending) { try FileManager.default.copyItem(atPath: database + ending, toPath: path + ending) }
        }
        return path
    }

    /// Scores what is to be counted by itself, in order of time, and compares everything with the independent recomputation.
    func check(before: String, reviews: String = "-", _ comment: Comment) throws {
        let (sorted, verdicts) = (scratch.path("sorted.ndjson"), scratch.path("sorted.verdicts"))
        for name in ["sorted.verdicts", "sorted.duckdb", "sorted.duckdb.wal", "sorted.duckdb.state", "sorted.duckdb.archive"] {
            try? FileManager.default.removeItem(atPath: scratch.path(name))
        }
        #expect(try Programs.python("reconcile_check.py", ["sorted", Self.day, sorted] + scored).status == 0, comment)
        #expect(try Programs.score([sorted, "--db", scratch.path("sorted.duckdb"), "--verdicts", verdicts, "--no-archive"]).status == 0, comment)
        let arguments = ["check", Self.day, database, scratch.path("reconcile.json"), verdicts, before, reviews]
        let checked = try Programs.python("reconcile_check.py", arguments + scored)
        #expect(checked.status == 0, "\(comment): \(checked.errors)")
    }

    func expectSameTables(_ other: String, _ comment: Comment) throws {
        let compared = try Programs.python("tables_equal.py", ["--tables", database, other])
        #expect(compared.status == 0, "\(comment): \(compared.errors)")
    }
}

@Suite("Reconciliation", .serialized)
struct ReconcileTests {
    @Test("a stream in order, scored again, has the same scores to the bit, the same labels, and nothing to correct", arguments: 1...2)
    func inOrder(seed: Int) throws {
        var stream = try Reconciled()
        try stream.make(seed: seed, lateShare: 0)
        try stream.score("a")
        let before = try stream.copy("before.duckdb")
        let run = try stream.reconcile()
        #expect(run.output.contains("\"accuracy\": 1.000000"), "seed \(seed): \(run.output) \(run.errors)")
        let figures = try stream.figures()
        for name in ["score_differences", "relabelled", "adjustments", "late_clicks"] { #expect(figures[name] as? Int == 0, "seed \(seed): \(name)") }
        #expect(figures["clicks"] as! Int > 2500 && figures["stream_duplicates"] as! Int > 30)
        try stream.check(before: before, "seed \(seed)")
    }

    @Test("late clicks, replays and engagements: tables and bill equal an independent recomputation, again when more come")
    func lateClicks() throws {
        // Which streams are relabelled depends on the model that ships: one of them at least.
        let relabelled = try [11, 12, 14].map { try lateClicks(seed: $0) }
        #expect(relabelled.contains { $0 > 0 }, "\(relabelled)")
    }

    private func lateClicks(seed: Int) throws -> Int {
        var stream = try Reconciled()
        try stream.make(seed: seed, lateShare: 0.05)
        try stream.score("a")
        let before = try stream.copy("before.duckdb")
        let first = try stream.figures()
        #expect(first["late_clicks"] as! Int > 50 && first["late_replays"] as! Int > 0, "seed \(seed)")
        try stream.check(before: before, "seed \(seed)")

        // Again: the same figures, and not one row is touched.
        let once = try stream.copy("once.duckdb")
        let again = try stream.figures()
        #expect(again["changed"] as? Bool == false && again["relabelled"] as? Int == 0, "seed \(seed)")
        for name in ["clicks", "agreeing", "late_clicks", "duplicates"] { #expect(again[name] as? Int == first[name] as? Int, "seed \(seed): \(name)") }
        try stream.expectSameTables(once, "seed \(seed)")

        // More late clicks, and replays of old ones.
        try stream.score("b")
        let then = try stream.copy("then.duckdb")
        let more = try stream.figures()
        #expect(more["changed"] as? Bool == true && more["late_clicks"] as! Int > first["late_clicks"] as! Int + 100, "seed \(seed)")
        #expect(more["late_replays"] as! Int > first["late_replays"] as! Int, "seed \(seed)")
        try stream.check(before: then, "seed \(seed), more")
        return first["relabelled"] as! Int
    }

    @Test("what people decided holds, whatever scoring says")
    func decisionsHold() throws {
        var stream = try Reconciled()
        try stream.make(seed: 21, lateShare: 0.05)
        try stream.score("a")
        let decided = try Programs.python("reconcile_check.py", ["review", Reconciled.day, stream.database, "8"])
        #expect(decided.status == 0, "\(decided.errors)")
        let before = try stream.copy("before.duckdb")
        _ = try stream.figures()
        try stream.check(before: before, reviews: decided.output.trimmingCharacters(in: .whitespacesAndNewlines), "reviews")
    }

    @Test("killed or failing before its one commit, a reconciliation leaves every row as it was, and can be done again")
    func crash() throws {
        var stream = try Reconciled()
        try stream.make(seed: 31, lateShare: 0.05)
        try stream.score("a")
        let before = try stream.copy("before.duckdb")
        for (fault, status) in [("batch-staged:1", SIGKILL), ("batch-staged:1:ENOSPC", 1)] {
            var environment = ProcessInfo.processInfo.environment
            environment["FRAUD_FAULT"] = fault
            let run = try stream.reconcile(environment: environment)
            #expect(run.status == status, "\(fault): \(run.errors)")
            try stream.expectSameTables(before, "\(fault)")
        }
        #expect(try stream.figures()["changed"] as? Bool == true)
        try stream.check(before: before, "after the crash")
    }

    @Test("a day without its whole archive, or scored by another model or rules, is refused in words")
    func refusals() throws {
        var stream = try Reconciled()
        try stream.make(seed: 41, lateShare: 0)
        try stream.score("a")
        let none = try Programs.run(Programs.fraud, ["reconcile", "--db", stream.database, "--date", "2026-11-25"])
        #expect(none.status == 1 && none.errors.contains("no clicks of 2026-11-25"), "\(none.errors)")

        let text = try String(contentsOf: Programs.packageRoot.appending(path: "models/rules.yaml"), encoding: .utf8)
        let rules = stream.scratch.path("rules.yaml")
        // Without its last rule.
        let cut = try #require(text.range(of: "\n  - id:", options: .backwards))
        try (text[..<cut.lowerBound] + "\n").write(toFile: rules, atomically: true, encoding: .utf8)
        let other = try stream.reconcile(["--rules", rules])
        #expect(other.status == 1 && other.errors.contains("--accept-other-model"), "\(other.errors)")
        #expect(try stream.reconcile(["--rules", rules, "--accept-other-model"]).status == 0)

        let archive = stream.database + ".archive"
        let hours = archive + "/date=\(Reconciled.day)"
        let hour = try #require(try FileManager.default.contentsOfDirectory(atPath: hours).sorted().first)
        try FileManager.default.moveItem(atPath: "\(hours)/\(hour)", toPath: stream.scratch.path("moved"))
        let part = try stream.reconcile()
        #expect(part.status == 1 && part.errors.contains("counted clicks, the stream's tables have"), "\(part.errors)")
        try FileManager.default.removeItem(atPath: archive)
        let missing = try stream.reconcile()
        #expect(missing.status == 1 && missing.errors.contains("has no archive"), "\(missing.errors)")
    }

    @Test("of simulated traffic delivered late and twice, the batch counts each click once, to the cent")
    func simulatedTruth() throws {
        let stream = try Reconciled()
        let input = stream.scratch.path("clicks.ndjson")
        let made = try Programs.run(
            Programs.fraud,
            [
                "simulate", "--clicks", "60000", "--seed", "51", "--start", Reconciled.day, "--hours", "20", "--late-share", "0.01",
                "--duplicate-share", "0.02", "--bad-line-share", "0", "--out", input,
            ])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try Programs.score([input, "--db", stream.database, "--lists", "training-data"]).status == 0)
        let figures = try stream.figures(["--lists", "training-data"])
        #expect(figures["late_clicks"] as! Int > 300)
        let truth = try Programs.python("reconcile_check.py", ["truth", Reconciled.day, stream.database, input])
        #expect(truth.status == 0, "\(truth.errors)")
        print("billing against the simulator's truth: \(truth.output)")
    }
}

import Foundation
import Testing

@Suite("Model tools", .serialized)
struct ModelToolTests {
    /// A folder of models with a champion and a challenger.
    private struct Shelf {
        let scratch: Scratch
        let champion: String
        let challenger: String
        let old: Data
        let new: Data

        init() throws {
            scratch = try Scratch()
            champion = try ModelFiles.write(scratch.path("champion.json"), name: "old")
            challenger = try ModelFiles.write(scratch.path("wider.json"), name: "new", raisedBy: 0.5)
            old = ModelFiles.bytes(champion)!
            new = ModelFiles.bytes(challenger)!
        }

        var current: Data? { ModelFiles.bytes(champion) }

        func promote(_ arguments: [String], fault: String? = nil) throws -> Finished {
            var environment = ProcessInfo.processInfo.environment
            environment["FRAUD_FAULT"] = fault
            return try Programs.run(Programs.fraud, ["model", "promote", "--to", champion, "--by", "ana", "--json"] + arguments, environment: environment)
        }

        var trail: [[String: Any]] {
            scratch.text("promotions.ndjson").split(separator: "\n").map { try! JSONSerialization.jsonObject(with: Data($0.utf8)) as! [String: Any] }
        }
    }

    @Test("a promotion swaps the champion, keeps the former one, and can be taken back, each with a line on the trail")
    func promoteAndRollBack() throws {
        let shelf = try Shelf()
        let oldID = try ModelFiles.id(shelf.champion)
        let done = try shelf.promote([shelf.challenger, "--reason", "wider, \"really\"\n"])
        #expect(done.status == 0 && shelf.current == shelf.new, "\(done.errors)")
        #expect(ModelFiles.bytes(shelf.scratch.path("archive/\(oldID).json")) == shelf.old)
        #expect(shelf.trail.map { $0["state"] as! String } == ["begun", "done"] && shelf.trail[1]["from_id"] as! String == oldID)
        #expect(shelf.trail[1]["reason"] as! String == "wider, \"really\"\n" && shelf.trail[1]["by"] as! String == "ana")
        let again = try shelf.promote([shelf.challenger])
        #expect(again.status == 1 && again.errors.contains("is the champion already"))
        #expect(try shelf.promote(["--rollback"]).status == 0)
        #expect(shelf.current == shelf.old)
        let nothing = try shelf.promote(["--rollback"])
        #expect(nothing.status == 1 && nothing.errors.contains("no promotion to take back"))
        #expect(try Programs.run(Programs.fraud, ["model", "verify", shelf.champion]).status == 0)
    }

    static let points = [
        "archive-written", "archive-renamed", "champion-archived", "promotion-begun", "champion-written", "champion-renamed", "champion-swapped",
    ]

    @Test("killed at any point of a promotion, the champion is the old file or the new one, and the next act goes on", arguments: points)
    func killed(point: String) throws {
        let shelf = try Shelf()
        let killed = try shelf.promote([shelf.challenger], fault: "\(point):1")
        #expect(killed.status == SIGKILL, "\(point): \(killed.status) \(killed.errors)")
        let isNew = ["champion-renamed", "champion-swapped"].contains(point)
        #expect(shelf.current == (isNew ? shelf.new : shelf.old), "\(point)")
        let next = try shelf.promote([shelf.challenger])
        #expect(isNew ? next.status == 1 && next.errors.contains("champion already") : next.status == 0, "\(point): \(next.errors)")
        #expect(shelf.current == shelf.new && shelf.trail.last?["state"] as? String == "done", "\(point)")
        #expect(try shelf.promote(["--rollback"]).status == 0)
        #expect(shelf.current == shelf.old)
        let rest = try FileManager.default.contentsOfDirectory(atPath: shelf.scratch.folder.path).filter { $0.hasSuffix(".tmp") }
        #expect(rest.isEmpty, "\(rest)")
    }

    @Test("a full disk at any point leaves the old champion, and the error says what could not be done", arguments: points.prefix(5))
    func fullDisk(point: String) throws {
        let shelf = try Shelf()
        let failed = try shelf.promote([shelf.challenger], fault: "\(point):1:ENOSPC")
        #expect(failed.status == 1 && failed.errors.contains("No space left"), "\(point): \(failed.errors)")
        #expect(shelf.current == shelf.old)
        #expect(try shelf.promote([shelf.challenger]).status == 0)
        #expect(shelf.current == shelf.new)
    }

    @Test("kill -9 at random moments never leaves half a champion")
    func killedAtRandom() throws {
        let shelf = try Shelf()
        let files = [shelf.scratch.path("a.json"), shelf.scratch.path("b.json")]
        try shelf.old.write(to: URL(filePath: files[0]))
        try shelf.new.write(to: URL(filePath: files[1]))
        var random = SystemRandomNumberGenerator()
        let started = Date()
        #expect(try shelf.promote([files[1]]).status == 0)
        let wholeRun = Date().timeIntervalSince(started)
        for round in 0..<20 {
            let output = try Scratch()
            let process = try Programs.start(
                Programs.fraud, ["model", "promote", files[(round + 1) % 2], "--to", shelf.champion, "--by", "ana"], scratch: output)
            usleep(UInt32(Double.random(in: 0..<wholeRun, using: &random) * 1e6))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(shelf.current == shelf.old || shelf.current == shelf.new, "round \(round)")
        }
        let rest = try shelf.promote(["--rollback"])
        #expect(rest.status == 0 || rest.errors.contains("no promotion to take back"), "\(rest.errors)")
    }

    @Test("a champion or a trail that was changed by other means is refused, and can be accepted by name")
    func tampered() throws {
        let shelf = try Shelf()
        #expect(try shelf.promote([shelf.challenger]).status == 0)
        try ModelFiles.write(shelf.champion, name: "smuggled", raisedBy: -3)
        let refused = try shelf.promote(["--rollback"])
        #expect(refused.status == 1 && refused.errors.contains("changed by other means"), "\(refused.errors)")
        #expect(try Programs.run(Programs.fraud, ["model", "verify", shelf.champion]).status == 1)
        #expect(try shelf.promote(["--adopt", "--reason", "trained in place"]).status == 0)
        #expect(try shelf.promote(["--rollback"]).status == 0)
        #expect(shelf.current == shelf.new)
        let trail = shelf.scratch.path("promotions.ndjson")
        let text = shelf.scratch.text("promotions.ndjson")
        try Data(text.replacingOccurrences(of: "trained in place", with: "an honest reason").utf8).write(to: URL(filePath: trail))
        let changed = try shelf.promote(["--rollback"])
        #expect(changed.status == 1 && changed.errors.contains("the trail was changed"), "\(changed.errors)")
        try Data((text + #"{"action":"promo"#).utf8).write(to: URL(filePath: trail))
        #expect(try shelf.promote(["--rollback"]).status == 0, "a line that a crash cut short was never there")
    }

    @Test("what is no model, or not one of this program's features, is not promoted")
    func refusesMisfits() throws {
        let shelf = try Shelf()
        let odd = try ModelFiles.write(shelf.scratch.path("odd.json")) { $0["feature_schema_hash"] = "0123456789abcdef" }
        for (file, words) in [("README.md", "README.md"), (odd, "other units"), ("missing.json", "no such file")] {
            let run = try shelf.promote([file])
            #expect(run.status == 1 && run.errors.contains(words), "\(run.errors)")
        }
        #expect(shelf.current == shelf.old && shelf.trail.isEmpty)
    }

    @Test("diff names what changed and where: settings, metrics, the term and the bin")
    func diff() throws {
        let scratch = try Scratch()
        func curve(_ values: [Double]) -> [String: Any] { ["feature": "pointer_moves", "edges": [1, 10], "values": values, "counts": [Int](), "weight": 1] }
        let before = try ModelFiles.write(scratch.path("a.json")) {
            $0["curves"] = [curve([0, 1, 2, 3])]
            $0["features"] = [Any]()
            $0["surfaces"] = [Any]()
            $0["feature_schema_hash"] = ""
        }
        let after = try ModelFiles.write(scratch.path("b.json"), from: before, raisedBy: 0.25) {
            var wider = curve([0, 1, 0.5, 3, 3])
            wider["edges"] = [1, 5, 10]
            $0["curves"] = [wider, ["feature": "dwell_ms", "edges": [1000], "values": [0, -2, 0.5], "counts": [Int](), "weight": 2]]
        }
        let run = try Programs.run(Programs.fraud, ["model", "diff", before, after, "--json"])
        let difference = try #require(try Commands.json(run.output) as? [String: Any], "\(run.errors)")
        #expect((difference["settings"] as! [[String: Any]]).contains { $0["name"] as? String == "intercept" })
        let terms = difference["terms"] as! [[String: Any]]
        #expect(terms.map { $0["term"] as! String } == ["dwell_ms", "pointer_moves"] && terms.map { $0["change"] as! String } == ["added", "changed"])
        #expect((terms[1]["log_odds"] as! NSNumber).doubleValue == -1.5 && terms[1]["where"] as! String == "1 to 5")
        #expect(try Programs.run(Programs.fraud, ["model", "diff", before, before]).output.contains("the two hold the same"))
    }

    @Test("verify trains the model again byte for byte, and says when the options are others")
    func verify() throws {
        let scratch = try Scratch()
        let model = scratch.path("m.json")
        let options = ["training-data/train.ndjson.gz", "--lists", "training-data"]
        #expect(try Programs.run(Programs.fraud, ["train"] + options + ["--out", model]).status == 0)
        let same = try Programs.run(Programs.fraud, ["model", "verify", model, "--"] + options)
        #expect(same.status == 0 && same.output.contains("byte for byte the same"), "\(same.output)\(same.errors)")
        let other = try Programs.run(Programs.fraud, ["model", "verify", model, "--"] + options + ["--fpr", "0.02"])
        #expect(other.status == 1 && other.output.contains("threshold"), "\(other.output)\(other.errors)")
        let wrong = try Programs.run(Programs.fraud, ["model", "verify", model, "--probe", "00"])
        #expect(wrong.status == 1 && wrong.output.contains("the hash was 00"))
    }

    @Test("show prints card and terms; export writes an ONNX file")
    func showAndExport() throws {
        let scratch = try Scratch()
        let run = try Programs.run(Programs.fraud, ["model", "show", "--json"])
        let card = try #require(try Commands.json(run.output) as? [String: Any])
        #expect(card["fits_this_program"] as? Bool == true && (card["terms"] as! [Any]).count > 10)
        #expect(try Programs.run(Programs.fraud, ["model", "show"]).output.contains("Terms by importance"))
        #expect(try Programs.run(Programs.fraud, ["model", "export", "--format", "onnx", "--out", scratch.path("m.onnx")]).status == 0)
        #expect((ModelFiles.bytes(scratch.path("m.onnx"))?.count ?? 0) > 1000)
        for command in ["show", "diff", "verify", "compare", "promote", "export"] {
            #expect(try Programs.run(Programs.fraud, ["model", command, "--help"]).output.contains("EXAMPLE: fraud model \(command)"), "\(command)")
        }
    }
}

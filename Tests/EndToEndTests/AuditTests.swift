import Foundation
import Testing

@Suite("Labels that people change", .serialized)
struct AuditTests {
    private let scratch: Scratch
    private let commands: Commands

    init() throws {
        scratch = try Scratch()
        commands = Commands(database: scratch.path("clicks.duckdb"))
    }

    /// Two ads for ten minutes, every seventh click fraud; `v30` is valid, `f28` fraud, in the middle of the hour's start.
    private func firstPart() throws -> String {
        var stream = SmallStream()
        for i in 0..<60 {
            let isFraud = i % 7 == 0
            stream.click("\(isFraud ? "f" : "v")\(i)", second: 120 + i * 5, ad: "ad-\(i % 2)", cost: "0.\(1000 + i * 37)", isFraud: isFraud)
        }
        // A duplicate, which must not be taken for the click.
        stream.click("v30", second: 421, ad: "ad-0", cost: "0.3000")
        let path = scratch.path("first.ndjson")
        try stream.write(path)
        return path
    }

    /// More clicks of the same minutes and the same hour.
    private func secondPart() throws -> String {
        var stream = SmallStream()
        for i in 0..<50 { stream.click("w\(i)", second: 270 + i * 20, ad: "ad-\(i % 2)", cost: "0.5000", isFraud: i % 11 == 3) }
        let path = scratch.path("second.ndjson")
        try stream.write(path)
        return path
    }

    private struct Figures: Equatable {
        var clicks = 0
        var valid = 0
        var fraud = 0
        var costE4 = 0
    }

    /// Figures of `ad-0` in the minutes, hours and days, by their start.
    private func figures() throws -> [String: Figures] {
        var found: [String: Figures] = [:]
        for (step, column) in [("minute", "window_start"), ("hour", "hour"), ("day", "date")] {
            for row in try commands.rows(["report", "--by", "ad", "--per", step]) where row["ad_id"] as! String == "ad-0" {
                found["\(step) \(row[column]!)"] = Figures(
                    clicks: row["clicks"] as! Int, valid: row["valid"] as! Int, fraud: row["fraud"] as! Int, costE4: Commands.e4(row, "cost"))
            }
        }
        return found
    }

    private func bill() throws -> [String: Int] {
        let row = try #require(try commands.rows(["bill"]).first { $0["campaign_id"] as! String == "camp-ad-0" })
        return [
            "clicks": row["clicks"] as! Int, "fraud_clicks": row["fraud_clicks"] as! Int, "overturned": row["overturned"] as! Int,
            "gross": Commands.e4(row, "gross"), "fraud": Commands.e4(row, "fraud"), "due": Commands.e4(row, "due"),
        ]
    }

    private func label(_ id: String, _ label: String, _ more: [String] = []) throws -> Finished {
        try commands.run(["audit", "label", id, label, "--by", "ana", "--note", "it's \"so\"; DROP TABLE reviews"] + more)
    }

    @Test("a decision moves minute, hour, day and bill by one click and its cost; twice is once, and back is back", arguments: ["v30", "f28"])
    func movesTogether(id: String) throws {
        try commands.score([try firstPart()])
        let (before, billBefore) = (try figures(), try bill())
        let click = try #require(try commands.rows(["audit", "show", id]).first { $0["field"] as! String == "ts" })
        let minute = (click["value"] as! String).prefix(16)
        let (to, back, sign) = id.hasPrefix("v") ? ("fraud", "valid", -1) : ("valid", "fraud", 1)
        let cost = id == "v30" ? 1000 + 30 * 37 : 1000 + 28 * 37

        for _ in 0..<2 {
            let run = try label(id, to)
            #expect(run.status == 0, "\(run.errors)")
            let (after, billAfter) = (try figures(), try bill())
            var moved: [String] = []
            for (key, old) in before {
                let new = try #require(after[key])
                if new == old { continue }
                moved.append(key)
                #expect(new == Figures(clicks: old.clicks, valid: old.valid + sign, fraud: old.fraud - sign, costE4: old.costE4), "\(key)")
            }
            #expect(moved.sorted() == ["day 2026-11-20", "hour 2026-11-20T10:00:00.000Z", "minute \(minute):00.000Z"])
            #expect(billAfter["gross"] == billBefore["gross"] && billAfter["clicks"] == billBefore["clicks"])
            #expect(billAfter["due"] == billBefore["due"]! + sign * cost && billAfter["fraud"] == billBefore["fraud"]! - sign * cost)
            #expect(billAfter["fraud_clicks"] == billBefore["fraud_clicks"]! - sign && billAfter["overturned"] == max(0, sign))
        }
        #expect(try label(id, back).status == 0)
        #expect(try figures() == before)
        #expect(try bill() == billBefore)

        let shown = try commands.output(["audit", "show", id])
        let (first, second) = (shown.firstRange(of: "\(back) → \(to) by ana (review)"), shown.firstRange(of: "\(to) → \(back) by ana (review)"))
        #expect(try #require(first).lowerBound < (try #require(second)).lowerBound && shown.components(separatedBy: " → ").count == 3, "\(shown)")
    }

    @Test("a decision outlives more clicks of its minute, hour and day, as if it had been made after them")
    func survivesTheStream() throws {
        let (first, second) = (try firstPart(), try secondPart())
        try commands.score([first], ["--epoch-events", "20"])
        for (id, to) in [("v30", "fraud"), ("f28", "valid")] { #expect(try label(id, to).status == 0) }
        try commands.score([second], ["--epoch-events", "7"])

        let later = Commands(database: scratch.path("later.duckdb"))
        try later.score([first])
        try later.score([second])
        let unlabelled = try later.totals(by: "ad")
        for (id, to) in [("v30", "fraud"), ("f28", "valid")] {
            #expect(try later.run(["audit", "label", id, to, "--by", "ana"]).status == 0)
        }
        #expect(try commands.totals(by: "ad") == later.totals(by: "ad"))
        #expect(try commands.totals(by: "ad") != unlabelled)
        // Once more, when the stream has taken the decisions into its own state.
        #expect(try label("v30", "fraud").status == 0)
        #expect(try commands.totals(by: "ad") == later.totals(by: "ad"))
    }

    @Test("late clicks, duplicates and strangers have no label, and that is said in words")
    func refusals() throws {
        var stream = SmallStream()
        stream.click("a", second: 0)
        stream.click("a", second: 30)
        stream.click("b", second: 3000)
        stream.click("z", second: 100)
        try stream.write(scratch.path("in.ndjson"))
        let totals = try commands.score([scratch.path("in.ndjson")])
        #expect(totals["late"] as! Int == 1 && totals["duplicate"] as! Int == 1)
        let cases = [
            (["z"], "came late"), (["a", "--at", "2026-11-20T10:00:30Z"], "is a duplicate"), (["nobody"], "not among the flagged"),
            (["b", "--date", "2026-11-19"], "at that time"),
        ]
        for (place, words) in cases {
            let run = try commands.run(["audit", "label"] + place + ["fraud", "--by", "ana"])
            #expect(run.status == 1 && run.errors.contains(words), "\(place): \(run.errors)")
        }
        #expect(try commands.run(["audit", "label", "a", "fraud", "--by", "ana", "--at", "2026-11-20T10:00:00Z"]).status == 0)
        #expect(try commands.run(["audit", "label", "b", "fraud", "--by", "ana", "--date", "2026-11-20"]).status == 0)
    }

    @Test("without an archive a valid click cannot be found, a flagged one can")
    func withoutArchive() throws {
        try commands.score([try firstPart()], ["--no-archive"])
        let run = try label("v30", "fraud")
        #expect(run.status == 1 && run.errors.contains("no archive"), "\(run.errors)")
        #expect(try label("f28", "valid").status == 0)
    }

    @Test("the list tells and filters what clicks are called now")
    func list() throws {
        try commands.score([try firstPart()])
        #expect(try label("f28", "valid").status == 0)
        let valid = try commands.rows(["audit", "list", "--label", "valid"])
        #expect(valid.map { $0["click_id"] as! String } == ["f28"] && valid[0]["label"] as! String == "valid")
        let fraud = try commands.rows(["audit", "list", "--label", "fraud", "--limit", "1000"])
        #expect(!fraud.isEmpty && fraud.allSatisfy { $0["label"] as! String == "fraud" && $0["click_id"] as! String != "f28" })
        let all = try commands.rows(["audit", "list", "--limit", "1000"])
        #expect(all.count == fraud.count + 1)
    }

    @Test("a click that its visitor left at once is shown with its input, both labels and why, and can be called valid again")
    func bounced() throws {
        var stream = SmallStream()
        for i in 0..<20 { stream.click("c\(i)", second: i * 4) }
        stream.engagement("c5", second: 22, dwell: 300)
        stream.click("last", second: 100)
        try stream.write(scratch.path("in.ndjson"))
        let totals = try commands.score([scratch.path("in.ndjson")])
        #expect(totals["fraud"] as! Int >= 1)
        let shown = try commands.output(["audit", "show", "c5"])
        for words in ["engagement", "instant_bounce", "user-c5", "valid → fraud by", "dwell_ms 300", "scored_as"] {
            #expect(shown.contains(words), "\(words) in \(shown)")
        }
        #expect(try commands.rows(["audit", "list", "--rule", "engagement"]).count == 1)
        let due = try commands.rows(["bill"])[0]
        #expect(try commands.run(["audit", "label", "c5", "valid", "--by", "ana"]).status == 0)
        let after = try commands.rows(["bill"])[0]
        #expect(Commands.e4(after, "due") == Commands.e4(due, "due") + 2500 && after["overturned"] as! Int == 1)
        let again = try commands.output(["explain", "c5"])
        #expect(again.contains("valid → fraud by") && again.contains("fraud → valid by ana"), "\(again)")
    }

    @Test("a valid click is explained from the archive: input, score, rules by name, later labels")
    func explainValid() throws {
        try commands.score([try firstPart()])
        #expect(try label("v30", "fraud").status == 0)
        let explanation = try #require(try Commands.json(try commands.output(["explain", "v30", "--json"])) as? [String: Any])
        #expect(explanation["label"] as! String == "fraud" && explanation["scored_as"] as! String == "valid")
        #expect(explanation["user_id"] as! String == "user-v30" && explanation["score"] is NSNumber)
        #expect((explanation["contributions"] as! [Any]).isEmpty && (explanation["notes"] as! [String]).contains { $0.contains("features") })
        let changes = explanation["label_changes"] as! [[String: Any]]
        #expect(changes.count == 1 && changes[0]["cause"] as! String == "review" && changes[0]["actor"] as! String == "ana")
        #expect(try commands.output(["explain", "v30"]).contains("Label changes"))
        #expect(try commands.run(["explain", "nobody"]).status == 1)
    }

    @Test("a decision on a reconciled day moves the batch layer's totals too, and the bill once; reconciling again changes neither")
    func reconciledDay() throws {
        var stream = SmallStream()
        for i in 0..<30 { stream.click("c\(i)", second: i * 100) }
        stream.click("late", second: 5, cost: "0.7000")
        try stream.write(scratch.path("in.ndjson"))
        #expect(try commands.score([scratch.path("in.ndjson")])["late"] as! Int == 1)
        _ = try commands.output(["reconcile", "--date", "2026-11-20"])
        func day(_ layer: String) throws -> [Int] {
            let row = try #require(try commands.rows(["report", "--per", "day", "--layer", layer]).first)
            return ["clicks", "valid", "fraud"].map { row[$0] as! Int }
        }
        func bill() throws -> [Int] {
            let row = try #require(try commands.rows(["bill"]).first)
            return ["gross", "fraud", "adjusted", "due"].map { Commands.e4(row, $0) }
        }
        #expect(try commands.rows(["report", "--late"])[0]["reconciled"] as! Int == 1)
        #expect(try !commands.run(["report"]).errors.contains("not in these totals"))
        let (merged, layer, billed) = (try day("merged"), try day("stream"), try bill())
        #expect(merged[0] == layer[0] + 1 && merged[0] == 31 && billed[2] == 7000)
        #expect(billed[3] == billed[0] - billed[1] + billed[2])
        #expect(try label("c7", "fraud").status == 0)
        for _ in 0..<2 {
            #expect(try day("merged") == [merged[0], merged[1] - 1, merged[2] + 1])
            #expect(try day("batch") == day("merged"))
            #expect(try day("stream") == [layer[0], layer[1] - 1, layer[2] + 1])
            #expect(try bill() == [billed[0], billed[1] + 2500, billed[2], billed[3] - 2500])
            _ = try commands.output(["reconcile", "--date", "2026-11-20"])
        }
    }
}

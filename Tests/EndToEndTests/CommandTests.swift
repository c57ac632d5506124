import Foundation
import Testing

/// One scored database for all tests of the suite.
private enum Scored {
    static let scratch = try! Scratch()
    static let database: String = {
        let path = scratch.path("sample.duckdb")
        let run = try! Programs.score(["training-data/sample.ndjson.gz", "--db", path, "--lists", "training-data"])
        precondition(run.status == 0, run.errors)
        return path
    }()
}

@Suite("Commands", .serialized)
struct CommandTests {
    private func fraud(_ arguments: [String]) throws -> Finished { try Programs.run(Programs.fraud, arguments) }

    private func json(_ text: String) throws -> Any { try Commands.json(text) }

    private func e4(_ row: [String: Any], _ name: String) -> Int { Commands.e4(row, name) }

    private func rows(_ arguments: [String]) throws -> [[String: Any]] {
        let run = try fraud(arguments + ["--json"])
        #expect(run.status == 0, "\(run.errors)")
        return try #require(try json(run.output) as? [[String: Any]])
    }

    @Test("every subcommand has help with an example")
    func help() throws {
        let commands = [
            ["score"], ["report"], ["audit"], ["audit", "list"], ["audit", "show"], ["audit", "label"], ["explain"], ["bill"], ["reconcile"], ["train"],
            ["evaluate"], ["predict"], ["quality"], ["export"], ["simulate"], ["rules"], ["rules", "check"], ["model"], ["model", "features"],
            ["model", "show"], ["model", "report"], ["model", "diff"], ["model", "verify"], ["model", "compare"], ["model", "promote"], ["model", "export"],
        ]
        for command in commands {
            let run = try fraud(command + ["--help"])
            #expect(run.status == 0 && run.output.contains("EXAMPLE: fraud \(command[0])"), "\(command)")
        }
    }

    static let failures: [(arguments: [String], status: Int32)] = [
        (["score"], 64), (["score", "x.ndjson"], 64), (["score", "x.ndjson", "--db", "x", "--shards", "0"], 64), (["score", "x.ndjson", "--db", "x", "--shards", "17"], 64), (["nonsense"], 64), (["bill", "--db", "x", "--period", "2026-13"], 64),
        (["audit", "label", "c-1", "maybe", "--by", "ana", "--db", "x"], 64),
        (["audit", "label", "c-1", "valid", "--by", " ", "--db", "x"], 64), (["audit", "label", "c-1", "valid", "--db", "x"], 64),
        (["reconcile", "--db", "x", "--date", "today"], 64), (["reconcile", "--db", "missing.duckdb", "--date", "2026-11-20"], 1),
        (["simulate", "--fraud-share", "2"], 64), (["simulate", "--scenario", "x.yaml", "--clicks", "5"], 64),
        (["simulate", "--scenario", "missing.yaml"], 1), (["quality"], 64), (["quality", "README.md"], 1), (["report", "--db", "x", "--from", "yesterday"], 64),
        (["score", "missing.ndjson", "--db", "x.duckdb"], 1), (["bill", "--db", "missing.duckdb"], 1),
        (["rules", "check", "README.md"], 1), (["model", "show", "README.md"], 1), (["model", "report"], 64), (["train", "x.ndjson", "--out", "x", "--previous", "y"], 64),
    ]

    @Test("bad usage exits with 64, a failed job with 1, both with words on standard error", arguments: failures)
    func exitCodes(arguments: [String], status: Int32) throws {
        let run = try fraud(arguments)
        #expect(run.status == status && !run.errors.isEmpty, "\(arguments): \(run.status) \(run.errors)")
    }

    @Test("the sample's report, bill and score totals agree to the last digit")
    func totalsAgree() throws {
        let score = try #require(try json(try fraud(["score", "training-data/sample.ndjson.gz", "--db", Scored.database, "--json"]).output) as? [String: Any])
        let counted = (score["valid"] as! Int) + (score["fraud"] as! Int)
        #expect(score["received"] as! Int == counted + (score["duplicate"] as! Int) + (score["late"] as! Int) + (score["rejected"] as! Int))
        #expect(score["received"] as! Int == 12_000)
        for per in [[], ["--per", "minute"], ["--per", "hour"], ["--per", "day"]] {
            for by in ["ad", "campaign", "advertiser"] {
                let report = try rows(["report", "--db", Scored.database, "--by", by] + per)
                #expect(report.reduce(0) { $0 + ($1["clicks"] as! Int) } == counted, "\(by) \(per)")
                #expect(report.reduce(0) { $0 + e4($1, "cost") } == e4(score, "gross_cost"), "\(by) \(per)")
            }
        }
        let bill = try rows(["bill", "--db", Scored.database, "--by", "campaign"])
        #expect(bill.reduce(0) { $0 + e4($1, "gross") } == e4(score, "gross_cost"))
        #expect(bill.reduce(0) { $0 + e4($1, "due") } == e4(score, "billable_cost"))
    }

    @Test("a report's unique users over a period are the union of its windows, not their sum")
    func uniqueUsers() throws {
        let minutes = try rows(["report", "--db", Scored.database, "--by", "advertiser", "--per", "minute"])
        let whole = try rows(["report", "--db", Scored.database, "--by", "advertiser"])
        let sum = minutes.reduce(0) { $0 + ($1["unique_users"] as! Int) }
        let union = whole.reduce(0) { $0 + ($1["unique_users"] as! Int) }
        #expect(union < sum && union > 0)
    }

    @Test("an auditor finds a flagged click, overturns it, and the bill moves by its cost, once")
    func overturn() throws {
        let click = try #require(try rows(["audit", "list", "--db", Scored.database, "--limit", "500"]).first { e4($0, "cost") > 0 })
        let id = click["click_id"] as! String
        let advertiser = click["advertiser_id"] as! String
        func due() throws -> Int {
            e4(try #require(try rows(["bill", "--db", Scored.database, "--by", "advertiser"]).first { $0["advertiser_id"] as! String == advertiser }), "due")
        }
        let before = try due()
        for _ in 0..<2 {
            let labelled = try fraud(["audit", "label", id, "valid", "--by", "ana", "--note", "it's \"fine\"; DROP TABLE reviews", "--db", Scored.database])
            #expect(labelled.status == 0, "\(labelled.errors)")
            #expect(try due() == before + e4(click, "cost"))
        }
        #expect(try fraud(["audit", "show", id, "--db", Scored.database]).output.contains("valid by ana"))
        #expect(try !rows(["audit", "list", "--db", Scored.database, "--unreviewed", "--limit", "5000"]).contains { $0["click_id"] as! String == id })
        _ = try fraud(["audit", "label", id, "fraud", "--by", "ben", "--db", Scored.database])
        #expect(try due() == before)
        #expect(try fraud(["audit", "label", "no-such-click", "valid", "--by", "ana", "--db", Scored.database]).status == 1)
    }

    @Test("an explanation's contributions add up to the click's score")
    func explain() throws {
        let clicks = try rows(["audit", "list", "--db", Scored.database, "--limit", "40"])
        for click in clicks {
            let run = try fraud(["explain", click["click_id"] as! String, "--db", Scored.database, "--json"])
            let explanation = try #require(try json(run.output) as? [String: Any])
            let parts = explanation["contributions"] as! [[String: Any]]
            let logit = parts.reduce((explanation["intercept"] as! NSNumber).doubleValue) { $0 + ($1["contribution"] as! NSNumber).doubleValue }
            let score = (click["score"] as! NSNumber).doubleValue
            #expect(abs(1 / (1 + exp(-logit)) - score) < 2e-4, "\(click["click_id"]!): \(logit) and \(score)")
        }
    }

    @Test("the catalogue prints as Markdown and the shipped model and rules fit it")
    func catalogue() throws {
        let table = try fraud(["model", "features"]).output
        #expect(table.hasPrefix("| feature | unit | meaning | unknown when |") && table.contains("| `ip_clicks_1m` |"))
        #expect(try json(fraud(["model", "show", "--json"]).output) is [String: Any])
        #expect(try rows(["rules", "check"]).count > 20)
    }

    @Test("the shipped model and rules catch most of the sample's fraud and spare the honest")
    func qualityOnSample() throws {
        let run = try fraud(["evaluate", "training-data/sample.ndjson.gz", "--lists", "training-data", "--json"])
        let figures = try #require(try json(run.output) as? [String: Any])
        #expect((figures["recall"] as! NSNumber).doubleValue > 0.6)
        #expect((figures["false_positive_rate"] as! NSNumber).doubleValue < 0.002)
    }

    @Test("training twice gives the same file, byte for byte")
    func trainingIsReproducible() throws {
        let scratch = try Scratch()
        for name in ["a.json", "b.json"] {
            let run = try fraud(["train", "training-data/train.ndjson.gz", "--lists", "training-data", "--out", scratch.path(name)])
            #expect(run.status == 0, "\(run.errors)")
        }
        #expect(!scratch.text("a.json").isEmpty && scratch.text("a.json") == scratch.text("b.json"))
    }

    static let accessLog = Programs.packageRoot.appending(path: "../shared/data/access-semicomplete-2015.log.gz").path

    @Test(
        "a real access log is scored whole, and what declares itself a bot is givt",
        .enabled(if: FileManager.default.fileExists(atPath: accessLog), "no ../shared/data here"))
    func realAccessLog() throws {
        let scratch = try Scratch()
        let run = try fraud([
            "score", Self.accessLog, "--format", "combined", "--ad-id", "a", "--campaign-id", "c", "--advertiser-id", "v", "--db",
            scratch.path("x.duckdb"), "--json",
        ])
        let totals = try #require(try json(run.output) as? [String: Any])
        #expect(totals["received"] as! Int == 10_000)
        #expect(["valid", "fraud", "duplicate", "late", "rejected"].reduce(0) { $0 + (totals[$1] as! Int) } == 10_000)
        let crawlers = try rows(["audit", "list", "--db", scratch.path("x.duckdb"), "--reason", "known_crawler", "--limit", "10000"])
        #expect(crawlers.count > 2000 && crawlers.allSatisfy { $0["ivt"] as! String == "givt" })
    }
}

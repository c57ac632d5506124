import Foundation
import Testing

/// The sample, scored once for all tests of the suite.
private enum Sample {
    static let scratch = try! Scratch()
    static let commands: Commands = {
        let commands = Commands(database: scratch.path("sample.duckdb"))
        try! commands.score(["training-data/sample.ndjson.gz"], ["--lists", "training-data"])
        return commands
    }()
}

@Suite("Reports", .serialized)
struct ReportTests {
    /// Compares a report, already written as JSON, with a brute force over the archive.
    private func check(_ arguments: [String], _ report: String) throws {
        let scratch = try Scratch()
        try Data(report.utf8).write(to: URL(filePath: scratch.path("report.json")))
        let checked = try Programs.python("report_check.py", arguments + [scratch.path("report.json")])
        #expect(checked.status == 0, "\(arguments): \(checked.errors)")
    }

    static let windows = [("ad", 5, 1), ("campaign", 5, 1), ("advertiser", 60, 5), ("campaign", 90, 40), ("advertiser", 1440, 180), ("ad", 1, 1)]

    @Test("sliding windows equal a brute force over every click of the sample", arguments: windows)
    func slidingEqualsBruteForce(key: String, size: Int, slide: Int) throws {
        let report = try Sample.commands.output(["report", "--by", key, "--window", "sliding:\(size)m/\(slide)m", "--json"])
        try check(["sliding", Sample.commands.database, key, "\(size)", "\(slide)"], report)
    }

    @Test("windows within --from and --to are those of the whole report, whole")
    func slidingPeriod() throws {
        let arguments = ["report", "--by", "advertiser", "--window", "sliding:1h/15m", "--format", "csv"]
        let whole = try Sample.commands.output(arguments).components(separatedBy: "\r\n")
        let (from, to) = ("2026-11-03T05:00:00.000Z", "2026-11-03T09:30:00.000Z")
        let part = try Sample.commands.output(arguments + ["--from", from, "--to", to]).components(separatedBy: "\r\n")
        let expected = whole.filter { line in
            let cells = line.components(separatedBy: ",")
            return cells.count < 2 || cells[1] == "window_start" || (cells[1] >= from && cells[1] < to)
        }
        #expect(part == expected && part.count > 20)
    }

    @Test("minute windows that do not overlap are the minutes")
    func slidingOfOneMinute() throws {
        let minutes = try Sample.commands.rows(["report", "--by", "ad", "--per", "minute"])
        let windows = try Sample.commands.rows(["report", "--by", "ad", "--window", "sliding:1m/1m"])
        func sums(_ rows: [[String: Any]]) -> [Int] {
            ["clicks", "valid", "fraud", "unique_users"].map { name in rows.reduce(0) { $0 + ($1[name] as! Int) } } + [rows.count]
        }
        #expect(sums(minutes) == sums(windows))
    }

    @Test("sessions equal a brute force over every click of the sample")
    func sessionsEqualBruteForce() throws {
        let report = try Sample.commands.output(["report", "--window", "session", "--json"])
        try check(["session", Sample.commands.database], report)
        let rows = try #require(try Commands.json(report) as? [[String: Any]])
        let starts = rows.map { $0["session_start"] as! String }
        #expect(starts == starts.sorted())
        let visitor = try #require(rows.max { $0["clicks"] as! Int == $1["clicks"] as! Int ? false : ($0["clicks"] as! Int) < ($1["clicks"] as! Int) })["visitor"] as! String
        let own = try Sample.commands.rows(["report", "--window", "sessions", "--visitor", visitor])
        #expect(own.count == rows.count { $0["visitor"] as! String == visitor } && own.count > 0)
        let first = try Sample.commands.rows(["report", "--window", "session", "--from", starts[starts.count / 2], "--limit", "7"])
        #expect(first.map { $0["session_start"] as! String } == Array(starts.filter { $0 >= starts[starts.count / 2] }.prefix(7)))
    }

    @Test("table, CSV and JSON have the same rows, also when they are more than a page")
    func formats() throws {
        let arguments = ["report", "--by", "ad", "--window", "sliding:5m/1m"]
        let json = try Sample.commands.rows(arguments).count
        let csv = try Sample.commands.output(arguments + ["--format", "csv"]).components(separatedBy: "\r\n").count - 2
        let table = try Sample.commands.output(arguments).split(separator: "\n").count - 2
        #expect(json > 4000 && csv == json && table == json)
        #expect(try Sample.commands.rows(arguments + ["--from", "2030-01-01"]).isEmpty)
    }

    @Test("a report as of an epoch is the same bytes today and when late and new data has come; the last epoch is today")
    func epochIsRepeatable() throws {
        let scratch = try Scratch()
        let commands = Commands(database: scratch.path("x.duckdb"))
        for (name, seed) in [("a", 41), ("b", 42)] {
            let made = try Programs.python("stream_check.py", ["make", "\(seed)", "3000", scratch.path(name)])
            #expect(made.status == 0, "\(made.errors)")
        }
        try commands.score([scratch.path("a")], ["--epoch-events", "400"])
        let kinds = [
            ["--by", "ad", "--per", "minute"], ["--by", "campaign", "--per", "hour"], ["--by", "advertiser", "--per", "day"], ["--by", "ad"],
            ["--by", "campaign", "--window", "sliding:5m/1m"],
        ]
        func reports(_ epoch: Int) throws -> [String] {
            try kinds.map { try commands.output(["report", "--format", "csv", "--epoch", "\(epoch)"] + $0) }
        }
        let last = try lastEpoch(commands)
        let before = try (1...last).map(reports)
        #expect(Set(before.map { $0[0] }).count > 3, "epochs differ")
        let today = try kinds.prefix(1).map { try commands.output(["report", "--format", "csv"] + $0) }
        #expect(today[0] == before[last - 1][0])
        let flagged = try #require(try commands.rows(["audit", "list", "--limit", "1"]).first)
        let labelled = try commands.run(["audit", "label", flagged["click_id"] as! String, "valid", "--by", "ana", "--at", flagged["ts"] as! String])
        #expect(labelled.status == 0, "\(labelled.errors)")
        #expect(try (1...last).map(reports) == before)
        try commands.score([scratch.path("b")], ["--epoch-events", "700"])
        #expect(try (1...last).map(reports) == before)
        #expect(try lastEpoch(commands) > last)
        #expect(try reports(lastEpoch(commands))[0] == commands.output(["report", "--format", "csv"] + kinds[0]))
    }

    /// The number that the error about an unknown epoch names.
    private func lastEpoch(_ commands: Commands) throws -> Int {
        let run = try commands.run(["report", "--epoch", "1000000"])
        #expect(run.status == 1)
        let words = try #require(run.errors.firstRange(of: "has epochs 1 to "))
        return try #require(Int(run.errors[words.upperBound...].prefix { $0.isNumber }))
    }

    @Test("late clicks are reported with their money, by day and key, and named where totals lack them")
    func lateClicks() throws {
        let scratch = try Scratch()
        let commands = Commands(database: scratch.path("x.duckdb"))
        var stream = SmallStream()
        let midnight = -36_000
        for (id, second, ad, cost) in [
            ("a", 0, "ad-1", "0.25"), ("b", 3000, "ad-1", "0.25"), ("c", 10, "ad-2", "0.7500"), ("d", 20, "ad-2", "0.1000"), ("e", 30, "ad-1", "0.0100"),
            ("f", -5, "ad-1", "0.0200"),
        ] { stream.click(id, second: midnight + second, ad: ad, cost: cost) }
        try stream.write(scratch.path("in.ndjson"))
        #expect(try commands.score([scratch.path("in.ndjson")])["late"] as! Int == 4)
        let rows = try commands.rows(["report", "--late", "--by", "ad"])
        #expect(rows.map { $0["ad_id"] as! String } == ["ad-1", "ad-1", "ad-2"])
        #expect(rows.map { $0["date"] as! String } == ["2026-11-19", "2026-11-20", "2026-11-20"])
        #expect(rows.map { $0["late_clicks"] as! Int } == [1, 1, 2] && rows.map { $0["reconciled"] as! Int } == [0, 0, 0])
        #expect(rows.map { Commands.e4($0, "cost") } == [200, 100, 8500])
        #expect(try commands.rows(["report", "--late", "--by", "publisher", "--from", "2026-11-20"]).reduce(0) { $0 + ($1["late_clicks"] as! Int) } == 3)
        for arguments in [["report"], ["report", "--per", "minute"], ["bill"]] {
            let run = try commands.run(arguments)
            #expect(run.errors.contains("4 late clicks, cost 0.8800, not in these totals: fraud reconcile"), "\(arguments): \(run.errors)")
        }
        #expect(try commands.run(["report", "--from", "2026-11-21"]).errors.contains("no clicks") )
        #expect(try !commands.run(["report", "--from", "2026-11-21"]).errors.contains("late"))
    }

    static let badUsage = [
        ["--window", "sliding:5m"], ["--window", "sliding:1m/5m"], ["--window", "tumbling:1m"], ["--window", "session", "--by", "ad"],
        ["--window", "session", "--epoch", "1"], ["--window", "sliding:5m/1m", "--per", "hour"], ["--epoch", "0"],
        ["--epoch", "1", "--layer", "merged"], ["--layer", "batch", "--per", "hour"], ["--layer", "merged", "--from", "2026-11-03T09:30Z"],
        ["--late", "--per", "day"], ["--visitor", "x"], ["--by", "publisher", "--window", "sliding:5m/1m"], ["--limit", "3"],
    ]

    @Test("what does not go together is bad usage, said in words", arguments: badUsage)
    func badUsageExits(arguments: [String]) throws {
        let run = try Sample.commands.run(["report"] + arguments)
        #expect(run.status == 64 && run.errors.contains("Error"), "\(arguments): \(run.status) \(run.errors)")
    }

    @Test("days are the merged view: the same as the stream while no day is reconciled, and nothing of the batch")
    func layers() throws {
        let merged = try Sample.commands.output(["report", "--by", "ad", "--per", "day", "--json"])
        #expect(try Sample.commands.output(["report", "--by", "ad", "--per", "day", "--layer", "stream", "--json"]) == merged)
        #expect(try Sample.commands.output(["report", "--by", "ad", "--per", "day", "--layer", "merged", "--json"]) == merged)
        #expect(try Sample.commands.rows(["report", "--per", "day", "--layer", "batch"]).isEmpty)
    }

    static let periods = [
        [], ["--from", "2026-11-03T05:17Z"], ["--to", "2026-11-03T09:30Z"], ["--from", "2026-11-02T22:59:30Z", "--to", "2026-11-03T11:01Z"],
        ["--from", "2026-11-03T05:00Z", "--to", "2026-11-03T09:00Z"], ["--from", "2026-11-03T05:17Z", "--to", "2026-11-03T05:44Z"],
        ["--from", "2026-11-01", "--to", "2026-11-05"],
    ]

    @Test("days and hours in place of their minutes change nothing, whatever the period and the step", arguments: periods)
    func wholeDaysAndHours(period: [String]) throws {
        // As of an epoch there are minutes alone.
        let epoch = try lastEpoch(Sample.commands)
        for key in ["ad", "campaign", "advertiser"] {
            for step in [[], ["--per", "hour"], ["--per", "day"]] {
                let arguments = ["report", "--by", key, "--layer", "stream", "--format", "csv"] + period + step
                let minutes = try Sample.commands.output(arguments + ["--epoch", "\(epoch)"])
                #expect(try Sample.commands.output(arguments) == minutes, "\(arguments)")
                #expect(minutes.count > 100, "\(arguments)")
            }
        }
    }
}

import Foundation
import Testing

/// What happens to one database over several runs.
@Suite("A database over several runs", .serialized)
struct LongLifeTests {
    private static let day: Int64 = 1_795_000_000_000 / 86_400_000 * 86_400_000

    /// Lines of clicks, one a second from an offset in ms of the day on.
    private func clicks(_ range: Range<Int>, at offset: Int64, name: String = "c") -> String {
        range.map { i in
            #"{"click_id":"\#(name)\#(i)","ts":\#(Self.day + offset + Int64(i) * 1000),"ad_id":"a\#(i % 3)","campaign_id":"k","advertiser_id":"v","cost":"0.5","user_id":"u\#(name)\#(i)"}"#
        }.joined(separator: "\n") + "\n"
    }

    private func score(_ scratch: Scratch, _ files: [(String, String)], _ more: [String] = []) throws -> [String: Any] {
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: scratch.path(name))) }
        let run = try Programs.score(files.map { scratch.path($0.0) } + ["--db", scratch.path("x.duckdb"), "--json"] + more)
        #expect(run.status == 0, "\(run.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    private func clicksInReport(_ scratch: Scratch, _ more: [String] = []) throws -> Int {
        let run = try Programs.run(Programs.fraud, ["report", "--db", scratch.path("x.duckdb"), "--json"] + more)
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
        return rows.reduce(0) { $0 + ($1["clicks"] as! Int) }
    }

    @Test("a file with one click years ahead, between two of a day, loses nothing of the day")
    func oneClickAhead() throws {
        let scratch = try Scratch()
        _ = try score(scratch, [("a.ndjson", clicks(0..<100, at: 3_600_000))])
        _ = try score(scratch, [("b.ndjson", clicks(0..<1, at: 5 * 365 * 86_400_000, name: "far"))])
        let third = try score(scratch, [("c.ndjson", clicks(200..<300, at: 3_600_000))])
        #expect(third["late"] as! Int == 0)
        for per in [[], ["--per", "hour"], ["--per", "minute"]] { #expect(try clicksInReport(scratch, per) == 201, "\(per)") }
    }

    @Test("a hundred inputs, more than are read at once, killed and run again, give every click one end")
    func hundredInputs() throws {
        let scratch = try Scratch()
        let files = (0..<100).map { n in
            (String(format: "shard-%03d.ndjson", n), clicks(0..<40, at: Int64(n) * 600_000, name: "s\(n)-"))
        }
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: scratch.path(name))) }
        let arguments = ["score"] + files.map { scratch.path($0.0) } + ["--db", scratch.path("x.duckdb"), "--epoch-events", "300", "--json"]
        for count in [2, 3, 1] {
            var environment = ProcessInfo.processInfo.environment
            environment["FRAUD_FAULT"] = "epoch-committed:\(count)"
            #expect(try Programs.run(Programs.fraud, arguments, environment: environment).status == SIGKILL)
        }
        let run = try Programs.run(Programs.fraud, arguments)
        #expect(run.status == 0 && run.errors.contains("36 inputs wait") == false, "\(run.errors)")
        let totals = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(totals["received"] as! Int == 4000)
        #expect((totals["valid"] as! Int) + (totals["fraud"] as! Int) + (totals["late"] as! Int) == 4000)
        #expect(try clicksInReport(scratch) == 4000 - (totals["late"] as! Int))
    }

    @Test("an input given twice does not hold up those behind it")
    func givenTwice() throws {
        let scratch = try Scratch()
        let text = clicks(0..<2000, at: 0)
        for name in ["a.ndjson", "copy.ndjson"] { try Data(text.utf8).write(to: URL(filePath: scratch.path(name))) }
        let totals = try score(scratch, [("a.ndjson", text), ("copy.ndjson", text), ("b.ndjson", clicks(0..<2000, at: 300, name: "b"))])
        #expect(totals["received"] as! Int == 4000 && totals["late"] as! Int == 0, "\(totals)")
    }

    @Test("a file that is the beginning of another is known as such, run after run")
    func beginningOfAnother() throws {
        let scratch = try Scratch()
        let (short, long) = (clicks(0..<10, at: 0), clicks(0..<60, at: 0))
        for round in 0..<3 {
            let totals = try score(scratch, [("short.ndjson", short), ("long.ndjson", long)])
            #expect(totals["received"] as! Int == 60 && totals["duplicate"] as! Int == 0 && totals["late"] as! Int == 0, "\(round): \(totals)")
        }
        #expect(try clicksInReport(scratch) == 60)
    }

    @Test("late clicks that the archive lacks are not called reconciled")
    func lateWithoutArchive() throws {
        let scratch = try Scratch()
        _ = try score(scratch, [("a.ndjson", clicks(0..<4000, at: 0))])
        _ = try score(scratch, [("b.ndjson", clicks(0..<1, at: 0, name: "late"))], ["--no-archive"])
        let date = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(Self.day) / 1000)).prefix(10)
        let run = try Programs.run(Programs.fraud, ["reconcile", "--db", scratch.path("x.duckdb"), "--date", String(date)])
        #expect(run.status == 1 && run.errors.contains("1"), "\(run.status) \(run.errors)")
        #expect(run.errors.contains("late clicks"), "\(run.errors)")
    }

    @Test("a person's confirmation holds against an engagement that comes later")
    func confirmation() throws {
        let scratch = try Scratch()
        let first = clicks(0..<50, at: 0)
        _ = try score(scratch, [("a.ndjson", first)])
        let label = try Programs.run(Programs.fraud, ["audit", "label", "c45", "valid", "--by", "ana", "--db", scratch.path("x.duckdb")])
        #expect(label.status == 0, "\(label.errors)")
        let engagements = [44, 45].map { #"{"type":"engagement","click_id":"c\#($0)","ts":\#(Self.day + Int64($0) * 1000 + 400),"dwell_ms":300}"# + "\n" }
        let second = try score(scratch, [("a.ndjson", first + engagements.joined() + clicks(50..<60, at: 0))])
        #expect(second["relabelled"] as! Int == 1, "\(second)")
        let date = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(Self.day) / 1000)).prefix(10)
        let run = try Programs.run(Programs.fraud, ["reconcile", "--db", scratch.path("x.duckdb"), "--date", String(date)])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Programs.run(Programs.fraud, ["audit", "show", "c45", "--db", scratch.path("x.duckdb")]).output.contains("by fraud reconcile") == false)
    }
}

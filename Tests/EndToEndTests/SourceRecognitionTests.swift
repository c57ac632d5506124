import Foundation
import Testing

@Suite("What is scored, and what is left alone", .serialized)
struct SourceRecognitionTests {
    private func lines(_ ids: Range<Int>) -> String {
        ids.map { #"{"click_id":"c\#($0)","ts":\#(1_793_000_000_000 + $0 * 100),"ad_id":"a","campaign_id":"c","advertiser_id":"v","cost":1}"# + "\n" }.joined()
    }

    /// Scores and returns what came out of the inputs named, or nil with the error's text.
    private func score(_ arguments: [String], input: String? = nil) throws -> (totals: [String: Any]?, errors: String) {
        let run = try Programs.score(arguments + ["--json"], input: input.map { Data($0.utf8) })
        let totals = run.status == 0 ? try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any] : nil
        return (totals, run.errors)
    }

    private func clicks(_ database: String) throws -> Int {
        let run = try Programs.run(Programs.fraud, ["report", "--db", database, "--json"])
        let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
        return rows.reduce(0) { $0 + ($1["clicks"] as! Int) }
    }

    @Test("a file that grew is read on; a copy under another name is not counted again")
    func grownAndCopied() throws {
        let scratch = try Scratch()
        let database = scratch.path("x.duckdb")
        for (name, ids) in [("a", 0..<900), ("a", 0..<1500), ("b", 0..<1500)] {
            try lines(ids).write(toFile: scratch.path(name), atomically: true, encoding: .utf8)
            #expect(try score([scratch.path(name), "--db", database]).totals != nil)
        }
        #expect(try clicks(database) == 1500)
    }

    @Test("two pipes with the same first line are two sources")
    func pipes() throws {
        let scratch = try Scratch()
        let header = "click_id,ts,ad_id,campaign_id,advertiser_id,cost\n"
        let bodies = (0..<2).map { n in (0..<1000).map { "p\(n)-\($0),\(1_793_000_000_000 + $0 * 50 + n),a,c,v,1\n" }.joined() }
        for body in bodies {
            let file = scratch.path("body.csv")
            try (header + body).write(toFile: file, atomically: true, encoding: .utf8)
            // The header comes alone first, as from a slow producer.
            let run = try Programs.run(
                URL(filePath: "/bin/sh"),
                ["-c", "(head -1 \(file); sleep 0.3; tail -n +2 \(file)) | \(Programs.fraud.path) score - --db \(scratch.path("x.duckdb"))"])
            #expect(run.status == 0, "\(run.errors)")
        }
        #expect(try clicks(scratch.path("x.duckdb")) == 2000)
    }

    @Test("a file that was replaced behind the same beginning is refused, and so is a cut line that grew")
    func replaced() throws {
        let scratch = try Scratch()
        let (input, database) = (scratch.path("a.ndjson"), scratch.path("x.duckdb"))
        try (lines(0..<1000) + lines(1000..<2000)).write(toFile: input, atomically: true, encoding: .utf8)
        #expect(try score([input, "--db", database]).totals != nil)
        try (lines(0..<1000) + lines(5000..<9000)).write(toFile: input, atomically: true, encoding: .utf8)
        let again = try score([input, "--db", database])
        #expect(again.totals == nil && again.errors.contains("replaced"), "\(again.errors)")

        let (csv, other) = (scratch.path("b.csv"), scratch.path("y.duckdb"))
        let cut = "click_id,ts,ad_id,campaign_id,advertiser_id,cost\na1,1793000000000,a,c,v,1.00\na2,1793000001000,a,c,v,12"
        try cut.write(toFile: csv, atomically: true, encoding: .utf8)
        #expect(try score([csv, "--db", other]).totals?["received"] as? Int == 2)
        try (cut + ".50\na3,1793000002000,a,c,v,1.00\n").write(toFile: csv, atomically: true, encoding: .utf8)
        let link = scratch.path("link.csv")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: csv)
        for path in [csv, link] {
            let grown = try score([path, "--db", other])
            #expect(grown.totals == nil && grown.errors.contains("grown since"), "\(path): \(grown.errors)")
        }
    }

    @Test("a file of another kind is never taken for a database, nor an input or the database for the verdicts")
    func overwrites() throws {
        let scratch = try Scratch()
        let (input, text, database) = (scratch.path("a.ndjson"), scratch.path("notes.csv"), scratch.path("x.duckdb"))
        try lines(0..<100).write(toFile: input, atomically: true, encoding: .utf8)
        try "a,b\n1,2\n".write(toFile: text, atomically: true, encoding: .utf8)
        #expect(try score([input, "--db", text]).errors.contains("file of another kind"))
        #expect(scratch.text("notes.csv") == "a,b\n1,2\n")
        #expect(try score([input, "--db", database]).totals != nil)
        for precious in [input, database] {
            let before = try Data(contentsOf: URL(filePath: precious))
            #expect(try score([input, "--db", database, "--verdicts", precious]).errors.contains("would be overwritten"))
            #expect(try Data(contentsOf: URL(filePath: precious)) == before)
        }
        for name in ["", ":memory:"] { #expect(try Programs.score([input, "--db", name]).status == 64) }
    }

    @Test("an archive that is broken from its start is an error and not an empty file")
    func brokenArchive() throws {
        let scratch = try Scratch()
        let input = scratch.path("a.ndjson")
        try lines(0..<3000).write(toFile: input, atomically: true, encoding: .utf8)
        _ = try Programs.run(URL(filePath: "/usr/bin/env"), ["gzip", "-k", input])
        var bytes = try Data(contentsOf: URL(filePath: input + ".gz"))
        try bytes.prefix(20).write(to: URL(filePath: scratch.path("cut.gz")))
        for i in 12..<40 { bytes[i] ^= 0xff }
        try bytes.write(to: URL(filePath: scratch.path("bad.gz")))
        for name in ["cut.gz", "bad.gz"] {
            let run = try Programs.score([scratch.path(name), "--db", scratch.path("\(name).duckdb")])
            #expect(run.status == 1 && !run.errors.isEmpty, "\(name): \(run.status) \(run.errors)")
        }
    }

    @Test("a report begins and ends where it is told to, within an hour or a day too")
    func reportBounds() throws {
        let scratch = try Scratch()
        let (input, database) = (scratch.path("a.ndjson"), scratch.path("x.duckdb"))
        // 1,793,000,000,000 is 07:33:20; one click each 10 s for two hours.
        let text = (0..<720).map { #"{"click_id":"r\#($0)","ts":\#(1_793_000_000_000 + $0 * 10_000),"ad_id":"a","campaign_id":"c","advertiser_id":"v"}"# + "\n" }.joined()
        try text.write(toFile: input, atomically: true, encoding: .utf8)
        #expect(try score([input, "--db", database]).totals != nil)
        for per in ["minute", "hour", "day"] {
            let run = try Programs.run(
                Programs.fraud, ["report", "--db", database, "--per", per, "--from", "2026-10-26T08:30Z", "--to", "2026-10-26T09:15Z", "--json"])
            let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
            #expect(rows.reduce(0) { $0 + ($1["clicks"] as! Int) } == 45 * 6, "\(per): \(run.output)")
        }
    }
}

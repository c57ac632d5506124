import Foundation
import Testing

@Suite("Tables against an independent recomputation", .serialized)
struct RecomputationTests {
    /// Streams to try in each of the arguments below; `FRAUD_STREAMS` sets how many there are together.
    static let streams = max(8, Int(ProcessInfo.processInfo.environment["FRAUD_STREAMS"] ?? "") ?? 24)

    /// `FRAUD_SEED` moves on to streams that were not tried before.
    static let seed = Int(ProcessInfo.processInfo.environment["FRAUD_SEED"] ?? "") ?? 1

    @Test(
        "tables, archive, sessions and reports equal a recomputation in Python on random streams of one to five files", arguments: 0..<8)
    func tablesEqualRecomputation(part: Int) throws {
        let (first, last) = (Self.seed + Self.streams * part / 8, Self.seed + Self.streams * (part + 1) / 8 - 1)
        let checked = try Programs.python("stream_check.py", ["streams", Programs.fraud.path, "\(first)", "\(last)"])
        #expect(checked.status == 0, "\(checked.errors)")
        print("streams \(first)-\(last): \(checked.output)", terminator: "")
    }

    @Test("scoring a finished input again changes nothing and says so")
    func againChangesNothing() throws {
        let scratch = try Scratch()
        let (input, database) = (scratch.path("in.ndjson"), scratch.path("x.duckdb"))
        _ = try Programs.python("stream_check.py", ["make", "77", "3000", input])
        let first = try Programs.score([input, "--db", database, "--json"])
        #expect(first.status == 0, "\(first.errors)")
        try FileManager.default.copyItem(atPath: database, toPath: scratch.path("before.duckdb"))
        let again = try Programs.score([input, "--db", database, "--json"])
        #expect(again.status == 0 && again.errors.contains("already scored"), "\(again.errors)")
        let compared = try Programs.python("tables_equal.py", [scratch.path("before.duckdb"), database])
        #expect(compared.status == 0, "\(compared.errors)")
    }

    @Test("a report as of an epoch is what the report said when that epoch was the last", arguments: ["ndjson", "merged", "csv"])
    func reportAsOfEpoch(name: String) throws {
        let rig = try CrashRig.shared.get()
        let source = try #require(CrashSource.all.first { $0.name == name })
        for epoch in 1...4 {
            let killed = try rig.finish(source, "epoch\(epoch)", fault: "epoch-committed:\(epoch)")
            #expect(killed.status == SIGKILL, "\(killed.status) \(killed.errors)")
            func report(_ database: String, _ asOf: [String]) throws -> String {
                let run = try Programs.run(Programs.fraud, ["report", "--db", database, "--per", "minute", "--by", "ad", "--json"] + asOf)
                #expect(run.status == 0, "\(run.errors)")
                return run.output
            }
            let then = try report(rig.database(source, "epoch\(epoch)"), [])
            let today = try report(rig.database(source, "calm"), ["--epoch", "\(epoch)"])
            let isSame = then == today
            #expect(isSame, "\(source), epoch \(epoch): \(then.count) and \(today.count) bytes")
            try rig.remove(source, "epoch\(epoch)")
        }
    }

    @Test("plain, gzip, zstd and standard input give the same verdicts and tables; its halves as two files those of a merge")
    func howItArrivesDoesNotMatter() throws {
        let scratch = try Scratch()
        let input = scratch.path("in.ndjson")
        _ = try Programs.python("stream_check.py", ["make", "5", "4000", input])
        let lines = try Data(contentsOf: URL(filePath: input))
        let middle = lines[(lines.count / 2)...].firstIndex(of: UInt8(ascii: "\n"))! + 1
        try lines[..<middle].write(to: URL(filePath: scratch.path("a.ndjson")))
        try lines[middle...].write(to: URL(filePath: scratch.path("b.ndjson")))
        for (program, ending) in [("gzip", "gz"), ("zstd", "zst")] {
            let packed = try Programs.run(URL(filePath: "/usr/bin/env"), [program, "-k", "-q", input])
            #expect(packed.status == 0, "\(ending): \(packed.errors)")
        }
        let ways: [(String, [String], Data?)] = [
            ("whole", [input], nil), ("gzip", [input + ".gz"], nil), ("zstd", [input + ".zst"], nil), ("stdin", ["-"], lines),
            ("halves", [scratch.path("a.ndjson"), scratch.path("b.ndjson")], nil),
        ]
        for (name, inputs, standardInput) in ways {
            let (verdicts, database) = (scratch.path("\(name).verdicts"), scratch.path("\(name).duckdb"))
            let run = try Programs.score(inputs + ["--db", database, "--verdicts", verdicts], input: standardInput)
            #expect(run.status == 0, "\(name): \(run.errors)")
            if name != "halves" { #expect(scratch.text("\(name).verdicts") == scratch.text("whole.verdicts"), "\(name)") }
            let checked = try Programs.python("stream_check.py", ["check", verdicts, database] + (standardInput == nil ? inputs : [input]))
            #expect(checked.status == 0, "\(name): \(checked.errors)")
        }
    }
}

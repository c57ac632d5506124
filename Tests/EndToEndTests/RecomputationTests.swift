import Foundation
import Testing

@Suite("Tables against an independent recomputation", .serialized)
struct RecomputationTests {
    @Test("tables equal a recomputation in Python on random streams with duplicates, late clicks, broken clocks and bad lines", arguments: 1...8)
    func tablesEqualRecomputation(seed: Int) throws {
        let scratch = try Scratch()
        let (input, verdicts, database) = (scratch.path("in.ndjson"), scratch.path("verdicts.ndjson"), scratch.path("x.duckdb"))
        let made = try Programs.python("stream_check.py", ["make", "\(seed)", "6000", input])
        #expect(made.status == 0, "\(made.errors)")
        // Epochs of odd sizes: where an epoch ends must not show in the tables.
        let scored = try Programs.score([input, "--db", database, "--verdicts", verdicts, "--epoch-events", "\(211 * seed)"])
        #expect(scored.status == 0, "seed \(seed): \(scored.errors)")
        let checked = try Programs.python("stream_check.py", ["check", input, verdicts, database])
        #expect(checked.status == 0, "seed \(seed): \(checked.errors)")
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

    @Test("one file, its halves as two files, gzip and standard input give the same tables")
    func howItArrivesDoesNotMatter() throws {
        let scratch = try Scratch()
        let input = scratch.path("in.ndjson")
        _ = try Programs.python("stream_check.py", ["make", "5", "4000", input])
        let lines = try Data(contentsOf: URL(filePath: input))
        let middle = lines[(lines.count / 2)...].firstIndex(of: UInt8(ascii: "\n"))! + 1
        try lines[..<middle].write(to: URL(filePath: scratch.path("a.ndjson")))
        try lines[middle...].write(to: URL(filePath: scratch.path("b.ndjson")))
        let zipped = try Programs.run(URL(filePath: "/usr/bin/env"), ["gzip", "-k", input])
        #expect(zipped.status == 0)
        let ways: [(String, [String], Data?)] = [
            ("whole", [input], nil), ("halves", [scratch.path("a.ndjson"), scratch.path("b.ndjson")], nil),
            ("gzip", [input + ".gz"], nil), ("stdin", ["-"], lines),
        ]
        for (name, inputs, standardInput) in ways {
            let run = try Programs.score(inputs + ["--db", scratch.path("\(name).duckdb"), "--verdicts", scratch.path("\(name).verdicts")], input: standardInput)
            #expect(run.status == 0, "\(name): \(run.errors)")
            #expect(scratch.text("\(name).verdicts") == scratch.text("whole.verdicts"), "\(name)")
            let checked = try Programs.python("stream_check.py", ["check", input, scratch.path("\(name).verdicts"), scratch.path("\(name).duckdb")])
            #expect(checked.status == 0, "\(name): \(checked.errors)")
        }
    }
}

import Foundation
import Testing

/// The sample, exported and scored once for all tests of the suite that read it.
private enum Exported {
    static let scratch = try! Scratch()
    static let source = "training-data/sample.ndjson.gz"
    static let folder: String = {
        let folder = scratch.path("out")
        let database = Commands(database: scratch.path("sample.duckdb"))
        try! database.score([source], ["--lists", "training-data", "--verdicts", scratch.path("verdicts.ndjson")])
        let run = try! export([source, "--lists", "training-data", "--db", database.database], to: folder)
        precondition(run.status == 0, run.errors)
        return folder
    }()

    static func export(_ arguments: [String], to folder: String, input: Data? = nil) throws -> Finished {
        try Programs.run(Programs.fraud, ["export"] + arguments + ["--out", folder], input: input)
    }

    /// Every file under a folder with its content.
    static func content(_ folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            if let data = FileManager.default.contents(atPath: "\(folder)/\(name)") { files[name] = data }
        }
        return files
    }
}

@Suite("Exports and their notebook", .serialized)
struct ExportTests {
    @Test("clicks, scores and features are those that scoring kept, by DuckDB, pandas and Arrow")
    func clicks() throws {
        let folder = Exported.folder
        let scratch = Exported.scratch
        let checked = try Programs.python(
            "export_check.py", ["clicks", folder, Exported.source, scratch.path("verdicts.ndjson"), scratch.path("sample.duckdb")])
        #expect(checked.status == 0, "\(checked.errors)")
    }

    @Test("the tables of a database come out row for row")
    func tables() throws {
        let checked = try Programs.python("export_check.py", ["tables", Exported.folder, Exported.scratch.path("sample.duckdb")])
        #expect(checked.status == 0, "\(checked.errors)")
    }

    @Test("the notebook runs from end to end, and shows the figures of evaluate and a plot in every part")
    func notebook() throws {
        let scratch = try Scratch()
        let evaluation = try Programs.run(Programs.fraud, ["evaluate", Exported.source, "--lists", "training-data", "--json"])
        try Data(evaluation.output.utf8).write(to: URL(filePath: scratch.path("evaluation.json")))
        let checked = try Programs.python("notebook_check.py", [Exported.folder, scratch.path("evaluation.json"), scratch.path("run.ipynb")])
        #expect(checked.status == 0, "\(checked.errors)")
    }

    @Test("without truth the notebook leaves out what needs it, and runs")
    func notebookWithoutTruth() throws {
        let scratch = try Scratch()
        var stream = SmallStream()
        for i in 0..<400 { stream.click("click-\(i)", second: i * 20, ad: "ad-\(i % 5)", isFraud: i % 9 == 0) }
        try stream.write(scratch.path("clicks.ndjson"))
        let run = try Exported.export([scratch.path("clicks.ndjson"), "--json"], to: scratch.path("out"))
        let facts = try #require(try Commands.json(run.output) as? [String: Any])
        #expect(facts["clicks"] as? Int == 400 && facts["labelled"] as? Int == 0 && facts["notebook_kept"] as? Bool == false)
        let checked = try Programs.python("notebook_check.py", [scratch.path("out"), "none", scratch.path("run.ipynb")])
        #expect(checked.status == 0, "\(checked.errors)")
    }

    @Test("the same input gives the same notebook, model and facts, and an export takes the place of the one before")
    func replaces() throws {
        let scratch = try Scratch()
        let folder = scratch.path("out")
        #expect(try Exported.export([Exported.source, "--limit", "100"], to: folder).status == 0)
        let before = try Exported.content(folder)
        try Data("mine".utf8).write(to: URL(filePath: folder + "/mine.txt"))
        let again = try Exported.export([Exported.source, "--limit", "100", "--json"], to: folder)
        let facts = try #require(try Commands.json(again.output) as? [String: Any])
        #expect(facts["clicks"] as? Int == 100 && facts["is_truncated"] as? Bool == true && again.errors.contains("--limit"))
        var after = try Exported.content(folder)
        #expect(after.removeValue(forKey: "mine.txt") == Data("mine".utf8))
        #expect(after.keys.sorted() == before.keys.sorted())
        for name in before.keys where !name.hasSuffix(".parquet") { #expect(after[name] == before[name], "\(name)") }
    }

    @Test("a notebook that was changed stays, one that was not is written anew")
    func notebookIsKept() throws {
        let scratch = try Scratch()
        let folder = scratch.path("out")
        var unlabelled = SmallStream()
        unlabelled.click("click-1", second: 1)
        try unlabelled.write(scratch.path("one.ndjson"))
        #expect(try Exported.export([scratch.path("one.ndjson")], to: folder).status == 0)
        let path = folder + "/fraud.ipynb"
        let first = try Data(contentsOf: URL(filePath: path))
        #expect(try Exported.export([Exported.source, "--limit", "2000"], to: folder).status == 0)
        #expect(try Data(contentsOf: URL(filePath: path)) != first, "labelled clicks have a longer notebook")
        try Data("changed".utf8).write(to: URL(filePath: path))
        for _ in 0..<2 {
            let run = try Exported.export([scratch.path("one.ndjson")], to: folder)
            #expect(run.status == 0 && run.errors.contains("was changed"), "\(run.errors)")
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("changed".utf8))
        }
    }

    @Test("while one export writes another is refused, and one that is killed leaves the last as it was")
    func killed() throws {
        let scratch = try Scratch()
        let folder = scratch.path("out")
        #expect(try Exported.export([Exported.source, "--limit", "100"], to: folder).status == 0)
        let before = try Exported.content(folder)
        let pipe = Pipe()
        let writing = try Programs.start(Programs.fraud, ["export", "-", "--out", folder], standardInput: pipe, scratch: scratch)
        let partial = folder + "/.data.partial"
        for _ in 0..<1000 where !FileManager.default.fileExists(atPath: partial) { usleep(20_000) }
        let second = try Exported.export([Exported.source, "--limit", "50"], to: folder)
        #expect(second.status == 1 && second.errors.contains("another process is writing"), "\(second.errors)")
        kill(writing.processIdentifier, SIGKILL)
        writing.waitUntilExit()
        try pipe.fileHandleForWriting.close()
        #expect(FileManager.default.fileExists(atPath: partial))
        let after = try Exported.content(folder).filter { !$0.key.hasPrefix(".data.partial") }
        #expect(after == before)
        #expect(try Exported.export([Exported.source, "--limit", "50"], to: folder).status == 0)
        #expect(!FileManager.default.fileExists(atPath: partial))
    }

    @Test("a folder of someone else's is not touched, and what cannot be done is said in words")
    func refusals() throws {
        let scratch = try Scratch()
        let foreign = scratch.path("foreign")
        try FileManager.default.createDirectory(atPath: foreign + "/data", withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(filePath: foreign + "/data/mine.csv"))
        try Data("a file".utf8).write(to: URL(filePath: scratch.path("file")))
        try Data("{}\nnot a click\n".utf8).write(to: URL(filePath: scratch.path("bad.ndjson")))
        let cases: [([String], String, Int32, String)] = [
            ([Exported.source], foreign, 1, "it has no export.json"),
            ([Exported.source], scratch.path("file"), 1, "cannot be made"),
            ([scratch.path("bad.ndjson")], scratch.path("none"), 1, "no click to export"),
            ([scratch.path("gone.ndjson")], scratch.path("none"), 1, "no such file"),
            (["--db", scratch.path("gone.duckdb")], scratch.path("none"), 1, "there is no database"),
            (["--db", scratch.path("file")], scratch.path("none"), 1, "not a fraud database"),
            ([Exported.source, "--model", scratch.path("bad.ndjson")], scratch.path("none"), 1, "bad.ndjson"),
            ([], scratch.path("none"), 64, "name click logs"),
            ([Exported.source, "--limit", "0"], scratch.path("none"), 64, "--limit 0"),
        ]
        for (arguments, folder, status, words) in cases {
            let run = try Exported.export(arguments, to: folder)
            #expect(run.status == status && run.errors.contains(words), "\(arguments): \(run.status) \(run.errors)")
        }
        #expect(try Exported.content(foreign) == ["data/mine.csv": Data("mine".utf8)])
        #expect(try Exported.content(scratch.path("none")).isEmpty)
    }
}

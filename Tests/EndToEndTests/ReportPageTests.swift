import Foundation
import Testing

/// Debian's Chromium without a window.
private enum Browser {
    struct Seen {
        /// The document after its script ran.
        var document: String
        /// Lines of the console, errors of the page's policy among them.
        var console: [String]

        func count(_ text: String) -> Int { document.components(separatedBy: text).count - 1 }

        /// A `data-` attribute of the root element.
        func root(_ name: String) -> String? {
            document.firstMatch(of: try! Regex("<html[^>]* data-\(name)=\"([^\"]*)\"")).flatMap { $0.output[1].substring.map(String.init) }
        }
    }

    /// Opens a page; its timers run in virtual time, so that nothing waits.
    static func open(_ page: String, scratch: Scratch) throws -> Seen {
        let run = try Programs.run(
            URL(filePath: "/usr/bin/env"),
            [
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
                "--user-data-dir=\(scratch.path("profile"))", "--window-size=1280,2000", "--virtual-time-budget=60000", "--dump-dom", page,
            ])
        try #require(run.status == 0, "chromium, which `make deps` installs: \(run.errors)")
        return Seen(document: run.output, console: run.errors.split(separator: "\n").map(String.init).filter { $0.contains("CONSOLE") })
    }
}

/// Training and evaluation of one small simulated stream, run once.
private enum Reported {
    static let scratch = try! Scratch()

    static func path(_ name: String) -> String { scratch.path(name) }

    static let runs: Result<[Finished], any Error> = Result {
        let clicks = path("clicks.ndjson")
        let train = ["train", clicks, "--lists", "training-data", "--bootstrap", "20", "--l2", "1"]
        return try [
            ["simulate", "--clicks", "8000", "--seed", "5", "--profile", "train", "--out", clicks],
            train + ["--out", path("old.json"), "--train-share", "0.5"],
            train + ["--out", path("new.json"), "--report", path("train.html"), "--previous", path("old.json")],
            train + ["--out", path("again.json"), "--report", path("again.html"), "--previous", path("old.json")],
            ["evaluate", clicks, "--lists", "training-data", "--bootstrap", "20", "--model", path("new.json"), "--report", path("evaluate.html")],
            ["model", "report", path("new.json"), "--report", path("model.html"), "--previous", path("old.json")],
        ].map { try Programs.run(Programs.fraud, $0) }
    }
}

@Suite("Report page in a browser")
struct BrowserReportTests {
    @Test("every plot of every command's page draws, and the console has no error", arguments: ["train", "evaluate", "model"])
    func draws(page: String) throws {
        for run in try Reported.runs.get() { try #require(run.status == 0, "\(run.errors)") }
        let scratch = try Scratch()
        let seen = try Browser.open("file://\(Reported.path("\(page).html"))#all", scratch: scratch)
        #expect(seen.console.isEmpty, "\(seen.console)")
        #expect(seen.root("ready") == "yes")
        let plots = try #require(seen.root("plots").flatMap { Int($0) })
        #expect(plots > 5 && seen.root("drawn") == "\(plots)", "\(plots) plots, \(seen.root("drawn") ?? "none") drawn")
        #expect(seen.count("data-drawn=\"yes\"") == plots && seen.count("data-drawn=\"no\"") == 0)
        #expect(seen.count("js-plotly-plot") >= plots, "the chart library's own mark")
        #expect(seen.document.contains("id=\"failure\" role=\"alert\" hidden"))
        if page != "model" {
            for kind in ["roc", "precisionRecall", "scores", "calibration", "cost", "families", "effect"] {
                #expect(seen.count("data-chart=\"\(kind)\"") >= 1, "\(kind)")
            }
            #expect(seen.document.contains("every figure here is synthetic"))
        }
    }

    @Test("the same clicks, options and models give the same page, byte for byte")
    func deterministic() throws {
        _ = try Reported.runs.get()
        let pages = try ["train.html", "again.html"].map { try Data(contentsOf: URL(filePath: Reported.path($0))) }
        #expect(pages[0] == pages[1] && pages[0].count > 1_000_000)
    }

    @Test("without the chart library the page is refused before any work, naming make deps")
    func noLibrary() throws {
        // A program elsewhere, in a folder elsewhere, finds no `.deps`.
        let scratch = try Scratch()
        try FileManager.default.copyItem(atPath: Programs.fraud.resolvingSymlinksInPath().path, toPath: scratch.path("fraud"))
        let run = try Programs.run(
            URL(filePath: "/usr/bin/env"),
            ["-C", scratch.folder.path, scratch.path("fraud"), "train", "x.ndjson", "--out", scratch.path("m.json"), "--report", scratch.path("r.html")])
        #expect(run.status != 0 && run.errors.contains("make deps"), "\(run.status) \(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("m.json")))
    }
}

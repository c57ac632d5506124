internal import ArgumentParser
internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Pipeline

struct ModelVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks that a model file is whole, fits this program, scores as it did, and can be made again.",
        discussion: """
            The probe is 4,096 made-up clicks; the hash of their scores is held against --probe, or against what was noted at \
            the model's promotion. What follows -- is given to `fraud train`, as it was at the model's training: the model is \
            trained again and must come out byte for byte. Exits with 1 when a check fails.
            EXAMPLE: fraud model verify models/champion.json
            EXAMPLE: fraud model verify small.json -- training-data/train.ndjson.gz --lists training-data
            """)

    @Argument(help: "The model file; models/champion.json when none is given.") var file: String?
    @Option(help: ArgumentHelp("The hash that the probe's scores must have.", valueName: "hash")) var probe: String?
    @Argument(parsing: .postTerminator, help: ArgumentHelp("Inputs and options of `fraud train`.", valueName: "training")) var training: [String] = []
    @OptionGroup var output: OutputArguments

    private enum Result: String { case passed, failed, noted, skipped }

    func validate() throws {
        guard !training.contains(where: { $0 == "--out" || $0.hasPrefix("--out=") }) else { throw ValidationError("--out is not given: the model is trained into a file of its own") }
    }

    func run() throws {
        let path = try file ?? ScorerConfiguration.shipped("models/champion.json")
        var table = OutputTable(columns: ["check", "result", "detail"], widestCell: 160)
        var failures = 0
        func note(_ check: String, _ result: Result, _ detail: String) {
            if result == .failed { failures += 1 }
            table.rows.append([.text(check), .text(result.rawValue), .text(detail)])
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw CommandError("\(path): no such file") }
        if let model = check("file", note, { try LogisticModel(decoding: [UInt8](data), source: path) }, { "model \($0.modelID), SHA-256 \(SHA256.hex(data))" }) {
            let canonical = (try? model.encoded()) == [UInt8](data)
            note("form", canonical ? .passed : .noted, canonical ? "written as this program writes it" : "the content is valid, but not written as `fraud train` writes it: another program did, or a person")
            guard model.inputNames.allSatisfy(Set(Feature.catalogue.map(\.name)).contains) else {
                note("features", .skipped, "a table's: \(model.inputNames.count) columns, not the features of clicks, which the probe is made of")
                try checkTraining(model, [UInt8](data), note)
                try Terminal.output(table.rendered(as: output.chosen))
                if failures > 0 { throw CommandError("\(path): \(failures) check\(failures == 1 ? "" : "s") failed") }
                return
            }
            _ = check("features", note, { try model.matching(catalogue: Feature.catalogue) }, { _ in "\(model.inputNames.count) of the \(Feature.count) there are, with the units of training" })
            if let scores = check("probe", note, { try ModelProbe(model) }, { "\(ModelProbe.rows) scores from \($0.lowest) to \($0.highest), \($0.flagged) reach the threshold; hash \($0.hash)" }) {
                try checkScores(scores.hash, path, SHA256.hex(data), note)
            }
            try checkTraining(model, [UInt8](data), note)
        }
        try Terminal.output(table.rendered(as: output.chosen))
        if failures > 0 { throw CommandError("\(path): \(failures) check\(failures == 1 ? "" : "s") failed") }
    }

    private func check<T>(_ name: String, _ note: (String, Result, String) -> Void, _ body: () throws -> T, _ words: (T) -> String) -> T? {
        do {
            let value = try body()
            note(name, .passed, words(value))
            return value
        } catch {
            note(name, .failed, "\(error)")
            return nil
        }
    }

    /// Holds the probe's hash against what is known of it.
    private func checkScores(_ hash: String, _ path: String, _ sha256: String, _ note: (String, Result, String) -> Void) throws {
        let promotion = ModelPromotion(champion: path, by: "", reason: "")
        let trail = FileManager.default.fileExists(atPath: promotion.trailPath) ? try PromotionTrail(path: promotion.trailPath) : nil
        if let trail, promotion.champion.hasSuffix("/champion.json") {
            let words = trail.contradiction(of: path, sha256: sha256)
            note("trail", words == nil ? .passed : .failed, words ?? "\(trail.entries.count) lines, each following the one before; the last names this file")
        }
        let known = probe ?? trail?.entries.last { $0.toSHA256 == sha256 && $0.state != .abandoned }?.probe
        guard let known else { return note("scores", .skipped, "no hash is known: give --probe, or promote the model") }
        note(
            "scores", known == hash ? .passed : .failed,
            known == hash ? "as \(probe == nil ? "at its promotion" : "expected")" : "the hash was \(known): another version of this program, or another type of processor, rounds otherwise")
    }

    private func checkTraining(_ model: LogisticModel, _ bytes: [UInt8], _ note: (String, Result, String) -> Void) throws {
        guard !training.isEmpty else { return note("training", .skipped, "give inputs and options of `fraud train` after --") }
        let folder = FileManager.default.temporaryDirectory.appending(path: "fraud-verify-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (out, words) = (folder.appending(path: "model.json"), folder.appending(path: "errors"))
        try Data().write(to: words)
        let process = Process()
        process.executableURL = URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.arguments = ["train"] + training + ["--out", out.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: words)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let data = FileManager.default.contents(atPath: out.path) else {
            let said = (try? String(contentsOf: words, encoding: .utf8)) ?? ""
            return note("training", .failed, "fraud train ended with \(process.terminationStatus): \(said.prefix(300).split(separator: "\n").joined(separator: " "))")
        }
        if [UInt8](data) == bytes { return note("training", .passed, "trained again, byte for byte the same") }
        let other = try LogisticModel(decoding: [UInt8](data), source: "the model trained again")
        let difference = try ModelDifference(model, other)
        let names = difference.settings.map(\.name).prefix(8).joined(separator: ", ")
        note("training", .failed, "trained again it is model \(other.modelID): \(difference.terms.count) terms differ" + (names.isEmpty ? "" : ", and \(names)"))
    }
}

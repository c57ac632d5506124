import Foundation
import Testing

/// A Swift file of the package.
struct SourceFile {
    let path: String
    let target: String
    let lines: [String]
}

@Suite("Tidiness of the source tree")
struct TidyTests {
    /// Layers of the module table (DESIGN §3): a target imports only targets of lower layers.
    static let layers: [String: Int] = [
        "fraud": 6, "FraudCommands": 5, "Pipeline": 4, "Billing": 4, "Audit": 4, "Scoring": 3, "Windows": 3, "Training": 3,
        "Simulation": 3, "Storage": 3, "Features": 2, "Rules": 2, "LogisticModel": 2, "ClickCodec": 2, "ClickModel": 1,
        "Sketches": 1, "LinearAlgebra": 1, "COpenBLAS": 0, "CADBC": 0, "CSimdJSON": 0, "CRE2": 0, "CMaxMindDB": 0, "CZlib": 0,
        "CCompression": 0, "CClickRecord": 0, "CVectorKernels": 0,
    ]

    static let root: URL = {
        var folder = URL(filePath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) { folder.deleteLastPathComponent() }
        return folder
    }()

    static func files(in top: String) -> [SourceFile] {
        let folder = root.appending(path: top)
        guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        return walk.compactMap { entry in
            guard let relative = entry as? String, relative.hasSuffix(".swift"),
                let text = try? String(contentsOf: folder.appending(path: relative), encoding: .utf8)
            else { return nil }
            return SourceFile(
                path: "\(top)/\(relative)", target: String(relative.split(separator: "/")[0]), lines: text.components(separatedBy: "\n"))
        }
    }

    static let sources = files(in: "Sources")

    @Test("every target of Sources stands in the module table")
    func targetsAreKnown() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        for folder in folders where !folder.hasPrefix(".") { #expect(Self.layers[folder] != nil, "\(folder) has no layer") }
        #expect(Self.sources.count > 50, "the walk found \(Self.sources.count) files")
    }

    @Test("imports point to lower layers only, and Scoring never imports Training")
    func importsPointDown() {
        for file in Self.sources {
            for (number, line) in file.lines.enumerated() {
                let words = line.split(separator: " ")
                guard let keyword = words.firstIndex(of: "import"), keyword <= 1, words.count > keyword + 1,
                    let imported = Self.layers[String(words[keyword + 1])], let own = Self.layers[file.target]
                else { continue }
                #expect(imported < own, "\(file.path):\(number + 1): \(file.target) (layer \(own)) imports \(words[keyword + 1]) (layer \(imported))")
                if words[keyword + 1] == "COpenBLAS" { #expect(file.target == "LinearAlgebra", "\(file.path):\(number + 1)") }
            }
        }
    }

    @Test("files stay under 400 lines and functions under 70")
    func sizes() {
        for file in Self.sources + Self.files(in: "Tests") {
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
            for (start, line) in file.lines.enumerated() {
                let indent = line.prefix { $0 == " " }
                guard line.contains("func ") || line.contains(" init("), line.hasSuffix("{") || file.lines[min(start + 1, file.lines.count - 1)].hasPrefix(indent + "    "),
                    !line.trimmingCharacters(in: .whitespaces).hasPrefix("//"), !line.hasSuffix("}")
                else { continue }
                guard let length = file.lines[(start + 1)...].firstIndex(of: indent + "}").map({ $0 - start }) else { continue }
                #expect(length <= 70, "\(file.path):\(start + 1): a function of \(length) lines")
            }
        }
    }

    @Test("no marks of unfinished work and no machine paths")
    func marks() {
        let marks = ["FIX" + "ME", "TO" + "DO", "XX" + "X:", "/wor" + "k/main", "fatalError(\"not impl"]
        for file in Self.sources + Self.files(in: "Tests") {
            for (number, line) in file.lines.enumerated() {
                for mark in marks { #expect(!line.contains(mark), "\(file.path):\(number + 1): \(mark)") }
            }
        }
    }
}

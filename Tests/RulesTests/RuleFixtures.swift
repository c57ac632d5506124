import ClickModel
import Foundation
import Rules

enum Fixtures {
    static func catalogue(_ names: [String]) -> [FeatureDescription] {
        names.map { FeatureDescription(name: $0, unit: "count", meaning: "a test feature", missing: "at random") }
    }

    /// A rule file with the given conditions, one rule each.
    static func file(_ conditions: [String], actions: [String]? = nil) -> String {
        var text = "version: 1\nrules:\n"
        for (i, condition) in conditions.enumerated() {
            let action = actions?[i] ?? "fraud"
            text += """
                  - id: r\(i)
                    description: Rule \(i).
                    when: "\(condition)"
                    action: \(action)
                \(action == "fraud" ? "    ivt: sivt\n" : "")    reason: reason_\(i)

                """
        }
        return text
    }

    static func block(_ rows: [[Float]], columns: Int) -> FeatureBlock {
        let block = FeatureBlock(columnCount: columns, capacity: max(1, rows.count))
        for (i, row) in rows.enumerated() {
            for j in 0..<columns { block.column(j)[i] = row[j] }
        }
        return block
    }

    /// The bitmaps of the first `rows` rows; the guard word after them must stay untouched.
    static func fired(_ rules: CompiledRules, _ block: FeatureBlock, rows: Int) -> [UInt64] {
        var result = [UInt64](repeating: 0xdead_beef, count: rows + 1)
        result.withUnsafeMutableBufferPointer { rules.evaluate(block, rows: rows, into: $0.baseAddress!) }
        precondition(result[rows] == 0xdead_beef, "evaluate wrote past its rows")
        return Array(result.prefix(rows))
    }

    static func fires(_ condition: String, _ row: [Float], names: [String]) throws -> Bool {
        let set = try RuleSet.load(text: file([condition]), catalogue: catalogue(names))
        return fired(set.compile(), block([row], columns: names.count), rows: 1)[0] == 1
    }

    static func errors(_ text: String, names: [String] = ["ip_clicks_1m", "ip_clicks_1h", "touch", "opacity"]) -> [String] {
        do {
            _ = try RuleSet.load(text: text, catalogue: catalogue(names))
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    /// The package's root: the nearest folder above this file that holds the default rules.
    static func packageRoot() throws -> URL {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent("models/rules.yaml").path) { return folder }
            folder.deleteLastPathComponent()
        }
        throw CocoaError(.fileNoSuchFile)
    }

    static func defaultRulesPath() throws -> String { try packageRoot().appendingPathComponent("models/rules.yaml").path }

    /// The names of the real catalogue, read from its source: this target may not import Features.
    static func realCatalogue() throws -> [FeatureDescription] {
        let source = try String(
            contentsOf: packageRoot().appendingPathComponent("Sources/Features/FeatureCatalogue.swift"), encoding: .utf8)
        return catalogue(source.matches(of: /\("([a-z0-9_]+)", "[a-zA-Z\/]+", "/).map { String($0.1) })
    }
}

internal import Features
internal import Foundation
internal import LogisticModel
internal import Rules
internal import Scoring

/// `export.json`: what an export is, and what made it. Its presence says that a folder may be replaced by another export.
struct ExportManifest: Encodable {
    static let fileName = "export.json"

    /// Version of the folder's layout.
    var fraudExport = 1
    var fraudVersion = FraudVersion.text
    var inputs: [String]
    var clicks: Int
    /// Clicks whose truth is known, and those of them that are fraud.
    var labelled: Int
    var frauds: Int
    var limit: Int
    var isTruncated: Bool
    var modelID: String
    /// A click whose score reaches it is fraud, in single precision as the scorer compares.
    var threshold: Float
    var rulesetID: String
    /// Rules that say fraud when they fire; the others take a note.
    var decidingRules: [String]
    var listsID: String
    /// Of the notebook as this export writes it.
    var notebookSHA256: String

    enum CodingKeys: String, CodingKey {
        case fraudExport = "fraud_export", fraudVersion = "fraud_version", inputs, clicks, labelled, frauds, limit
        case isTruncated = "is_truncated", modelID = "model_id", threshold, rulesetID = "ruleset_id"
        case decidingRules = "deciding_rules", listsID = "lists_id"
        case notebookSHA256 = "notebook_sha256"
    }

    init(_ export: ClickExport, _ scorer: Scorer, inputs: [String], limit: Int, notebook: Data) {
        self.inputs = inputs
        self.limit = limit
        clicks = export.clickCount
        labelled = export.labelledCount
        frauds = export.fraudCount
        isTruncated = export.isTruncated
        modelID = scorer.modelID
        threshold = scorer.threshold
        rulesetID = scorer.rulesetID
        decidingRules = scorer.ruleSet.rules.filter { $0.action == .fraud }.map(\.id)
        listsID = scorer.extractor.listsID
        notebookSHA256 = SHA256.hex(notebook)
    }

    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// The hash of the notebook that the export in this folder wrote; nil when there is none.
    static func notebookHash(in folder: String) -> String? {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(fileName)") else { return nil }
        return (try? JSONDecoder().decode(Written.self, from: data))?.notebook_sha256
    }

    /// All that is read back: the rest may differ from version to version.
    private struct Written: Decodable {
        var notebook_sha256: String
    }
}

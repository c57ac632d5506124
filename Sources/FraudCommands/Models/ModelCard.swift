internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel

/// What a model file holds, for people: origin, settings, figures, and the terms by importance.
struct ModelCard {
    let model: LogisticModel

    /// Settings and facts of the training by name, as the file spells them: also those that a later trainer adds.
    static func facts(_ model: LogisticModel) throws -> [(name: String, value: String)] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let object = try JSONSerialization.jsonObject(with: encoder.encode(model.training)) as? [String: Any] else { return [] }
        return flatten(object, prefix: "").sorted { $0.0 < $1.0 }.map { (name: $0.0, value: $0.1) }
    }

    private static func flatten(_ object: [String: Any], prefix: String) -> [(String, String)] {
        object.flatMap { key, value -> [(String, String)] in
            if let inner = value as? [String: Any] { return flatten(inner, prefix: "\(prefix)\(key).") }
            if let list = value as? [Any] { return [(prefix + key, list.map { "\($0)" }.joined(separator: ", "))] }
            return [(prefix + key, "\(value)")]
        }
    }

    private var kind: String {
        let counts = [(model.features.count, "linear terms"), (model.curves.count, "curves"), (model.surfaces.count, "surfaces")]
        return counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    private var schema: String {
        do {
            _ = try model.matching(catalogue: Feature.catalogue)
            return model.featureSchemaHash.isEmpty ? "not recorded" : "\(model.featureSchemaHash), this program's"
        } catch { return "\(model.featureSchemaHash); \(error)" }
    }

    private var calibration: String {
        model.calibration.map { "\($0.method.rawValue), \($0.inputs.count) knots over log-odds \(Self.shown($0.inputs[0])) to \(Self.shown($0.inputs.last!))" } ?? "none"
    }

    private static func shown(_ value: Double) -> String { String(format: "%.5g", value) }

    func text() throws -> String {
        var lines: [(String, String)] = [
            ("model", "\(model.modelID) \(model.name), file version \(model.schemaVersion)"), ("terms", kind), ("features", "\(model.inputNames.count), schema \(schema)"),
            ("intercept", Self.shown(model.intercept)), ("threshold", "\(model.threshold)" + (model.threshold > 1 ? " (by itself it flags nothing)" : "")),
            ("calibration", calibration), ("reference", model.reference.isEmpty ? "none: drift cannot be measured" : "distributions of \(model.reference.count) features"),
        ]
        if !model.encodings.isEmpty { lines.append(("encodings", model.encodings.map { "\($0.feature) (\($0.categories.count) categories)" }.joined(separator: ", "))) }
        lines += try Self.facts(model).map { ($0.name, $0.value) }
        let width = lines.map(\.0.count).max() ?? 0
        var out = lines.map { $0.0 + String(repeating: " ", count: width - $0.0.count) + "  " + $0.1 + "\n" }.joined()
        let metrics = OutputTable(
            columns: ["metric", "value"], rows: model.metrics.sorted { $0.key < $1.key }.map { [.text($0.key), .number(String(format: "%.6g", $0.value))] })
        if !metrics.rows.isEmpty { out += "\n" + metrics.text }
        return out + "\nTerms by importance (log-odds: mean size of a curve or surface, one standard deviation of a linear term)\n" + terms.text
    }

    var terms: OutputTable {
        OutputTable(
            columns: ["term", "kind", "importance", "lowest", "highest", "unknown", "bins", "transform"],
            rows: ModelTerm.all(of: model).map { term in
                [
                    .text(term.name), .text(term.kind.rawValue), .number(Self.digits(term.importance)), .number(Self.digits(term.lowest)),
                    .number(Self.digits(term.highest)), .number(Self.digits(term.unknown)), .integer(term.bins), term.transform.map { .text($0) } ?? .null,
                ]
            }, widestCell: 120)
    }

    private static func digits(_ value: Double) -> String { String(format: "%.5f", value) }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func encoded(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
        return JSONOutput.object([
            ("model_id", JSONOutput.string(model.modelID)), ("name", JSONOutput.string(model.name)), ("schema_version", "\(model.schemaVersion)"),
            ("linear_terms", "\(model.features.count)"), ("curves", "\(model.curves.count)"), ("surfaces", "\(model.surfaces.count)"),
            ("feature_schema_hash", JSONOutput.string(model.featureSchemaHash)),
            ("fits_this_program", (try? model.matching(catalogue: Feature.catalogue)) == nil ? "false" : "true"), ("intercept", "\(model.intercept)"),
            ("threshold", "\(model.threshold)"), ("calibration", try model.calibration.map { try encoded($0) } ?? "null"),
            ("training", try encoded(model.training)), ("metrics", try encoded(model.metrics)), ("terms", "[" + terms.jsonRows + "]"),
        ])
    }
}

internal import Foundation

/// Reading and writing the model file: pretty-printed JSON with sorted keys and shortest round-trip numbers, so that two
/// models can be compared with `diff`, and what is read back scores bit for bit the same.
extension LogisticModel {
    /// A longer file is refused unread.
    package static let maximumFileBytes = 64 << 20
    package static let maximumFeatures = 4096

    /// 16 hex digits of the SHA-256 of the canonical content (compact JSON, sorted keys). Not stored in the file, so it
    /// cannot contradict it.
    package var modelID: String {
        // The content is validated or made by the trainer; a value JSON cannot hold has no id.
        guard let bytes = try? Self.encoder([.sortedKeys, .withoutEscapingSlashes]).encode(self) else { return "invalid" }
        return String(SHA256.hex(bytes).prefix(16))
    }

    /// The content of the model file, newline at the end.
    /// - Throws: `ModelError.content` when the model is not valid.
    package func encoded() throws(ModelError) -> [UInt8] {
        try validate(source: name)
        do {
            return [UInt8](try Self.encoder([.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]).encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw .content(source: name, field: "", reason: "\(error)")
        }
    }

    /// Writes the model file, replacing one that is there in one step.
    /// - Throws: `ModelError.file`, or `.content` when the model is not valid.
    package func save(to path: String) throws(ModelError) {
        let bytes = try encoded()
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .file(path: path, reason: "cannot write: \(error.localizedDescription)")
        }
    }

    /// Reads a model file.
    /// - Throws: `ModelError.file` when it cannot be read, `.content` naming the field when it is not a valid model.
    package static func load(from path: String) throws(ModelError) -> LogisticModel {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: maximumFileBytes + 1) ?? Data()
        } catch {
            throw .file(path: path, reason: "cannot read: \(error.localizedDescription)")
        }
        return try LogisticModel(decoding: [UInt8](data), source: path)
    }

    /// Decodes and validates the content of a model file; `source` names it in errors.
    package init(decoding bytes: [UInt8], source: String) throws(ModelError) {
        guard bytes.count <= Self.maximumFileBytes else {
            throw .content(source: source, field: "", reason: "over \(Self.maximumFileBytes) bytes")
        }
        do {
            // The version first: a file of another version may have other fields.
            let version = try JSONDecoder().decode(Version.self, from: Data(bytes)).schemaVersion
            guard version == Self.currentSchemaVersion else {
                throw ModelError.content(
                    source: source, field: CodingKeys.schemaVersion.rawValue,
                    reason: "is \(version); this program reads version \(Self.currentSchemaVersion)")
            }
            self = try JSONDecoder().decode(LogisticModel.self, from: Data(bytes))
        } catch let error as ModelError {
            throw error
        } catch let error as DecodingError {
            throw Self.explain(error, source: source)
        } catch {
            throw .content(source: source, field: "", reason: "\(error)")
        }
        try validate(source: source)
    }

    private struct Version: Decodable {
        var schemaVersion: Int
        enum CodingKeys: String, CodingKey { case schemaVersion = "schema_version" }
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        return encoder
    }

    private static func explain(_ error: DecodingError, source: String) -> ModelError {
        func field(_ path: [any CodingKey]) -> String {
            path.reduce("") { text, key in
                if let index = key.intValue { return "\(text)[\(index)]" }
                return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
            }
        }
        switch error {
        case .keyNotFound(let key, let context):
            return .content(source: source, field: field(context.codingPath + [key]), reason: "is missing")
        case .typeMismatch(let type, let context):
            return .content(source: source, field: field(context.codingPath), reason: "is not a \(type)")
        case .valueNotFound(let type, let context):
            return .content(source: source, field: field(context.codingPath), reason: "is null, expected \(type)")
        case .dataCorrupted(let context):
            let cause = context.underlyingError.map { ": \($0)" } ?? ""
            return .content(source: source, field: field(context.codingPath), reason: context.debugDescription + cause)
        @unknown default:
            return .content(source: source, field: "", reason: "\(error)")
        }
    }
}

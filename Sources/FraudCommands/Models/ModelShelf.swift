internal import Foundation
internal import LogisticModel
internal import Pipeline

/// The model files at hand, by id: those that were named, then the champion, the challengers beside it, and the former champions.
struct ModelShelf {
    private var named: [LogisticModel]
    private let folder: String?
    /// Files of a folder that are looked at.
    private static let maximumFiles = 1000

    /// - Throws: `ModelError` when a named file is no model.
    init(named paths: [String] = []) throws {
        named = try paths.map { try LogisticModel.load(from: $0) }
        folder = (try? ScorerConfiguration.shipped("models/champion.json")).map { ($0 as NSString).deletingLastPathComponent }
    }

    /// The model of an id; nil when no file at hand holds it. A file that cannot be read is passed over.
    func model(id: String) -> LogisticModel? {
        if let found = named.first(where: { $0.modelID == id }) { return found }
        guard let folder else { return nil }
        for path in ["\(folder)/champion.json", "\(folder)/archive/\(id).json"] + files("\(folder)/challengers") + files("\(folder)/archive") {
            if let model = try? LogisticModel.load(from: path), model.modelID == id { return model }
        }
        return nil
    }

    private func files(_ folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().prefix(Self.maximumFiles).map { "\(folder)/\($0)" }
    }
}

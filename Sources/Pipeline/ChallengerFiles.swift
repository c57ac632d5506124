internal import Features
internal import Foundation
internal import LogisticModel
internal import Scoring

/// Which models score in the champion's shadow: files that were named, and those of a folder.
package struct ChallengerFiles: Sendable {
    /// A file that was asked for by name and cannot be used is an error.
    package var paths: [String]
    /// Every `*.json` of it, by name; what cannot be used there is left out with a note, for the champion needs none of them.
    package var folder: String?

    package static let none = ChallengerFiles(paths: [], folder: nil)

    package init(paths: [String], folder: String?) {
        self.paths = paths
        self.folder = folder
    }

    /// The folder that ships beside the champion, `models/challengers`; nil when there is none.
    package static var shippedFolder: String? { try? ScorerConfiguration.shipped("models/challengers") }

    /// Reads the models and checks that this program can score by them. The champion itself, and what comes twice, is left out.
    ///
    /// - Throws: `ModelError` of a named file; `PipelineError.configuration` for more than `ShadowScorer.maximumModels`.
    func load(champion: String) throws -> (models: [LogisticModel], notes: [String]) {
        var models: [LogisticModel] = []
        var notes: [String] = []
        var known: Set<String> = [champion]
        for (path, isNamed) in paths.map({ ($0, true) }) + folderPaths.map({ ($0, false) }) {
            do {
                let model = try LogisticModel.load(from: path)
                let id = try CompiledModel(model, catalogue: Feature.catalogue).modelID
                guard known.insert(id).inserted else {
                    if isNamed { notes.append("\(path): \(id == champion ? "is the champion itself" : "comes twice"), and is not scored again") }
                    continue
                }
                models.append(model)
            } catch {
                guard !isNamed else { throw error }
                notes.append("\(path) does not score in shadow: \(error)")
            }
        }
        guard models.count <= ShadowScorer.maximumModels else {
            throw PipelineError.configuration("\(models.count) challengers: at most \(ShadowScorer.maximumModels) score at once")
        }
        return (models, notes)
    }

    private var folderPaths: [String] {
        guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
        return names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted().map { "\(folder)/\($0)" }
    }
}

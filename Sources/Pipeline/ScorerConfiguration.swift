package import Features
internal import Foundation
package import LogisticModel
package import Rules
package import Scoring

/// Which model, rules, lists and GeoIP database a scorer is made of. A nil path means the one that ships.
package struct ScorerConfiguration: Sendable {
    package var modelPath: String?
    package var rulesPath: String?
    package var listsDirectory: String?
    package var geoPath: String?
    package var budget = FeatureExtractor.Budget()
    /// Parts that the tables of features are split in, by key, each with a thread: 1 to `maximumShards`. What comes out is the same
    /// for any number, as long as no table is at its limit.
    package var shards = 1

    package static let maximumShards = Shards.maximum

    package init(modelPath: String? = nil, rulesPath: String? = nil, listsDirectory: String? = nil, geoPath: String? = nil) {
        self.modelPath = modelPath
        self.rulesPath = rulesPath
        self.listsDirectory = listsDirectory
        self.geoPath = geoPath
    }

    /// The model file: the one named, or the one that ships.
    package func modelFile() throws -> String { try modelPath ?? Self.shipped("models/champion.json") }

    package func loadModel() throws -> LogisticModel { try LogisticModel.load(from: modelFile()) }

    package func loadRules() throws -> RuleSet {
        try RuleSet.load(path: rulesPath ?? Self.shipped("models/rules.yaml"), catalogue: Feature.catalogue)
    }

    /// The lists of the given folder, completed by those `make deps` installed for the kinds it lacks; nil when there are none.
    package func loadLists() throws -> ReferenceLists? {
        let installed = ReferenceLists.find() ?? (try? Self.shipped(".deps/lists"))
        let directories = [listsDirectory, installed].compactMap { $0 }
        return directories.isEmpty ? nil : try ReferenceLists.load(directories: directories)
    }

    package func makeExtractor() throws -> FeatureExtractor {
        FeatureExtractor(lists: try loadLists(), geo: try geoPath.map { try GeoDatabase.open(path: $0) }, budget: budget, shards: shards)
    }

    package func makeScorer() throws -> Scorer {
        try Scorer(ruleSet: loadRules(), model: loadModel(), extractor: makeExtractor())
    }

    /// A file that ships with the program: looked for from the working directory and from the program's own folder upward.
    package static func shipped(_ relative: String) throws -> String {
        var starts = [FileManager.default.currentDirectoryPath]
        if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            starts.append((program as NSString).deletingLastPathComponent)
        }
        for start in starts {
            var folder = start
            while true {
                let candidate = (folder as NSString).appendingPathComponent(relative)
                if FileManager.default.fileExists(atPath: candidate) { return candidate }
                if folder == "/" || folder.isEmpty { break }
                folder = (folder as NSString).deletingLastPathComponent
            }
        }
        throw PipelineError.configuration("\(relative) is not in \(starts.joined(separator: " or ")) nor above; name one with its option")
    }
}

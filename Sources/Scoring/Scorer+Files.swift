public import ClickModel
internal import Features
internal import LogisticModel
internal import Rules

extension Scorer {
    /// A scorer from files: what an ingestion path makes once, at its start.
    ///
    ///     let scorer = try Scorer(modelFile: "models/champion.json", ruleFile: "models/rules.yaml", listsDirectory: nil)
    ///     let batch = ClickBatch(capacity: 1)
    ///     batch.removeAll()
    ///     try ClickEncoder.append(click, to: batch)
    ///     let verdict = scorer.score(batch, row: 0)
    ///
    /// - Parameters:
    ///   - listsDirectory: folder of crawler, hosting and Tor lists; nil leaves their flags unknown.
    ///   - geoFile: a MaxMind database that completes clicks without a position.
    /// - Throws: an error whose description names the file and what is wrong with it.
    public convenience init(modelFile: String, ruleFile: String, listsDirectory: String?, geoFile: String? = nil) throws {
        try self.init(
            ruleSet: RuleSet.load(path: ruleFile, catalogue: Feature.catalogue), model: LogisticModel.load(from: modelFile),
            extractor: FeatureExtractor(
                lists: listsDirectory.map { try ReferenceLists.load(directory: $0) }, geo: geoFile.map { try GeoDatabase.open(path: $0) }))
    }

    /// Reason codes of a verdict for people and partners, the deciding one first; empty for a valid click. Allocates.
    public func explain(_ verdict: Verdict) -> [ReasonCode] { reasons(of: verdict) }
}

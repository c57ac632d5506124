internal import Features

/// Takes memory from the system before a scorer needs it.
///
/// New keys need fresh pages, and the system clears a page while the call that touches it first waits: microseconds for a small
/// one, a tenth of a millisecond and more for a huge one. Whoever wants no call to wait asks for them ahead: once before the
/// first click, then every so often from another thread.
///
///     let memory = scorer.memory
///     Thread.detachNewThread { while true { memory.makeReady(); Thread.sleep(forTimeInterval: 0.02) } }
///
/// It changes no verdict. Any thread may use it while the scorer's own scores.
public struct ScorerMemory: @unchecked Sendable {
    private let extractor: FeatureExtractor

    init(_ extractor: FeatureExtractor) { self.extractor = extractor }

    /// Takes what the next new keys need; nothing where it is there already.
    ///
    /// - Parameter bytes: of each table, within its limit: 4 MiB are some twenty to sixty thousand keys. Small tables take little.
    public func makeReady(bytes: Int = 4 << 20) { extractor.makeReady(bytes: max(0, bytes)) }
}

extension Scorer {
    /// The memory of this scorer's tables.
    public var memory: ScorerMemory { ScorerMemory(extractor) }
}

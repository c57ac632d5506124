internal import ClickModel
internal import Features
internal import LogisticModel
internal import Rules

/// Rules and model over the rows of a block by several threads, 64 rows a piece. They are pure by row and give a row the same bits
/// wherever it stands; each thread has its own, which work in scratch memory of theirs.
final class RowShards {
    private struct Worker {
        let rules: CompiledRules
        let model: CompiledModel
    }

    private struct Round {
        var rows = 0
        var clicks: Unmanaged<ScoredClicks>
        var fired: UnsafeMutablePointer<UInt64>
        var scores: UnsafeMutablePointer<Float>
    }

    private let threads: ShardWorkers
    private let workers: [Worker]
    private let round: UnsafeMutablePointer<Round>

    /// nil without threads.
    init?(_ threads: ShardWorkers?, rules: RuleSet, model: LogisticModel) throws {
        guard let threads else { return nil }
        self.threads = threads
        workers = try (0..<threads.count).map { _ in
            Worker(rules: rules.compile(), model: try CompiledModel(model, catalogue: Feature.catalogue))
        }
        round = .allocate(capacity: 1)
    }

    deinit { round.deallocate() }

    /// Fills rules and scores of the first `rows` rows of a block, both with room for the block's capacity.
    func evaluate(_ clicks: ScoredClicks, rows: Int, fired: UnsafeMutablePointer<UInt64>, scores: UnsafeMutablePointer<Float>) {
        round.initialize(to: Round(rows: rows, clicks: .passUnretained(clicks), fired: fired, scores: scores))
        let pieces = (rows + FeatureBlock.rowGroup - 1) / FeatureBlock.rowGroup
        threads.run(pieces, isLast: true, Unmanaged.passUnretained(self).toOpaque()) { context, worker, piece in
            Unmanaged<RowShards>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.evaluate(group: piece, worker) }
        }
    }

    private func evaluate(group: Int, _ worker: Int) {
        let first = group * FeatureBlock.rowGroup
        let round = round.pointee
        let rows = min(FeatureBlock.rowGroup, round.rows - first)
        let block = round.clicks._withUnsafeGuaranteedRef { $0.groups[group] }
        workers[worker].rules.evaluate(block, rows: rows, into: round.fired + first)
        workers[worker].model.score(block, rows: rows, into: round.scores + first)
    }
}

internal import ClickModel

/// What the workers go through: written by the caller between rounds.
struct ShardRound {
    struct Clicks {
        let selected: SelectedClicks
        let columns: FeatureColumns
        let horizon: Int64
    }

    let clicks: UnsafeMutablePointer<Clicks>
    /// Rows of a piece without keys: two a worker, so that one that comes late leaves little; whole cache lines of all columns.
    let rowsPerPiece: Int
    /// Room for a list of rows, by worker.
    private let lists: UnsafeMutablePointer<UInt16>
    /// Whole cache lines, so that no two workers write into one.
    private static let listStride = (ListedRows.capacity + 31) / 32 * 32

    init(workers: Int) {
        clicks = .allocate(capacity: 1)
        rowsPerPiece = max(64, ClickColumns.capacity / (2 * workers) / 64 * 64)
        lists = UnsafeMutableRawPointer.allocate(byteCount: workers * Self.listStride * 2, alignment: 64)
            .bindMemory(to: UInt16.self, capacity: workers * Self.listStride)
        lists.initialize(repeating: 0, count: workers * Self.listStride)
    }

    func deallocate() {
        clicks.deallocate()
        lists.deallocate()
    }

    func list(of worker: Int) -> UnsafeMutablePointer<UInt16> { lists + worker * Self.listStride }
}

/// Extraction by several threads, in three rounds:
///
///     1  what has no keys: positions, keys, behaviour                          by pieces of rows
///     2  agents, devices, addresses, subnets, three kinds of pairs, ads        by shard and stage
///     3  users, who complete columns of devices; publishers, who read those    by shard and stage
///        of agents, addresses and behaviour
///
/// A stage of a shard goes through the rows of its keys in the order of the batch, so each state takes the same clicks in the
/// same order for any number of shards, and a row's columns are written by the same arithmetic. What is of a key of another
/// shard, a stage reads in a column and never in a table.
extension FeatureExtractor {
    /// Fewer clicks are not worth waking anyone.
    private static let fewClicks = 128
    private static let keyedStages = 8
    private static let dependentStages = 2

    func extractInShards(_ selected: SelectedClicks, horizon: Int64, _ columns: FeatureColumns) {
        round.clicks.initialize(to: ShardRound.Clicks(selected: selected, columns: columns, horizon: horizon))
        guard selected.count > 0 else { return }
        go((selected.count + round.rowsPerPiece - 1) / round.rowsPerPiece) { context, _, piece in
            FeatureExtractor.at(context)._withUnsafeGuaranteedRef { $0.begin(piece) }
        }
        go(shards.count * Self.keyedStages) { context, worker, piece in
            FeatureExtractor.at(context)._withUnsafeGuaranteedRef { $0.keyed(piece, worker) }
        }
        go(shards.count * Self.dependentStages) { context, worker, piece in
            FeatureExtractor.at(context)._withUnsafeGuaranteedRef { $0.dependent(piece, worker) }
        }
    }

    static func at(_ context: UnsafeMutableRawPointer) -> Unmanaged<FeatureExtractor> { .fromOpaque(context) }

    private func go(_ pieces: Int, _ body: ShardWorkers.Body) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        if let workers, round.clicks.pointee.selected.count >= Self.fewClicks {
            workers.run(pieces, isLast: false, context, body)
        } else {
            for piece in 0..<pieces { body(context, 0, piece) }
        }
    }

    private func begin(_ piece: Int) {
        let clicks = round.clicks.pointee
        let first = piece * round.rowsPerPiece
        let rows = first..<min(clicks.selected.count, first + round.rowsPerPiece)
        locate(clicks.selected, rows)
        gatherStage(clicks.selected, rows)
        behaviourStage(clicks.selected, rows, clicks.columns)
    }

    private func keyed(_ piece: Int, _ worker: Int) {
        let clicks = round.clicks.pointee
        let (number, step) = piece.quotientAndRemainder(dividingBy: Self.keyedStages)
        let shard = shards[number]
        // Shards begin at different stages: two at one would write into the same lines of its columns.
        switch (step + number * Self.keyedStages / shards.count) % Self.keyedStages {
        case 0: shard.agentStage(rows(of: shard.agents, clickColumns.agents, number, worker), clicks.selected, clicks.columns)
        case 1: shard.deviceStage(rows(of: shard.devices, clickColumns.devices, number, worker), clicks.columns)
        case 2: shard.addressStage(rows(of: shard.addresses, clickColumns.addresses, number, worker), clicks.selected, clicks.columns)
        case 3: shard.visitorAdStage(rows(of: shard.visitorAds, clickColumns.visitorAds, number, worker), clicks.columns)
        case 4: shard.subnetStage(rows(of: shard.subnets, clickColumns.subnets, number, worker), clicks.columns)
        case 5: shard.addressAdStage(rows(of: shard.addressAds, clickColumns.addressAds, number, worker), clicks.columns)
        case 6: shard.adStage(rows(of: shard.ads, clickColumns.ads, number, worker), clicks.columns)
        default:
            shard.subnetAdvertiserStage(
                rows(of: shard.subnetAdvertisers, clickColumns.subnetAdvertisers, number, worker), clicks.columns)
        }
    }

    private func dependent(_ piece: Int, _ worker: Int) {
        let clicks = round.clicks.pointee
        let (number, step) = piece.quotientAndRemainder(dividingBy: Self.dependentStages)
        let shard = shards[number]
        if (step + number) % Self.dependentStages == 0 {
            shard.userStage(rows(of: shard.users, clickColumns.users, number, worker), clicks.columns)
        } else {
            shard.publisherStage(rows(of: shard.publishers, clickColumns.publishers, number, worker), clicks.columns)
        }
    }

    /// The rows of a shard's keys, their table's first lines asked for.
    @inline(__always)
    private func rows<State: KeyState>(
        of table: KeyedTable<State>, _ keys: ClickColumns.Keys, _ shard: Int, _ worker: Int
    ) -> ClickRows<ListedRows> {
        let clicks = round.clicks.pointee
        let order = ListedRows(round.list(of: worker), keys, total: clicks.selected.count, shard: shard, among: shards.count)
        let rows = ClickRows(columns: clickColumns, order: order, horizon: clicks.horizon)
        table.prefetchIndexes(keys, rows)
        table.prefetchStates(keys, rows)
        return rows
    }
}

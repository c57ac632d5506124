internal import CClickRecord
package import ClickModel
internal import Sketches

/// Computes every feature of a batch of clicks from bounded keyed state, in input order, never looking ahead.
///
/// It runs in stages, each over the whole batch: behaviour and lists, device and user, ip and subnet, ad and publisher
/// (DESIGN §3). A stage reads the click, its own keys' states and columns of earlier stages, so the result does not
/// depend on how the stream was cut into batches, nor on how its tables are split among shards. No allocation, clock or I/O.
package final class FeatureExtractor {
    /// Bounds of the state tables, bytes.
    package struct Budget: Sendable {
        package var addresses = 192 << 20
        package var devices = 192 << 20
        package var users = 96 << 20
        package var subnets = 64 << 20
        /// Each of the three pair tables.
        package var pairs = 64 << 20
        package var ads = 32 << 20
        package var publishers = 16 << 20
        package var agents = 32 << 20
        package init() {}

        /// The memory bound of all tables together; growing does not pass it.
        package var total: Int { addresses + devices + users + subnets + 3 * pairs + ads + publishers + agents }
    }

    /// Keyed state, split by key.
    let shards: [FeatureShard]
    /// The first, and with one shard the only one.
    let firstShard: FeatureShard
    /// Threads of the shards; nil with one shard.
    package let workers: ShardWorkers?
    let round: ShardRound
    let lists: ReferenceLists?
    let geo: GeoDatabase?
    let clickColumns: ClickColumns
    private let columnMemory = AlignedMemory(byteCount: ClickColumns.byteCount)

    /// - Parameters:
    ///   - lists: crawler patterns, hosting and Tor addresses; what is absent makes its flag unknown.
    ///   - geo: completes position and country of clicks that carry none.
    ///   - shards: 1 to `Shards.maximum`; each has its share of the budget. With more than one, batches are worked on by as many
    ///     threads. Features are the same for any number as long as no table is at its limit (`evicted` is 0): there the shards
    ///     forget other keys than one table would.
    package init(lists: ReferenceLists?, geo: GeoDatabase?, budget: Budget = Budget(), shards count: Int = 1) {
        precondition((1...Shards.maximum).contains(count), "1 to \(Shards.maximum) shards")
        StateLayout.check()
        clickColumns = ClickColumns(columnMemory.base)
        shards = (0..<count).map { _ in FeatureShard(lists: lists, budget: budget, shards: count) }
        firstShard = shards[0]
        workers = count > 1 ? ShardWorkers(count: count) : nil
        round = ShardRound(workers: count)
        self.lists = lists
        self.geo = geo
    }

    deinit { round.deallocate() }

    /// Fills rows 0..<rows.count of the block with the features of the records at those indices of the batch.
    ///
    /// - Parameters:
    ///   - rows: indices into the batch, ascending: the clicks to score.
    ///   - horizon: event time before which no click of this batch or a later one will be scored (the watermark before the
    ///     batch, less lateness).
    /// - Complexity: O(rows); about ten table lookups a click.
    package func extract(
        _ batch: ClickBatch, rows: UnsafeBufferPointer<Int32>, horizon: Int64, into block: FeatureBlock
    ) {
        precondition(rows.count <= block.capacity && block.columnCount == Feature.count)
        var first = 0
        while first < rows.count {
            let piece = UnsafeBufferPointer(rebasing: rows[first..<min(rows.count, first + ClickColumns.capacity)])
            let selected = SelectedClicks(records: batch.records, arena: batch.raw.arena, rows: piece)
            extract(selected, horizon: horizon, FeatureColumns(block, first: first))
            first += piece.count
        }
    }

    private func extract(_ selected: SelectedClicks, horizon: Int64, _ columns: FeatureColumns) {
        guard workers == nil else { return extractInShards(selected, horizon: horizon, columns) }
        let all = 0..<selected.count
        locate(selected, all)
        gatherStage(selected, all)
        let clicks = ClickRows(columns: clickColumns, order: AllRows(count: selected.count), horizon: horizon)
        let tables = firstShard
        // A click alone waits for the lines of all its tables at once, and not even for all of that.
        tables.prefetchIndexes(clicks)
        behaviourStage(selected, all, columns)
        // Agents and ads are few, and at hand: they go in the time that the lines of the others need.
        tables.prefetchFewStates(clicks)
        tables.agentStage(clicks, selected, columns)
        tables.adStage(clicks, columns)
        tables.prefetchStates(clicks)
        tables.deviceStage(clicks, columns)
        tables.userStage(clicks, columns)
        tables.addressStage(clicks, selected, columns)
        tables.subnetStage(clicks, columns)
        tables.visitorAdStage(clicks, columns)
        tables.addressAdStage(clicks, columns)
        tables.subnetAdvertiserStage(clicks, columns)
        tables.publisherStage(clicks, columns)
    }

    /// Completes unknown positions from the GeoIP database.
    func locate(_ clicks: SelectedClicks, _ rows: Range<Int>) {
        guard let geo else { return }
        for row in rows {
            let click = clicks[row]
            guard click.pointee.lat.isNaN || click.pointee.country == 0, click.pointee.ip_version != 0,
                let found = geo.lookup(ipHigh: click.pointee.ip_high, ipLow: click.pointee.ip_low, version: click.pointee.ip_version)
            else { continue }
            if click.pointee.lat.isNaN || click.pointee.lon.isNaN {
                click.pointee.lat = found.lat
                click.pointee.lon = found.lon
            }
            if click.pointee.country == 0 { click.pointee.country = found.country }
        }
    }

    /// Memory held by all state tables, bytes.
    package var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }

    /// Keys held by all state tables.
    package var keyCount: Int { shards.reduce(0) { $0 + $1.keyCount } }

    /// Keys forgotten before their time because a table was at its limit.
    package var evicted: Int { shards.reduce(0) { $0 + $1.evicted } }

    /// Whether there are any reference lists.
    package var hasLists: Bool { lists != nil }

    /// What a click's features depend on besides the clicks: a digest of the lists, and the GeoIP database with its build time.
    package var listsID: String {
        (lists.map { String($0.digest.prefix(16)) } ?? "none") + (geo.map { " \($0.type) \($0.buildTimeSeconds)" } ?? "")
    }

    /// First 64 bits of the lists' digest; 0 without lists.
    var listsDigest: UInt64 { lists.flatMap { UInt64($0.digest.prefix(16), radix: 16) } ?? 0 }
}

/// The clicks of a batch that are to be scored.
struct SelectedClicks {
    let records: UnsafeMutablePointer<ClickRecord>
    let arena: UnsafeMutablePointer<UInt8>
    let rows: UnsafeBufferPointer<Int32>

    @inline(__always) var count: Int { rows.count }

    @inline(__always)
    subscript(row: Int) -> UnsafeMutablePointer<ClickRecord> { records + Int(rows[row]) }
}

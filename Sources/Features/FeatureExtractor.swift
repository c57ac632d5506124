internal import CClickRecord
package import ClickModel
internal import Sketches

/// Computes every feature of a batch of clicks from bounded keyed state, in input order, never looking ahead.
///
/// It runs in stages, each over the whole batch: behaviour and lists, device and user, ip and subnet, ad and publisher
/// (DESIGN §3). A stage reads the click, its own keys' states and columns of earlier stages, so the result does not
/// depend on how the stream was cut into batches. No allocation, clock or I/O.
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

    /// Time to live of keyed state: nothing is remembered longer than this after a key's last click.
    static let timeToLive: Int64 = 7_200_000
    static let baselineTimeToLive: Int64 = 86_400_000

    let addresses: KeyedTable<AddressState>
    let subnets: KeyedTable<SubnetState>
    let devices: KeyedTable<DeviceState>
    let users: KeyedTable<UserState>
    let ads: KeyedTable<AdState>
    let publishers: KeyedTable<PublisherState>
    let visitorAds: KeyedTable<PairState>
    let addressAds: KeyedTable<PairState>
    let subnetAdvertisers: KeyedTable<PairState>
    let agents: KeyedTable<AgentState>
    let lists: ReferenceLists?
    let geo: GeoDatabase?
    let hasCrawlers, hasHosting, hasTor: Bool
    let clickColumns: ClickColumns
    private let columnMemory = AlignedMemory(byteCount: ClickColumns.byteCount)

    /// - Parameters:
    ///   - lists: crawler patterns, hosting and Tor addresses; what is absent makes its flag unknown.
    ///   - geo: completes position and country of clicks that carry none.
    package init(lists: ReferenceLists?, geo: GeoDatabase?, budget: Budget = Budget()) {
        StateLayout.check()
        clickColumns = ClickColumns(columnMemory.base)
        addresses = KeyedTable(maximumBytes: budget.addresses, timeToLive: Self.timeToLive)
        subnets = KeyedTable(maximumBytes: budget.subnets, timeToLive: Self.timeToLive)
        devices = KeyedTable(maximumBytes: budget.devices, timeToLive: Self.timeToLive)
        users = KeyedTable(maximumBytes: budget.users, timeToLive: Self.timeToLive)
        ads = KeyedTable(maximumBytes: budget.ads, timeToLive: Self.baselineTimeToLive)
        publishers = KeyedTable(maximumBytes: budget.publishers, timeToLive: Self.baselineTimeToLive)
        visitorAds = KeyedTable(maximumBytes: budget.pairs, timeToLive: Self.timeToLive)
        addressAds = KeyedTable(maximumBytes: budget.pairs, timeToLive: Self.timeToLive)
        subnetAdvertisers = KeyedTable(maximumBytes: budget.pairs, timeToLive: Self.timeToLive)
        agents = KeyedTable(maximumBytes: budget.agents, timeToLive: Self.baselineTimeToLive)
        self.lists = lists
        self.geo = geo
        (hasCrawlers, hasHosting, hasTor) = (lists?.crawlers != nil, lists?.hosting != nil, lists?.tor != nil)
    }

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
        locate(selected)
        gatherStage(selected)
        let clicks = ClickRows(columns: clickColumns, count: selected.count, horizon: horizon)
        // A click alone waits for the lines of all its tables at once, and not even for all of that.
        prefetchIndexes(clicks)
        behaviourStage(selected, columns)
        // Agents and ads are few, and at hand: they go in the time that the lines of the others need.
        prefetchFewStates(clicks)
        agentStage(clicks, selected, columns)
        adStage(clicks, columns)
        prefetchStates(clicks)
        deviceStage(clicks, columns)
        userStage(clicks, columns)
        addressStage(clicks, selected, columns)
        subnetStage(clicks, columns)
        pairStage(clicks, columns)
        publisherStage(clicks, columns)
    }

    /// Asks for the index lines of the first clicks in every table, the largest first.
    private func prefetchIndexes(_ clicks: ClickRows) {
        let (c, n) = (clicks.columns, clicks.count)
        devices.prefetchIndexes(c.devices, count: n)
        users.prefetchIndexes(c.users, count: n)
        addresses.prefetchIndexes(c.addresses, count: n)
        subnets.prefetchIndexes(c.subnets, count: n)
        visitorAds.prefetchIndexes(c.visitorAds, count: n)
        addressAds.prefetchIndexes(c.addressAds, count: n)
        subnetAdvertisers.prefetchIndexes(c.subnetAdvertisers, count: n)
        ads.prefetchIndexes(c.ads, count: n)
        publishers.prefetchIndexes(c.publishers, count: n)
        if hasCrawlers { agents.prefetchIndexes(c.agents, count: n) }
    }

    /// Asks for the states of agents and ads.
    private func prefetchFewStates(_ clicks: ClickRows) {
        if hasCrawlers { agents.prefetchStates(clicks.columns.agents, count: clicks.count) }
        ads.prefetchStates(clicks.columns.ads, count: clicks.count)
    }

    /// Asks for the states of the others, once the lines are there.
    private func prefetchStates(_ clicks: ClickRows) {
        let (c, n) = (clicks.columns, clicks.count)
        devices.prefetchStates(c.devices, count: n)
        users.prefetchStates(c.users, count: n)
        addresses.prefetchStates(c.addresses, count: n)
        subnets.prefetchStates(c.subnets, count: n)
        visitorAds.prefetchStates(c.visitorAds, count: n)
        addressAds.prefetchStates(c.addressAds, count: n)
        subnetAdvertisers.prefetchStates(c.subnetAdvertisers, count: n)
        publishers.prefetchStates(c.publishers, count: n)
    }

    /// Completes unknown positions from the GeoIP database.
    private func locate(_ clicks: SelectedClicks) {
        guard let geo else { return }
        for row in 0..<clicks.count {
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
    package var byteCount: Int {
        addresses.byteCount + subnets.byteCount + devices.byteCount + users.byteCount + ads.byteCount
            + publishers.byteCount + visitorAds.byteCount + addressAds.byteCount + subnetAdvertisers.byteCount
            + agents.byteCount
    }

    /// Keys held by all state tables.
    package var keyCount: Int {
        addresses.count + subnets.count + devices.count + users.count + ads.count + publishers.count + visitorAds.count
            + addressAds.count + subnetAdvertisers.count + agents.count
    }

    /// Keys forgotten before their time because a table was at its limit.
    package var evicted: Int {
        addresses.evicted + subnets.evicted + devices.evicted + users.evicted + ads.evicted + publishers.evicted
            + visitorAds.evicted + addressAds.evicted + subnetAdvertisers.evicted + agents.evicted
    }

    package func write(to writer: inout StateWriter) {
        writer.append(tag: "FEAT")
        writer.append(listsDigest)
        addresses.write(to: &writer)
        subnets.write(to: &writer)
        devices.write(to: &writer)
        users.write(to: &writer)
        ads.write(to: &writer)
        publishers.write(to: &writer)
        visitorAds.write(to: &writer)
        addressAds.write(to: &writer)
        subnetAdvertisers.write(to: &writer)
        agents.write(to: &writer)
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "FEAT")
        let isSameLists = try reader.read(UInt64.self) == listsDigest
        try addresses.restore(from: &reader)
        try subnets.restore(from: &reader)
        try devices.restore(from: &reader)
        try users.restore(from: &reader)
        try ads.restore(from: &reader)
        try publishers.restore(from: &reader)
        try visitorAds.restore(from: &reader)
        try addressAds.restore(from: &reader)
        try subnetAdvertisers.restore(from: &reader)
        try agents.restore(from: &reader)
        guard !isSameLists else { return }
        // What the old lists said is asked again at each key's next click.
        agents.removeAll()
        addresses.forEach { $0.listFlags |= Self.staleBit }
    }

    /// Whether there are any reference lists.
    package var hasLists: Bool { lists != nil }

    /// What a click's features depend on besides the clicks: a digest of the lists, and the GeoIP database with its build time.
    package var listsID: String {
        (lists.map { String($0.digest.prefix(16)) } ?? "none") + (geo.map { " \($0.type) \($0.buildTimeSeconds)" } ?? "")
    }

    /// First 64 bits of the lists' digest; 0 without lists.
    private var listsDigest: UInt64 { lists.flatMap { UInt64($0.digest.prefix(16), radix: 16) } ?? 0 }
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

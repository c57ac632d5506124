internal import CClickRecord
internal import ClickModel

/// The tables of the keys of one shard, and the stages that visit them. One thread at a time goes through a table.
final class FeatureShard {
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
    let hasCrawlers, hasHosting, hasTor: Bool

    /// Time to live of keyed state: nothing is remembered longer than this after a key's last click.
    static let timeToLive: Int64 = 7_200_000
    static let baselineTimeToLive: Int64 = 86_400_000

    /// - Parameter shards: how many share the budget.
    init(lists: ReferenceLists?, budget: FeatureExtractor.Budget, shards: Int) {
        func table<State>(_ bytes: Int, _ timeToLive: Int64 = FeatureShard.timeToLive) -> KeyedTable<State> {
            KeyedTable(maximumBytes: bytes / shards, timeToLive: timeToLive)
        }
        addresses = table(budget.addresses)
        subnets = table(budget.subnets)
        devices = table(budget.devices)
        users = table(budget.users)
        ads = table(budget.ads, Self.baselineTimeToLive)
        publishers = table(budget.publishers, Self.baselineTimeToLive)
        visitorAds = table(budget.pairs)
        addressAds = table(budget.pairs)
        subnetAdvertisers = table(budget.pairs)
        agents = table(budget.agents, Self.baselineTimeToLive)
        self.lists = lists
        (hasCrawlers, hasHosting, hasTor) = (lists?.crawlers != nil, lists?.hosting != nil, lists?.tor != nil)
    }

    /// Asks for the index lines of the first clicks in every table, the largest first.
    func prefetchIndexes<Order: RowOrder>(_ clicks: ClickRows<Order>) {
        let c = clicks.columns
        devices.prefetchIndexes(c.devices, clicks)
        users.prefetchIndexes(c.users, clicks)
        addresses.prefetchIndexes(c.addresses, clicks)
        subnets.prefetchIndexes(c.subnets, clicks)
        visitorAds.prefetchIndexes(c.visitorAds, clicks)
        addressAds.prefetchIndexes(c.addressAds, clicks)
        subnetAdvertisers.prefetchIndexes(c.subnetAdvertisers, clicks)
        ads.prefetchIndexes(c.ads, clicks)
        publishers.prefetchIndexes(c.publishers, clicks)
        if hasCrawlers { agents.prefetchIndexes(c.agents, clicks) }
    }

    /// Asks for the states of agents and ads.
    func prefetchFewStates<Order: RowOrder>(_ clicks: ClickRows<Order>) {
        if hasCrawlers { agents.prefetchStates(clicks.columns.agents, clicks) }
        ads.prefetchStates(clicks.columns.ads, clicks)
    }

    /// Asks for the states of the others, once the lines are there.
    func prefetchStates<Order: RowOrder>(_ clicks: ClickRows<Order>) {
        let c = clicks.columns
        devices.prefetchStates(c.devices, clicks)
        users.prefetchStates(c.users, clicks)
        addresses.prefetchStates(c.addresses, clicks)
        subnets.prefetchStates(c.subnets, clicks)
        visitorAds.prefetchStates(c.visitorAds, clicks)
        addressAds.prefetchStates(c.addressAds, clicks)
        subnetAdvertisers.prefetchStates(c.subnetAdvertisers, clicks)
        publishers.prefetchStates(c.publishers, clicks)
    }

    var byteCount: Int {
        addresses.byteCount + subnets.byteCount + devices.byteCount + users.byteCount + ads.byteCount
            + publishers.byteCount + visitorAds.byteCount + addressAds.byteCount + subnetAdvertisers.byteCount
            + agents.byteCount
    }

    var keyCount: Int {
        addresses.count + subnets.count + devices.count + users.count + ads.count + publishers.count + visitorAds.count
            + addressAds.count + subnetAdvertisers.count + agents.count
    }

    var evicted: Int {
        addresses.evicted + subnets.evicted + devices.evicted + users.evicted + ads.evicted + publishers.evicted
            + visitorAds.evicted + addressAds.evicted + subnetAdvertisers.evicted + agents.evicted
    }

    /// Takes memory for keys to come in every table: see `KeyedTable`.
    func makeReady(bytes: Int) {
        addresses.makeReady(bytes: bytes)
        subnets.makeReady(bytes: bytes)
        devices.makeReady(bytes: bytes)
        users.makeReady(bytes: bytes)
        ads.makeReady(bytes: bytes)
        publishers.makeReady(bytes: bytes)
        visitorAds.makeReady(bytes: bytes)
        addressAds.makeReady(bytes: bytes)
        subnetAdvertisers.makeReady(bytes: bytes)
        agents.makeReady(bytes: bytes)
    }
}

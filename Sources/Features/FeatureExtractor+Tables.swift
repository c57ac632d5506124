/// What the state is made of, and memory for more of it.
extension FeatureExtractor {
    /// Bytes of state a click reads or writes in all tables when its keys are known: a cache line of the index and the state of each.
    package static var bytesPerClick: Int {
        func visit<State: KeyState>(_: State.Type) -> Int { 64 + MemoryLayout<State>.stride }
        return visit(AddressState.self) + visit(SubnetState.self) + visit(DeviceState.self) + visit(UserState.self) + visit(AdState.self)
            + visit(PublisherState.self) + visit(AgentState.self) + 3 * visit(PairState.self)
    }

    /// Keys and bytes held, by table.
    package var tables: [(name: String, keys: Int, bytes: Int)] {
        [
            ("addresses", addresses.count, addresses.byteCount), ("devices", devices.count, devices.byteCount),
            ("users", users.count, users.byteCount), ("subnets", subnets.count, subnets.byteCount),
            ("visitor × ad", visitorAds.count, visitorAds.byteCount), ("address × ad", addressAds.count, addressAds.byteCount),
            ("subnet × advertiser", subnetAdvertisers.count, subnetAdvertisers.byteCount), ("ads", ads.count, ads.byteCount),
            ("publishers", publishers.count, publishers.byteCount), ("user agents", agents.count, agents.byteCount),
        ]
    }

    /// Takes memory for keys to come in every table: see `KeyedTable`.
    package func makeReady(bytes: Int) {
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

/// What the state is made of, and memory for more of it.
extension FeatureExtractor {
    /// Bytes of state a click reads or writes in all tables when its keys are known: a cache line of the index and the state of each.
    package static var bytesPerClick: Int {
        func visit<State: KeyState>(_: State.Type) -> Int { 64 + MemoryLayout<State>.stride }
        return visit(AddressState.self) + visit(SubnetState.self) + visit(DeviceState.self) + visit(UserState.self) + visit(AdState.self)
            + visit(PublisherState.self) + visit(AgentState.self) + 3 * visit(PairState.self)
    }

    /// Keys and bytes held, by table, those of all shards together.
    package var tables: [(name: String, keys: Int, bytes: Int)] {
        [
            sum("addresses", \.addresses), sum("devices", \.devices), sum("users", \.users), sum("subnets", \.subnets),
            sum("visitor × ad", \.visitorAds), sum("address × ad", \.addressAds), sum("subnet × advertiser", \.subnetAdvertisers),
            sum("ads", \.ads), sum("publishers", \.publishers), sum("user agents", \.agents),
        ]
    }

    private func sum<State: KeyState>(_ name: String, _ table: (FeatureShard) -> KeyedTable<State>) -> (name: String, keys: Int, bytes: Int) {
        (name, shards.reduce(0) { $0 + table($1).count }, shards.reduce(0) { $0 + table($1).byteCount })
    }

    /// Takes memory for keys to come in every table: see `KeyedTable`.
    package func makeReady(bytes: Int) { for shard in shards { shard.makeReady(bytes: bytes / shards.count) } }
}

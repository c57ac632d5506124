package import ClickModel

extension FeatureExtractor {
    /// Writes all state. What was written with one number of shards is read with any other.
    package func write(to writer: inout StateWriter) {
        writer.append(tag: "FEAT")
        writer.append(listsDigest)
        writer.append(shards.count)
        write(\.addresses, to: &writer)
        write(\.subnets, to: &writer)
        write(\.devices, to: &writer)
        write(\.users, to: &writer)
        write(\.ads, to: &writer)
        write(\.publishers, to: &writer)
        write(\.visitorAds, to: &writer)
        write(\.addressAds, to: &writer)
        write(\.subnetAdvertisers, to: &writer)
        write(\.agents, to: &writer)
    }

    /// A table of each shard, one run after the other.
    private func write<State: KeyState>(_ table: (FeatureShard) -> KeyedTable<State>, to writer: inout StateWriter) {
        for shard in shards { table(shard).write(to: &writer) }
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.expect(tag: "FEAT")
        let isSameLists = try reader.read(UInt64.self) == listsDigest
        let runs = try reader.read(Int.self)
        guard (1...Shards.maximum).contains(runs) else { throw StateError("snapshot of features has \(runs) shards") }
        try KeyedTable.restore(shards.map(\.addresses), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.subnets), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.devices), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.users), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.ads), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.publishers), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.visitorAds), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.addressAds), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.subnetAdvertisers), runs: runs, from: &reader)
        try KeyedTable.restore(shards.map(\.agents), runs: runs, from: &reader)
        guard !isSameLists else { return }
        // What the old lists said is asked again at each key's next click.
        for shard in shards {
            shard.agents.removeAll()
            shard.addresses.forEach { $0.listFlags |= FeatureShard.staleBit }
        }
    }
}

internal import CClickRecord
internal import ClickModel

extension FeatureShard {
    /// Bits of `AddressState.listFlags`.
    private static let hostingBit: UInt8 = 1
    private static let torBit: UInt8 = 2
    /// The flags were taken from other lists than the ones at hand.
    static let staleBit: UInt8 = 0x80

    func addressStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ selected: SelectedClicks, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = addresses.turn(of: place, clicks.columns.addresses, clicks) else {
                columns.setUnknown([
                    .ipClicks10s, .ipClicks1m, .ipClicks1h, .ipGapCV, .ipEqualGapShare, .ipSecondsSinceLast, .ipDistinctUsers1h,
                    .ipDistinctDevices1h, .ipDistinctAgents1h, .ipDistinctAds1h, .hostingAddress, .torExit], row)
                continue
            }
            if fresh || state.pointee.listFlags & Self.staleBit != 0 { state.pointee.listFlags = listFlags(selected[row]) }
            columns.set(.hostingAddress, row, hasHosting ? Float(state.pointee.listFlags & Self.hostingBit) : .nan)
            columns.set(.torExit, row, hasTor ? Float((state.pointee.listFlags & Self.torBit) >> 1) : .nan)
            if fresh {
                begin(state, clicks.columns, time, columns, row)
            } else {
                update(state, clicks.columns, time, columns, row)
            }
        }
    }

    private func listFlags(_ click: UnsafePointer<ClickRecord>) -> UInt8 {
        guard let lists, hasHosting || hasTor else { return 0 }
        let (high, low, version) = (click.pointee.ip_high, click.pointee.ip_low, click.pointee.ip_version)
        var flags: UInt8 = 0
        if lists.hosting?.contains(high: high, low: low, version: version) == true { flags |= Self.hostingBit }
        if lists.tor?.contains(high: high, low: low, version: version) == true { flags |= Self.torBit }
        return flags
    }

    /// The address's first click.
    @inline(__always)
    private func begin(
        _ s: UnsafeMutablePointer<AddressState>, _ clicks: ClickColumns, _ time: ClickTime, _ columns: FeatureColumns, _ row: Int
    ) {
        s.begin(time)
        columns.set([.ipClicks10s, .ipClicks1m, .ipClicks1h], row, 1)
        columns.setUnknown([.ipGapCV, .ipEqualGapShare, .ipSecondsSinceLast], row)
        let (visitor, device, agent) = (clicks.visitors[row], clicks.devices[row], clicks.agents[row])
        columns.set(.ipDistinctUsers1h, row, visitor == 0 ? .nan : s.pointee.users.begin(visitor))
        columns.set(.ipDistinctDevices1h, row, device == 0 ? .nan : s.pointee.devices.begin(device))
        columns.set(.ipDistinctAgents1h, row, agent == 0 ? .nan : s.pointee.agents.begin(agent))
        columns.set(.ipDistinctAds1h, row, s.pointee.ads.begin(clicks.ads[row]))
    }

    @inline(__always)
    private func update(
        _ s: UnsafeMutablePointer<AddressState>, _ clicks: ClickColumns, _ time: ClickTime, _ columns: FeatureColumns, _ row: Int
    ) {
        let lastSeen = s.pointee.lastSeen
        let counts = s.countClick(time)
        columns.set(.ipClicks10s, row, counts.tenSeconds)
        columns.set(.ipClicks1m, row, counts.minute)
        columns.set(.ipClicks1h, row, counts.hour)
        let (cv, equal) = s.pointee.gaps.add(milliseconds: time.now &- lastSeen, count: &s.pointee.gapCount)
        columns.set(.ipGapCV, row, cv)
        columns.set(.ipEqualGapShare, row, equal)
        columns.set(.ipSecondsSinceLast, row, Float(abs(time.now &- lastSeen)) / 1000)
        let generations = time.generations(since: lastSeen)
        s.pointee.users.rotate(generations)
        s.pointee.devices.rotate(generations)
        s.pointee.agents.rotate(generations)
        s.pointee.ads.rotate(generations)
        let (visitor, device, agent) = (clicks.visitors[row], clicks.devices[row], clicks.agents[row])
        columns.set(.ipDistinctUsers1h, row, visitor == 0 ? .nan : s.pointee.users.add(visitor))
        columns.set(.ipDistinctDevices1h, row, device == 0 ? .nan : s.pointee.devices.add(device))
        columns.set(.ipDistinctAgents1h, row, agent == 0 ? .nan : s.pointee.agents.add(agent))
        columns.set(.ipDistinctAds1h, row, s.pointee.ads.add(clicks.ads[row]))
        s.pointee.lastSeen = max(lastSeen, time.now)
    }

    func subnetStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        let (addresses, agents) = (clicks.columns.addresses, clicks.columns.agents)
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = subnets.turn(of: place, clicks.columns.subnets, clicks) else {
                columns.setUnknown([
                    .subnetClicks10s, .subnetClicks1m, .subnetClicks1h, .subnetDistinctIPs1h, .subnetDistinctAgents1h], row)
                continue
            }
            if fresh {
                state.begin(time)
                columns.set([.subnetClicks10s, .subnetClicks1m, .subnetClicks1h], row, 1)
                columns.set(.subnetDistinctIPs1h, row, state.pointee.addresses.begin(addresses[row]))
                columns.set(.subnetDistinctAgents1h, row, agents[row] == 0 ? .nan : state.pointee.agents.begin(agents[row]))
                continue
            }
            let lastSeen = state.pointee.lastSeen
            let counts = state.countClick(time)
            columns.set(.subnetClicks10s, row, counts.tenSeconds)
            columns.set(.subnetClicks1m, row, counts.minute)
            columns.set(.subnetClicks1h, row, counts.hour)
            let generations = time.generations(since: lastSeen)
            state.pointee.addresses.rotate(generations)
            state.pointee.agents.rotate(generations)
            columns.set(.subnetDistinctIPs1h, row, state.pointee.addresses.add(addresses[row]))
            columns.set(.subnetDistinctAgents1h, row, agents[row] == 0 ? .nan : state.pointee.agents.add(agents[row]))
            state.pointee.lastSeen = max(lastSeen, time.now)
        }
    }
}

internal import CClickRecord
internal import ClickModel

/// Hash keys of an address and of its network; not 0.
enum AddressKey {
    /// IPv4 whole; IPv6 by /64, for whoever has one address of a /64 has them all.
    @inline(__always)
    static func address(_ c: ClickRecord) -> UInt64 { c.ip_version == 4 ? fraud_mix(4, c.ip_low) : fraud_mix(6, c.ip_high) }

    /// IPv4 by /24, IPv6 by /48: about what one customer holds.
    @inline(__always)
    static func subnet(_ c: ClickRecord) -> UInt64 {
        c.ip_version == 4 ? fraud_mix(24, c.ip_low >> 8) : fraud_mix(48, c.ip_high >> 16)
    }
}

/// Whether a click tells visitors apart: an address alone does not, for many may share it.
enum Visitor {
    @inline(__always)
    static func isKnown(_ c: ClickRecord) -> Bool { c.user_hash | c.device_hash | c.agent_hash != 0 }
}

extension FeatureExtractor {
    /// Bits of `AddressState.listFlags`.
    private static let hostingBit: UInt8 = 1
    private static let torBit: UInt8 = 2
    /// The flags were taken from other lists than the ones at hand.
    static let staleBit: UInt8 = 0x80

    func addressStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            if row + Prefetch.keys < clicks.count { addresses.prefetchKeys(AddressKey.address(clicks[row + Prefetch.keys].pointee)) }
            if row + Prefetch.state < clicks.count { addresses.prefetchState(AddressKey.address(clicks[row + Prefetch.state].pointee)) }
            let c = clicks[row].pointee
            if c.ip_version == 0 {
                Self.unknownAddress(columns, row)
                continue
            }
            let (state, fresh) = addresses.state(of: AddressKey.address(c), now: c.ts_ms, horizon: clicks.horizon)
            if fresh || state.pointee.listFlags & Self.staleBit != 0 { state.pointee.listFlags = listFlags(c) }
            update(&state.pointee, c, fresh, columns, row)
        }
    }

    private func listFlags(_ c: ClickRecord) -> UInt8 {
        var flags: UInt8 = 0
        if lists?.hosting?.contains(high: c.ip_high, low: c.ip_low, version: c.ip_version) == true { flags |= Self.hostingBit }
        if lists?.tor?.contains(high: c.ip_high, low: c.ip_low, version: c.ip_version) == true { flags |= Self.torBit }
        return flags
    }

    private static func unknownAddress(_ columns: FeatureColumns, _ row: Int) {
        columns.setUnknown([
            .ipClicks10s, .ipClicks1m, .ipClicks1h, .ipGapCV, .ipEqualGapShare, .ipSecondsSinceLast, .ipDistinctUsers1h,
            .ipDistinctDevices1h, .ipDistinctAgents1h, .ipDistinctAds1h, .hostingAddress, .torExit], row)
    }

    @inline(__always)
    private func update(_ s: inout AddressState, _ c: ClickRecord, _ fresh: Bool, _ columns: FeatureColumns, _ row: Int) {
        let now = c.ts_ms
        if fresh {
            s.lastSeen = now
        } else if now >= s.lastSeen {
            s.gaps.add(Float(now - s.lastSeen) / 1000, count: &s.gapCount)
        }
        let generations = Generation.steps(from: s.lastSeen, to: now)
        let counts = s.rate.add(now: now, lastSeen: s.lastSeen)
        columns.set(.ipClicks10s, row, counts.tenSeconds)
        columns.set(.ipClicks1m, row, counts.minute)
        columns.set(.ipClicks1h, row, counts.hour)
        let (cv, equal) = s.gaps.regularity(count: s.gapCount)
        columns.set(.ipGapCV, row, cv)
        columns.set(.ipEqualGapShare, row, equal)
        columns.set(.ipSecondsSinceLast, row, fresh ? .nan : Float(abs(now - s.lastSeen)) / 1000)
        s.users.rotate(generations)
        s.devices.rotate(generations)
        s.agents.rotate(generations)
        s.ads.rotate(generations)
        columns.set(.ipDistinctUsers1h, row, Visitor.isKnown(c) ? s.users.add(c.visitor_hash) : .nan)
        columns.set(.ipDistinctDevices1h, row, c.device_hash == 0 ? .nan : s.devices.add(c.device_hash))
        columns.set(.ipDistinctAgents1h, row, c.agent_hash == 0 ? .nan : s.agents.add(c.agent_hash))
        columns.set(.ipDistinctAds1h, row, s.ads.add(c.ad_hash))
        columns.set(.hostingAddress, row, lists?.hosting == nil ? .nan : Float(s.listFlags & Self.hostingBit))
        columns.set(.torExit, row, lists?.tor == nil ? .nan : Float((s.listFlags & Self.torBit) >> 1))
        s.lastSeen = max(s.lastSeen, now)
    }

    func subnetStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            if row + Prefetch.keys < clicks.count { subnets.prefetchKeys(AddressKey.subnet(clicks[row + Prefetch.keys].pointee)) }
            if row + Prefetch.state < clicks.count { subnets.prefetchState(AddressKey.subnet(clicks[row + Prefetch.state].pointee)) }
            let c = clicks[row].pointee
            if c.ip_version == 0 {
                columns.setUnknown([
                    .subnetClicks10s, .subnetClicks1m, .subnetClicks1h, .subnetDistinctIPs1h, .subnetDistinctAgents1h], row)
                continue
            }
            let now = c.ts_ms
            let (state, fresh) = subnets.state(of: AddressKey.subnet(c), now: now, horizon: clicks.horizon)
            if fresh { state.pointee.lastSeen = now }
            let generations = Generation.steps(from: state.pointee.lastSeen, to: now)
            let counts = state.pointee.rate.add(now: now, lastSeen: state.pointee.lastSeen)
            columns.set(.subnetClicks10s, row, counts.tenSeconds)
            columns.set(.subnetClicks1m, row, counts.minute)
            columns.set(.subnetClicks1h, row, counts.hour)
            state.pointee.addresses.rotate(generations)
            state.pointee.agents.rotate(generations)
            columns.set(.subnetDistinctIPs1h, row, state.pointee.addresses.add(AddressKey.address(c)))
            columns.set(.subnetDistinctAgents1h, row, c.agent_hash == 0 ? .nan : state.pointee.agents.add(c.agent_hash))
            state.pointee.lastSeen = max(state.pointee.lastSeen, now)
        }
    }
}

internal import CClickRecord
internal import ClickModel
internal import Foundation

extension FeatureExtractor {
    /// Marks agents that the crawler list knows; the list is asked once per distinct agent.
    func agentStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        let crawlers = lists?.crawlers
        for row in 0..<clicks.count {
            let click = clicks[row]
            let key = click.pointee.agent_hash
            guard let crawlers, key != 0 else {
                columns.set(.knownCrawler, row, .nan)
                continue
            }
            if row + Prefetch.keys < clicks.count { agents.prefetchKeys(clicks[row + Prefetch.keys].pointee.agent_hash) }
            let now = click.pointee.ts_ms
            let (state, fresh) = agents.state(of: key, now: now, horizon: clicks.horizon)
            if fresh {
                let text = click.pointee.user_agent
                state.pointee.isCrawler = crawlers.matches(
                    UnsafeRawBufferPointer(start: clicks.arena + Int(text.offset), count: Int(text.length)))
            }
            state.pointee.lastSeen = fresh ? now : max(state.pointee.lastSeen, now)
            columns.set(.knownCrawler, row, state.pointee.isCrawler ? 1 : 0)
        }
    }

    func deviceStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            if row + Prefetch.keys < clicks.count { devices.prefetchKeys(clicks[row + Prefetch.keys].pointee.device_hash) }
            if row + Prefetch.state < clicks.count { devices.prefetchState(clicks[row + Prefetch.state].pointee.device_hash) }
            let click = clicks[row]
            let key = click.pointee.device_hash
            if key == 0 {
                Self.unknownDevice(columns, row)
                continue
            }
            let now = click.pointee.ts_ms
            let (state, fresh) = devices.state(of: key, now: now, horizon: clicks.horizon)
            Self.update(&state.pointee, click.pointee, now, fresh, columns, row)
        }
    }

    private static func unknownDevice(_ columns: FeatureColumns, _ row: Int) {
        columns.setUnknown([
            .deviceClicks10s, .deviceClicks1m, .deviceClicks1h, .deviceGapCV, .deviceEqualGapShare,
            .deviceSecondsSinceLast, .deviceAgeSeconds, .deviceDistinctIPs1h, .deviceDistinctSubnets1h,
            .travelSpeedKmh, .travelJumps1h, .pointerPathRepeats], row)
    }

    @inline(__always)
    private static func update(
        _ s: inout DeviceState, _ c: ClickRecord, _ now: Int64, _ fresh: Bool, _ columns: FeatureColumns, _ row: Int
    ) {
        if fresh {
            s.lastSeen = now
            s.firstSeen = now
        } else if now >= s.lastSeen {
            s.gaps.add(Float(now - s.lastSeen) / 1000, count: &s.gapCount)
        }
        let generations = Generation.steps(from: s.lastSeen, to: now)
        if generations > 0 { s.jumps >>= UInt8(min(7, generations)) }
        let counts = s.rate.add(now: now, lastSeen: s.lastSeen)
        columns.set(.deviceClicks10s, row, counts.tenSeconds)
        columns.set(.deviceClicks1m, row, counts.minute)
        columns.set(.deviceClicks1h, row, counts.hour)
        let (cv, equal) = s.gaps.regularity(count: s.gapCount)
        columns.set(.deviceGapCV, row, cv)
        columns.set(.deviceEqualGapShare, row, equal)
        columns.set(.deviceSecondsSinceLast, row, fresh ? .nan : Float(abs(now - s.lastSeen)) / 1000)
        columns.set(.deviceAgeSeconds, row, Float(max(0, now - s.firstSeen)) / 1000)
        s.addresses.rotate(generations)
        s.subnets.rotate(generations)
        let known = c.ip_version != 0
        columns.set(.deviceDistinctIPs1h, row, known ? s.addresses.add(AddressKey.address(c)) : .nan)
        columns.set(.deviceDistinctSubnets1h, row, known ? s.subnets.add(AddressKey.subnet(c)) : .nan)
        let speed = Travel.move(&s.position, &s.jumps, lat: c.lat, lon: c.lon, now: now)
        columns.set(.travelSpeedKmh, row, speed)
        columns.set(.travelJumps1h, row, speed.isNaN ? .nan : Float(s.jumps))
        columns.set(.pointerPathRepeats, row, pathRepeats(&s, c))
        s.lastSeen = max(s.lastSeen, now)
    }

    /// Repeats of the device's last pointer path, to 1 % in length, straightness and duration.
    @inline(__always)
    private static func pathRepeats(_ s: inout DeviceState, _ c: ClickRecord) -> Float {
        guard c.pointer_distance_px > 0, !c.pointer_straightness.isNaN, c.pointer_duration_ms > 0 else { return .nan }
        // Steps of 1 % on a logarithmic scale are the top 7 fraction bits of a float.
        let distance = UInt64(c.pointer_distance_px.bitPattern >> 16)
        let duration = UInt64(c.pointer_duration_ms.bitPattern >> 16)
        let straightness = UInt64(max(0, min(1, c.pointer_straightness)) * 100)
        let hash = UInt32(truncatingIfNeeded: fraud_mix(distance << 32 | duration, straightness + 1)) | 1
        if hash == s.pathHash {
            if s.pathRepeats < 255 { s.pathRepeats += 1 }
        } else {
            s.pathHash = hash
            s.pathRepeats = 0
        }
        return Float(s.pathRepeats)
    }

    func userStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            if row + Prefetch.keys < clicks.count { users.prefetchKeys(clicks[row + Prefetch.keys].pointee.user_hash) }
            if row + Prefetch.state < clicks.count { users.prefetchState(clicks[row + Prefetch.state].pointee.user_hash) }
            let c = clicks[row].pointee
            if c.user_hash == 0 {
                columns.set(.userClicks10s, row, .nan)
                columns.set(.userClicks1m, row, .nan)
                columns.set(.userClicks1h, row, .nan)
                continue
            }
            let now = c.ts_ms
            let (state, fresh) = users.state(of: c.user_hash, now: now, horizon: clicks.horizon)
            if fresh { state.pointee.lastSeen = now }
            let generations = Generation.steps(from: state.pointee.lastSeen, to: now)
            if generations > 0 { state.pointee.jumps >>= UInt8(min(7, generations)) }
            let counts = state.pointee.rate.add(now: now, lastSeen: state.pointee.lastSeen)
            columns.set(.userClicks10s, row, counts.tenSeconds)
            columns.set(.userClicks1m, row, counts.minute)
            columns.set(.userClicks1h, row, counts.hour)
            let speed = Travel.move(&state.pointee.position, &state.pointee.jumps, lat: c.lat, lon: c.lon, now: now)
            if !speed.isNaN {
                let jumps = Float(state.pointee.jumps)
                let (byDevice, deviceJumps) = (columns.get(.travelSpeedKmh, row), columns.get(.travelJumps1h, row))
                columns.set(.travelSpeedKmh, row, byDevice > speed ? byDevice : speed)
                columns.set(.travelJumps1h, row, deviceJumps > jumps ? deviceJumps : jumps)
            }
            state.pointee.lastSeen = max(state.pointee.lastSeen, now)
        }
    }
}

/// Travel between two clicks of one key.
enum Travel {
    /// Error allowed to the two positions together, km: GeoIP is often a few hundred off.
    static let allowanceKm: Float = 300
    static let impossibleKmh: Float = 1000

    /// Moves the key to a new position; returns the speed it took since the last known one in km/h, over at least a minute; NaN when a position is unknown.
    /// A jump over 1,000 km/h is counted.
    @inline(__always)
    static func move(_ position: inout Position, _ jumps: inout UInt8, lat: Float, lon: Float, now: Int64) -> Float {
        guard !lat.isNaN, !lon.isNaN else { return .nan }
        let before = position
        position = Position(lat: lat, lon: lon, seen: now)
        guard !before.lat.isNaN else { return .nan }
        if before.lat == lat && before.lon == lon { return 0 }
        let distance = kilometres(before, position) - allowanceKm
        guard distance > 0 else { return 0 }
        let hours = Float(max(60_000, abs(now - before.seen))) / 3_600_000
        let speed = distance / hours
        if speed > impossibleKmh, jumps < 255 { jumps += 1 }
        return speed
    }

    /// Great-circle distance by the haversine formula on a sphere of 6,371 km.
    @inline(never)
    static func kilometres(_ a: Position, _ b: Position) -> Float {
        let radians = Float.pi / 180
        let dLat = sin((b.lat - a.lat) * radians / 2)
        let dLon = sin((b.lon - a.lon) * radians / 2)
        let h = dLat * dLat + cos(a.lat * radians) * cos(b.lat * radians) * dLon * dLon
        return 2 * 6371 * asin(min(1, h.squareRoot()))
    }
}

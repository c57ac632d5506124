internal import CClickRecord
internal import ClickModel
internal import Foundation

extension FeatureShard {
    /// Marks agents that the crawler list knows; the list is asked once per distinct agent.
    func agentStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ selected: SelectedClicks, _ columns: FeatureColumns) {
        guard hasCrawlers else {
            for place in 0..<clicks.count { columns.set(.knownCrawler, clicks[place], .nan) }
            return
        }
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = agents.turn(of: place, clicks.columns.agents, clicks) else {
                columns.set(.knownCrawler, row, .nan)
                continue
            }
            if fresh { state.pointee.isCrawler = isCrawler(selected, row) }
            state.pointee.lastSeen = fresh ? time.now : max(state.pointee.lastSeen, time.now)
            columns.set(.knownCrawler, row, state.pointee.isCrawler ? 1 : 0)
        }
    }

    @inline(never)
    private func isCrawler(_ selected: SelectedClicks, _ row: Int) -> Bool {
        let text = selected[row].pointee.user_agent
        return lists?.crawlers?.matches(UnsafeRawBufferPointer(start: selected.arena + Int(text.offset), count: Int(text.length))) == true
    }

    func deviceStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = devices.turn(of: place, clicks.columns.devices, clicks) else {
                columns.setUnknown([
                    .deviceClicks10s, .deviceClicks1m, .deviceClicks1h, .deviceGapCV, .deviceEqualGapShare,
                    .deviceSecondsSinceLast, .deviceAgeSeconds, .deviceDistinctIPs1h, .deviceDistinctSubnets1h,
                    .travelSpeedKmh, .travelJumps1h, .pointerPathRepeats], row)
                continue
            }
            if fresh {
                Self.begin(state, clicks.columns, time, columns, row)
            } else {
                Self.update(state, clicks.columns, time, columns, row)
            }
            columns.set(.pointerPathRepeats, row, Self.pathRepeats(state, clicks.columns.paths[row]))
        }
    }

    /// The device's first click.
    @inline(__always)
    private static func begin(
        _ s: UnsafeMutablePointer<DeviceState>, _ clicks: ClickColumns, _ time: ClickTime, _ columns: FeatureColumns, _ row: Int
    ) {
        s.begin(time)
        s.pointee.firstSeen = time.now
        columns.set([.deviceClicks10s, .deviceClicks1m, .deviceClicks1h], row, 1)
        columns.set(.deviceAgeSeconds, row, 0)
        columns.setUnknown([.deviceGapCV, .deviceEqualGapShare, .deviceSecondsSinceLast, .travelSpeedKmh, .travelJumps1h], row)
        let address = clicks.addresses[row]
        columns.set(.deviceDistinctIPs1h, row, address == 0 ? .nan : s.pointee.addresses.begin(address))
        columns.set(.deviceDistinctSubnets1h, row, address == 0 ? .nan : s.pointee.subnets.begin(clicks.subnets[row]))
        s.pointee.position.begin(clicks.positions[row], time.now)
    }

    @inline(__always)
    private static func update(
        _ s: UnsafeMutablePointer<DeviceState>, _ clicks: ClickColumns, _ time: ClickTime, _ columns: FeatureColumns, _ row: Int
    ) {
        let lastSeen = s.pointee.lastSeen
        let counts = s.countClick(time)
        columns.set(.deviceClicks10s, row, counts.tenSeconds)
        columns.set(.deviceClicks1m, row, counts.minute)
        columns.set(.deviceClicks1h, row, counts.hour)
        let (cv, equal) = s.pointee.gaps.add(milliseconds: time.now &- lastSeen, count: &s.pointee.gapCount)
        columns.set(.deviceGapCV, row, cv)
        columns.set(.deviceEqualGapShare, row, equal)
        columns.set(.deviceSecondsSinceLast, row, Float(abs(time.now &- lastSeen)) / 1000)
        columns.set(.deviceAgeSeconds, row, Float(max(0, time.now &- s.pointee.firstSeen)) / 1000)
        let generations = time.generations(since: lastSeen)
        if generations > 0 { s.pointee.jumps >>= UInt8(min(7, generations)) }
        s.pointee.addresses.rotate(generations)
        s.pointee.subnets.rotate(generations)
        let address = clicks.addresses[row]
        columns.set(.deviceDistinctIPs1h, row, address == 0 ? .nan : s.pointee.addresses.add(address))
        columns.set(.deviceDistinctSubnets1h, row, address == 0 ? .nan : s.pointee.subnets.add(clicks.subnets[row]))
        let speed = Travel.move(&s.pointee.position, &s.pointee.jumps, to: clicks.positions[row], now: time.now)
        columns.set(.travelSpeedKmh, row, speed)
        columns.set(.travelJumps1h, row, speed.isNaN ? .nan : Float(s.pointee.jumps))
        s.pointee.lastSeen = max(lastSeen, time.now)
    }

    /// Repeats of the device's last pointer path.
    @inline(__always)
    private static func pathRepeats(_ s: UnsafeMutablePointer<DeviceState>, _ path: UInt32) -> Float {
        guard path != 0 else { return .nan }
        if path == s.pointee.pathHash {
            if s.pointee.pathRepeats < 255 { s.pointee.pathRepeats += 1 }
        } else {
            s.pointee.pathHash = path
            s.pointee.pathRepeats = 0
        }
        return Float(s.pointee.pathRepeats)
    }

    func userStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = users.turn(of: place, clicks.columns.users, clicks) else {
                columns.setUnknown([.userClicks10s, .userClicks1m, .userClicks1h], row)
                continue
            }
            if fresh {
                state.begin(time)
                columns.set([.userClicks10s, .userClicks1m, .userClicks1h], row, 1)
                // No travel without a place to come from.
                state.pointee.position.begin(clicks.columns.positions[row], time.now)
                continue
            }
            let lastSeen = state.pointee.lastSeen
            let generations = time.generations(since: lastSeen)
            if generations > 0 { state.pointee.jumps >>= UInt8(min(7, generations)) }
            let counts = state.countClick(time)
            columns.set(.userClicks10s, row, counts.tenSeconds)
            columns.set(.userClicks1m, row, counts.minute)
            columns.set(.userClicks1h, row, counts.hour)
            let speed = Travel.move(&state.pointee.position, &state.pointee.jumps, to: clicks.columns.positions[row], now: time.now)
            if !speed.isNaN {
                let jumps = Float(state.pointee.jumps)
                let (byDevice, deviceJumps) = (columns.get(.travelSpeedKmh, row), columns.get(.travelJumps1h, row))
                columns.set(.travelSpeedKmh, row, byDevice > speed ? byDevice : speed)
                columns.set(.travelJumps1h, row, deviceJumps > jumps ? deviceJumps : jumps)
            }
            state.pointee.lastSeen = max(lastSeen, time.now)
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
    static func move(_ position: inout Position, _ jumps: inout UInt8, to place: (lat: Float, lon: Float), now: Int64) -> Float {
        let (lat, lon) = place
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

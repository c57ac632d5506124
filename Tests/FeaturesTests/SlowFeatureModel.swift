import CClickRecord
import ClickModel
import Features

/// Features recomputed from whole histories, with lists and loops: the obvious model that checks the fast one.
struct SlowFeatureModel {
    private var histories: [String: [ClickRecord]] = [:]
    private var previousSuspects: [Bool] = []

    /// The clicks of a key up to and with `click`, forgetting those before a silence of two hours.
    private mutating func history(_ key: String, adding click: ClickRecord, timeToLive: Int64 = 7_200_000) -> [ClickRecord] {
        var clicks = histories[key] ?? []
        if let latest = clicks.map(\.ts_ms).max(), latest + timeToLive <= click.ts_ms { clicks = [] }
        clicks.append(click)
        histories[key] = clicks
        return clicks
    }

    /// Clicks in the six panes that end with the pane of the last click, and in that pane alone.
    private func panes(_ clicks: [ClickRecord], pane: Int64) -> (last: Float, six: Float) {
        let own = clicks.last!.ts_ms / pane
        let newest = clicks.map { $0.ts_ms / pane }.max()!
        let counted = clicks.map { $0.ts_ms / pane }.filter { $0 > newest - 6 && $0 <= own }
        // A click from before all panes counts itself alone.
        return (Float(max(1, counted.count { $0 == own })), Float(max(1, counted.count)))
    }

    private func distinct(_ clicks: [ClickRecord], bits: Int, _ hash: (ClickRecord) -> UInt64?) -> Float {
        // Generations move on with the largest time seen; an out-of-order click counts into the newest.
        var newest = clicks[0].ts_ms
        var marks: [(generation: Int64, bit: UInt64)] = []
        for click in clicks {
            newest = max(newest, click.ts_ms)
            if let hash = hash(click) { marks.append((newest / 1_800_000, hash >> UInt64(64 - (bits == 64 ? 6 : 5)))) }
        }
        let live = Set(marks.filter { $0.generation >= newest / 1_800_000 - 1 }.map(\.bit))
        let set = min(live.count, bits - 1)
        return Float((0..<set).reduce(0.0) { $0 + Double(bits) / Double(bits - $1) }.rounded())
    }

    private func gaps(_ clicks: [ClickRecord]) -> [Float] {
        var all: [Float] = []
        var newest = clicks[0].ts_ms
        for click in clicks.dropFirst() {
            if click.ts_ms >= newest { all.append(Float(click.ts_ms - newest) / 1000) }
            newest = max(newest, click.ts_ms)
        }
        return Array(all.suffix(8))
    }

    /// Feature values by name that this model knows; a missing name is not checked.
    mutating func features(of click: ClickRecord) -> [Feature: Float] {
        var out: [Feature: Float] = [:]
        func rates(_ clicks: [ClickRecord]?, _ features: (Feature, Feature, Feature)) {
            guard let clicks else {
                (out[features.0], out[features.1], out[features.2]) = (.nan, .nan, .nan)
                return
            }
            let short = panes(clicks, pane: 10_000)
            (out[features.0], out[features.1], out[features.2]) = (short.last, short.six, panes(clicks, pane: 600_000).six)
        }
        let hasIP = click.ip_version != 0
        let ip = hasIP ? history("ip\(click.ip_high)/\(click.ip_low)", adding: click) : nil
        let subnet = hasIP ? history("net\(click.ip_low >> 8)", adding: click) : nil
        let device = click.device_hash != 0 ? history("dev\(click.device_hash)", adding: click) : nil
        let user = click.user_hash != 0 ? history("user\(click.user_hash)", adding: click) : nil
        let publisher = history("pub\(click.publisher_hash)", adding: click, timeToLive: 86_400_000)
        rates(ip, (.ipClicks10s, .ipClicks1m, .ipClicks1h))
        rates(subnet, (.subnetClicks10s, .subnetClicks1m, .subnetClicks1h))
        rates(device, (.deviceClicks10s, .deviceClicks1m, .deviceClicks1h))
        rates(user, (.userClicks10s, .userClicks1m, .userClicks1h))
        rates(history("ad\(click.ad_hash)", adding: click, timeToLive: 86_400_000), (.adClicks10s, .adClicks1m, .adClicks1h))
        rates(publisher, (.publisherClicks10s, .publisherClicks1m, .publisherClicks1h))
        patterns(ip: ip, subnet: subnet, device: device, click, &out)
        pairs(click, &out)
        return out
    }

    private func patterns(ip: [ClickRecord]?, subnet: [ClickRecord]?, device: [ClickRecord]?, _ click: ClickRecord, _ out: inout [Feature: Float]) {
        for (clicks, cv, share) in [(ip, Feature.ipGapCV, Feature.ipEqualGapShare), (device, .deviceGapCV, .deviceEqualGapShare)] {
            let last = clicks.map(gaps) ?? []
            out[cv] = .nan
            out[share] = .nan
            guard last.count >= 4 else { continue }
            let mean = last.reduce(0, +) / Float(last.count)
            let variance = last.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(last.count)
            let median = last.sorted()[(last.count - 1) / 2]
            out[cv] = mean > 0 ? variance.squareRoot() / mean : 0
            out[share] = Float(last.count { abs($0 - median) <= max(0.02, 0.05 * median) }) / Float(last.count)
        }
        func since(_ clicks: [ClickRecord]?) -> Float {
            guard let clicks, clicks.count > 1 else { return .nan }
            return Float(abs(click.ts_ms - clicks.dropLast().map(\.ts_ms).max()!)) / 1000
        }
        out[.ipSecondsSinceLast] = since(ip)
        out[.deviceSecondsSinceLast] = since(device)
        out[.deviceAgeSeconds] = device.map { Float(max(0, click.ts_ms - $0[0].ts_ms)) / 1000 } ?? .nan
        func mixed(_ c: ClickRecord) -> UInt64? { c.ip_version == 0 ? nil : fraud_mix(4, c.ip_low) }
        func network(_ c: ClickRecord) -> UInt64? { c.ip_version == 0 ? nil : fraud_mix(24, c.ip_low >> 8) }
        func known(_ value: UInt64) -> UInt64? { value == 0 ? nil : value }
        let hasIP = click.ip_version != 0
        out[.deviceDistinctIPs1h] = hasIP ? device.map { distinct($0, bits: 64, mixed) } ?? .nan : .nan
        out[.deviceDistinctSubnets1h] = hasIP ? device.map { distinct($0, bits: 64, network) } ?? .nan : .nan
        func tellsApart(_ c: ClickRecord) -> Bool { c.user_hash != 0 || c.device_hash != 0 || c.agent_hash != 0 }
        out[.ipDistinctUsers1h] = !tellsApart(click) ? .nan : ip.map { distinct($0, bits: 64) { tellsApart($0) ? $0.visitor_hash : nil } } ?? .nan
        out[.ipDistinctDevices1h] = click.device_hash == 0 ? .nan : ip.map { distinct($0, bits: 64) { known($0.device_hash) } } ?? .nan
        out[.ipDistinctAgents1h] = click.agent_hash == 0 ? .nan : ip.map { distinct($0, bits: 32) { known($0.agent_hash) } } ?? .nan
        out[.ipDistinctAds1h] = ip.map { distinct($0, bits: 32) { $0.ad_hash } } ?? .nan
        out[.subnetDistinctIPs1h] = subnet.map { distinct($0, bits: 64, mixed) } ?? .nan
    }

    private mutating func pairs(_ click: ClickRecord, _ out: inout [Feature: Float]) {
        out[.visitorAdClicks1h] = .nan
        out[.visitorAdSecondsSinceLast] = .nan
        if click.user_hash != 0 || click.device_hash != 0 || click.agent_hash != 0 {
            let clicks = history("va\(click.visitor_hash)/\(click.ad_hash)", adding: click)
            out[.visitorAdClicks1h] = panes(clicks, pane: 600_000).six
            if clicks.count > 1 {
                out[.visitorAdSecondsSinceLast] = Float(abs(click.ts_ms - clicks.dropLast().map(\.ts_ms).max()!)) / 1000
            }
        }
        out[.ipAdClicks1h] = .nan
        out[.subnetAdvertiserClicks1h] = .nan
        if click.ip_version != 0 {
            out[.ipAdClicks1h] = panes(history("ia\(click.ip_low)/\(click.ad_hash)", adding: click), pane: 600_000).six
            out[.subnetAdvertiserClicks1h] = panes(
                history("na\(click.ip_low >> 8)/\(click.advertiser_hash)", adding: click), pane: 600_000).six
        }
    }
}

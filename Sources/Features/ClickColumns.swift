internal import CClickRecord
internal import ClickModel

/// What the keyed stages need of a batch's clicks, column by column, gathered in one pass over the records: a record is seven
/// cache lines, and ten stages would read it ten times.
///
/// Unknown keys are 0. It owns its memory; one thread uses it.
final class ClickColumns {
    /// Clicks gathered at once; longer batches are extracted in pieces.
    static let capacity = ClickBatch.defaultCapacity

    /// A key of 64 bits a click.
    typealias Keys = UnsafeMutablePointer<UInt64>

    let times: UnsafeMutablePointer<ClickTime>
    let ads, publishers, users, devices, agents: Keys
    /// Who clicked, where that tells visitors apart; 0 where it does not.
    let visitors: Keys
    let addresses, subnets, visitorAds, addressAds, subnetAdvertisers: Keys
    let positions: UnsafeMutablePointer<(lat: Float, lon: Float)>
    /// Fingerprint of the pointer path to 1 %; 0 without one.
    let paths: UnsafeMutablePointer<UInt32>

    private static let keyColumns = 11
    private let memory: UnsafeMutableRawPointer

    init() {
        let n = Self.capacity
        memory = .allocate(byteCount: n * (Self.keyColumns * 8 + MemoryLayout<ClickTime>.stride + 8 + 4), alignment: 64)
        let words = memory.bindMemory(to: UInt64.self, capacity: n * Self.keyColumns)
        (ads, publishers, users, devices, agents) = (words, words + n, words + 2 * n, words + 3 * n, words + 4 * n)
        visitors = words + 5 * n
        (addresses, subnets) = (words + 6 * n, words + 7 * n)
        (visitorAds, addressAds, subnetAdvertisers) = (words + 8 * n, words + 9 * n, words + 10 * n)
        var rest = memory + n * Self.keyColumns * 8
        times = rest.bindMemory(to: ClickTime.self, capacity: n)
        rest += n * MemoryLayout<ClickTime>.stride
        positions = rest.bindMemory(to: (lat: Float, lon: Float).self, capacity: n)
        paths = (rest + n * 8).bindMemory(to: UInt32.self, capacity: n)
    }

    deinit { memory.deallocate() }

    /// Takes a click into a row.
    @inline(__always)
    func gather(_ click: UnsafePointer<ClickRecord>, _ row: Int) {
        let (user, device, agent) = (click.pointee.user_hash, click.pointee.device_hash, click.pointee.agent_hash)
        // Every click has an ad; a hash of 0 would read as none.
        let ad = max(1, click.pointee.ad_hash)
        let visitor = user | device | agent == 0 ? 0 : click.pointee.visitor_hash
        times[row] = ClickTime(click.pointee.ts_ms)
        ads[row] = ad
        publishers[row] = click.pointee.publisher_hash
        users[row] = user
        devices[row] = device
        agents[row] = agent
        visitors[row] = visitor
        visitorAds[row] = visitor == 0 ? 0 : fraud_mix(visitor, ad)
        let (address, subnet) = AddressKey.both(click)
        addresses[row] = address
        subnets[row] = subnet
        addressAds[row] = address == 0 ? 0 : fraud_mix(address, ad)
        subnetAdvertisers[row] = address == 0 ? 0 : fraud_mix(subnet, click.pointee.advertiser_hash)
        positions[row] = (click.pointee.lat, click.pointee.lon)
        paths[row] = PointerPath.fingerprint(click)
    }
}

/// Hash keys of an address and of its network; not 0.
enum AddressKey {
    /// The address: IPv4 whole, IPv6 by /64, for whoever has one address of a /64 has them all. Its network: IPv4 by /24, IPv6
    /// by /48, about what one customer holds. 0 and 0 without an address.
    @inline(__always)
    static func both(_ click: UnsafePointer<ClickRecord>) -> (address: UInt64, subnet: UInt64) {
        let (high, low) = (click.pointee.ip_high, click.pointee.ip_low)
        switch click.pointee.ip_version {
        case 0: return (0, 0)
        case 4: return (fraud_mix(4, low), fraud_mix(24, low >> 8))
        default: return (fraud_mix(6, high), fraud_mix(48, high >> 16))
        }
    }
}

/// Pointer paths that look the same, to 1 % in length, straightness and duration.
enum PointerPath {
    /// Not 0, or 0 for a click without a path.
    @inline(__always)
    static func fingerprint(_ click: UnsafePointer<ClickRecord>) -> UInt32 {
        let (length, straightness, duration) = (click.pointee.pointer_distance_px, click.pointee.pointer_straightness, click.pointee.pointer_duration_ms)
        guard length > 0, !straightness.isNaN, duration > 0 else { return 0 }
        // Steps of 1 % on a logarithmic scale are the top 7 fraction bits of a float.
        let steps = UInt64(length.bitPattern >> 16) << 32 | UInt64(duration.bitPattern >> 16)
        let share = UInt64(max(0, min(1, straightness)) * 100)
        return UInt32(truncatingIfNeeded: fraud_mix(steps, share + 1)) | 1
    }
}

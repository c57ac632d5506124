/// The rules of a partition's watermark, over the list of its events since the maximum last changed its mind.
struct PartitionModel {
    var maximum: Int64?
    /// Events that vouch for the maximum.
    var supporters = 0
    var recent: [Int64] = []
    var isConfirmed = false
    let jumpBound: Int64

    var isVouched: Bool { supporters > 1 }

    mutating func seed(_ times: [Int64]) -> Bool {
        guard let least = times.min(), let greatest = times.max() else { return false }
        if let maximum, isVouched || greatest >= maximum - jumpBound { return false }
        (maximum, supporters, recent, isConfirmed) = (least, 0, [], false)
        return true
    }

    /// Returns the ordinary step the maximum made; 0 for none, and for jumps.
    mutating func observe(_ ts: Int64) -> Int64 {
        guard let top = maximum else {
            (maximum, supporters, isConfirmed) = (ts, 1, true)
            return 0
        }
        if abs(ts - top) <= jumpBound {
            supporters += 1
            maximum = max(top, ts)
            recent = []
            isConfirmed = true
            return max(0, ts - top)
        }
        recent.append(ts)
        let last = recent.suffix(8)
        guard last.count == 8 else { return 0 }
        if last.allSatisfy({ $0 > top + jumpBound }) {
            (maximum, supporters, recent, isConfirmed) = (last.min(), 8, [], false)
        } else if !isVouched, last.allSatisfy({ $0 < top - jumpBound }) {
            (maximum, supporters, recent) = (last.max(), 1, [])
            if abs(ts - last.max()!) <= jumpBound { isConfirmed = true }
        }
        return 0
    }
}

/// The stream's watermark by its definition: lists, dictionaries, everything taken anew at each step.
struct StreamWatermarkModel {
    struct Open {
        var source: UInt64
        var partition: PartitionModel
        var clock: Int64
        var lastSeen: Int64
    }

    let disorder: Int64
    let jumpBound: Int64
    let idle: Int64
    var slots: [Int: Open] = [:]
    var closed: [(source: UInt64, partition: PartitionModel)] = []
    var elapsed: Int64 = 0
    var floor: Int64?
    var current = Int64.min

    mutating func open(_ source: UInt64) -> Int {
        if let slot = slots.first(where: { $0.value.source == source }) { return slot.key }
        let slot = (0..<64).first { slots[$0] == nil }!
        var known = closed.first { $0.source == source }?.partition
        known?.isConfirmed = false
        closed.removeAll { $0.source == source }
        slots[slot] = Open(source: source, partition: known ?? PartitionModel(jumpBound: jumpBound), clock: elapsed, lastSeen: elapsed)
        return slot
    }

    mutating func seed(_ slot: Int, _ times: [Int64]) {
        _ = slots[slot]!.partition.seed(times)
    }

    mutating func observe(_ slot: Int, _ ts: Int64) {
        var at = slots[slot]!
        if elapsed - at.lastSeen > idle { at.clock = elapsed }
        let step = at.partition.observe(ts)
        if slots.count > 1 {
            at.clock += min(step, idle / 8 + 1)
            elapsed = max(elapsed, at.clock)
        }
        at.lastSeen = elapsed
        slots[slot] = at
        update()
    }

    mutating func close(_ slot: Int) {
        let ended = slots.removeValue(forKey: slot)!
        if ended.partition.maximum != nil { closed.append((ended.source, ended.partition)) }
        closed = closed.suffix(1024)
        update()
    }

    func mergeTime(_ slot: Int, _ ts: Int64) -> Int64 {
        guard let maximum = slots[slot]!.partition.maximum else { return ts }
        return ts > maximum + jumpBound ? maximum : ts
    }

    private mutating func update() {
        let candidates = slots.values.filter { at in
            at.partition.maximum != nil && (slots.count == 1 || elapsed - at.lastSeen <= idle)
        }
        guard let least = candidates.map({ $0.partition.maximum! }).min() else { return }
        let holders = candidates.filter { $0.partition.maximum == least }
        guard slots.count == 1 || holders.contains(where: \.partition.isConfirmed) else { return }
        if holders.allSatisfy(\.partition.isVouched) { floor = max(floor ?? .min, least - disorder) }
        current = max(floor ?? .min, least - disorder)
    }
}

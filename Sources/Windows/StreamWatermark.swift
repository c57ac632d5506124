internal import ClickModel

/// How far event time has come in a stream of several source partitions: the least of their watermarks.
///
/// Each partition has a `Watermark` of its own, with its rules for corrupt times and gaps. The stream's is the least over
/// the partitions that are open, have a maximum and are not idle, when one that holds it is confirmed; else it stays.
///
/// - *Idle* is a partition without an event for more than `idleMilliseconds` of the others' event time. That time is what
///   the fastest partition's maximum moves on in ordinary steps, each of which counts for an eighth of the limit at most:
///   eight events at least, and no jump, put a partition aside. A partition that still delivers, however old, is not idle.
/// - *Confirmed* is a partition of which an event within `jumpBound` of the maximum came since it was opened, seeded, or
///   made a jump believed; or that is the only one open. Others hold the minimum back, they do not move it on. When
///   partitions are merged by `mergeTime`, the 8 events that make a jump believed are read early, but the one that confirms
///   it in its turn: neither a gap in one file nor a file that begins later makes late what others have before.
/// - *Closed* partitions leave the minimum. What is known of the 1024 sources closed last comes back when they are opened
///   again; an older one starts as new.
/// - *Opening* and *seeding* move nothing: the minimum is taken anew at the next event or close. Whoever opens several
///   partitions opens and seeds all of them first.
/// - *Never back*, but out of a provisional state: the greatest value that was reached while all partitions that hold the
///   minimum were vouched for is a floor. A file that is opened when others have gone past its times does not reopen their
///   windows; one click dated years ahead, alone in a file, does not make the next file late.
///
/// With a single partition that is never seeded this is its `Watermark`.
package struct StreamWatermark: ~Copyable, @unchecked Sendable {
    struct Partition: BitwiseCopyable, Sendable {
        var source: UInt64
        var watermark: Watermark
        var isConfirmed = false
        /// How far it has come on the stream's clock, and what that showed at its last event.
        var clock: Int64 = 0
        var lastSeen: Int64 = 0
    }

    /// Partitions that can be open at once.
    package static let maximumOpen = 64
    /// Closed sources that are remembered.
    package static let maximumClosed = 1024

    /// For how much of the others' event time a partition may be silent before they go on without it, ms.
    package let idleMilliseconds: Int64
    /// The settings of every partition: a watermark before its first event.
    let blank: Watermark

    /// The stream's watermark, epoch ms; `Int64.min` before the first event.
    package internal(set) var current: Int64
    /// What `current` will never fall below: what may be forgotten for good goes by this.
    package internal(set) var floor: Int64
    /// The stream's clock: event time that has gone by while several partitions were open, ms.
    var elapsed: Int64
    /// Whether partitions were opened since the minimum was taken.
    var isStale: Bool
    /// What the minimum was last taken from, so that most events need not take it anew: the least maximum (`Int64.max`:
    /// unknown), and the clock at the last event of the partition that was silent the longest.
    private var leastMaximum: Int64
    private var leastSeen: Int64
    /// Bit n is set when slot n is open.
    var openSlots: UInt64
    /// By slot, in memory of their own: to look at one element of an `InlineArray` takes a copy of all of them.
    /// Not a `let`, for which Swift 6.3 makes no valid code when it builds with ThreadSanitizer.
    private(set) var partitions: UnsafeMutablePointer<Partition>
    /// The one closed last is at the end.
    var closed: [Partition]

    /// - Parameters:
    ///   - outOfOrdernessMilliseconds: how late an event may come without being behind its partition's watermark.
    ///   - jumpBoundMilliseconds: the greatest step ahead that one event may cause.
    ///   - idleMilliseconds: for how much of the others' event time a partition may be silent before they go on without it.
    package init(
        outOfOrdernessMilliseconds: Int64 = 5_000, jumpBoundMilliseconds: Int64 = EventTime.millisecondsPerHour,
        idleMilliseconds: Int64 = 60_000
    ) {
        precondition(idleMilliseconds >= 0)
        self.idleMilliseconds = min(idleMilliseconds, EventBounds.greatest)
        blank = Watermark(outOfOrdernessMilliseconds: outOfOrdernessMilliseconds, jumpBoundMilliseconds: jumpBoundMilliseconds)
        (current, floor, elapsed, isStale) = (.min, .min, 0, false)
        (openSlots, leastMaximum, leastSeen) = (0, .max, 0)
        partitions = .allocate(capacity: Self.maximumOpen)
        partitions.initialize(repeating: Partition(source: 0, watermark: blank), count: Self.maximumOpen)
        closed = []
    }

    deinit { partitions.deallocate() }

    /// Partitions that are open.
    package var openCount: Int { openSlots.nonzeroBitCount }

    /// The source that has a slot; nil when the slot is free.
    package func source(_ slot: Int) -> UInt64? { isOpen(slot) ? partitions[slot].source : nil }

    /// Opens a source, with what is known of it from before. One that is open keeps its slot.
    ///
    /// - Parameter source: hash of the source's key.
    /// - Returns: its slot, the lowest free one.
    /// - Complexity: O(open + closed). Traps when `maximumOpen` are open.
    package mutating func open(source: UInt64) -> Int {
        var rest = openSlots
        while rest != 0 {
            let slot = rest.trailingZeroBitCount
            if partitions[slot].source == source { return slot }
            rest &= rest - 1
        }
        precondition(openCount < Self.maximumOpen, "too many open sources")
        let slot = (~openSlots).trailingZeroBitCount
        if let known = closed.lastIndex(where: { $0.source == source }) {
            partitions[slot] = closed.remove(at: known)
        } else {
            partitions[slot] = Partition(source: source, watermark: blank)
        }
        partitions[slot].isConfirmed = false
        partitions[slot].clock = elapsed
        partitions[slot].lastSeen = elapsed
        openSlots |= 1 << UInt64(slot)
        isStale = true
        return slot
    }

    /// Tells a partition that has no maximum yet the times of its first events, which are still to be observed: it starts
    /// from the least of them. One that has a maximum is left alone, but for a provisional one as `Watermark.seed` says.
    /// O(times + open).
    package mutating func seed(_ slot: Int, times: UnsafeBufferPointer<Int64>) {
        precondition(isOpen(slot), "no such partition")
        guard partitions[slot].watermark.seed(times) else { return }
        partitions[slot].isConfirmed = false
        // Others may be seeded yet: the first of them is not alone for long.
        isStale = true
    }

    /// Takes note of an event's time, epoch ms; `Int64.min` is none and is ignored.
    ///
    /// - Complexity: O(open) when the partition held the minimum, or another may have become idle; else O(1). No allocation.
    @inline(__always)
    package mutating func observe(_ slot: Int, _ time: Int64) {
        precondition(isOpen(slot), "no such partition")
        guard time != .min else { return }
        let (before, wasProvisional) = (partitions[slot].watermark.maximum, partitions[slot].watermark.isProvisional)
        partitions[slot].watermark.observe(time)
        let after = partitions[slot].watermark.maximum
        var isChanged = after != before || partitions[slot].watermark.isProvisional != wasProvisional
        let isTurned = noteStep(slot, from: before, EventBounds.clamp(time))
        // A partition that stays above the least one changes nothing, unless a silent one became idle.
        if min(before, after) > leastMaximum && elapsed - leastSeen <= idleMilliseconds { isChanged = false }
        if isChanged || isTurned || isStale { takeMinimum() }
    }

    /// Ends a partition: it leaves the minimum and is remembered, unless it had no event. O(open + closed).
    package mutating func close(_ slot: Int) {
        precondition(isOpen(slot), "no such partition")
        openSlots &= ~(1 << UInt64(slot))
        if partitions[slot].watermark.hasMaximum {
            if closed.count == Self.maximumClosed { closed.removeFirst() }
            partitions[slot].isConfirmed = false
            partitions[slot].clock = 0
            partitions[slot].lastSeen = 0
            closed.append(partitions[slot])
        }
        takeMinimum()
    }

    /// Where an event stands in its partition, for merging partitions by time: `Watermark.standing`. O(1).
    @inline(__always)
    package func mergeTime(_ slot: Int, _ time: Int64) -> Int64 { partition(slot).standing(of: time) }

    /// The watermark of one partition.
    package func partition(_ slot: Int) -> Watermark {
        precondition(isOpen(slot), "no such partition")
        return partitions[slot].watermark
    }

    @inline(__always)
    func isOpen(_ slot: Int) -> Bool { slot >= 0 && slot < Self.maximumOpen && openSlots >> UInt64(slot) & 1 == 1 }

    @inline(__always)
    private var isOneOpen: Bool { openSlots & (openSlots &- 1) == 0 }
}

extension StreamWatermark {
    /// Moves the clock by what an event moved its partition's maximum, and notes that the partition was heard of.
    ///
    /// - Returns: whether the partition was idle, or became confirmed or unconfirmed.
    @inline(__always)
    private mutating func noteStep(_ slot: Int, from before: Int64, _ time: Int64) -> Bool {
        let after = partitions[slot].watermark.maximum
        let jump = blank.jumpBoundMilliseconds
        let wasConfirmed = partitions[slot].isConfirmed
        if before != .min && after > before + jump {
            partitions[slot].isConfirmed = false
        } else if abs(time - after) <= jump {
            partitions[slot].isConfirmed = true
        }
        let isTurned = partitions[slot].isConfirmed != wasConfirmed
        let wasIdle = isIdle(partitions[slot])
        if wasIdle { partitions[slot].clock = elapsed }
        partitions[slot].lastSeen = elapsed
        // The clock serves to tell who is idle; alone, a partition is compared with nobody.
        if isOneOpen { return isTurned }
        if before != .min && after > before && after <= before + jump {
            let step = min(after - before, idleMilliseconds / 8 + 1)
            partitions[slot].clock = EventBounds.saturatingSum(partitions[slot].clock, step)
            elapsed = max(elapsed, partitions[slot].clock)
            partitions[slot].lastSeen = elapsed
        }
        return isTurned || wasIdle
    }

    @inline(__always)
    private func isIdle(_ partition: Partition) -> Bool { elapsed - partition.lastSeen > idleMilliseconds }

    private mutating func takeMinimum() {
        isStale = false
        leastMaximum = .max
        guard let minimum = minimum else { return }
        leastMaximum = minimum.value + blank.outOfOrdernessMilliseconds
        leastSeen = elapsed
        var rest = openSlots
        while rest != 0 {
            let slot = rest.trailingZeroBitCount
            rest &= rest - 1
            if !isIdle(partitions[slot]) { leastSeen = min(leastSeen, partitions[slot].lastSeen) }
        }
        if minimum.isVouched { floor = max(floor, minimum.value) }
        current = max(floor, minimum.value)
    }

    /// The least watermark of the partitions that take part, and whether all that hold it are vouched for; nil when none
    /// takes part or none that holds it is confirmed.
    var minimum: (value: Int64, isVouched: Bool)? {
        let isAlone = isOneOpen
        var (least, isVouched, isConfirmed) = (Int64.max, true, false)
        var rest = openSlots
        while rest != 0 {
            let slot = rest.trailingZeroBitCount
            rest &= rest - 1
            let maximum = partitions[slot].watermark.maximum
            guard maximum != .min, maximum <= least, isAlone || !isIdle(partitions[slot]) else { continue }
            isVouched = (maximum < least || isVouched) && !partitions[slot].watermark.isProvisional
            isConfirmed = (maximum == least && isConfirmed) || isAlone || partitions[slot].isConfirmed
            least = maximum
        }
        return isConfirmed ? (least - blank.outOfOrdernessMilliseconds, isVouched) : nil
    }
}

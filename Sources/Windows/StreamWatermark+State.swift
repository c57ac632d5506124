package import ClickModel

extension StreamWatermark {
    private static let tag: StaticString = "SWM1"

    /// Appends the whole state, settings and closed sources included: 86 bytes a source and about 110 more.
    package borrowing func write(to writer: inout StateWriter) {
        writer.append(tag: Self.tag)
        writer.append(idleMilliseconds)
        blank.write(to: &writer)
        writer.append(current)
        writer.append(floor)
        writer.append(elapsed)
        writer.append(UInt8(isStale ? 1 : 0))
        writer.append(openSlots)
        for slot in 0..<Self.maximumOpen where isOpen(slot) { Self.write(partitions[slot], to: &writer) }
        writer.append(closed.count)
        for partition in closed { Self.write(partition, to: &writer) }
    }

    private static func write(_ partition: Partition, to writer: inout StateWriter) {
        writer.append(partition.source)
        partition.watermark.write(to: &writer)
        writer.append(UInt8(partition.isConfirmed ? 1 : 0))
        writer.append(partition.clock)
        writer.append(partition.lastSeen)
    }

    /// Reads what `write` wrote: the same slots are open.
    ///
    /// - Throws: `StateError` when the bytes are none of it.
    package init(from reader: inout StateReader) throws(StateError) {
        self = try Self.restored(&reader)
    }

    private static func restored(_ reader: inout StateReader) throws(StateError) -> StreamWatermark {
        try reader.expect(tag: tag)
        let idle = try reader.read(Int64.self)
        let blank = try Watermark(from: &reader)
        guard (0...EventBounds.greatest).contains(idle), !blank.hasMaximum else { throw StateError("stream watermark settings out of range") }
        var restored = StreamWatermark(
            outOfOrdernessMilliseconds: blank.outOfOrdernessMilliseconds, jumpBoundMilliseconds: blank.jumpBoundMilliseconds,
            idleMilliseconds: idle)
        restored.current = try reader.read(Int64.self)
        restored.floor = try reader.read(Int64.self)
        restored.elapsed = try reader.read(Int64.self)
        let stale = try reader.read(UInt8.self)
        restored.isStale = stale == 1
        restored.openSlots = try reader.read(UInt64.self)
        var sources: Set<UInt64> = []
        for slot in 0..<maximumOpen where restored.isOpen(slot) {
            restored.partitions[slot] = try partition(from: &reader, blank, &sources)
        }
        let count = try reader.read(Int.self)
        guard stale <= 1, (0...maximumClosed).contains(count) else { throw StateError("stream watermark state out of range") }
        for _ in 0..<count {
            let partition = try partition(from: &reader, blank, &sources)
            guard partition.watermark.hasMaximum, !partition.isConfirmed, partition.clock == 0, partition.lastSeen == 0 else { throw StateError("stream watermark remembers nothing of a source") }
            restored.closed.append(partition)
        }
        guard restored.isConsistent else { throw StateError("stream watermark is not that of its partitions") }
        return restored
    }

    private static func partition(
        from reader: inout StateReader, _ blank: Watermark, _ sources: inout Set<UInt64>
    ) throws(StateError) -> Partition {
        let source = try reader.read(UInt64.self)
        let watermark = try Watermark(from: &reader)
        let confirmed = try reader.read(UInt8.self)
        let clock = try reader.read(Int64.self)
        let lastSeen = try reader.read(Int64.self)
        guard sources.insert(source).inserted, watermark.outOfOrdernessMilliseconds == blank.outOfOrdernessMilliseconds,
            watermark.jumpBoundMilliseconds == blank.jumpBoundMilliseconds, confirmed <= (watermark.hasMaximum ? 1 : 0), clock >= 0, lastSeen >= 0
        else { throw StateError("a partition's watermark does not fit the stream's") }
        return Partition(source: source, watermark: watermark, isConfirmed: confirmed == 1, clock: clock, lastSeen: lastSeen)
    }

    /// Whether the value and the floor are what the open partitions lead to, as far as these decide it.
    private var isConsistent: Bool {
        let disorder = blank.outOfOrdernessMilliseconds
        for value in [current, floor] where value != .min {
            guard value >= -EventBounds.greatest - disorder, value <= EventBounds.greatest - disorder else { return false }
        }
        guard current >= floor, elapsed >= 0 else { return false }
        for slot in 0..<Self.maximumOpen where isOpen(slot) {
            guard partitions[slot].clock <= elapsed, partitions[slot].lastSeen <= elapsed else { return false }
        }
        guard !isStale, let minimum else { return true }
        return current == max(floor, minimum.value) && (!minimum.isVouched || floor >= minimum.value)
    }
}

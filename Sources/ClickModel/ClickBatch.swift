public import CClickRecord

/// One decoded event in its fixed layout; its strings live in the arena of its batch.
public typealias ClickRecord = fraud_click_record
/// A run of bytes in a batch's arena; length 0 means unknown.
public typealias TextRange = fraud_text

/// A batch of decoded events in input order: fixed-layout records plus one arena that holds every string.
///
/// Reused for ever by its pipeline; nothing allocates after `init`. One thread owns it at a time: it is handed
/// from decoder to scorer through a queue, hence `@unchecked Sendable`.
///
///     records  [ r0 | r1 | r2 | … ]         capacity × MemoryLayout<ClickRecord>.stride bytes
///     arena    [ "click-1""ad-7""…" ]        records point into it by (offset, length)
public final class ClickBatch: @unchecked Sendable {
    public static let defaultCapacity = 1024
    /// Room for the strings of a batch; a decoder stops early when less than one line's worth is left.
    public static let defaultArenaBytes = 2 << 20

    /// The C view of the batch, for decoders.
    public var raw: fraud_click_batch

    public init(capacity: Int = defaultCapacity, arenaBytes: Int = defaultArenaBytes) {
        precondition(capacity > 0 && arenaBytes >= 2 * Int(FRAUD_MAX_LINE_BYTES), "a batch holds at least one line")
        raw = fraud_click_batch(
            records: .allocate(capacity: capacity), capacity: UInt32(capacity), count: 0,
            arena: .allocate(capacity: arenaBytes), arena_capacity: UInt32(arenaBytes), arena_used: 0)
    }

    deinit {
        raw.records.deallocate()
        raw.arena.deallocate()
    }

    public var count: Int { Int(raw.count) }
    public var capacity: Int { Int(raw.capacity) }
    public var records: UnsafeMutablePointer<ClickRecord> { raw.records }

    public func removeAll() {
        raw.count = 0
        raw.arena_used = 0
    }

    /// The bytes of a text of this batch.
    @inlinable
    public func bytes(_ text: TextRange) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: raw.arena + Int(text.offset), count: Int(text.length))
    }

    /// A text as a `String`; nil when unknown. Allocates: not for the hot path.
    public func string(_ text: TextRange) -> String? {
        text.length == 0 ? nil : String(decoding: bytes(text), as: UTF8.self)
    }

    /// Appends a copy of a record of another batch, texts included, as an event of the given partition.
    ///
    /// - Returns: false, with nothing changed, when the batch has no room for it.
    /// - Complexity: O(bytes of its texts); no allocation.
    public func append(copyOf record: UnsafePointer<ClickRecord>, from source: ClickBatch, partition: UInt16) -> Bool {
        let textsAt = MemoryLayout<ClickRecord>.offset(of: \.click_id).unsafelyUnwrapped
        let textCount = (MemoryLayout<ClickRecord>.offset(of: \.raw).unsafelyUnwrapped - textsAt) / MemoryLayout<TextRange>.stride + 1
        let from = (UnsafeRawPointer(record) + textsAt).assumingMemoryBound(to: TextRange.self)
        var length = 0
        for i in 0..<textCount { length += Int(from[i].length) }
        guard count < capacity, length <= Int(raw.arena_capacity) - Int(raw.arena_used) else { return false }
        let copy = raw.records + count
        copy.pointee = record.pointee
        copy.pointee.partition = partition
        let to = (UnsafeMutableRawPointer(copy) + textsAt).assumingMemoryBound(to: TextRange.self)
        for i in 0..<textCount where from[i].length > 0 {
            to[i].offset = raw.arena_used
            (raw.arena + Int(raw.arena_used)).update(from: source.raw.arena + Int(from[i].offset), count: Int(from[i].length))
            raw.arena_used += from[i].length
        }
        raw.count += 1
        return true
    }
}

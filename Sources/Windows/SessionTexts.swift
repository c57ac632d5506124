internal import CClickRecord
internal import ClickModel
internal import Sketches

/// The texts of visitors with live sessions, each once, in one arena; dead ones are dropped when they are more than half.
///
/// The text is what `visitor_hash` was made of in `fraud_record_finish`: user_id, else device_fingerprint, else ip
/// followed by user_agent. A text of more than 128 bytes is cut to at most 128, at the start of a UTF-8 character, and
/// `~` and the sixteen hex digits of the hash are appended. Such a text is longer than 128 bytes, so it equals none that
/// was not cut, and those of two visitors differ in their hash.
struct SessionTexts {
    static let longestUncut = 128
    /// Most bytes of a stored text.
    static let longest = longestUncut + 1 + 16
    private static let leastArenaToCompact = 1 << 16
    private static let longestAddress = 64
    private static let longestAgent = 2048

    private(set) var arena: [UInt8] = []
    /// The arena before the last compaction, empty: two that take turns need no allocation.
    private var spare: [UInt8] = []
    private(set) var deadBytes = 0

    init() {}

    /// An arena that is being read back; `deadBytes` falls as its texts are claimed.
    init(restoring bytes: [UInt8]) {
        arena = bytes
        deadBytes = bytes.count
    }

    var liveBytes: Int { arena.count - deadBytes }
    var byteCount: Int { arena.capacity + spare.capacity }

    /// Appends the text of a record's visitor. O(length); the arena grows in doublings.
    mutating func append(_ record: UnsafePointer<ClickRecord>, _ texts: UnsafeRawPointer) -> (offset: Int, length: UInt8) {
        let offset = arena.count
        let r = record.pointee
        var first = UnsafeRawBufferPointer(start: nil, count: 0)
        var second = first
        if r.user_hash != 0 {
            first = Self.bytes(r.user_id, texts)
        } else if r.device_hash != 0 {
            first = Self.bytes(r.device_fingerprint, texts)
        } else {
            first = UnsafeRawBufferPointer(rebasing: Self.bytes(r.ip, texts).prefix(Self.longestAddress))
            second = UnsafeRawBufferPointer(rebasing: Self.bytes(r.user_agent, texts).prefix(Self.longestAgent))
        }
        let isCut = first.count + second.count > Self.longestUncut
        // One byte more than is kept tells whether the cut is at the start of a character.
        arena.append(contentsOf: first.prefix(Self.longestUncut + 1))
        arena.append(contentsOf: second.prefix(Self.longestUncut + 1 - min(first.count, Self.longestUncut + 1)))
        if isCut {
            var last = offset + Self.longestUncut
            // A character has at most three bytes after its first; the decoder has checked the encoding.
            for _ in 0..<3 where arena[last] & 0xc0 == 0x80 { last -= 1 }
            arena.removeLast(arena.count - last)
            appendHash(r.visitor_hash)
        }
        return (offset, UInt8(arena.count - offset))
    }

    /// Notes that the last session of a visitor went.
    mutating func release(length: UInt8) { deadBytes += Int(length) }

    /// Claims a text of a restored arena; false when it is not in it.
    mutating func claim(offset: Int, length: UInt8) -> Bool {
        guard offset >= 0, offset <= arena.count, Int(length) <= arena.count - offset else { return false }
        deadBytes -= Int(length)
        return deadBytes >= 0
    }

    /// Whether more than half of the arena is dead, and it is worth the while.
    var isMostlyDead: Bool { deadBytes * 2 > arena.count && arena.count >= Self.leastArenaToCompact }

    /// Moves live texts together. `moveEach` is called with a function to call once for each live text, which gives the
    /// new offset, and one that asks for the text at an offset ahead of that; any offset will do.
    mutating func compact(_ moveEach: (_ move: (_ offset: Int, _ length: UInt8) -> Int, _ prefetch: (_ offset: Int) -> Void) -> Void) {
        var fresh = spare
        spare = []
        fresh.reserveCapacity(arena.count - deadBytes)
        arena.withUnsafeBytes { bytes in
            moveEach(
                { offset, length in
                    fresh.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)]))
                    return fresh.count - Int(length)
                },
                { offset in if offset < bytes.count { fraud_prefetch(bytes.baseAddress.unsafelyUnwrapped + offset) } })
        }
        swap(&arena, &fresh)
        fresh.removeAll(keepingCapacity: true)
        spare = fresh
        deadBytes = 0
    }

    private static func bytes(_ text: TextRange, _ texts: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: texts + Int(text.offset), count: Int(text.length))
    }

    private mutating func appendHash(_ hash: UInt64) {
        arena.append(UInt8(ascii: "~"))
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: hash >> shift) & 15
            arena.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

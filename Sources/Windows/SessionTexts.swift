internal import CClickRecord
internal import ClickModel
internal import Sketches

/// The texts of visitors with live sessions, each once, in chunks that never move; dead ones are dropped when they are more
/// than half.
///
///     offset   chunk, then 21 bits of the place in it; no text lies across two chunks
///
/// The text is what `visitor_hash` was made of in `fraud_record_finish`: user_id, else device_fingerprint, else ip
/// followed by user_agent. A text of more than 128 bytes is cut to at most 128, at the start of a UTF-8 character, and
/// `~` and the sixteen hex digits of the hash are appended. Such a text is longer than 128 bytes, so it equals none that
/// was not cut, and those of two visitors differ in their hash.
struct SessionTexts {
    static let longestUncut = 128
    /// Most bytes of a stored text.
    static let longest = longestUncut + 1 + 16
    private static let leastBytesToCompact = 1 << 16
    private static let longestAddress = 64
    private static let longestAgent = 2048
    private static let chunkBits = 21
    static let chunkBytes = 1 << chunkBits

    private struct Chunk {
        let memory: AlignedMemory
        let bytes: UnsafeMutablePointer<UInt8>
        var used = 0

        init() {
            memory = AlignedMemory(byteCount: SessionTexts.chunkBytes)
            bytes = memory.base.bindMemory(to: UInt8.self, capacity: SessionTexts.chunkBytes)
        }
    }

    private var chunks: [Chunk] = []
    /// Chunks of before the last compaction: they take turns, so that a steady state needs no allocation.
    private var spare: [Chunk] = []
    private(set) var usedBytes = 0
    private(set) var deadBytes = 0

    init() {}

    var liveBytes: Int { usedBytes - deadBytes }
    var byteCount: Int { (chunks.count + spare.count) * Self.chunkBytes }

    /// A text that was appended.
    @inline(__always)
    func text(_ offset: UInt32, _ length: UInt8) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: address(offset), count: Int(length))
    }

    /// Asks for a text.
    @inline(__always)
    func prefetch(_ offset: UInt32) { fraud_prefetch(address(offset)) }

    @inline(__always)
    private func address(_ offset: UInt32) -> UnsafeMutablePointer<UInt8> {
        chunks[Int(offset >> Self.chunkBits)].bytes + Int(offset) & (Self.chunkBytes - 1)
    }

    /// Appends the text of a record's visitor. O(length).
    mutating func append(_ record: UnsafePointer<ClickRecord>, _ texts: UnsafeRawPointer) -> (offset: UInt32, length: UInt8) {
        let offset = room()
        let to = address(offset)
        var length = 0
        if record.pointee.user_hash != 0 {
            Self.copy(Self.bytes(record.pointee.user_id, texts), to, &length)
        } else if record.pointee.device_hash != 0 {
            Self.copy(Self.bytes(record.pointee.device_fingerprint, texts), to, &length)
        } else {
            Self.copy(UnsafeRawBufferPointer(rebasing: Self.bytes(record.pointee.ip, texts).prefix(Self.longestAddress)), to, &length)
            Self.copy(UnsafeRawBufferPointer(rebasing: Self.bytes(record.pointee.user_agent, texts).prefix(Self.longestAgent)), to, &length)
        }
        if length > Self.longestUncut {
            length = Self.longestUncut
            // A character has at most three bytes after its first; the decoder has checked the encoding.
            for _ in 0..<3 where to[length] & 0xc0 == 0x80 { length -= 1 }
            Self.appendHash(record.pointee.visitor_hash, to, &length)
        }
        take(length)
        return (offset, UInt8(length))
    }

    /// Where the next text goes: there is room for the longest.
    @inline(__always)
    private mutating func room() -> UInt32 {
        if chunks.isEmpty || chunks[chunks.count - 1].used > Self.chunkBytes - Self.longest { chunks.append(spare.popLast() ?? Chunk()) }
        return UInt32((chunks.count - 1) << Self.chunkBits + chunks[chunks.count - 1].used)
    }

    @inline(__always)
    private mutating func take(_ length: Int) {
        chunks[chunks.count - 1].used += length
        usedBytes += length
    }

    /// Copies a text behind what is there, as far as one byte more than is kept: that tells whether the cut is at the start of a
    /// character.
    @inline(__always)
    private static func copy(_ text: UnsafeRawBufferPointer, _ to: UnsafeMutablePointer<UInt8>, _ length: inout Int) {
        let count = min(text.count, longestUncut + 1 - length)
        guard count > 0, let from = text.baseAddress else { return }
        UnsafeMutableRawPointer(to + length).copyMemory(from: from, byteCount: count)
        length += count
    }

    /// Notes that the last session of a visitor went.
    mutating func release(length: UInt8) { deadBytes += Int(length) }

    /// Claims a restored text; false when it is not there.
    mutating func claim(offset: UInt32, length: UInt8) -> Bool {
        let chunk = Int(offset >> Self.chunkBits)
        guard chunks.indices.contains(chunk), Int(offset) & (Self.chunkBytes - 1) + Int(length) <= chunks[chunk].used else { return false }
        deadBytes -= Int(length)
        return deadBytes >= 0
    }

    /// Whether more than half of the bytes are dead, and it is worth the while.
    var isMostlyDead: Bool { deadBytes * 2 > usedBytes && usedBytes >= Self.leastBytesToCompact }

    /// Moves live texts together. `moveEach` is called with a function to call once for each live text, which gives the
    /// new offset, and one that asks for the text at an offset ahead of that; any offset will do.
    mutating func compact(_ moveEach: (_ move: (_ offset: UInt32, _ length: UInt8) -> UInt32, _ prefetch: (_ offset: UInt32) -> Void) -> Void) {
        var fresh = SessionTexts()
        swap(&fresh.spare, &spare)
        moveEach(
            { offset, length in
                let to = fresh.room()
                UnsafeMutableRawPointer(fresh.address(to)).copyMemory(from: address(offset), byteCount: Int(length))
                fresh.take(Int(length))
                return to
            },
            { offset in if Int(offset >> Self.chunkBits) < chunks.count { fraud_prefetch(address(offset)) } })
        for var chunk in chunks {
            chunk.used = 0
            fresh.spare.append(chunk)
        }
        self = fresh
    }

    func write(to writer: inout StateWriter) {
        writer.append(chunks.count)
        for chunk in chunks { writer.append(UnsafeBufferPointer(start: chunk.bytes, count: chunk.used)) }
    }

    /// Reads what `write` wrote; all is dead until it is claimed.
    ///
    /// - Throws: `StateError`.
    static func read(_ reader: inout StateReader) throws(StateError) -> SessionTexts {
        var texts = SessionTexts()
        let count = try reader.read(Int.self)
        guard (0...1 << (32 - chunkBits)).contains(count) else { throw StateError("too many texts of sessions") }
        for _ in 0..<count {
            let bytes = try reader.readArray(UInt8.self)
            guard bytes.count <= chunkBytes else { throw StateError("texts of sessions do not fit their chunk") }
            var chunk = Chunk()
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: chunk.bytes, count: chunkBytes).copyMemory(from: $0) }
            chunk.used = bytes.count
            texts.chunks.append(chunk)
            texts.usedBytes += bytes.count
        }
        texts.deadBytes = texts.usedBytes
        return texts
    }

    private static func bytes(_ text: TextRange, _ texts: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: texts + Int(text.offset), count: Int(text.length))
    }

    private static func appendHash(_ hash: UInt64, _ to: UnsafeMutablePointer<UInt8>, _ length: inout Int) {
        to[length] = UInt8(ascii: "~")
        length += 1
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: hash >> shift) & 15
            to[length] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            length += 1
        }
    }
}

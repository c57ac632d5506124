internal import CClickRecord
internal import CSimdJSON
internal import Glibc
internal import Synchronization

/// Reads a source as chunks of whole lines, knowing at every line its place in the decompressed content.
///
/// Plain, gzip (any number of members) and zstd sources are told apart by their first bytes. Memory is bounded: a line
/// that does not fit a chunk is cut to its first 4 KiB and comes as a chunk of its own, to be rejected.
package final class SourceReader: @unchecked Sendable {
    /// The most content `prefix` shows.
    package static let prefixLimit = 64 << 10

    /// The first content of the source, at most `prefixLimit` bytes, for telling its format and its identity. From a
    /// pipe it may be less: what came with the first line.
    package let prefix: [UInt8]

    private let input: SourceInput
    private var prefixUsed = 0
    private var position = SourcePosition.start
    /// Content read beyond the last chunk's lines.
    private var carry: UnsafeMutableBufferPointer<UInt8>
    private var carryCount = 0
    private var ended = false
    private var failure: SourceError?

    /// Opens a file, or standard input for `-`, and reads its prefix.
    ///
    /// - Parameter waitsForPrefix: a pipe is read until it has given the whole prefix or ended, and not only its first line: for
    ///   a caller who knows the source again by it.
    /// - Throws: `unreadable`.
    package init(path: String, waitsForPrefix: Bool = false) throws(SourceError) {
        input = try SourceInput(path: path)
        carry = .allocate(capacity: Chunk.minimumCapacity)
        let first = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.prefixLimit, alignment: 16)
        defer { first.deallocate() }
        var count = 0
        // A fault this early comes up again, in order, when the lines before it were given.
        var early: SourceError?
        while count < Self.prefixLimit, early == nil {
            do throws(SourceError) {
                let got = try input.read(into: UnsafeMutableRawBufferPointer(rebasing: first[count...]))
                let isEnough = got == 0 || input.isLive && !waitsForPrefix && first[count..<count + got].contains(UInt8(ascii: "\n"))
                count += got
                if isEnough { break }
            } catch {
                early = error
            }
        }
        prefix = Array(first[..<count])
        failureAfterPrefix = early
    }

    private let failureAfterPrefix: SourceError?

    deinit { carry.deallocate() }

    package var path: String { input.path }
    package var compression: Compression { input.compression }
    /// Bytes of the file on disk; nil when it is no regular file.
    package var inputSize: Int64? { input.inputSize }
    /// Bytes taken from the file so far, compressed as they are: the progress bar's figure. Safe from any thread.
    package var bytesConsumedOfInput: Int64 { input.consumed.load(ordering: .relaxed) }
    /// True for a pipe or a terminal: reads wait for someone to write, and chunks come as lines do.
    package var isLive: Bool { input.isLive }

    /// Goes to a place an earlier run had reached; only before the first `read`. A plain file seeks, any other source is
    /// read and dropped.
    /// - Throws: `endsBeforeResumePoint`, or what reading throws.
    package func skip(to target: SourcePosition) throws(SourceError) {
        precondition(position == .start && carryCount == 0, "skip comes before the first read")
        if target.offset > 0, input.compression == .none, let size = input.inputSize {
            guard target.offset <= size else {
                throw .endsBeforeResumePoint(path: path, offset: target.offset, length: size)
            }
            if input.seek(to: target.offset) {
                prefixUsed = prefix.count
                position = target
                return
            }
        }
        var left = target.offset
        while left > 0 {
            let room = UnsafeMutableRawBufferPointer(start: carry.baseAddress, count: min(carry.count, Int(clamping: left)))
            let got = try readContent(room)
            guard got > 0 else {
                throw .endsBeforeResumePoint(path: path, offset: target.offset, length: target.offset - left)
            }
            left -= Int64(got)
        }
        position = target
    }

    /// Fills a chunk with whole lines; false at the end of the source.
    /// - Throws: `unreadable`, `corrupt` or `truncated`, once every whole line before the fault was given.
    package func read(into chunk: Chunk) throws(SourceError) -> Bool {
        var filled = takeCarry(into: chunk)
        fill(chunk, &filled)
        let isLast = ended && carryCount == 0
        let whole = isLast && failure == nil ? filled : fraud_end_of_last_line(chunk.bytes, filled)
        if whole > 0 {
            deliver(whole, of: filled, in: chunk)
            return true
        }
        if isLast {
            if let failure { throw failure }
            return false
        }
        return try cutOverlongLine(in: chunk, filled)
    }

    private func takeCarry(into chunk: Chunk) -> Int {
        // A smaller chunk than the last one's: the rest of the carry waits.
        let taken = min(carryCount, chunk.capacity)
        chunk.bytes.update(from: carry.baseAddress!, count: taken)
        carryCount -= taken
        if carryCount > 0 { carry.baseAddress!.update(from: carry.baseAddress! + taken, count: carryCount) }
        return taken
    }

    private func fill(_ chunk: Chunk, _ filled: inout Int) {
        while filled < chunk.capacity, !ended, carryCount == 0 {
            let room = UnsafeMutableRawBufferPointer(start: chunk.bytes + filled, count: chunk.capacity - filled)
            do throws(SourceError) {
                let got = try readContent(room)
                if got == 0 { ended = true }
                filled += got
                if input.isLive, fraud_end_of_last_line(chunk.bytes, filled) > 0 { return }
            } catch {
                failure = error
                ended = true
            }
        }
    }

    /// Content in order: what the prefix showed, then the rest.
    private func readContent(_ buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
        if prefixUsed < prefix.count {
            let taken = min(buffer.count, prefix.count - prefixUsed)
            prefix.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[prefixUsed..<prefixUsed + taken])) }
            prefixUsed += taken
            return taken
        }
        if let failureAfterPrefix { throw failureAfterPrefix }
        return try input.read(into: buffer)
    }

    private func deliver(_ whole: Int, of filled: Int, in chunk: Chunk) {
        keep(UnsafeBufferPointer(start: chunk.bytes + whole, count: filled - whole))
        chunk.hold(whole, at: position)
        if position.offset == 0, whole >= 3, chunk.bytes[0] == 0xEF, chunk.bytes[1] == 0xBB, chunk.bytes[2] == 0xBF {
            chunk.lines.cursor.position = 3 // a byte order mark is not content
        }
        position.offset += Int64(whole)
        position.line += Int64(fraud_count_newlines(chunk.bytes, whole))
    }

    /// Puts bytes before what the carry already holds.
    private func keep(_ rest: UnsafeBufferPointer<UInt8>) {
        guard rest.count > 0 else { return }
        if carryCount + rest.count > carry.count {
            let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: carryCount + rest.count)
            larger.baseAddress!.update(from: carry.baseAddress!, count: carryCount)
            carry.deallocate()
            carry = larger
        }
        if carryCount > 0 { memmove(carry.baseAddress! + rest.count, carry.baseAddress!, carryCount) }
        carry.baseAddress!.update(from: rest.baseAddress!, count: rest.count)
        carryCount += rest.count
    }

    /// A chunk full without a line end: its first 4 KiB stand for the line, the rest up to the line's end is dropped.
    private func cutOverlongLine(in chunk: Chunk, _ filled: Int) throws(SourceError) -> Bool {
        let kept = Int(FRAUD_MAX_RAW_BYTES)
        let room = UnsafeMutableRawBufferPointer(start: chunk.bytes + kept, count: chunk.capacity - kept)
        var total = Int64(filled)
        while true {
            let got: Int
            if carryCount > 0 {
                got = min(carryCount, room.count)
                memcpy(room.baseAddress!, carry.baseAddress!, got)
                carryCount -= got
                memmove(carry.baseAddress!, carry.baseAddress! + got, carryCount)
            } else if let failure {
                throw failure
            } else {
                do throws(SourceError) {
                    got = try readContent(room)
                } catch {
                    failure = error
                    ended = true
                    throw error
                }
            }
            if got == 0 { break }
            let part = UnsafeBufferPointer(start: chunk.bytes + kept, count: got)
            if let newline = part.firstIndex(of: UInt8(ascii: "\n")) {
                total += Int64(newline) + 1
                keep(UnsafeBufferPointer(rebasing: part[(newline + 1)...]))
                break
            }
            total += Int64(got)
        }
        chunk.hold(kept, at: position)
        chunk.lines.overlongBytes = total
        position.offset += total
        position.line += 1
        return true
    }
}

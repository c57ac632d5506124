internal import CClickRecord
internal import CSimdJSON
internal import Glibc
internal import Synchronization

/// Reads a source as chunks of whole lines, knowing at every line its place in the decompressed content.
///
/// Plain, gzip (any number of members) and zstd sources are told apart by their first bytes. Memory is bounded: a line
/// longer than any that is accepted may be cut to its first 4 KiB, to be rejected.
///
/// Content is cut by a grid of cells of `cellBytes`, counted from its beginning: cell k has the lines that begin in
/// [k · cellBytes, (k + 1) · cellBytes). A chunk holds lines of one cell only, and all those left of it when it has the room:
///
///     cells     |        0        |        1        |        2        |
///     lines     [ a | b |  c  | d   ][  e |  f  | g | h ][ i          …
///
/// So where chunks end depends on the content alone, however fast it came and wherever reading began.
package final class SourceReader: @unchecked Sendable {
    /// The most content `prefix` shows.
    package static let prefixLimit = 64 << 10
    /// Enough lines that what a cell costs is nothing beside them, few enough that a core's share of a file is many cells.
    package static let defaultCellBytes = 2 << 20

    /// The first content of the source, at most `prefixLimit` bytes, for telling its format and its identity. From a
    /// pipe it may be less: what came with the first line.
    package let prefix: [UInt8]
    package let cellBytes: Int

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
    package init(path: String, waitsForPrefix: Bool = false, cellBytes: Int = defaultCellBytes) throws(SourceError) {
        precondition(cellBytes > 0, "a cell holds something")
        self.cellBytes = cellBytes
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

    /// Fills a chunk with the next lines of one cell; false at the end of the source. A chunk of `cellBytes` and
    /// `Chunk.minimumCapacity` more gets all that are left of the cell, unless the source is live.
    /// - Throws: `unreadable`, `corrupt` or `truncated`, once every whole line before the fault was given.
    package func read(into chunk: Chunk) throws(SourceError) -> Bool {
        let room = cellBytes - Int(position.offset % Int64(cellBytes))
        // Enough to end any line of the cell that may be accepted.
        let limit = min(chunk.capacity, room + Chunk.minimumCapacity)
        var filled = takeCarry(into: chunk, limit)
        fill(chunk, &filled, limit)
        let isLast = ended && carryCount == 0
        let lines = isLast && failure == nil ? filled : fraud_end_of_last_line(chunk.bytes, filled)
        let inCell = lines > room ? endOfCell(chunk, lines, room) : lines
        if inCell == 0, isLast {
            if let failure { throw failure }
            return false
        }
        guard !isLast, inCell < room, filled - inCell >= Chunk.minimumCapacity else {
            deliver(inCell, of: filled, in: chunk)
            return true
        }
        do throws(SourceError) {
            let length = try cutOverlongLine(at: inCell, in: chunk, filled)
            deliver(inCell, overlong: length, in: chunk)
        } catch {
            if inCell == 0 { throw error }
            deliver(inCell, of: inCell, in: chunk)
        }
        return true
    }

    /// The end of the line that holds the cell's last byte.
    private func endOfCell(_ chunk: Chunk, _ lines: Int, _ room: Int) -> Int {
        guard let newline = memchr(chunk.bytes + room - 1, Int32(UInt8(ascii: "\n")), lines - room + 1) else { return lines }
        return UnsafeRawPointer(newline) - UnsafeRawPointer(chunk.bytes) + 1
    }

    private func takeCarry(into chunk: Chunk, _ limit: Int) -> Int {
        // What does not fit waits.
        let taken = min(carryCount, limit)
        chunk.bytes.update(from: carry.baseAddress!, count: taken)
        carryCount -= taken
        if carryCount > 0 { carry.baseAddress!.update(from: carry.baseAddress! + taken, count: carryCount) }
        return taken
    }

    private func fill(_ chunk: Chunk, _ filled: inout Int, _ limit: Int) {
        while filled < limit, !ended, carryCount == 0 {
            let room = UnsafeMutableRawBufferPointer(start: chunk.bytes + filled, count: limit - filled)
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

    private func deliver(_ lines: Int, of filled: Int, in chunk: Chunk) {
        keep(UnsafeBufferPointer(start: chunk.bytes + lines, count: filled - lines))
        deliver(lines, overlong: nil, in: chunk)
    }

    /// - Parameter overlong: the length of the line after these of which the start stands behind them; nil when there is none.
    private func deliver(_ lines: Int, overlong: Int64?, in chunk: Chunk) {
        chunk.hold(lines, at: position)
        if position.offset == 0, lines >= 3, chunk.bytes[0] == 0xEF, chunk.bytes[1] == 0xBB, chunk.bytes[2] == 0xBF {
            chunk.lines.cursor.position = 3 // a byte order mark is not content
        }
        position.offset += Int64(lines)
        position.line += Int64(fraud_count_newlines(chunk.bytes, lines))
        guard let overlong else { return }
        chunk.lines.overlongBytes = overlong
        position.offset += overlong
        position.line += 1
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

    /// A line without an end as far as the chunk is filled: its first 4 KiB stand for it, the rest up to its end is dropped.
    /// - Returns: its length in the source.
    private func cutOverlongLine(at start: Int, in chunk: Chunk, _ filled: Int) throws(SourceError) -> Int64 {
        let kept = start + Int(FRAUD_MAX_RAW_BYTES)
        let room = UnsafeMutableRawBufferPointer(start: chunk.bytes + kept, count: chunk.capacity - kept)
        var total = Int64(filled - start)
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
            if got == 0 { return total }
            let part = UnsafeBufferPointer(start: chunk.bytes + kept, count: got)
            if let newline = memchr(part.baseAddress!, Int32(UInt8(ascii: "\n")), got) {
                let length = UnsafeRawPointer(newline) - UnsafeRawPointer(part.baseAddress!) + 1
                keep(UnsafeBufferPointer(rebasing: part[length...]))
                return total + Int64(length)
            }
            total += Int64(got)
        }
    }
}

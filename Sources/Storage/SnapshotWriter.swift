internal import ClickModel
internal import Glibc

/// Writes a snapshot's file from a small buffer, past the page cache where the file system lets it: hundreds of megabytes of a
/// snapshot would else be copied into fresh pages that nobody reads.
///
/// `O_DIRECT` (open(2)) wants memory, offsets and lengths in whole blocks: the file grows by full buffers, the last one is
/// padded, the file cut to its length, and the first block written again with the finished header.
struct SnapshotWriter: ~Copyable {
    /// `O_DIRECT` of Linux, which its headers show to GNU programs only (asm-generic/fcntl.h, arm64 asm/fcntl.h).
    #if arch(arm64)
        private static let direct: Int32 = 0o200000
    #else
        private static let direct: Int32 = 0o40000
    #endif
    private static let block = 4096
    private static let bufferBytes = 4 << 20

    private let file: Int32
    /// The buffer, and behind it the first block, to be written again.
    private let memory = UnsafeMutableRawPointer.allocate(byteCount: bufferBytes + block, alignment: block)
    /// Bytes of the buffer that are used, and where in the file it begins.
    private var used = SnapshotLayout.headerBytes
    private var offset = 0
    private var header: [UInt8]
    private var checksum: XXH64.Stripes
    /// `errno` of the first write that failed.
    private var failure: Int32 = 0

    /// Creates a file that is not there. Returns −1 with `errno` when it cannot.
    static func create(_ path: String) -> Int32 {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let file = open(path, flags | direct, 0o644)
        // A file system that knows no O_DIRECT says so here, or at the first write.
        guard file < 0, errno == EINVAL else { return file }
        unlink(path)
        return open(path, flags, 0o644)
    }

    /// Writes the whole file. Returns −1 with `errno` when it cannot.
    static func write(_ payload: (inout StateWriter) -> Void, epoch: Int64, to file: Int32) -> Int32 {
        var out = SnapshotWriter(file, epoch: epoch)
        withUnsafeMutablePointer(to: &out) { out in
            // The sink lives no longer than the writer, which ends here.
            nonisolated(unsafe) let out = out
            var writer = StateWriter { out.pointee.append($0) }
            payload(&writer)
            writer.flush()
        }
        return out.finish()
    }

    private init(_ file: Int32, epoch: Int64) {
        self.file = file
        header = SnapshotLayout.header(epoch: epoch)
        checksum = XXH64.Stripes(seed: SnapshotLayout.seed(header))
    }

    deinit { memory.deallocate() }

    private var first: UnsafeMutableRawPointer { memory + Self.bufferBytes }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position < bytes.count {
            let count = min(bytes.count - position, Self.bufferBytes - used)
            (memory + used).copyMemory(from: bytes.baseAddress! + position, byteCount: count)
            used += count
            position += count
            if used == Self.bufferBytes { writeBuffer() }
        }
    }

    /// The part of the buffer that is payload: all but the header in front of the file.
    private var payload: UnsafeRawBufferPointer {
        let start = offset == 0 ? SnapshotLayout.headerBytes : 0
        return UnsafeRawBufferPointer(start: memory + start, count: used - start)
    }

    private mutating func writeBuffer() {
        checksum.add(payload)
        if offset == 0 { first.copyMemory(from: memory, byteCount: Self.block) }
        write(memory, count: used, at: offset)
        offset += used
        used = 0
    }

    private mutating func finish() -> Int32 {
        let size = offset + used
        let rest = payload
        let whole = rest.count / XXH64.Stripes.byteCount * XXH64.Stripes.byteCount
        checksum.add(UnsafeRawBufferPointer(rebasing: rest[..<whole]))
        let sum = checksum.finish(UnsafeRawBufferPointer(rebasing: rest[whole...]))
        if offset == 0 { first.copyMemory(from: memory, byteCount: min(used, Self.block)) }
        let padded = (used + Self.block - 1) / Self.block * Self.block
        (memory + used).initializeMemory(as: UInt8.self, repeating: 0, count: padded - used)
        if offset > 0 { write(memory, count: padded, at: offset) }
        SnapshotLayout.complete(&header, payloadBytes: size - SnapshotLayout.headerBytes, checksum: sum)
        header.withUnsafeBytes { first.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        if offset == 0 {
            memory.copyMemory(from: first, byteCount: SnapshotLayout.headerBytes)
            write(memory, count: padded, at: 0)
        } else {
            write(first, count: Self.block, at: 0)
        }
        if failure == 0, ftruncate(file, size) != 0 { failure = errno }
        errno = failure
        return failure == 0 ? 0 : -1
    }

    private mutating func write(_ bytes: UnsafeMutableRawPointer, count: Int, at start: Int) {
        var done = 0
        while done < count, failure == 0 {
            let written = pwrite(file, bytes + done, count - done, start + done)
            if written >= 0 {
                done += written
                // What is left of a write that was cut short may not begin at a block.
                if done % Self.block != 0 { leaveDirect() }
            } else if errno == EINVAL, isDirect {
                leaveDirect()
            } else if errno != EINTR {
                failure = errno
            }
        }
    }

    private var isDirect: Bool { fcntl(file, F_GETFL) & Self.direct != 0 }

    private func leaveDirect() { _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~Self.direct) }
}

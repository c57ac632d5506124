internal import CCompression
internal import Glibc
internal import Synchronization

/// How a source is compressed, told by its first bytes.
package enum Compression: String, Sendable {
    case none, gzip, zstd
}

/// The decompressed bytes of a file or of standard input.
final class SourceInput {
    let path: String
    let compression: Compression
    /// Of the file as it lies on disk; nil when it is no regular file.
    let inputSize: Int64?
    /// Bytes taken from the file so far; other threads may look at it.
    let consumed = Atomic<Int64>(0)

    private let descriptor: Int32
    private let startOfFile: Int64
    private let inflater: OpaquePointer?
    /// Compressed bytes, or the first bytes of a plain source that were read to tell what it is.
    private let raw: UnsafeMutablePointer<UInt8>
    private var rawRange = 0..<0
    private var inputEnded = false
    private var inflated: Int64 = 0
    private static let rawCapacity = 128 << 10

    /// Opens `path`, `-` being standard input.
    /// - Throws: `unreadable`.
    init(path: String) throws(SourceError) {
        self.path = path
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        var status = stat()
        let known = fstat(descriptor, &status) == 0
        if known, status.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw .unreadable(path: path, reason: "is a directory")
        }
        let isRegular = known && status.st_mode & S_IFMT == S_IFREG
        startOfFile = isRegular ? max(0, Int64(lseek(descriptor, 0, SEEK_CUR))) : 0
        inputSize = isRegular ? max(0, Int64(status.st_size) - startOfFile) : nil
        raw = .allocate(capacity: Self.rawCapacity)
        // The first bytes tell the compression; four suffice, and a pipe may give them one by one.
        var count = 0
        var failure: SourceError?
        while count < 4 {
            let got = Glibc.read(descriptor, raw + count, Self.rawCapacity - count)
            if got < 0, errno == EINTR { continue }
            if got < 0 { failure = .unreadable(path: path, reason: String(cString: strerror(errno))) }
            if got <= 0 { break }
            count += got
        }
        rawRange = 0..<count
        let kind = fraud_compression_kind(raw, count)
        compression = kind == Int32(FRAUD_COMPRESSION_GZIP) ? .gzip : kind == Int32(FRAUD_COMPRESSION_ZSTD) ? .zstd : .none
        inflater = compression == .none ? nil : fraud_inflater_create(kind)
        if compression != .none, inflater == nil { failure = .unreadable(path: path, reason: "out of memory") }
        if let failure { throw failure }
    }

    deinit {
        close(descriptor)
        raw.deallocate()
        fraud_inflater_destroy(inflater)
    }

    /// True when a read may wait for someone to write.
    var isLive: Bool { inputSize == nil }

    /// Fills the buffer as far as one step goes; 0 is the end.
    /// - Throws: `unreadable`, `corrupt`, `truncated`; all bytes before the fault were given.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
        guard let start = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count > 0 else { return 0 }
        return try inflater == nil ? readPlain(start, buffer.count) : readInflated(start, buffer.count)
    }

    private func readPlain(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) throws(SourceError) -> Int {
        if !rawRange.isEmpty {
            let taken = min(count, rawRange.count)
            start.update(from: raw + rawRange.lowerBound, count: taken)
            rawRange = rawRange.lowerBound + taken..<rawRange.upperBound
            consumed.add(Int64(taken), ordering: .relaxed)
            return taken
        }
        let got = try readFile(start, count)
        consumed.add(Int64(got), ordering: .relaxed)
        return got
    }

    private func readInflated(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) throws(SourceError) -> Int {
        while true {
            if rawRange.isEmpty, !inputEnded {
                rawRange = 0..<(try readFile(raw, Self.rawCapacity))
                inputEnded = rawRange.isEmpty
            }
            var used = 0
            var made = 0
            let result = fraud_inflate(inflater!, raw + rawRange.lowerBound, rawRange.count, &used, start, count, &made)
            rawRange = rawRange.lowerBound + used..<rawRange.upperBound
            consumed.add(Int64(used), ordering: .relaxed)
            inflated += Int64(made)
            // A fault comes again on the next call, when there is nothing more to give before it.
            if made > 0 { return made }
            if result == Int32(FRAUD_INFLATE_CORRUPT) {
                let reason = String(cString: fraud_inflater_message(inflater!))
                throw .corrupt(path: path, reason: reason, inputByte: consumed.load(ordering: .relaxed), contentByte: inflated)
            }
            if inputEnded, rawRange.isEmpty {
                if fraud_inflater_is_complete(inflater!) == 1 { return 0 }
                throw .truncated(path: path, inputByte: consumed.load(ordering: .relaxed), contentByte: inflated)
            }
        }
    }

    private func readFile(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) throws(SourceError) -> Int {
        while true {
            let got = Glibc.read(descriptor, start, count)
            if got >= 0 { return got }
            if errno != EINTR { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        }
    }

    /// Goes to a byte of a plain regular file at once; false for any other source.
    func seek(to offset: Int64) -> Bool {
        guard compression == .none, let inputSize, offset <= inputSize,
            lseek(descriptor, off_t(startOfFile + offset), SEEK_SET) >= 0
        else { return false }
        rawRange = 0..<0
        consumed.store(offset, ordering: .relaxed)
        return true
    }
}

internal import Glibc

/// The state of the engine at an epoch, beside the database, in `PATH.state/epoch-N.snapshot`.
///
///     0   8  "FRAUDSNP"
///     8   4  format version, 1
///     12  4  zero
///     16  8  epoch
///     24  8  payload length
///     32  8  XXH64 of the payload, seeded with the XXH64 of bytes 0–31
///     40  …  payload, to the end of the file
///
/// Numbers are little-endian. A file appears whole or not at all: it is written beside, synced, renamed, and the folder
/// is synced. Limit: the payload is held in memory once.
package struct SnapshotFile: Sendable {
    package static let formatVersion: UInt32 = 1
    private static let magic: StaticString = "FRAUDSNP"
    private static let headerBytes = 40

    /// The folder, `PATH.state`.
    package let folder: String

    package init(databasePath: String) { folder = databasePath + ".state" }

    package func path(epoch: Int64) -> String { "\(folder)/epoch-\(epoch).snapshot" }

    /// Writes the snapshot of an epoch, in place of an earlier one. When it returns, the file survives a power cut.
    /// - Throws: `StorageError.io`; an earlier snapshot is then untouched.
    package func save(epoch: Int64, payload: [UInt8]) throws(StorageError) {
        if mkdir(folder, 0o755) == 0 { try sync(Folder.parent(of: folder)) } else if errno != EEXIST { throw failure("create", folder) }
        let final = path(epoch: epoch)
        let temporary = final + ".tmp"
        let header = payload.withUnsafeBytes { Self.header(epoch: epoch, payload: $0) }
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("create", temporary) }
        var operation: String?
        if !Self.write(file, header) || !Self.write(file, payload) { operation = "write" } else if fsync(file) != 0 { operation = "sync" }
        let reason = errno
        if close(file) != 0, operation == nil { operation = "close" }
        if operation == nil, rename(temporary, final) != 0 { operation = "rename" }
        if let operation {
            let number = operation == "write" || operation == "sync" ? reason : errno
            unlink(temporary)
            throw failure(operation, temporary, number)
        }
        try sync(folder)
    }

    /// Reads and checks the snapshot of an epoch.
    /// - Throws: `io` when it is not there or not readable, `badSnapshot` when any byte is not as it was written.
    package func load(epoch: Int64) throws(StorageError) -> [UInt8] {
        let path = path(epoch: epoch)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw failure("examine", path) }
        let size = Int(facts.st_size)
        guard size >= Self.headerBytes else { throw .badSnapshot(path: path, detail: "\(size) bytes are too few") }
        let header = try read(file, path, count: Self.headerBytes)
        let expected = try check(header, path, epoch: epoch, payloadBytes: size - Self.headerBytes)
        let payload = try read(file, path, count: size - Self.headerBytes)
        guard payload.withUnsafeBytes({ XXH64.hash($0, seed: Self.seed(header)) }) == expected else {
            throw .badSnapshot(path: path, detail: "its checksum does not match its content")
        }
        return payload
    }

    /// Epochs that have a snapshot, ascending; whole or not.
    package func epochs() -> [Int64] {
        Folder.names(in: folder).compactMap { name in
            guard name.hasPrefix("epoch-"), name.hasSuffix(".snapshot") else { return nil }
            return Int64(name.dropFirst("epoch-".count).dropLast(".snapshot".count))
        }.sorted()
    }

    /// Deletes what a run at `epoch` cannot need: all snapshots before the one that precedes it, and unfinished files.
    /// The current and the previous stay, and so does anything newer. A file that cannot be deleted stays too.
    package func removeOlder(than epoch: Int64) {
        let past = epochs().filter { $0 <= epoch }
        for old in past.dropLast(2) { unlink(path(epoch: old)) }
        for name in Folder.names(in: folder) where name.hasPrefix("epoch-") && name.hasSuffix(".snapshot.tmp") { unlink("\(folder)/\(name)") }
    }

    private static func header(epoch: Int64, payload: UnsafeRawBufferPointer) -> [UInt8] {
        var header: [UInt8] = []
        magic.withUTF8Buffer { header.append(contentsOf: $0) }
        withUnsafeBytes(of: formatVersion.littleEndian) { header.append(contentsOf: $0) }
        header.append(contentsOf: [0, 0, 0, 0])
        withUnsafeBytes(of: epoch.littleEndian) { header.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt64(payload.count).littleEndian) { header.append(contentsOf: $0) }
        let sum = XXH64.hash(payload, seed: seed(header))
        withUnsafeBytes(of: sum.littleEndian) { header.append(contentsOf: $0) }
        return header
    }

    /// So that the checksum covers the header too.
    private static func seed(_ header: [UInt8]) -> UInt64 {
        header.withUnsafeBytes { XXH64.hash(UnsafeRawBufferPointer(rebasing: $0[..<32])) }
    }

    /// The checksum of a header that fits the file.
    private func check(_ header: [UInt8], _ path: String, epoch: Int64, payloadBytes: Int) throws(StorageError) -> UInt64 {
        func number(_ at: Int) -> UInt64 { header.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self)) } }
        guard Self.magic.withUTF8Buffer({ header[..<8].elementsEqual($0) }) else { throw .badSnapshot(path: path, detail: "it is no snapshot") }
        let version = number(8)
        guard version == UInt64(Self.formatVersion) else {
            throw .badSnapshot(path: path, detail: "its format version is \(version & 0xFFFF_FFFF), this program reads \(Self.formatVersion)")
        }
        guard Int64(bitPattern: number(16)) == epoch else {
            throw .badSnapshot(path: path, detail: "it is of epoch \(Int64(bitPattern: number(16)))")
        }
        guard number(24) == UInt64(payloadBytes) else {
            throw .badSnapshot(path: path, detail: "it has \(payloadBytes) bytes of content, \(number(24)) were written")
        }
        return number(32)
    }

    private static func write(_ file: Int32, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { all in
            var position = 0
            while position < all.count {
                let count = Glibc.write(file, all.baseAddress! + position, all.count - position)
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                position += count
            }
            return true
        }
    }

    private func read(_ file: Int32, _ path: String, count: Int) throws(StorageError) -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let more = Glibc.read(file, buffer.baseAddress! + filled, count - filled)
                if more < 0, errno == EINTR { continue }
                if more <= 0 { return }
                filled += more
            }
        }
        guard bytes.count == count else { throw .badSnapshot(path: path, detail: "it ended while it was read") }
        return bytes
    }

    private func sync(_ folder: String) throws(StorageError) {
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("open", folder) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failure("sync", folder) }
    }

    private func failure(_ operation: String, _ path: String, _ number: Int32 = errno) -> StorageError {
        .io(path: path, operation: operation, reason: String(cString: strerror(number)))
    }
}

package import ClickModel
internal import Glibc

/// The state of the engine at an epoch, beside the database, in `PATH.state/epoch-N.snapshot`: `SnapshotLayout`.
///
/// A file appears whole or not at all: it is written beside, synced, renamed, and the folder is synced. Limit: reading holds
/// the payload in memory once.
package struct SnapshotFile: Sendable {
    /// The folder, `PATH.state`.
    package let folder: String

    package init(databasePath: String) { folder = databasePath + ".state" }

    package func path(epoch: Int64) -> String { "\(folder)/epoch-\(epoch).snapshot" }

    /// Writes the snapshot of an epoch, in place of an earlier one of its own. When it returns, the file survives a power cut.
    /// - Throws: `StorageError.io`; other snapshots are then untouched, and another try starts from nothing.
    package func save(epoch: Int64, payload: [UInt8]) throws(StorageError) {
        try save(epoch: epoch) { writer in payload.withUnsafeBytes { writer.append(raw: $0) } }
    }

    /// The same for a payload that is written as it is saved: nothing of it is held in memory.
    package func save(epoch: Int64, _ payload: (inout StateWriter) -> Void) throws(StorageError) {
        if mkdir(folder, 0o755) != 0, errno != EEXIST { throw failure("create", folder) }
        // The folder may have been made by a run that ended before it was sure to last.
        if epochs().isEmpty { try sync(Folder.parent(of: folder)) }
        let final = path(epoch: epoch)
        let temporary = final + ".tmp"
        if unlink(temporary) != 0, errno != ENOENT { throw failure("delete", temporary) }
        let file = FaultPoint.step("snapshot-created") { SnapshotWriter.create(temporary) }
        guard file >= 0 else { throw failure("create", temporary) }
        do throws(StorageError) {
            try fill(file, temporary, epoch: epoch, payload)
            guard FaultPoint.step("snapshot-renamed", { rename(temporary, final) }) == 0 else { throw failure("rename", temporary) }
        } catch {
            unlink(temporary)
            throw error
        }
        try sync(folder)
    }

    /// Writes, syncs and closes.
    private func fill(_ file: Int32, _ path: String, epoch: Int64, _ payload: (inout StateWriter) -> Void) throws(StorageError) {
        do throws(StorageError) {
            let written = FaultPoint.step("snapshot-written") { SnapshotWriter.write(payload, epoch: epoch, to: file) }
            guard written == 0 else { throw failure("write", path) }
            guard FaultPoint.step("snapshot-synced", { fsync(file) }) == 0 else { throw failure("sync", path) }
        } catch {
            close(file)
            throw error
        }
        guard close(file) == 0 else { throw failure("close", path) }
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
        guard size >= SnapshotLayout.headerBytes else { throw .badSnapshot(path: path, detail: "\(size) bytes are too few") }
        let header = try read(file, path, count: SnapshotLayout.headerBytes)
        let expected = try SnapshotLayout.check(header, path, epoch: epoch, payloadBytes: size - SnapshotLayout.headerBytes)
        let payload = try read(file, path, count: size - SnapshotLayout.headerBytes)
        guard payload.withUnsafeBytes({ XXH64.hash($0, seed: SnapshotLayout.seed(header)) }) == expected else {
            throw .badSnapshot(path: path, detail: "its checksum does not match its content")
        }
        return payload
    }

    /// What `loadNewest` found.
    package struct Newest: Sendable {
        /// Nil when no snapshot is whole.
        package let epoch: Int64?
        package let payload: [UInt8]
        /// Why newer ones than the one found (or all, when none was) could not be taken, the newest first.
        package let skipped: [StorageError]
    }

    /// Reads the newest whole snapshot of an epoch up to `epoch`.
    package func loadNewest(upTo epoch: Int64) -> Newest {
        var skipped: [StorageError] = []
        for candidate in epochs().reversed() where candidate <= epoch {
            do throws(StorageError) {
                return Newest(epoch: candidate, payload: try load(epoch: candidate), skipped: skipped)
            } catch {
                skipped.append(error)
            }
        }
        return Newest(epoch: nil, payload: [], skipped: skipped)
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

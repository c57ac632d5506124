internal import Glibc

/// A file that is replaced in one step, or grows by whole lines, and is then sure to survive a power cut.
package enum DurableFile {
    /// Replaces a file, or makes it: the content is written beside it, synced, renamed, and the folder is synced. Whoever reads
    /// the path meanwhile, or after a crash, finds the old content or the new.
    ///
    /// - Parameter name: prefix of the fault points `NAME-written` and `NAME-renamed`.
    /// - Throws: `StorageError.io`; the old file is then as it was.
    package static func replace(_ path: String, with bytes: [UInt8], name: String) throws(StorageError) {
        let folder = Folder.parent(of: path)
        // One name, so that what a crash leaves is written over and does not pile up.
        let temporary = folder + "/." + path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...] + ".tmp"
        if unlink(temporary) != 0, errno != ENOENT { throw failure("delete", temporary) }
        var facts = stat()
        let mode = stat(path, &facts) == 0 ? facts.st_mode & 0o777 : 0o644
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw failure("create", temporary) }
        do throws(StorageError) {
            try fill(file, temporary, bytes)
            try FaultPoint.pass(name + "-written", path: temporary, operation: "write")
            try FileOperation.rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
        try FaultPoint.pass(name + "-renamed", path: path, operation: "sync")
        try FileOperation.sync(folder)
    }

    /// Appends bytes to a file that begins anew at `length`: what stands behind that is cut off first.
    /// - Throws: `StorageError.io`.
    package static func append(_ bytes: [UInt8], to path: String, length: Int) throws(StorageError) {
        let isNew = access(path, F_OK) != 0
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("open", path) }
        guard ftruncate(file, length) == 0, lseek(file, 0, SEEK_END) == length else {
            let error = failure("cut", path)
            close(file)
            throw error
        }
        try fill(file, path, bytes)
        if isNew { try FileOperation.sync(Folder.parent(of: path)) }
    }

    /// Makes a folder unless it is there, and its name durable.
    package static func makeFolder(_ path: String) throws(StorageError) {
        try FileOperation.makeFolder(path)
        try FileOperation.sync(Folder.parent(of: path))
    }

    /// Holds a file's lock while `body` runs, so that one process at a time works with what it stands for.
    ///
    /// - Throws: `StorageError.io` when another process has it, or what `body` throws.
    package static func locked<R>(_ path: String, _ body: () throws -> R) throws -> R {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK ? StorageError.io(path: path, operation: "lock", reason: "another process works with it") : failure("lock", path)
        }
        return try body()
    }

    /// Writes, syncs and closes.
    private static func fill(_ file: Int32, _ path: String, _ bytes: [UInt8]) throws(StorageError) {
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes { write(file, $0.baseAddress! + position, bytes.count - position) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let error = failure("write", path)
                close(file)
                throw error
            }
            position += count
        }
        guard fsync(file) == 0 else {
            let error = failure("sync", path)
            close(file)
            throw error
        }
        guard close(file) == 0 else { throw failure("close", path) }
    }

    private static func failure(_ operation: String, _ path: String) -> StorageError {
        .io(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}

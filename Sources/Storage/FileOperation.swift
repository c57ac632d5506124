internal import Glibc

/// Changes of files and folders, each with its error in words.
enum FileOperation {
    /// Makes a folder unless it is there; `sync` its parent to make its name durable.
    static func makeFolder(_ path: String) throws(StorageError) {
        guard mkdir(path, 0o755) != 0 else { return }
        let reason = errno
        var facts = stat()
        guard reason == EEXIST, stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { throw failure("create", path, reason) }
    }

    /// Brings a file's content, or a folder's names, to the disk.
    static func sync(_ path: String) throws(StorageError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    /// Renames a file, in place of one of that name.
    static func rename(_ path: String, to target: String) throws(StorageError) {
        guard Glibc.rename(path, target) == 0 else { throw failure("rename to \(target)", path) }
    }

    /// Removes a file if it can.
    static func discard(_ path: String) { unlink(path) }

    /// Removes a folder that holds files only; nothing when there is no such folder.
    static func removeFlatFolder(_ path: String) throws(StorageError) {
        for name in Folder.names(in: path) where name != "." && name != ".." {
            guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else { throw failure("remove", "\(path)/\(name)") }
        }
        guard rmdir(path) == 0 || errno == ENOENT || errno == ENOTDIR else { throw failure("remove", path) }
    }

    private static func failure(_ operation: String, _ path: String, _ number: Int32 = errno) -> StorageError {
        .io(path: path, operation: operation, reason: String(cString: strerror(number)))
    }
}

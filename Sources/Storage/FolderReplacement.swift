internal import Glibc

/// A folder made beside the one it replaces and put into its place in one step: readers see the old one or the new one, whole.
///
///     PARENT/.NAME.partial/    what is being made; holds the marker from the start
///     PARENT/NAME/             replaced by `commit` if it holds the marker: a folder of someone else's is never touched
///
/// One process at a time replaces in a parent folder; a lock on that says so. A killed run leaves `.NAME.partial`, which the
/// next one removes. One level of sub-folders is known.
package final class FolderReplacement {
    /// Where to put the files; gone after `commit`.
    package let partial: String
    package let target: String
    private let parent: String
    /// The old folder while a file system without an exchange has neither in place.
    private let previous: String
    private let marker: String
    private let lock: Int32
    /// Whether `partial` is this one's to remove: not before the lock is held, not after the commit.
    private var isMaking = false

    /// - Parameters:
    ///   - parent: made when it is not there (its own parent must be).
    ///   - name: of the folder to make or replace.
    ///   - marker: the name of a file that each version of the folder has; the caller writes it.
    /// - Throws: `io`: the parent cannot be made or is in use by another process, or NAME is something else.
    package init(in parent: String, name: String, marker: String) throws(StorageError) {
        self.parent = parent
        self.marker = marker
        target = "\(parent)/\(name)"
        partial = "\(parent)/.\(name).partial"
        previous = "\(parent)/.\(name).previous"
        try FileOperation.makeFolder(parent)
        lock = open(parent, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard lock >= 0 else { throw .io(path: parent, operation: "open", reason: String(cString: strerror(errno))) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw .io(path: parent, operation: "write to", reason: "another process is writing there: wait for it, or choose another folder")
        }
        if access(target, F_OK) != 0, access(previous, F_OK) == 0 { try FileOperation.rename(previous, to: target) }
        try checkTarget()
        isMaking = true
        try Self.remove(partial)
        try FileOperation.makeFolder(partial)
    }

    /// Removes what was made, unless it was committed. Runs after a failed `init` too.
    deinit {
        if isMaking { try? Self.remove(partial) }
        if lock >= 0 { close(lock) }
    }

    private func checkTarget() throws(StorageError) {
        var facts = stat()
        guard lstat(target, &facts) == 0 else { return }
        guard facts.st_mode & S_IFMT == S_IFDIR, access("\(target)/\(marker)", F_OK) == 0 else {
            throw .io(
                path: target, operation: "replace", reason: "it has no \(marker), so it was not written by this program: choose another folder, or move it away")
        }
    }

    /// Puts the folder into its place; what was there is removed after that.
    ///
    /// By `renameat2` with RENAME_EXCHANGE (Linux manual, rename(2)). A file system without that gets two renames: for that
    /// moment there is no folder, and after a kill between them the next replacement puts the old one back.
    ///
    /// - Throws: `io`; the old folder is then still there.
    package func commit() throws(StorageError) {
        precondition(isMaking, "committed once")
        precondition(access("\(partial)/\(marker)", F_OK) == 0, "the marker is written")
        try checkTarget()
        try FileOperation.sync(partial)
        var facts = stat()
        if lstat(target, &facts) != 0 {
            try FileOperation.rename(partial, to: target)
        } else if !Self.exchange(partial, target) {
            try Self.remove(previous)
            try FileOperation.rename(target, to: previous)
            try FileOperation.rename(partial, to: target)
            try FileOperation.rename(previous, to: partial)
        }
        isMaking = false
        try FileOperation.sync(parent)
        try Self.remove(partial)
    }

    /// Swaps two folders; false when the system cannot. glibc has the call since 2.28, Swift's import of it does not.
    private static func exchange(_ a: String, _ b: String) -> Bool {
        typealias Call = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else { return false }
        return unsafeBitCast(symbol, to: Call.self)(AT_FDCWD, a, AT_FDCWD, b, 2) == 0
    }

    /// Removes a folder with its files and its sub-folders' files; nothing when there is none.
    private static func remove(_ path: String) throws(StorageError) {
        for name in Folder.names(in: path) where name != "." && name != ".." {
            var facts = stat()
            if lstat("\(path)/\(name)", &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR { try FileOperation.removeFlatFolder("\(path)/\(name)") }
        }
        try FileOperation.removeFlatFolder(path)
    }
}

internal import Foundation
internal import Glibc

/// What may be given to DuckDB as a file: DuckDB itself reads more into a name (`duckdb:x`, `sqlite:x`, a CSV file as a
/// database in memory), and a job would then be lost with it.
enum DuckDBFile {
    /// The path with its folder, so that nothing in it reads as a scheme.
    static func absolute(_ path: String) -> String {
        path == ":memory:" || path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Whether nothing is there that a database would be read from.
    static func isNew(_ path: String) -> Bool {
        path == ":memory:" || [path, path + ".wal"].allSatisfy { file in
            var facts = stat()
            return stat(file, &facts) != 0 ? errno == ENOENT : facts.st_size == 0
        }
    }

    /// - Throws: `notAWarehouse` when the file is there and no DuckDB file: those have `DUCK` at byte 8 (duckdb.org,
    ///   "Storage Versions and Format"). An empty file becomes a database.
    static func check(_ path: String) throws(StorageError) {
        guard !path.isEmpty else { throw .notAWarehouse(path: "\"\"", detail: "a database needs a file name") }
        guard path != ":memory:", let file = FileHandle(forReadingAtPath: path) else { return }
        defer { try? file.close() }
        let head = (try? file.read(upToCount: 12)) ?? Data()
        guard head.isEmpty || head.dropFirst(8).elementsEqual("DUCK".utf8) else {
            throw .notAWarehouse(path: path, detail: "it is a file of another kind, and stays as it is")
        }
    }
}

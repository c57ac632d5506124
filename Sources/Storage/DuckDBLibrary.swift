internal import CADBC
internal import Glibc

/// DuckDB's shared object, loaded once a process: its ADBC driver table, and what is used of its C interface.
///
/// The object inside the Python wheel leaves Python's symbols to the interpreter; opening libpython globally first
/// resolves them, and no interpreter is ever started.
package struct DuckDBLibrary: @unchecked Sendable {
    // Filled once and then only read: hence `@unchecked Sendable`.
    let driver: AdbcDriver
    let functions: fraud_duckdb
    package let path: String

    /// The process's library, or why there is none. The search runs once.
    static let shared: Result<DuckDBLibrary, StorageError> = Result { () throws(StorageError) in
        let named = getenv(variable).map { String(cString: $0) } ?? ""
        return try find(
            named: named, system: "libduckdb.so",
            folders: [Folder.resolved("."), Folder.resolved("/proc/self/exe").map(Folder.parent)].compactMap(\.self))
    }

    package static let variable = "FRAUD_DUCKDB_LIBRARY"

    /// Tries, in order: `named` (the variable), and nothing else when it is set, because another library than the one asked
    /// for would be a surprise; the `system` library; the wheel under `.deps/python` of `folders` and all their parents.
    ///
    /// - Throws: `libraryNotFound`, with a line for every place tried.
    package static func find(named: String, system: String, folders: [String]) throws(StorageError) -> DuckDBLibrary {
        var tried: [String] = []
        if !named.isEmpty {
            if let found = load(named, &tried) { return found }
            tried[tried.count - 1] += " (from \(variable); unset it to look elsewhere)"
            throw .libraryNotFound(tried: tried)
        }
        if let found = load(system, &tried) { return found }
        for folder in wheelFolders(folders) {
            let objects = sharedObjects(in: folder)
            if objects.isEmpty { tried.append("\(folder)/_duckdb*.so: none there") }
            for object in objects {
                if let found = load(object, &tried) { return found }
            }
        }
        throw .libraryNotFound(tried: tried)
    }

    private static func wheelFolders(_ starts: [String]) -> [String] {
        var folders: [String] = []
        for start in starts {
            var folder = start
            while true {
                let wheel = (folder == "/" ? "" : folder) + "/.deps/python"
                if !folders.contains(wheel) { folders.append(wheel) }
                if folder == "/" || folder == "." { break }
                folder = Folder.parent(of: folder)
            }
        }
        return folders
    }

    private static func sharedObjects(in folder: String) -> [String] {
        Folder.names(in: folder).filter { $0.hasPrefix("_duckdb") && $0.hasSuffix(".so") }.sorted().map { "\(folder)/\($0)" }
    }

    /// `libpython3.11.so.1.0` for `….cpython-311-….so`; nil for an object that is no Python extension.
    static func pythonLibrary(for object: String) -> String? {
        let name = object.split(separator: "/").last ?? ""
        guard let tag = name.split(separator: ".").first(where: { $0.hasPrefix("cpython-3") }) else { return nil }
        let minor = tag.dropFirst("cpython-3".count).prefix { $0.isNumber }
        return minor.isEmpty ? nil : "libpython3.\(minor).so.1.0"
    }

    private static func load(_ path: String, _ tried: inout [String]) -> DuckDBLibrary? {
        if let python = pythonLibrary(for: path), dlopen(python, RTLD_LAZY | RTLD_GLOBAL) == nil {
            tried.append("\(path): needs \(python): \(loaderMessage())")
            return nil
        }
        guard let handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL) else {
            tried.append("\(path): \(loaderMessage())")
            return nil
        }
        guard let symbol = dlsym(handle, "duckdb_adbc_init") else {
            tried.append("\(path): has no duckdb_adbc_init")
            return nil
        }
        var driver = AdbcDriver()
        var error = AdbcError()
        guard fraud_adbc_init(symbol, ADBC_VERSION_1_1_0, &driver, &error) == ADBC_STATUS_OK else {
            tried.append("\(path): \(takeMessage(&error))")
            return nil
        }
        var functions = fraud_duckdb()
        if let missing = fraud_duckdb_find(handle, &functions) {
            tried.append("\(path): has no \(String(cString: missing))")
            return nil
        }
        return DuckDBLibrary(driver: driver, functions: functions, path: path)
    }

    private static func loaderMessage() -> String { dlerror().map { String(cString: $0) } ?? "not loadable" }

    /// The error's message, released.
    static func takeMessage(_ error: inout AdbcError) -> String {
        defer {
            if error.release != nil { error.release(&error) }
            error = AdbcError()
        }
        return error.message.map { String(cString: $0) } ?? "no reason given"
    }
}

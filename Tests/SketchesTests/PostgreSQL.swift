import Foundation

/// A PostgreSQL 15 server of the test's own: a fresh cluster in a directory of its own, on a Unix socket only.
///
/// A small shell owns server and directory and waits on its standard input: it stops and deletes both when the test
/// closes that pipe, or dies. PostgreSQL refuses to run as root, so as root it runs as `postgres`, else `nobody`.
final class PostgreSQL {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let bin = "/usr/lib/postgresql/15/bin"
    private let keeper = Process()
    private let leash = Pipe()
    private let directory: String
    private let launcher: [String]

    init() throws {
        guard FileManager.default.isExecutableFile(atPath: "\(Self.bin)/initdb"),
            FileManager.default.fileExists(atPath: "/usr/share/postgresql/15/extension/hll.control")
        else { throw Failure(description: "PostgreSQL 15 with its hll extension is not installed: run `make deps`") }
        var template = Array("/tmp/fraud-hll-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "no temporary directory: errno \(errno)") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        launcher = try Self.dropPrivileges(directory)
        let script = """
            cd "$1" || exit 1
            trap 'rm -rf "$1"' EXIT
            "$2/initdb" -D "$1/data" -U postgres -A trust -N --no-instructions -E UTF8 --locale=C >"$1/log" 2>&1 || { cat "$1/log"; exit 1; }
            "$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=5 </dev/null >>"$1/log" 2>&1 &
            server=$!
            for i in $(seq 1 300); do
                "$2/pg_isready" -q -h "$1" -U postgres && break
                kill -0 $server 2>/dev/null || { cat "$1/log"; exit 1; }
                sleep 0.05
            done
            echo ready
            cat >/dev/null
            kill -INT $server
            wait $server
            """
        let output = Pipe()
        let command = launcher + ["/bin/sh", "-c", script, "sh", directory, Self.bin]
        keeper.executableURL = URL(fileURLWithPath: command[0])
        keeper.arguments = Array(command.dropFirst())
        keeper.standardInput = leash
        keeper.standardOutput = output
        keeper.standardError = FileHandle.nullDevice
        keeper.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
        try keeper.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard said.hasPrefix("ready") else {
            stop()
            throw Failure(description: "PostgreSQL did not start: \(said)")
        }
    }

    /// Stops the server and deletes its directory. Safe to call twice.
    func stop() {
        try? leash.fileHandleForWriting.close()
        keeper.waitUntilExit()
        try? FileManager.default.removeItem(atPath: directory)
    }

    deinit { stop() }

    /// Runs statements in one session; returns the rows of all of them, unaligned.
    func rows(_ sql: String) throws -> [String] {
        let psql = Process()
        let input = directory + "/query-\(UInt64.random(in: 0 ..< .max)).sql"
        try sql.write(toFile: input, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: input) }
        chmod(input, 0o644)
        let output = Pipe()
        let errors = Pipe()
        let command =
            launcher + ["\(Self.bin)/psql", "-h", directory, "-U", "postgres", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", input]
        psql.executableURL = URL(fileURLWithPath: command[0])
        psql.arguments = Array(command.dropFirst())
        psql.standardInput = FileHandle.nullDevice
        psql.standardOutput = output
        psql.standardError = errors
        psql.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGCLIENTENCODING": "UTF8"]
        try psql.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        psql.waitUntilExit()
        guard psql.terminationStatus == 0 else { throw Failure(description: "psql failed: \(complaint)") }
        return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// The command prefix that makes us someone PostgreSQL will serve; hands the directory to that user.
    private static func dropPrivileges(_ directory: String) throws -> [String] {
        guard geteuid() == 0 else { return ["/usr/bin/env"] }
        guard let user = getpwnam("postgres") ?? getpwnam("nobody") else { throw Failure(description: "no user postgres or nobody") }
        let (uid, gid) = (user.pointee.pw_uid, user.pointee.pw_gid)
        guard chown(directory, uid, gid) == 0 else { throw Failure(description: "chown failed: errno \(errno)") }
        return ["/usr/bin/setpriv", "--reuid", "\(uid)", "--regid", "\(gid)", "--clear-groups"]
    }
}

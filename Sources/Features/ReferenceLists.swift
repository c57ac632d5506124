internal import CClickRecord
internal import CZlib
internal import ClickModel
internal import Foundation

/// A reference list, or a GeoIP database, that cannot be used; says which file, where in it, and why.
package struct ReferenceListError: Error, Hashable, CustomStringConvertible {
    package let problems: [String]

    init(_ problems: [String]) { self.problems = problems }
    init(_ problem: String) { problems = [problem] }

    /// One problem a line.
    package var description: String { problems.joined(separator: "\n") }

    /// A C message as text.
    static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The lists of known crawlers, hosting networks and Tor exits that stand in one directory.
///
/// Files are recognised by name, plain or gzip:
///
///     crawler-user-agents.json      crawlers
///     *datacenter*, *hosting*       hosting networks     .txt .list .lst .cidr .netset .ipset, or no extension
///     a word that starts with tor   Tor exits            the same
///
/// Several files of a kind are one list. A kind without a file is nil, and its feature unknown.
package struct ReferenceLists: Sendable {
    /// Size of one file after decompression; a larger one is an error.
    package static let maxFileBytes = 64 << 20

    package let crawlers: CrawlerPatterns?
    package let hosting: AddressRanges?
    package let tor: AddressRanges?
    /// Names of files in the directory that are none of these.
    package let ignored: [String]
    /// 32 hex digits over the content of all lists in use: what a verdict depends on besides model and rules.
    package let digest: String

    private enum Kind: String, CaseIterable {
        case crawlers, hosting, tor
    }

    /// Where the lists are by default: `$FRAUD_LISTS`, else `.deps/lists` in the working directory or one above it.
    /// Nil when there is no such directory. A variable that is set is taken at its word, so that an error can say so.
    package static func find() -> String? {
        if let path = ProcessInfo.processInfo.environment["FRAUD_LISTS"], !path.isEmpty { return path }
        return find(above: FileManager.default.currentDirectoryPath)
    }

    /// `.deps/lists` in a directory or the nearest one above it that has it.
    static func find(above start: String) -> String? {
        var folder = URL(fileURLWithPath: start).standardizedFileURL
        while true {
            let candidate = folder.appendingPathComponent(".deps/lists").path
            var isDirectory: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory), isDirectory.boolValue {
                return candidate
            }
            if folder.path == "/" { return nil }
            folder.deleteLastPathComponent()
        }
    }

    /// Reads all lists of a directory.
    ///
    /// - Throws: `ReferenceListError` when the directory or a recognised file cannot be read or understood.
    package static func load(directory: String) throws(ReferenceListError) -> ReferenceLists { try load(directories: [directory]) }

    /// Reads several directories: each kind of list from the first that has it.
    ///
    /// - Throws: as for one directory.
    package static func load(directories: [String]) throws(ReferenceListError) -> ReferenceLists {
        var files: [Kind: [(file: String, bytes: [UInt8])]] = [:]
        var ignored: [String] = []
        for directory in directories {
            let found = try self.files(of: directory, except: Set(files.keys), ignored: &ignored)
            files.merge(found) { first, _ in first }
        }
        return try ReferenceLists(files, ignored: ignored)
    }

    private static func files(
        of directory: String, except known: Set<Kind>, ignored: inout [String]
    ) throws(ReferenceListError) -> [Kind: [(file: String, bytes: [UInt8])]] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        } catch {
            throw ReferenceListError("\(directory): cannot be read: \(error.localizedDescription)")
        }
        var files: [Kind: [(file: String, bytes: [UInt8])]] = [:]
        for name in names where !name.hasPrefix(".") {
            guard let kind = kind(of: name) else {
                ignored.append(name)
                continue
            }
            guard !known.contains(kind) else { continue }
            let path = URL(fileURLWithPath: directory).appendingPathComponent(name).path
            files[kind, default: []].append((path, try read(path)))
        }
        return files
    }

    private init(_ files: [Kind: [(file: String, bytes: [UInt8])]], ignored: [String]) throws(ReferenceListError) {
        if let list = files[.crawlers] {
            guard list.count == 1 else {
                throw ReferenceListError("\(list[1].file): a second crawler list beside \(list[0].file); keep one")
            }
            crawlers = try CrawlerPatterns(json: list[0].bytes, file: list[0].file)
        } else {
            crawlers = nil
        }
        if let list = files[.hosting] { hosting = try AddressRanges(list) } else { hosting = nil }
        if let list = files[.tor] { tor = try AddressRanges(list) } else { tor = nil }
        self.ignored = ignored
        digest = Self.digest(of: files)
    }

    /// One line for the log: what is known, and from how much.
    package var summary: String {
        func ranges(_ list: AddressRanges?) -> String {
            list.map { "\($0.ranges4) IPv4 and \($0.ranges6) IPv6 ranges" } ?? "no list, unknown"
        }
        let crawlers = crawlers.map { list in
            "\(list.patternCount) patterns" + (list.skipped.isEmpty ? "" : " (\(list.skipped.count) not usable)")
        } ?? "no list, unknown"
        let rest = ignored.isEmpty ? "" : "; ignored: " + ignored.joined(separator: ", ")
        return "crawlers: \(crawlers); hosting: \(ranges(hosting)); Tor: \(ranges(tor))\(rest)"
    }

    private static func kind(of name: String) -> Kind? {
        var name = name.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        if name == "crawler-user-agents.json" { return .crawlers }
        let parts = name.split(separator: ".")
        guard parts.count < 2 || ["txt", "list", "lst", "cidr", "netset", "ipset"].contains(parts[parts.count - 1]) else { return nil }
        if name.contains("datacenter") || name.contains("hosting") { return .hosting }
        let words = name.split { !$0.isLetter }
        return words.contains { $0.hasPrefix("tor") } ? .tor : nil
    }

    /// A file's bytes, decompressed when it is gzip.
    private static func read(_ path: String) throws(ReferenceListError) -> [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        var length = 0
        let status = fraud_gz_read_all(path, maxFileBytes, &bytes, &length)
        defer { fraud_gz_free(bytes) }
        switch Int(status) {
        case FRAUD_GZ_OK: return Array(UnsafeBufferPointer(start: bytes, count: length))
        case FRAUD_GZ_TOO_LARGE: throw ReferenceListError("\(path): over \(maxFileBytes >> 20) MiB")
        case FRAUD_GZ_DAMAGED: throw ReferenceListError("\(path): cannot be read to its end, or its gzip data is damaged")
        default: throw ReferenceListError("\(path): cannot be opened: \(String(cString: strerror(errno)))")
        }
    }

    /// MurmurHash3 over kind and content of every file, own patterns included; file names do not count.
    private static func digest(of files: [Kind: [(file: String, bytes: [UInt8])]]) -> String {
        var chain: [UInt64] = [0, 0]
        func add(_ bytes: [UInt8]) {
            var hash: [UInt64] = [0, 0]
            fraud_murmur3_128(bytes, bytes.count, 0, &hash)
            let link = chain + hash
            link.withUnsafeBytes { fraud_murmur3_128($0.baseAddress!, $0.count, 0, &chain) }
        }
        for kind in Kind.allCases {
            add(Array(kind.rawValue.utf8))
            if kind == .crawlers, files[kind] != nil { add(Array(CrawlerPatterns.tuning.utf8)) }
            for file in files[kind] ?? [] { add(file.bytes) }
        }
        return chain.map(\.hexDigits).joined()
    }
}

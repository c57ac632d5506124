import CClickRecord
import Features
import Foundation
import Testing

/// Files that the tests read and write.
enum ReferenceTestFiles {
    /// The nearest folder above this file that has `name` in it.
    static func above(_ name: String) -> String? {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent(name).path
            if FileManager.default.fileExists(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    /// The crawler list of the pip package, where FRAUD_PYTHON or `make deps` has put it.
    static func crawlerList() throws -> String {
        let folder = ProcessInfo.processInfo.environment["FRAUD_PYTHON"] ?? above(".deps/python") ?? ".deps/python"
        let path = folder + "/crawleruseragents/crawler-user-agents.json"
        try #require(
            FileManager.default.fileExists(atPath: path),
            "no \(path): run `make deps`, or set FRAUD_PYTHON to a folder with the pip package crawler-user-agents")
        return path
    }

    /// A file of the shared data, which stands beside the package and not in it; nil and a word about it when absent.
    static func shared(_ name: String) -> String? {
        let folder = ProcessInfo.processInfo.environment["FRAUD_SHARED_DATA"] ?? above("shared/data")
        if let path = folder.map({ $0 + "/" + name }), FileManager.default.fileExists(atPath: path) { return path }
        print("skipped: no shared/data/\(name) beside the package")
        return nil
    }

    static func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("fraud-lists-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    static func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

    /// The output of a command, to compare with software that is not ours.
    static func run(_ arguments: [String], input: String = "") throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        try process.run()
        let feed = Thread {
            try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try? stdin.fileHandleForWriting.close()
        }
        feed.start()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments) failed")
        return output
    }

    static func error(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}

func parsedAddress(_ address: String) -> (high: UInt64, low: UInt64, version: UInt8) {
    var high: UInt64 = 0
    var low: UInt64 = 0
    let version = fraud_parse_ip(Array(address.utf8), address.utf8.count, &high, &low)
    return (high, low, UInt8(version))
}

extension AddressRanges {
    func contains(_ address: String) -> Bool {
        let (high, low, version) = parsedAddress(address)
        return contains(high: high, low: low, version: version)
    }

    init(text: String) throws { try self.init([("list.txt", Array(text.utf8))]) }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct ReferenceTestGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

@Suite("Reference lists")
struct ReferenceListsTests {
    @Test("files are recognised by name, others listed as ignored, missing kinds are nil")
    func recognises() throws {
        try ReferenceTestFiles.withDirectory { folder in
            try ReferenceTestFiles.write("10.0.0.0/8\n", folder + "/My-Datacenter.txt")
            try ReferenceTestFiles.write("11.0.0.0/8\n", folder + "/web-hosting.netset")
            try ReferenceTestFiles.write("12.0.0.1\n", folder + "/tor-exits.list")
            try ReferenceTestFiles.write("not an address\n", folder + "/monitors.txt")
            try ReferenceTestFiles.write("not an address\n", folder + "/datacenter.md")
            let lists = try ReferenceLists.load(directory: folder)
            #expect(lists.hosting?.contains("10.1.1.1") == true && lists.hosting?.contains("11.1.1.1") == true)
            #expect(lists.tor?.contains("12.0.0.1") == true && lists.tor?.contains("10.0.0.1") == false)
            #expect(lists.crawlers == nil)
            #expect(lists.ignored == ["datacenter.md", "monitors.txt"])
            #expect(lists.summary == "crawlers: no list, unknown; hosting: 1 IPv4 and 0 IPv6 ranges; Tor: 1 IPv4 and 0 IPv6 ranges; ignored: datacenter.md, monitors.txt")
        }
    }

    @Test("the digest follows the content, not the names or the compression")
    func digest() throws {
        func digest(_ name: String, _ text: String, gzip: Bool = false) throws -> String {
            try ReferenceTestFiles.withDirectory { folder in
                try ReferenceTestFiles.write(text, folder + "/" + name)
                if gzip { _ = try ReferenceTestFiles.run(["gzip", folder + "/" + name]) }
                return try ReferenceLists.load(directory: folder).digest
            }
        }
        let reference = try digest("tor.txt", "1.2.3.4\n")
        #expect(reference.count == 32)
        #expect(try digest("torlist.txt", "1.2.3.4\n") == reference)
        #expect(try digest("tor.txt", "1.2.3.4\n", gzip: true) == reference)
        #expect(try digest("tor.txt", "1.2.3.5\n") != reference)
        #expect(try digest("hosting.txt", "1.2.3.4\n") != reference)
    }

    @Test("a folder or file that cannot be read, or cut-off gzip, is an error with its path")
    func errors() throws {
        #expect(try #require(ReferenceTestFiles.error { _ = try ReferenceLists.load(directory: "/nonexistent") }).hasPrefix("/nonexistent: "))
        try ReferenceTestFiles.withDirectory { folder in
            let path = folder + "/tor.txt"
            try ReferenceTestFiles.write((0..<5000).map { "10.0.\($0 / 256).\($0 % 256)\n" }.joined(), path)
            _ = try ReferenceTestFiles.run(["gzip", path])
            #expect(try ReferenceLists.load(directory: folder).tor?.ranges4 == 1)
            let whole = try Data(contentsOf: URL(fileURLWithPath: path + ".gz"))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path + ".gz"))
            #expect(ReferenceTestFiles.error { _ = try ReferenceLists.load(directory: folder) } == "\(path).gz: cannot be read to its end, or its gzip data is damaged")
            try FileManager.default.removeItem(atPath: path + ".gz")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            #expect(try #require(ReferenceTestFiles.error { _ = try ReferenceLists.load(directory: folder) }).hasPrefix(path + ": "))
        }
    }
}

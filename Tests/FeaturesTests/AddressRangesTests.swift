import Features
import Foundation
import Testing

@Suite("Address ranges")
struct AddressRangesTests {
    @Test("hold exactly the addresses of their blocks, with comments, blanks and foreign line ends")
    func membership() throws {
        let text = "# head\r\n10.0.0.0/8\r\n\r\n  192.168.1.77 # one\n203.0.113.9/24\n2001:db8::/32\n::1\n255.255.255.255\n"
        let ranges = try AddressRanges(text: text)
        #expect(ranges.ranges4 == 4 && ranges.ranges6 == 2)
        for inside in ["10.0.0.0", "10.255.255.255", "192.168.1.77", "203.0.113.0", "203.0.113.255", "255.255.255.255",
            "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "::1", "::ffff:10.1.2.3"] {
            #expect(ranges.contains(inside), "\(inside)")
        }
        for outside in ["9.255.255.255", "11.0.0.0", "192.168.1.76", "192.168.1.78", "203.0.112.255", "203.0.114.0",
            "255.255.255.254", "0.0.0.0", "2001:db7:ffff::", "2001:db9::", "::", "::2"] {
            #expect(!ranges.contains(outside), "\(outside)")
        }
        #expect(!ranges.contains(high: 0, low: 0xffff_0a00_0001, version: 0), "an unknown address is in no list")
        #expect(try !AddressRanges(text: "").contains("10.0.0.1"))
    }

    @Test("agree with a linear scan on random overlapping blocks", arguments: 0..<20 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var rng = ReferenceTestGenerator(seed: seed)
        var blocks4: [(UInt32, Int)] = []
        var blocks6: [(UInt64, Int)] = []
        var lines: [String] = []
        for _ in 0..<200 {
            let prefix = Int.random(in: 12...32, using: &rng)
            let base = UInt32.random(in: 0...0xff_ffff, using: &rng)
            blocks4.append((base, prefix))
            lines.append("\(base >> 24).\(base >> 16 & 255).\(base >> 8 & 255).\(base & 255)/\(prefix)")
            let prefix6 = Int.random(in: 20...64, using: &rng)
            let high = 0x2001_0000_0000_0000 | UInt64.random(in: 0...0xffff_ffff, using: &rng)
            blocks6.append((high, prefix6))
            let groups = (0..<4).map { String(high >> UInt64(48 - 16 * $0) & 0xffff, radix: 16) }
            lines.append(groups.joined(separator: ":") + "::/\(prefix6)")
        }
        let ranges = try AddressRanges(text: lines.shuffled(using: &rng).joined(separator: "\n"))
        for _ in 0..<2000 {
            let near = blocks4.randomElement(using: &rng)!
            let address = near.0 &+ UInt32.random(in: 0...4096, using: &rng) &- 2048
            let slow = blocks4.contains { ($0.0 ^ address) >> UInt32(32 - $0.1) == 0 }
            #expect(ranges.contains(high: 0, low: 0xffff_0000_0000 | UInt64(address), version: 4) == slow, "seed \(seed), \(address)")
            let high = blocks6.randomElement(using: &rng)!.0 ^ (1 << UInt64.random(in: 0...44, using: &rng))
            let slow6 = blocks6.contains { ($0.0 ^ high) >> UInt64(64 - $0.1) == 0 }
            #expect(ranges.contains(high: high, low: rng.next(), version: 6) == slow6, "seed \(seed), \(high)")
        }
    }

    @Test("a bad line is an error with file, line and what was expected; all are named", arguments: [
        ("hello", "an IPv4 or IPv6 address or CIDR block"), ("10.0.0", "an IPv4 or IPv6 address or CIDR block"),
        ("10.0.0.0/33", "a prefix length of 1 to 32"), ("10.0.0.0/0", "a prefix length of 1 to 32"),
        ("10.0.0.0/", "a prefix length of 1 to 32"), ("10.0.0.0/+8", "a prefix length of 1 to 32"),
        ("2001:db8::/129", "a prefix length of 1 to 128"), ("/8", "an IPv4 or IPv6 address or CIDR block"),
        ("10.0.0.1-10.0.0.9", "an IPv4 or IPv6 address or CIDR block"), ("10.0.0.0/8/8", "a prefix length of 1 to 32"),
    ])
    func badLines(line: String, expected: String) {
        #expect(ReferenceTestFiles.error { _ = try AddressRanges(text: "# ok\n1.2.3.4\n\(line)\n") } == "list.txt:3: \(line.debugDescription): expected \(expected)")
    }

    @Test("the number of bad lines named is limited, and no bytes crash the reader")
    func manyBadLines() throws {
        let error = try #require(ReferenceTestFiles.error { _ = try AddressRanges(text: String(repeating: "x\n", count: 1000)) })
        #expect(error.split(separator: "\n").count == AddressRanges.maxProblems + 1)
        var rng = ReferenceTestGenerator(seed: 3)
        for _ in 0..<200 {
            let bytes = (0..<60).map { _ in UInt8.random(in: 0...255, using: &rng) }
            _ = ReferenceTestFiles.error { _ = try AddressRanges([("noise", bytes)]) }
        }
    }

    @Test("real hosting and Tor lists load from gzip and agree with Python's ipaddress; prints the cost of a lookup")
    func realLists() throws {
        guard let folder = ReferenceTestFiles.shared("ip-lists") else { return }
        let lists = try ReferenceLists.load(directory: folder)
        let hosting = try #require(lists.hosting)
        #expect(try #require(lists.tor).contains("101.99.92.179"))
        #expect(lists.crawlers == nil && lists.ignored.isEmpty)
        var rng = ReferenceTestGenerator(seed: 11)
        var addresses: [String] = []
        for _ in 0..<500 {
            let octets = (0..<4).map { _ in "\(UInt8.random(in: 1...223, using: &rng))" }
            addresses.append(octets.joined(separator: "."))
            let groups = (0..<3).map { _ in String(UInt16.random(in: 0...0xfff, using: &rng), radix: 16) }
            addresses.append("2001:" + groups.joined(separator: ":") + "::1")
        }
        let script = """
            import sys, gzip, glob, ipaddress, bisect
            ranges = {4: [], 6: []}
            for name in glob.glob(sys.argv[1] + '/datacenter*'):
                for line in gzip.open(name, 'rt'):
                    line = line.split('#')[0].strip()
                    if line:
                        n = ipaddress.ip_network(line, strict=False)
                        ranges[n.version].append((int(n[0]), int(n[-1])))
            for line in sys.stdin:
                a = ipaddress.ip_address(line.strip())
                print(int(any(s <= int(a) <= e for s, e in ranges[a.version])))
            """
        let output = try ReferenceTestFiles.run(["python3", "-c", script, folder], input: addresses.joined(separator: "\n"))
        let truth = String(decoding: output, as: UTF8.self).split(separator: "\n").map { $0 == "1" }
        #expect(truth.count == addresses.count && truth.contains(true))
        for (address, expected) in zip(addresses, truth) { #expect(hosting.contains(address) == expected, "\(address)") }
        let queries = addresses.map(parsedAddress)
        var hits = 0
        let elapsed = ContinuousClock().measure {
            for _ in 0..<300 { for q in queries where hosting.contains(high: q.high, low: q.low, version: q.version) { hits += 1 } }
        }
        print("hosting lookup: \(elapsed / 300_000) each, \(lists.summary), \(hits) hits")
    }
}

import Features
import Foundation
import Testing

@Suite("GeoIP database")
struct GeoDatabaseTests {
    private func withDatabase(_ body: (GeoDatabase, String) throws -> Void) throws {
        guard let source = ReferenceTestFiles.shared("mmdb/GeoLite2-City-Test.mmdb.gz"), let json = ReferenceTestFiles.shared("mmdb/GeoLite2-City-Test.json.gz") else { return }
        try ReferenceTestFiles.withDirectory { folder in
            let path = folder + "/city.mmdb"
            try ReferenceTestFiles.run(["gzip", "-dc", source]).write(to: URL(fileURLWithPath: path))
            try body(GeoDatabase.open(path: path), json)
        }
    }

    @Test("gives country and position of every network in MaxMind's test database; prints the cost of a lookup")
    func everyNetwork() throws {
        try withDatabase { database, json in
            #expect(database.type == "GeoLite2-City" && database.buildTimeSeconds > 1_500_000_000)
            let script = """
                import sys, json, gzip
                for entry in json.load(gzip.open(sys.argv[1])):
                    for net, v in entry.items():
                        l = v.get('location', {})
                        print(net.split('/')[0], v.get('country', {}).get('iso_code', '-'), l.get('latitude', 'nan'), l.get('longitude', 'nan'))
                """
            let lines = String(decoding: try ReferenceTestFiles.run(["python3", "-c", script, json]), as: UTF8.self).split(separator: "\n")
            #expect(lines.count > 100)
            for line in lines {
                let fields = line.split(separator: " ")
                let (high, low, version) = parsedAddress(String(fields[0]))
                let found = try #require(database.lookup(ipHigh: high, ipLow: low, version: version), "\(line)")
                let code = Array(fields[1].utf8)
                let country = code.count == 2 ? UInt16(code[0]) << 8 | UInt16(code[1]) : 0
                #expect(found.country == country, "\(line)")
                let (lat, lon) = (Float(fields[2])!, Float(fields[3])!)
                #expect(lat.isNaN ? found.lat.isNaN && found.lon.isNaN : found.lat == lat && found.lon == lon, "\(line): \(found)")
            }
            let queries = lines.map { parsedAddress(String($0.split(separator: " ")[0])) }
            let elapsed = ContinuousClock().measure {
                for _ in 0..<200 { for q in queries { _ = database.lookup(ipHigh: q.high, ipLow: q.low, version: q.version) } }
            }
            print("GeoIP lookup: \(elapsed / (200 * queries.count)) each")
        }
    }

    @Test("an address it does not know, or that is none, has no position")
    func unknown() throws {
        try withDatabase { database, _ in
            for address in ["0.0.0.0", "240.0.0.1", "127.0.0.1", "ff02::1"] {
                let (high, low, version) = parsedAddress(address)
                #expect(database.lookup(ipHigh: high, ipLow: low, version: version) == nil, "\(address)")
            }
            #expect(database.lookup(ipHigh: 0, ipLow: 0, version: 0) == nil)
        }
    }

    @Test("what is no such database is an error with its path; a damaged one never crashes")
    func errors() throws {
        #expect(ReferenceTestFiles.error { _ = try GeoDatabase.open(path: "/nonexistent.mmdb") } == "/nonexistent.mmdb: No such file or directory")
        #expect(ReferenceTestFiles.error { _ = try GeoDatabase.open(path: "a.mmdb.gz") }?.contains("decompress it first") == true)
        try withDatabase { database, _ in
            let good = try Array(Data(contentsOf: URL(fileURLWithPath: database.path)))
            var rng = ReferenceTestGenerator(seed: 23)
            for round in 0..<100 {
                var bytes = good
                if round % 2 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &rng)) }
                for _ in 0..<20 where !bytes.isEmpty { bytes[Int.random(in: 0..<bytes.count, using: &rng)] = UInt8.random(in: 0...255, using: &rng) }
                let path = database.path + ".\(round)"
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                guard let damaged = try? GeoDatabase.open(path: path) else { continue }
                for _ in 0..<200 {
                    _ = damaged.lookup(ipHigh: 0, ipLow: 0xffff_0000_0000 | rng.next() >> 32, version: 4)
                    _ = damaged.lookup(ipHigh: rng.next(), ipLow: rng.next(), version: 6)
                }
            }
        }
    }
}

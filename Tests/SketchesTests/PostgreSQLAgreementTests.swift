import Foundation
import Sketches
import Testing

/// Our sketches against PostgreSQL's hll extension: the same bytes, the same counts, both ways.
@Suite("HyperLogLog against PostgreSQL's hll", .serialized)
struct PostgreSQLAgreementTests {
    private static let modifiers = "14, 6, -1, 1"

    /// A set of texts `<prefix>-1 … <prefix>-n`.
    private struct Values {
        let prefix: String
        let count: Int
        var range: ClosedRange<Int>? { count > 0 ? 1...count : nil }

        func sketch(_ memory: SketchMemory) -> HyperLogLog {
            var sketch = HyperLogLog()
            for i in 0..<count { sketch.add(MurmurHash3.hash64("\(prefix)-\(i + 1)"), memory) }
            return sketch
        }

        var sql: String {
            "coalesce((select hll_add_agg(hll_hash_text('\(prefix)-' || i), \(modifiers)) "
                + "from generate_series(1, \(count)) i), hll_empty(\(modifiers)))"
        }
    }

    private func stored(_ sketch: HyperLogLog) -> String { "\\x" + hex(sketch.serialized()) }

    @Test("sketches of 0 to 200,000 values have the extension's bytes, and it counts ours as its own")
    func bytesOfSets() throws {
        let server = try PostgreSQL()
        defer { server.stop() }
        let seed: UInt64 = 20_261
        var random = SplitMix(seed)
        var sizes = [0, 1, 2, 6, 7, 10, 1535, 1536, 1537, 2000, 20_000, 200_000, 60_000]
        sizes += stride(from: 4900, through: 5900, by: 100)
        sizes += (0..<20).map { _ in Int.random(in: 0...12_000, using: &random) }
        let sets = sizes.enumerated().map { Values(prefix: "s\(seed)x\($0.offset)", count: $0.element) }
        let memory = SketchMemory()
        var script = "create extension hll;\n"
        for set in sets {
            let ours = set.sketch(memory)
            script += "with s as materialized (select \(set.sql) as h) select h, hll_cardinality(h), '\(stored(ours))'::hll = h, "
            script += "hll_cardinality('\(stored(ours))'::hll) from s;\n"
        }
        let rows = try server.rows(script)
        try #require(rows.count == sets.count)
        for (set, row) in zip(sets, rows) {
            let columns = row.split(separator: "|", omittingEmptySubsequences: false)
            let ours = set.sketch(memory)
            #expect(columns[0] == stored(ours), "bytes of \(set.count) values, prefix \(set.prefix)")
            #expect(columns[2] == "t")
            #expect(columns[1] == columns[3])
            let theirs = try #require(Double(columns[1]))
            if !theirs.isNaN { #expect(abs(ours.estimate - theirs) <= 1e-9 * theirs, "estimate of \(set.count)") }
            #expect(theirs.isNaN == (ours.estimate > 40_960), "the extension's own limit at these sizes")
            try checkReading(columns[0].dropFirst(2), equals: ours, memory)
        }
    }

    private func checkReading(_ text: some StringProtocol, equals ours: HyperLogLog, _ memory: SketchMemory) throws {
        let theirs = try HyperLogLog(serialized: try #require(bytes(hex: text)), memory)
        #expect(theirs.serialized() == ours.serialized())
        #expect(theirs.roundedEstimate == ours.roundedEstimate)
    }

    @Test("above 40,960, where the extension answers NaN at width 6, the estimate is what it gives for the same registers at width 5")
    func largeCardinalities() throws {
        let server = try PostgreSQL()
        defer { server.stop() }
        let sizes = [41_500, 50_000, 100_000, 300_000, 800_000]
        var script = "create extension hll;\n"
        for n in sizes {
            script += "select hll_cardinality(hll_add_agg(hll_hash_text('big-' || i), 14, 5, -1, 1)) from generate_series(1, \(n)) i;\n"
        }
        let rows = try server.rows(script)
        let memory = SketchMemory()
        for (n, row) in zip(sizes, rows) {
            let ours = Values(prefix: "big", count: n).sketch(memory).estimate
            let theirs = try #require(Double(row))
            #expect(abs(ours - theirs) <= 1e-9 * theirs, "\(n) values: ours \(ours), theirs \(theirs)")
            #expect(abs(ours - Double(n)) < 0.04 * Double(n))
        }
        #expect(rows.count == sizes.count)
    }

    @Test("a union of any two kinds has the extension's bytes, either way round")
    func bytesOfUnions() throws {
        let server = try PostgreSQL()
        defer { server.stop() }
        // Some share a prefix, so that they overlap: empty, explicit (small, at the limit), sparse, full.
        let sets = [
            Values(prefix: "a", count: 0), Values(prefix: "a", count: 5), Values(prefix: "b", count: 900), Values(prefix: "b", count: 1536),
            Values(prefix: "c", count: 636), Values(prefix: "c", count: 637), Values(prefix: "a", count: 2500), Values(prefix: "d", count: 3500),
            Values(prefix: "a", count: 30_000), Values(prefix: "e", count: 30_000),
        ]
        let memory = SketchMemory()
        var script = "create extension hll;\ncreate table sets (n int, h hll);\n"
        for (i, set) in sets.enumerated() { script += "insert into sets select \(i), \(set.sql);\n" }
        script += "select a.n, b.n, hll_union(a.h, b.h), hll_cardinality(hll_union(a.h, b.h)) from sets a, sets b order by 1, 2;\n"
        let rows = try server.rows(script)
        try #require(rows.count == sets.count * sets.count)
        for row in rows {
            let columns = row.split(separator: "|", omittingEmptySubsequences: false)
            let (a, b) = (try #require(Int(columns[0])), try #require(Int(columns[1])))
            var union = sets[a].sketch(memory)
            let other = sets[b].sketch(memory)
            union.merge(other, memory)
            #expect(columns[2] == stored(union), "union of \(sets[a]) and \(sets[b])")
            let theirs = try #require(Double(columns[3]))
            if !theirs.isNaN { #expect(Int64(theirs.rounded(.toNearestOrEven)) == union.roundedEstimate) }
        }
    }

    @Test("hash64 is hll_hash_text for texts of every length, ASCII or not")
    func hashes() throws {
        let server = try PostgreSQL()
        defer { server.stop() }
        let seed: UInt64 = 77
        var random = SplitMix(seed)
        let alphabet = Array("abcXYZ019 -_.:/ößñ語😀")
        let texts = ["abc"] + (0..<200).map { i in String((0..<(i % 50)).map { _ in alphabet.randomElement(using: &random)! }) }
        var script = "create extension hll;\n"
        for text in texts { script += "select hll_hash_text('\(text)');\n" }
        let rows = try server.rows(script)
        #expect(rows == texts.map { String(Int64(bitPattern: MurmurHash3.hash64($0))) }, "seed \(seed)")
    }

    @Test("values the hash never gives in practice (0, only low bits, extremes) are kept as the extension keeps them")
    func extremeValues() throws {
        let server = try PostgreSQL()
        defer { server.stop() }
        let odd: [Int64] = [0, 1, -1, 16_383, 16_384, .max, .min, 1 << 62, 5 << 14]
        let memory = SketchMemory()
        var script = "create extension hll;\n"
        for filler in [0, 1527, 1528, 1600, 9000] {
            script += "select coalesce(hll_add_agg((v::text)::hll_hashval, \(Self.modifiers)), hll_empty(\(Self.modifiers))) from ("
            script += "select unnest(array[\(odd.map { "('\($0)')::bigint" }.joined(separator: ","))]) v "
            script += "union all select (i::bigint * 7919) << 14 | i from generate_series(1, \(filler)) i) s;\n"
        }
        let rows = try server.rows(script)
        for (filler, row) in zip([0, 1527, 1528, 1600, 9000], rows) {
            var sketch = HyperLogLog()
            for value in odd { sketch.add(UInt64(bitPattern: value), memory) }
            for i in 0..<Int64(filler) { sketch.add(UInt64(bitPattern: ((i + 1) &* 7919) << 14 | (i + 1)), memory) }
            #expect(row == stored(sketch), "with \(filler) more values")
        }
        #expect(rows.count == 5)
    }
}

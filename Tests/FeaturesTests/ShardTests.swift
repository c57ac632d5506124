import ClickModel
import Features
import Foundation
import Testing

@Suite("Shards of the feature tables")
struct ShardTests {
    private static let counts = [2, 3, 8, 16]

    private static func extractor(_ shards: Int, _ lists: ReferenceLists? = nil, _ budget: FeatureExtractor.Budget = .init()) -> FeatureExtractor {
        FeatureExtractor(lists: lists, geo: nil, budget: budget, shards: shards)
    }

    private static func same(_ a: ArraySlice<[Float]>, _ b: ArraySlice<[Float]>) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { zip($0, $1).allSatisfy { $0.bitPattern == $1.bitPattern } }
    }

    /// Many keys, most of them once, beside those of `TestClick.randomStream`, and one device and ad in a third of the clicks.
    static func manyKeys(seed: UInt64, count: Int, span: Int64) -> [TestClick] {
        var random = SplitMix64(state: seed)
        return TestClick.randomStream(seed: seed, count: count, span: span).map { click in
            var click = click
            switch Int.random(in: 0..<3, using: &random) {
            case 0: (click.device, click.ad, click.ip) = (1, 1, 0x0a00_0001)
            case 1:
                click.device = Int.random(in: 0..<count * 4, using: &random)
                click.user = Int.random(in: 0..<count * 4, using: &random)
                click.ip = UInt32.random(in: 0x0b00_0000..<0xdf00_0000, using: &random)
                click.ad = Int.random(in: 0..<300, using: &random)
                click.publisher = Int.random(in: 0..<200, using: &random)
            default: break
            }
            if Bool.random(using: &random) { (click.distance, click.straightness, click.duration) = (320, 0.7, 800) }
            return click
        }
    }

    @Test("features are the same bits for any number of shards, with few keys and many, in whole batches and pieces of them", arguments: 1...6)
    func sameForAnyNumber(seed: Int) {
        let span: Int64 = [600_000, 7_200_000, 36_000_000][seed % 3]
        let clicks = seed % 2 == 0
            ? TestClick.randomStream(seed: UInt64(seed) &+ 700, count: 5000, span: span) : Self.manyKeys(seed: UInt64(seed), count: 5000, span: span)
        let one = FeatureExtractorTests.rows(clicks, batchSizes: [1024])
        for count in Self.counts {
            for sizes in [[1024], [1, 130, 1000, 129, 64, 700, 127]] {
                let rows = FeatureExtractorTests.rows(clicks, batchSizes: sizes, extractor: Self.extractor(count))
                #expect(Self.same(one[...], rows[...]), "seed \(seed), \(count) shards, sizes \(sizes)")
            }
        }
    }

    @Test("lists of crawlers, hosting and Tor addresses say the same in every shard", arguments: [2, 3, 8])
    func lists(count: Int) throws {
        try ReferenceTestFiles.withDirectory { folder in
            try ReferenceTestFiles.write(#"[{"pattern": "agent/[24]$"}]"#, folder + "/crawler-user-agents.json")
            try ReferenceTestFiles.write("10.0.1.0/24\n", folder + "/hosting.txt")
            try ReferenceTestFiles.write("10.0.0.3\n", folder + "/tor.txt")
            let lists = try ReferenceLists.load(directory: folder)
            let clicks = TestClick.randomStream(seed: 9, count: 3000, span: 5_400_000)
            let one = FeatureExtractorTests.rows(clicks, batchSizes: [1024], extractor: Self.extractor(1, lists))
            for feature in [Feature.knownCrawler, .hostingAddress, .publisherSuspectShare1h] {
                #expect(one.contains { $0[feature.rawValue] > 0 }, "\(feature.description.name)")
            }
            let split = FeatureExtractorTests.rows(clicks, batchSizes: [1024], extractor: Self.extractor(count, lists))
            #expect(Self.same(one[...], split[...]))
        }
    }

    @Test("a snapshot of one number of shards is read by any other, as if it had always been that", arguments: [1, 2, 3, 8], [1, 2, 3, 8])
    func snapshots(written: Int, read: Int) throws {
        let clicks = Self.manyKeys(seed: UInt64(written * 10 + read), count: 6000, span: 10_800_000)
        let undisturbed = FeatureExtractorTests.rows(clicks, batchSizes: [512])
        let before = Self.extractor(written)
        _ = FeatureExtractorTests.rows(Array(clicks[..<3072]), batchSizes: [512], extractor: before)
        var writer = StateWriter()
        before.write(to: &writer)
        let after = Self.extractor(read)
        var reader = StateReader(writer.bytes)
        try after.restore(from: &reader)
        let readAll = reader.isAtEnd
        #expect(readAll && after.keyCount == before.keyCount && after.evicted == 0)
        let rest = FeatureExtractorTests.rows(Array(clicks[3072...]), batchSizes: [512], extractor: after)
        #expect(Self.same(undisturbed[3072...], rest[...]), "written by \(written) shards, read by \(read)")
    }

    @Test("state that expires is forgotten and its slots taken again, in any number of shards, with the same answers", arguments: [2, 3, 8])
    func expiry(count: Int) {
        // An hour of clicks each twelve hours; the horizon follows, so that what expired is swept.
        let clicks = (0..<5).flatMap { part in
            Self.manyKeys(seed: UInt64(part), count: 3000, span: 3_600_000).map { click in
                var click = click
                click.ts += Int64(part) * 43_200_000
                return click
            }
        }
        func rows(_ extractor: FeatureExtractor) -> [[Float]] {
            let batch = ClickBatch()
            let block = FeatureBlock(columnCount: Feature.count)
            var out: [[Float]] = []
            for first in stride(from: 0, to: clicks.count, by: 1000) {
                batch.removeAll()
                for (i, click) in clicks[first..<first + 1000].enumerated() { click.append(to: batch, number: first + i) }
                let selected = (0..<Int32(1000)).map { $0 }
                let horizon = clicks[..<first].map(\.ts).max().map { $0 - 400_000 } ?? .min / 2
                selected.withUnsafeBufferPointer { extractor.extract(batch, rows: $0, horizon: horizon, into: block) }
                for row in 0..<1000 { out.append(block.row(row)) }
            }
            return out
        }
        let (one, split, unswept) = (Self.extractor(1), Self.extractor(count), Self.extractor(count))
        let swept = rows(split)
        #expect(Self.same(rows(one)[...], swept[...]))
        #expect(Self.same(FeatureExtractorTests.rows(clicks, batchSizes: [1000], extractor: unswept)[...], swept[...]))
        #expect(split.keyCount < unswept.keyCount * 3 / 4, "slots were taken again: \(split.keyCount) of \(unswept.keyCount) keys")
    }

    @Test("shards keep the memory bound together and say what they forgot")
    func boundedMemory() {
        var budget = FeatureExtractor.Budget()
        let limit = 2 << 20
        (budget.addresses, budget.devices, budget.users, budget.subnets) = (limit, limit, limit, limit)
        (budget.pairs, budget.ads, budget.publishers, budget.agents) = (limit, limit, limit, limit)
        let extractor = Self.extractor(3, nil, budget)
        let clicks = (0..<60_000).map { TestClick(ts: 1_790_000_000_000 + Int64($0), device: $0, ip: UInt32($0)) }
        _ = FeatureExtractorTests.rows(clicks, batchSizes: [1024], extractor: extractor)
        #expect(extractor.byteCount <= budget.total)
        #expect(extractor.evicted > 50_000)
    }

    @Test("keys are spread evenly over any number of shards, and an unknown key is the first's", arguments: 1...16)
    func spread(count: Int) {
        var random = SplitMix64(state: UInt64(count))
        var keys = [Int](repeating: 0, count: count)
        for _ in 0..<100_000 { keys[Shards.shard(of: random.next(), among: count)] += 1 }
        let mean = 100_000 / Double(count)
        #expect(keys.allSatisfy { abs(Double($0) - mean) < 0.05 * mean + 5 * mean.squareRoot() }, "\(keys)")
        #expect(Shards.shard(of: 0, among: count) == 0)
    }
}

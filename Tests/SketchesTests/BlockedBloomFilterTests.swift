import Foundation
import Sketches
import Testing

@Suite("Blocked Bloom filter")
struct BlockedBloomFilterTests {
    /// The rate by theory: keys a block are Poisson, each of eight lanes of 64 bits has one bit a key.
    private func expectedRate(keysPerBlock mean: Double) -> Double {
        var probability = exp(-mean)
        var rate = 0.0
        for n in 0..<400 {
            rate += probability * pow(1 - pow(63.0 / 64.0, Double(n)), 8)
            probability *= mean / Double(n + 1)
        }
        return rate
    }

    @Test("no key that was added is denied, and strangers pass at the rate theory gives", arguments: [8.0, 10.67, 11.0, 12.0, 16.0])
    func rates(bitsPerKey: Double) {
        let seed: UInt64 = 31
        var random = SplitMix(seed)
        let n = 200_000
        var filter = BlockedBloomFilter(expectedKeys: n, bitsPerKey: bitsPerKey)
        var keys: [(UInt64, UInt64)] = []
        for _ in 0..<n {
            keys.append((random.next(), random.next()))
            _ = filter.insert(keys[keys.count - 1])
        }
        for key in keys where !filter.mayContain(key) {
            Issue.record("an added key was denied, seed \(seed)")
            return
        }
        let strangers = 1_000_000
        var passed = 0
        for _ in 0..<strangers where filter.mayContain((random.next(), random.next())) { passed += 1 }
        let measured = Double(passed) / Double(strangers)
        let expected = expectedRate(keysPerBlock: Double(n) / Double(filter.blockCount))
        #expect(abs(measured - expected) < 0.1 * expected + 0.0003, "\(measured) measured, \(expected) expected, seed \(seed)")
        if bitsPerKey >= 10.67 { #expect(measured < 0.015) }
    }

    @Test("insert says whether the key seemed present; a copy of the bytes is the filter")
    func insertAndBytes() throws {
        var random = SplitMix(8)
        var filter = BlockedBloomFilter(expectedKeys: 1000)
        let keys = (0..<1000).map { _ in (random.next(), random.next()) }
        for key in keys {
            let present = filter.mayContain(key)
            let inserted = filter.insert(key)
            let after = filter.mayContain(key)
            #expect(inserted == present)
            #expect(after)
        }
        let original = Array(filter.bytes)
        guard let copy = BlockedBloomFilter(bytes: filter.bytes) else {
            Issue.record("the bytes of a filter were refused")
            return
        }
        for _ in 0..<10_000 {
            let key = (random.next(), random.next())
            let (one, other) = (copy.mayContain(key), filter.mayContain(key))
            #expect(one == other)
        }
        let copied = Array(copy.bytes)
        #expect(copied == original)
        filter.removeAll()
        let (emptied, kept) = (filter.mayContain(keys[0]), copy.mayContain(keys[0]))
        #expect(!emptied)
        #expect(kept)
        if BlockedBloomFilter(bytes: UnsafeRawBufferPointer(rebasing: copy.bytes.dropLast())) != nil {
            Issue.record("bytes that are no whole number of blocks were accepted")
        }
    }
}

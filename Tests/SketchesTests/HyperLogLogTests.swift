import Sketches
import Testing

@Suite("HyperLogLog")
struct HyperLogLogTests {
    @Test("murmur: hash64(\"abc\") is PostgreSQL's −5434086359492102041; published vectors hold")
    func murmurGolden() {
        #expect(Int64(bitPattern: MurmurHash3.hash64("abc")) == -5_434_086_359_492_102_041)
        #expect(MurmurHash3.hash64("") == 0)
        // hash128("The quick brown fox jumps over the lazy dog"): the reference implementation's e34bbc7bbc071b6c 7a433ca9c49a9347.
        let fox = Array("The quick brown fox jumps over the lazy dog".utf8)
        let hash = fox.withUnsafeBytes { MurmurHash3.hash128($0) }
        #expect(hash.0 == 0xe34b_bc7b_bc07_1b6c)
        #expect(hash.1 == 0x7a43_3ca9_c49a_9347)
    }

    @Test("the first three bytes name the kind: empty, explicit, sparse, full")
    func headers() {
        let memory = SketchMemory()
        var random = SplitMix(1)
        var sketch = HyperLogLog()
        #expect(sketch.serialized() == [0x11, 0xae, 0x7f])
        #expect(sketch.isEmpty)
        var kinds: [UInt8] = []
        var longestSparse = 0
        for _ in 0..<20_000 {
            sketch.add(random.next(), memory)
            let bytes = sketch.serialized()
            let kind = bytes[0]
            if kind == 0x13 { longestSparse = max(longestSparse, bytes.count) }
            if kinds.last != kind { kinds.append(kind) }
        }
        #expect(kinds == [0x12, 0x13, 0x14])
        // Sparse while its bits are fewer than the full form's: to 4,915 registers.
        #expect(longestSparse == 3 + (4915 * 20 + 7) / 8)
        #expect(sketch.serialized().count == 3 + 12_288)
    }

    /// Registers by the definition, from all values.
    private func slowRegisters(_ values: Set<UInt64>) -> [UInt8] {
        var registers = [UInt8](repeating: 0, count: 16_384)
        for value in values {
            var rank: UInt8 = 1
            var rest = value >> 14
            if rest == 0 { continue }
            while rest & 1 == 0 {
                rest >>= 1
                rank += 1
            }
            let index = Int(value % 16_384)
            registers[index] = max(registers[index], rank)
        }
        return registers
    }

    /// Stored bytes by the definition, with a string of bits.
    private func slowBytes(_ values: Set<UInt64>) -> [UInt8] {
        if values.isEmpty { return [0x11, 0xae, 0x7f] }
        if values.count <= 1536 {
            let sorted = values.map { Int64(bitPattern: $0) }.sorted()
            return [0x12, 0xae, 0x7f] + sorted.flatMap { v in (0..<8).map { UInt8(truncatingIfNeeded: v >> (56 - 8 * $0)) } }
        }
        let registers = slowRegisters(values)
        let used = registers.indices.filter { registers[$0] != 0 }
        var bits: [UInt8] = []
        func push(_ value: Int, _ width: Int) { for b in (0..<width).reversed() { bits.append(UInt8(value >> b & 1)) } }
        let sparse = used.count * 20 < 16_384 * 6
        if sparse {
            for i in used {
                push(i, 14)
                push(Int(registers[i]), 6)
            }
        } else {
            for r in registers { push(Int(r), 6) }
        }
        while bits.count % 8 != 0 { bits.append(0) }
        let body = stride(from: 0, to: bits.count, by: 8).map { at in bits[at..<at + 8].reduce(UInt8(0)) { $0 << 1 | $1 } }
        return [sparse ? 0x13 : 0x14, 0xae, 0x7f] + body
    }

    @Test("adds, duplicates and merges give the bytes of the set by definition; nothing leaks", arguments: 0..<40)
    func againstSet(seed: UInt64) {
        var random = SplitMix(seed &* 977 &+ 5)
        let memory = SketchMemory()
        var sketches = (0..<4).map { _ in HyperLogLog() }
        var sets = (0..<4).map { _ in Set<UInt64>() }
        let universe = [8, 40, 1500, 1700, 9000, 60_000][Int(random.next() % 6)]
        for _ in 0..<Int.random(in: 1...3 * universe, using: &random) {
            let which = Int(random.next() % 4)
            // Small universes repeat values; 0 and values without high bits are among them.
            let draw = random.next() % UInt64(universe)
            let value = draw < 3 ? draw : (draw &* 0x9e37_79b9_7f4a_7c15) ^ (draw << 40)
            let changed = sketches[which].add(value, memory)
            let fresh = sets[which].insert(value).inserted
            if sets[which].count <= 1536 { #expect(changed == fresh, "seed \(seed)") }
            if !fresh { #expect(!changed, "a known value changed the sketch, seed \(seed)") }
        }
        for _ in 0..<3 {
            let (to, from) = (Int(random.next() % 4), Int(random.next() % 4))
            guard to != from else { continue }
            sketches[to].merge(sketches[from], memory)
            sets[to].formUnion(sets[from])
        }
        for i in 0..<4 {
            #expect(sketches[i].serialized() == slowBytes(sets[i]), "seed \(seed), \(sets[i].count) values")
            if sets[i].count <= 1536 { #expect(sketches[i].roundedEstimate == Int64(sets[i].count)) }
            sketches[i].release(memory)
            #expect(sketches[i].isEmpty)
        }
        #expect(memory.bytesInUse == 0, "seed \(seed)")
    }

    @Test("a stored sketch merges as it would when it is read first, whatever the forms", arguments: 0..<30)
    func mergesStored(seed: UInt64) throws {
        var random = SplitMix(seed &* 31 &+ 7)
        let memory = SketchMemory()
        let sizes = [0, 1, 2, 6, 7, 300, 1536, 1537, 3000, 5000, 6000, 60_000]
        func sketch() -> HyperLogLog {
            var sketch = HyperLogLog()
            for _ in 0..<sizes[Int(random.next() % UInt64(sizes.count))] { sketch.add(random.next(), memory) }
            return sketch
        }
        var (fast, slow) = (sketch(), HyperLogLog())
        slow.merge(fast, memory)
        for _ in 0..<4 {
            var other = sketch()
            let bytes = other.serialized()
            var read = try HyperLogLog(serialized: bytes, memory)
            #expect(read.serialized() == bytes, "seed \(seed)")
            slow.merge(read, memory)
            try bytes.withUnsafeBytes { try fast.merge(serialized: $0, memory) }
            #expect(fast.serialized() == slow.serialized(), "seed \(seed)")
            for i in [0, 1, 2] where i < bytes.count { #expect(throws: HyperLogLogError.self) { try HyperLogLog(serialized: Array(bytes.prefix(i)), memory) } }
            other.release(memory)
            read.release(memory)
        }
        fast.release(memory)
        slow.release(memory)
        #expect(memory.bytesInUse == 0, "seed \(seed)")
    }

    @Test("the estimate stays within 4 standard errors from 2,000 to 2,000,000 values")
    func accuracy() {
        let memory = SketchMemory()
        let seed: UInt64 = 99
        var random = SplitMix(seed)
        var sketch = HyperLogLog()
        var next = 2000
        for n in 1...2_000_000 {
            sketch.add(random.next(), memory)
            if n == next {
                #expect(abs(sketch.estimate / Double(n) - 1) < 4 * 0.0081, "\(n) values, seed \(seed)")
                next = next * 5 / 4
            }
        }
    }

    @Test("released blocks are used again: a steady state reserves no more memory")
    func memoryIsReused() {
        let memory = SketchMemory()
        var random = SplitMix(3)
        var reserved = 0
        for round in 0..<50 {
            var sketches = (0..<200).map { _ in HyperLogLog() }
            for i in sketches.indices { for _ in 0..<(i * 10) { sketches[i].add(random.next(), memory) } }
            for i in sketches.indices { sketches[i].release(memory) }
            if round == 1 { reserved = memory.bytesReserved }
        }
        #expect(memory.bytesReserved == reserved)
        #expect(memory.bytesInUse == 0)
    }

    @Test("detached and attached again, a sketch of any form goes on as if nothing had been")
    func detachAndAttach() {
        let memory = SketchMemory()
        for size in [0, 1, 6, 7, 100, 1536, 1537, 30_000] {
            var random = SplitMix(UInt64(size))
            var sketch = HyperLogLog()
            for _ in 0..<size { sketch.add(random.next(), memory) }
            let block = sketch.outOfLineBytes.map(Array.init) ?? []
            var copy = sketch.detached
            let other = SketchMemory()
            #expect(copy.detachedByteCount == block.count)
            #expect(block.withUnsafeBytes { copy.attach($0, other) })
            for _ in 0..<3000 {
                let value = random.next()
                sketch.add(value, memory)
                copy.add(value, other)
            }
            #expect(copy.serialized() == sketch.serialized(), "\(size) values")
            var wrong = sketch.detached
            #expect(!block.dropLast().withUnsafeBytes { wrong.attach($0, other) })
        }
    }
}

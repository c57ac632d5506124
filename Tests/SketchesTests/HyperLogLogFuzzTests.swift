import Sketches
import Testing

@Suite("HyperLogLog and bytes it did not write")
struct HyperLogLogFuzzTests {
    private func error(_ bytes: [UInt8]) -> HyperLogLogError? {
        let memory = SketchMemory()
        do {
            _ = try HyperLogLog(serialized: bytes, memory)
            return nil
        } catch {
            #expect(memory.bytesInUse == 0, "a refused sketch kept memory")
            return error
        }
    }

    @Test("each malformation has its error")
    func errors() {
        let header: [UInt8] = [0x12, 0xae, 0x7f]
        let one: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1]
        #expect(error([]) == .truncated)
        #expect(error([0x11, 0xae]) == .truncated)
        #expect(error([0x21, 0xae, 0x7f]) == .unsupportedHeader)
        #expect(error([0x10, 0xae, 0x7f]) == .unsupportedHeader)
        #expect(error([0x15, 0xae, 0x7f]) == .unsupportedHeader)
        #expect(error([0x12, 0x8b, 0x7f] + one) == .unsupportedHeader)
        #expect(error([0x12, 0xae, 0x3f] + one) == .unsupportedHeader)
        #expect(error([0x11, 0xae, 0x7f, 0]) == .badLength)
        #expect(error(header) == .badLength)
        #expect(error(header + one.dropLast()) == .badLength)
        #expect(error(header + one + one) == .notAscending)
        #expect(error(header + one + [0xff, 0, 0, 0, 0, 0, 0, 0]) == .notAscending)
        #expect(error(header + [0xff, 0, 0, 0, 0, 0, 0, 0] + one) == nil)
        let tooMany = (0..<1537).flatMap { (i: Int) -> [UInt8] in [0, 0, 0, 0, 0, 0, UInt8(i >> 8), UInt8(i & 255)] }
        #expect(error(header + tooMany) == .badLength)
        #expect(error(header + tooMany.dropLast(8)) == nil)
        #expect(error([0x13, 0xae, 0x7f, 0, 0, 0]) == .emptyRegister)
        #expect(error([0x13, 0xae, 0x7f, 0, 0, 0x10]) == nil)
        #expect(error([0x13, 0xae, 0x7f, 0, 0, 0x11]) == .badPadding)
        #expect(error([0x13, 0xae, 0x7f, 0, 0, 0x10, 0]) == .badLength)
        #expect(error([0x13, 0xae, 0x7f, 0x00, 0x10, 0x10, 0x00, 0x01]) == .notAscending)
        #expect(error([0x14, 0xae, 0x7f] + [UInt8](repeating: 0, count: 12_287)) == .badLength)
        #expect(error([0x14, 0xae, 0x7f] + [UInt8](repeating: 0xff, count: 12_288)) == nil)
    }

    @Test("mutated and random bytes either are refused or read to a sketch that stores and reads back the same", arguments: 0..<8)
    func mutations(seed: UInt64) throws {
        var random = SplitMix(seed &+ 4242)
        let memory = SketchMemory()
        var accepted = 0
        for round in 0..<600 {
            var sketch = HyperLogLog()
            let size = [0, 1, 5, 30, 1536, 1600, 5200][Int(random.next() % 7)]
            for _ in 0..<size { sketch.add(random.next(), memory) }
            var bytes = sketch.serialized()
            switch random.next() % 4 {
            case 0: bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            case 1: bytes.removeLast(min(bytes.count, Int.random(in: 0...10, using: &random)))
            case 2: bytes += (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            default: break
            }
            for _ in 0..<Int(random.next() % 3) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
            }
            if var read = try? HyperLogLog(serialized: bytes, memory) {
                accepted += 1
                let again = read.serialized()
                var second = try HyperLogLog(serialized: again, memory)
                #expect(second.serialized() == again, "seed \(seed), round \(round)")
                #expect(read.estimate == second.estimate)
                #expect(!read.estimate.isNaN && read.estimate >= 0)
                read.release(memory)
                second.release(memory)
            }
            sketch.release(memory)
        }
        #expect(memory.bytesInUse == 0, "seed \(seed)")
        #expect(accepted > 20, "the fuzzer must reach the readers, seed \(seed)")
    }
}

import Sketches
import Testing

@Suite("Aligned memory")
struct AlignedMemoryTests {
    @Test("is zero and aligned, whatever was there before", arguments: [1, 100, 4096, (2 << 20) - 1, 2 << 20, 5 << 20])
    func isZero(byteCount: Int) {
        for _ in 0..<3 {
            let memory = AlignedMemory(byteCount: byteCount)
            #expect(UInt(bitPattern: memory.base) % 64 == 0 && memory.byteCount == byteCount)
            let bytes = UnsafeMutableRawBufferPointer(start: memory.base, count: byteCount)
            #expect(bytes.allSatisfy { $0 == 0 })
            bytes.initializeMemory(as: UInt8.self, repeating: 0xa5)
        }
    }

    @Test("a reservation takes memory as it is touched, and never more than was asked for", arguments: [4096, 300 << 10, 1 << 20, 3 << 20, 100 << 20, 10 << 30])
    func reservation(byteCount: Int) {
        let memory = AlignedMemory(reserving: byteCount)
        #expect(memory.touchedBytes(first: 0) == 0)
        #expect(memory.touchedBytes(first: 1) == min(byteCount, 4096))
        #expect(memory.touchedBytes(first: byteCount) == byteCount)
        var before = 0
        for count in stride(from: 1, through: byteCount, by: max(1, byteCount / 1000)) {
            let touched = memory.touchedBytes(first: count)
            #expect(touched >= max(count, before) && touched <= byteCount && touched - count < 2 << 20)
            before = touched
        }
        for offset in [0, byteCount / 2, byteCount - 1] {
            #expect(memory.base.load(fromByteOffset: offset, as: UInt8.self) == 0)
            memory.base.storeBytes(of: 7, toByteOffset: offset, as: UInt8.self)
        }
    }

    @Test("what is discarded reads as zero again, and what is behind it stays")
    func discard() {
        let memory = AlignedMemory(reserving: 8 << 20)
        let bytes = UnsafeMutableRawBufferPointer(start: memory.base, count: memory.byteCount)
        bytes.initializeMemory(as: UInt8.self, repeating: 9)
        memory.discard(first: 3 << 20)
        #expect(bytes[..<(3 << 20)].allSatisfy { $0 == 0 } && bytes[(3 << 20)...].allSatisfy { $0 == 9 })
    }

    @Test("what is taken ahead is zero, and what was written stays")
    func populate() {
        let memory = AlignedMemory(reserving: 9 << 20)
        let bytes = UnsafeMutableRawBufferPointer(start: memory.base, count: memory.byteCount)
        bytes[..<(1 << 20)].initializeMemory(as: UInt8.self, repeating: 9)
        for (start, end) in [(5000, 3 << 20), (0, 0), (1 << 20, 1 << 20), (8 << 20, 9 << 20)] { memory.populate(from: start, to: end) }
        #expect(bytes[..<(1 << 20)].allSatisfy { $0 == 9 } && bytes[(1 << 20)...].allSatisfy { $0 == 0 })
    }
}

/// Names that many rows repeat, as bytes ready to be copied.
package final class NameBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    /// Where each name begins, and where the last one ends.
    private let offsets: [Int]

    package init(_ names: [String]) {
        let bytes = names.flatMap(\.utf8)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        bytes.withUnsafeBytes { if let start = $0.baseAddress { memory.copyMemory(from: start, byteCount: $0.count) } }
        self.memory = memory
        var offsets = [0]
        for name in names { offsets.append(offsets.last! + name.utf8.count) }
        self.offsets = offsets
    }

    deinit { memory.deallocate() }

    package var count: Int { offsets.count - 1 }

    package subscript(index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + offsets[index], count: offsets[index + 1] - offsets[index])
    }
}

/// Names that many rows repeat, as bytes ready to be copied.
package final class NameBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    /// Where each name begins, and where the last one ends.
    private let offsets: UnsafeMutablePointer<Int>
    package let count: Int

    package init(_ names: [String]) {
        let bytes = names.flatMap(\.utf8)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        bytes.withUnsafeBytes { if let start = $0.baseAddress { memory.copyMemory(from: start, byteCount: $0.count) } }
        self.memory = memory
        count = names.count
        offsets = .allocate(capacity: names.count + 1)
        offsets[0] = 0
        for (i, name) in names.enumerated() { offsets[i + 1] = offsets[i] + name.utf8.count }
    }

    deinit {
        memory.deallocate()
        offsets.deallocate()
    }

    /// Valid while the names are.
    package subscript(index: Int) -> UnsafeRawBufferPointer {
        precondition(index >= 0 && index < count, "no such name")
        return UnsafeRawBufferPointer(start: memory + offsets[index], count: offsets[index + 1] - offsets[index])
    }
}

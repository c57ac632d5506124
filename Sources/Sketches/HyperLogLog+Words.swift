// A sketch whose values are out of line, as two words: for who keeps few values in a way of his own.
extension HyperLogLog {
    /// The sketch that `twoWords` were taken of.
    @inline(__always)
    package init(head: UInt64, block: UInt64) {
        self.init()
        explicitCount = UInt32(truncatingIfNeeded: head)
        formCode = UInt8(truncatingIfNeeded: head >> 32)
        sizeClass = UInt8(truncatingIfNeeded: head >> 40)
        zeroSeen = UInt8(truncatingIfNeeded: head >> 48)
        words[0] = block
    }

    /// All there is besides the block; of a sketch that was moved out.
    @inline(__always)
    package var twoWords: (head: UInt64, block: UInt64) {
        (UInt64(explicitCount) | UInt64(formCode) << 32 | UInt64(sizeClass) << 40 | UInt64(zeroSeen) << 48, words[0])
    }

    /// Moves values that are in the struct to a block.
    package mutating func moveOut(_ memory: SketchMemory) {
        if formCode == Form.inline.rawValue { moveToTable(sizeClass: 1, memory) }
    }
}

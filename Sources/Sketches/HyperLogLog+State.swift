// What a snapshot of many sketches needs: the struct with its pointer blanked, and the bytes the pointer led to.
extension HyperLogLog {
    /// The bytes of the out-of-line block; nil when everything is in the struct. Valid until the sketch changes.
    package var outOfLineBytes: UnsafeRawBufferPointer? {
        guard formCode != Form.inline.rawValue else { return nil }
        return UnsafeRawBufferPointer(start: block, count: SketchMemory.byteCount(ofClass: Int(sizeClass)))
    }

    /// How many out-of-line bytes a detached struct must be given back; nil when it is none that `detached` made.
    package var detachedByteCount: Int? {
        switch formCode {
        case Form.inline.rawValue:
            Int(explicitCount) - Int(zeroSeen) <= Self.inlineCapacity && zeroSeen <= 1 && zeroSeen <= explicitCount ? 0 : nil
        case Form.table.rawValue:
            sizeClass <= SketchMemory.largestClass && zeroSeen <= 1 && Int(explicitCount) <= Self.explicitLimit
                ? SketchMemory.byteCount(ofClass: Int(sizeClass)) : nil
        case Form.dense.rawValue:
            sizeClass == SketchMemory.largestClass ? SketchMemory.byteCount(ofClass: Int(sizeClass)) : nil
        default: nil
        }
    }

    /// The struct without its pointer: plain bytes that are the same in every run.
    package var detached: HyperLogLog {
        var copy = self
        if formCode != Form.inline.rawValue { copy.words = InlineArray(repeating: 0) }
        return copy
    }

    /// Gives a detached struct its out-of-line bytes again; false, and nothing taken from `memory`, when they do not fit.
    package mutating func attach(_ bytes: UnsafeRawBufferPointer, _ memory: SketchMemory) -> Bool {
        guard let expected = detachedByteCount, expected == bytes.count else { return false }
        guard expected > 0 else { return true }
        if isTable {
            let stored = Int(explicitCount) - Int(zeroSeen)
            var used = 0
            for offset in stride(from: 0, to: expected, by: 8) where bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 {
                used += 1
            }
            guard used == stored, used * 4 <= tableCapacity * 3 else { return false }
        } else {
            guard bytes.allSatisfy({ $0 <= Self.greatestRank }) else { return false }
        }
        let fresh = memory.allocate(sizeClass: Int(sizeClass))
        fresh.copyMemory(from: bytes.baseAddress.unsafelyUnwrapped, byteCount: expected)
        words[0] = UInt64(UInt(bitPattern: fresh))
        return true
    }
}

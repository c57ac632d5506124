internal import Sketches

/// Finds small numbers by a 64-bit hash: a flat open-addressing table of 8-byte slots that holds no keys.
///
///     slot   upper 32 bits of the hash | number (UInt32.max: free)          linear probing, at most ¾ full
///
/// The home slot is the top bits of the stored half, so growing and removing (by shifting back) touch nothing else.
struct HashIndex: ~Copyable {
    private struct Slot: BitwiseCopyable {
        var tag: UInt32
        var number: UInt32
    }

    static let none = UInt32.max
    private static let leastBits = 10

    private var memory: AlignedMemory
    private var slots: UnsafeMutablePointer<Slot>
    private var bits: Int
    private(set) var count = 0

    init() { self.init(bits: Self.leastBits) }

    private init(bits: Int) {
        self.bits = bits
        memory = AlignedMemory(byteCount: MemoryLayout<Slot>.stride << bits)
        slots = memory.base.bindMemory(to: Slot.self, capacity: 1 << bits)
        slots.initialize(repeating: Slot(tag: 0, number: Self.none), count: 1 << bits)
    }

    var byteCount: Int { memory.byteCount }

    @inline(__always) private var mask: Int { (1 << bits) - 1 }
    @inline(__always) private func home(_ tag: UInt32) -> Int { Int(tag &>> UInt32(32 - bits)) }

    /// The number stored under the hash for which `matches` holds; `none` when there is none.
    @inline(__always)
    func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32 {
        let tag = UInt32(truncatingIfNeeded: hash &>> 32)
        let mask = mask
        var slot = home(tag)
        while true {
            let found = slots[slot]
            if found.number == Self.none { return Self.none }
            if found.tag == tag && matches(found.number) { return found.number }
            slot = (slot + 1) & mask
        }
    }

    /// Reads the home slot of a hash, so that it is near when it is looked up.
    @inline(__always)
    func touch(_ hash: UInt64) -> UInt64 { UInt64(slots[home(UInt32(truncatingIfNeeded: hash &>> 32))].tag) }

    /// Adds a number that is not there.
    mutating func insert(_ hash: UInt64, _ number: UInt32) {
        if (count + 1) * 4 > (1 << bits) * 3 { grow() }
        place(Slot(tag: UInt32(truncatingIfNeeded: hash &>> 32), number: number))
        count += 1
    }

    /// Removes a number that is there.
    mutating func remove(_ hash: UInt64, _ number: UInt32) {
        let mask = mask
        var hole = home(UInt32(truncatingIfNeeded: hash &>> 32))
        while slots[hole].number != number {
            precondition(slots[hole].number != Self.none, "removing what is not indexed")
            hole = (hole + 1) & mask
        }
        var next = (hole + 1) & mask
        while slots[next].number != Self.none {
            // Move back what may stand in the hole: what does not have its home after it.
            if (next - home(slots[next].tag)) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole].number = Self.none
        count -= 1
    }

    private func place(_ entry: Slot) {
        let mask = mask
        var slot = home(entry.tag)
        while slots[slot].number != Self.none { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    private mutating func grow() {
        var larger = HashIndex(bits: bits + 1)
        for i in 0..<(1 << bits) where slots[i].number != Self.none { larger.place(slots[i]) }
        larger.count = count
        self = larger
    }
}

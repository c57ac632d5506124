internal import CClickRecord
internal import Sketches

/// Finds small numbers by a 64-bit hash: a flat open-addressing table of 8-byte slots that holds no keys.
///
///     slot   upper 32 bits of the hash | number + 1 (0: free)               linear probing, at most ¾ full
///
/// The home slot is the top bits of the stored half, so growing and removing (by shifting back) touch nothing else.
///
/// *Growing* stops nobody: the table of double size is memory that is zero when it comes, and every insertion moves a few
/// slots, in order, from a free slot of the old table round to it again. What has its home in the part that was moved is in
/// the new table, all else still in the old one; both ends of that part are free slots, so no run of entries lies across.
package struct HashIndex: ~Copyable {
    private struct Slot: BitwiseCopyable {
        /// Number + 1 in the low half, so that zeroed memory is an empty table; the tag in the high half.
        var word: UInt64

        init() { word = 0 }

        @inline(__always)
        init(tag: UInt32, number: UInt32) { word = UInt64(tag) &<< 32 | UInt64(number) &+ 1 }

        @inline(__always) var isFree: Bool { word == 0 }
        @inline(__always) var tag: UInt32 { UInt32(truncatingIfNeeded: word &>> 32) }
        @inline(__always) var number: UInt32 { UInt32(truncatingIfNeeded: word) &- 1 }
    }

    private struct Table: BitwiseCopyable {
        let slots: UnsafeMutablePointer<Slot>
        let bits: UInt32

        @inline(__always) var capacity: Int { 1 &<< Int(bits) }
        @inline(__always) var mask: Int { capacity &- 1 }
        @inline(__always) func home(_ tag: UInt32) -> Int { Int(tag &>> (32 &- bits)) }

        @inline(__always)
        func place(_ slot: Slot) {
            var at = home(slot.tag)
            while !slots[at].isFree { at = (at &+ 1) & mask }
            slots[at] = slot
        }
    }

    package static let none = UInt32.max
    private static let leastBits: UInt32 = 10
    /// Slots of the old table that an insertion moves. The new one is done long before it is full.
    private static let slotsPerStep = 16

    private var memory: AlignedMemory
    private var table: Table
    /// The table that is being left; its part of `movedCount` slots from `firstMoved` on is free.
    private var oldMemory: AlignedMemory?
    private var old: Table
    private var firstMoved = 0
    private var movedCount = 0
    private var isGrowing = false
    package private(set) var count = 0

    package init() {
        memory = Self.memory(Self.leastBits)
        table = Self.table(memory, Self.leastBits)
        old = table
    }

    private static func memory(_ bits: UInt32) -> AlignedMemory { AlignedMemory(byteCount: MemoryLayout<Slot>.stride << Int(bits)) }

    private static func table(_ memory: AlignedMemory, _ bits: UInt32) -> Table {
        Table(slots: memory.base.bindMemory(to: Slot.self, capacity: 1 << Int(bits)), bits: bits)
    }

    package var byteCount: Int { memory.byteCount + (oldMemory?.byteCount ?? 0) }

    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash &>> 32) }

    /// The table that a tag belongs to.
    @inline(__always)
    private func table(of tag: UInt32) -> Table {
        isGrowing && (old.home(tag) &- firstMoved) & old.mask >= movedCount ? old : table
    }

    /// The number stored under the hash for which `matches` holds; `none` when there is none.
    @inline(__always)
    package func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32 {
        let tag = Self.tag(hash)
        let table = table(of: tag)
        var at = table.home(tag)
        while true {
            let found = table.slots[at]
            if found.isFree { return Self.none }
            if found.tag == tag && matches(found.number) { return found.number }
            at = (at &+ 1) & table.mask
        }
    }

    /// Asks for the home slot of a hash, so that it is near when it is looked up.
    @inline(__always)
    package func prefetch(_ hash: UInt64) {
        let tag = Self.tag(hash)
        let table = table(of: tag)
        fraud_prefetch(table.slots + table.home(tag))
    }

    /// Adds a number that is not there.
    @inline(__always)
    package mutating func insert(_ hash: UInt64, _ number: UInt32) {
        let tag = Self.tag(hash)
        if isGrowing || (count &+ 1) &* 4 > table.capacity &* 3 { growOn() }
        table(of: tag).place(Slot(tag: tag, number: number))
        count &+= 1
    }

    /// Gives an entry that is there another number.
    package mutating func renumber(_ hash: UInt64, _ number: UInt32, to newNumber: UInt32) {
        let tag = Self.tag(hash)
        let table = table(of: tag)
        let at = Self.place(of: number, tag, table)
        table.slots[at] = Slot(tag: tag, number: newNumber)
    }

    /// Removes a number that is there.
    package mutating func remove(_ hash: UInt64, _ number: UInt32) {
        let tag = Self.tag(hash)
        let table = table(of: tag)
        let (slots, mask) = (table.slots, table.mask)
        var hole = Self.place(of: number, tag, table)
        var next = (hole &+ 1) & mask
        while !slots[next].isFree {
            // Move back what may stand in the hole: what does not have its home after it.
            if (next &- table.home(slots[next].tag)) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next &+ 1) & mask
        }
        slots[hole].word = 0
        count &-= 1
    }

    @inline(__always)
    private static func place(of number: UInt32, _ tag: UInt32, _ table: Table) -> Int {
        var at = table.home(tag)
        while table.slots[at].word != Slot(tag: tag, number: number).word {
            precondition(!table.slots[at].isFree, "that is not indexed")
            at = (at &+ 1) & table.mask
        }
        return at
    }

    /// Forgets everything, and has room for so many entries at least.
    package mutating func removeAll(reserving entries: Int) {
        var bits = table.bits
        while entries * 4 > (1 << Int(bits)) * 3 { bits += 1 }
        if bits == table.bits {
            table.slots.update(repeating: Slot(), count: table.capacity)
        } else {
            memory = Self.memory(bits)
            table = Self.table(memory, bits)
        }
        (oldMemory, old, isGrowing, count) = (nil, table, false, 0)
    }

    /// Begins to grow, or moves some slots on.
    @inline(never)
    private mutating func growOn() {
        if !isGrowing {
            precondition(table.bits < 32, "more entries than tags")
            let bits = table.bits + 1
            (oldMemory, old) = (memory, table)
            memory = Self.memory(bits)
            table = Self.table(memory, bits)
            var free = 0
            while !old.slots[free].isFree { free += 1 }
            (firstMoved, movedCount, isGrowing) = (free, 0, true)
        }
        let (slots, mask) = (old.slots, old.mask)
        let enough = movedCount + Self.slotsPerStep
        var at = (firstMoved + movedCount) & mask
        while movedCount < enough || !slots[at].isFree {
            if !slots[at].isFree {
                table.place(slots[at])
                slots[at].word = 0
            }
            movedCount += 1
            at = (at + 1) & mask
        }
        guard movedCount >= old.capacity else { return }
        (oldMemory, old, isGrowing) = (nil, table, false)
    }
}

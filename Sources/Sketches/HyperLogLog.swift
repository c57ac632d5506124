internal import CClickRecord

/// A count of distinct 64-bit hashes in a plain struct of 56 bytes that millions of windows can hold.
///
/// The same sketch, to the byte, as PostgreSQL's `hll(14, 6, -1, 1)`: up to 1,536 values are kept as they are and the
/// count is exact; from the next one on there are 16,384 registers of the longest run of zero bits (Flajolet, Fusy,
/// Gandouet, Meunier 2007) with a standard error of 1.04 / √16384 = 0.81 %.
///
///     count | form | class | zero | – | six words                          56 bytes
///     form inline   up to 6 values in the words
///          table    words[0] → open-addressing set of 8 … 2,048 words (0 = free slot), at most ¾ full
///          dense    words[0] → 16,384 registers of one byte
///
/// A value of 0 is not stored in a slot but in the `zero` flag. Out-of-line blocks belong to a `SketchMemory`; a copy of
/// the struct shares its block, so exactly one copy may go on being used, and it is released once.
package struct HyperLogLog: BitwiseCopyable, Sendable {
    /// log2 of the number of registers.
    package static let log2m = 14
    package static let registerCount = 1 << log2m
    /// Bits a register takes in storage.
    package static let registerWidth = 6
    /// Most values kept as they are: as many 8-byte values as fit in the packed registers.
    package static let explicitLimit = registerCount * registerWidth / 8 / 8
    static let inlineCapacity = 6
    static let greatestRank = UInt8(1 << registerWidth) - 1

    enum Form: UInt8, BitwiseCopyable {
        case inline = 0
        case table = 1
        case dense = 2
    }

    var explicitCount: UInt32
    var formCode: UInt8
    var sizeClass: UInt8
    var zeroSeen: UInt8
    private var reserved: UInt8
    var words: InlineArray<6, UInt64>

    /// An empty sketch. Allocates nothing.
    @inline(__always)
    package init() {
        explicitCount = 0
        formCode = Form.inline.rawValue
        sizeClass = 0
        zeroSeen = 0
        reserved = 0
        words = InlineArray(repeating: 0)
    }

    /// Nothing was ever added.
    package var isEmpty: Bool { explicitCount == 0 && formCode != Form.dense.rawValue }

    @inline(__always) var isDense: Bool { formCode == Form.dense.rawValue }
    @inline(__always) var isTable: Bool { formCode == Form.table.rawValue }

    @inline(__always)
    var block: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(bitPattern: UInt(words[0])).unsafelyUnwrapped
    }

    @inline(__always)
    var table: UnsafeMutablePointer<UInt64> { block.assumingMemoryBound(to: UInt64.self) }

    @inline(__always)
    var registers: UnsafeMutablePointer<UInt8> { block.assumingMemoryBound(to: UInt8.self) }

    @inline(__always) var tableCapacity: Int { 8 << Int(sizeClass) }

    /// Adds a hash; says whether the sketch changed, which it does not for a hash it has seen.
    ///
    /// - Complexity: O(1); a block is taken from `memory` when a set outgrows its own.
    @discardableResult
    package mutating func add(_ hash: UInt64, _ memory: SketchMemory) -> Bool {
        if isDense { return Self.raise(registers, hash) }
        if hash == 0 { return addZero(memory) }
        if isTable { return insert(hash, memory) }
        let stored = Int(explicitCount) - Int(zeroSeen)
        for i in 0..<stored where words[i] == hash { return false }
        if stored < Self.inlineCapacity {
            words[stored] = hash
            explicitCount += 1
            return true
        }
        spillInline(memory)
        return insert(hash, memory)
    }

    /// Asks for where `add` will look first, so that it is near by then.
    package func prefetch(_ hash: UInt64) {
        if isTable {
            fraud_prefetch(table + Self.home(hash, sizeClass: sizeClass))
        } else if isDense {
            fraud_prefetch(registers + Int(truncatingIfNeeded: hash & UInt64(Self.registerCount - 1)))
        }
    }

    /// Gives the out-of-line block back and empties the sketch.
    package mutating func release(_ memory: SketchMemory) {
        if formCode != Form.inline.rawValue { memory.release(block, sizeClass: Int(sizeClass)) }
        self = HyperLogLog()
    }

    /// Calls `body` with every value of a set that is not dense, in no order.
    @inline(__always)
    func forEachValue(_ body: (UInt64) -> Void) {
        if zeroSeen != 0 { body(0) }
        if isTable {
            let table = table
            for i in 0..<tableCapacity where table[i] != 0 { body(table[i]) }
        } else {
            for i in 0..<Int(explicitCount) - Int(zeroSeen) { body(words[i]) }
        }
    }
}

extension HyperLogLog {
    /// Register index = low 14 bits; rank = trailing zeros of the rest + 1. A rest of 0 has rank 0, as in PostgreSQL.
    @inline(__always)
    static func raise(_ registers: UnsafeMutablePointer<UInt8>, _ hash: UInt64) -> Bool {
        let index = Int(truncatingIfNeeded: hash & UInt64(registerCount - 1))
        let rest = hash >> UInt64(log2m)
        let rank = rest == 0 ? 0 : UInt8(truncatingIfNeeded: rest.trailingZeroBitCount + 1)
        guard registers[index] < rank else { return false }
        registers[index] = rank
        return true
    }

    /// Home slot: Fibonacci hashing, so that hashes with equal low bits spread.
    @inline(__always)
    private static func home(_ hash: UInt64, sizeClass: UInt8) -> Int {
        Int(truncatingIfNeeded: (hash &* 0x9e37_79b9_7f4a_7c15) >> UInt64(61 - sizeClass))
    }

    private mutating func addZero(_ memory: SketchMemory) -> Bool {
        guard zeroSeen == 0 else { return false }
        if Int(explicitCount) == Self.explicitLimit {
            densify(memory)
        } else {
            zeroSeen = 1
            explicitCount += 1
        }
        return true
    }

    private mutating func insert(_ hash: UInt64, _ memory: SketchMemory) -> Bool {
        let table = table
        let mask = tableCapacity - 1
        var slot = Self.home(hash, sizeClass: sizeClass)
        while true {
            let found = table[slot]
            if found == hash { return false }
            if found == 0 { break }
            slot = (slot + 1) & mask
        }
        if Int(explicitCount) == Self.explicitLimit {
            densify(memory)
            _ = Self.raise(registers, hash)
            return true
        }
        let stored = Int(explicitCount) - Int(zeroSeen)
        if (stored + 1) * 4 > tableCapacity * 3 {
            moveToTable(sizeClass: sizeClass + 1, memory)
            place(hash)
        } else {
            table[slot] = hash
        }
        explicitCount += 1
        return true
    }

    /// Puts a value that is not there into a table that has room.
    @inline(__always)
    func place(_ hash: UInt64) {
        let table = table
        let mask = tableCapacity - 1
        var slot = Self.home(hash, sizeClass: sizeClass)
        while table[slot] != 0 { slot = (slot + 1) & mask }
        table[slot] = hash
    }

    private mutating func spillInline(_ memory: SketchMemory) {
        moveToTable(sizeClass: 0, memory)
    }

    /// Moves the values to an empty table of the size class.
    mutating func moveToTable(sizeClass newClass: UInt8, _ memory: SketchMemory) {
        let old = self
        words[0] = UInt64(UInt(bitPattern: memory.allocate(sizeClass: Int(newClass))))
        formCode = Form.table.rawValue
        sizeClass = newClass
        let moved = self
        old.forEachValue { if $0 != 0 { moved.place($0) } }
        if old.isTable { memory.release(old.block, sizeClass: Int(old.sizeClass)) }
    }

    /// Turns a set of values into registers.
    mutating func densify(_ memory: SketchMemory) {
        let old = self
        let fresh = memory.allocate(sizeClass: SketchMemory.largestClass)
        let registers = fresh.assumingMemoryBound(to: UInt8.self)
        old.forEachValue { _ = Self.raise(registers, $0) }
        if old.isTable { memory.release(old.block, sizeClass: Int(old.sizeClass)) }
        self = HyperLogLog()
        formCode = Form.dense.rawValue
        sizeClass = UInt8(SketchMemory.largestClass)
        words[0] = UInt64(UInt(bitPattern: fresh))
    }
}

internal import CClickRecord
internal import Sketches

/// Where the states of keys stand: a hash table of 32-bit entries in lines of one cache line each.
///
///     line    [ e e e e e e e e e e e e e e e | passed ]   15 entries, and how many keys passed this full line by
///     entry   [ bits of the key | slot + 1 ]               0 is empty
///
/// A key's home line is given by its top bits. It lives there or, when that is full, in one of the next fifteen; a line that
/// none passed by ends a search. It holds no memory itself.
struct KeyIndex: BitwiseCopyable {
    static let ways = 15
    static let probes = 16
    static let lineWords = 16
    /// Lines a table starts with, as a power of two: one page.
    static let firstBits = 6

    /// Lines of one page of memory.
    static let pageLines = 64

    private let lines: UnsafeMutablePointer<UInt32>
    let lineCount: Int
    /// A key shifted by this is its home line.
    private let homeShift: UInt64
    /// The bits of an entry that hold slot + 1; the others are the key's own at the same places.
    private let slotMask: UInt32

    /// - Parameters:
    ///   - memory: zeroed, of `byteCount(bits:)` bytes.
    ///   - bits: 1…; the index has two to this many lines.
    ///   - slotBits: bits of an entry that hold slot + 1.
    init(_ memory: AlignedMemory, bits: Int, slotBits: Int) {
        precondition(bits > 0 && memory.byteCount >= Self.byteCount(bits: bits) && (1...31).contains(slotBits))
        lines = memory.base.assumingMemoryBound(to: UInt32.self)
        lineCount = 1 << bits
        homeShift = UInt64(64 - bits)
        slotMask = 1 << UInt32(slotBits) - 1
    }

    static func byteCount(bits: Int) -> Int { 64 << bits }

    @inline(__always)
    func home(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key &>> homeShift) }

    /// The line of a number, which may be past the last.
    @inline(__always)
    func line(_ number: Int) -> UnsafeMutablePointer<UInt32> { lines + (number & (lineCount &- 1)) &* Self.lineWords }

    @inline(__always)
    func homeLine(_ key: UInt64) -> UnsafeMutablePointer<UInt32> { lines + home(key) &* Self.lineWords }

    @inline(__always)
    private func entry(_ key: UInt64, _ slot: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: key) & ~slotMask | UInt32(truncatingIfNeeded: slot &+ 1)
    }

    /// Writes to a page that nothing was entered in yet. Were it read first, the system would map a page of zeros, and another one at
    /// the first write, which interrupts every thread of the process.
    @inline(__always)
    func touchPage(ofLine number: Int) {
        if number < lineCount { lines[number &* Self.lineWords] = 0 }
    }

    /// The slot an entry names; −1 for an empty one.
    @inline(__always)
    func slot(_ entry: UInt32) -> Int { Int(entry & slotMask) &- 1 }

    /// Ways of a line whose entries may be the key's, as a bit mask; empty ones may be among them.
    @inline(__always)
    func matches(_ key: UInt64, in line: UnsafeMutablePointer<UInt32>) -> UInt32 {
        fraud_match_line(line, ~slotMask, UInt32(truncatingIfNeeded: key) & ~slotMask) & 0x7fff
    }

    /// Whether a search that found nothing in this line is at its end.
    @inline(__always)
    func ends(_ line: UnsafeMutablePointer<UInt32>) -> Bool { line[Self.ways] == 0 }

    /// Enters a key that is not there. Returns false when its sixteen lines are full.
    func enter(_ key: UInt64, slot: Int) -> Bool {
        let first = home(key)
        for probe in 0..<Self.probes {
            let line = line(first &+ probe)
            let empty = fraud_match_line(line, ~0, 0) & 0x7fff
            guard empty != 0 else { continue }
            line[empty.trailingZeroBitCount] = entry(key, slot)
            for passed in 0..<probe { self.line(first + passed)[Self.ways] += 1 }
            return true
        }
        return false
    }

    /// Takes out the entry of a key's slot.
    func erase(_ key: UInt64, slot: Int) {
        let first = home(key)
        let wanted = entry(key, slot)
        for probe in 0..<Self.probes {
            let line = line(first &+ probe)
            let found = fraud_match_line(line, ~0, wanted) & 0x7fff
            guard found != 0 else { continue }
            line[found.trailingZeroBitCount] = 0
            for passed in 0..<probe { self.line(first + passed)[Self.ways] -= 1 }
            return
        }
    }

    /// Two neighbouring lines that take the entries of the one line whose place they take.
    struct Pair {
        private let lines: UnsafeMutablePointer<UInt32>
        private let homeShift: UInt64
        /// Where the next entry goes in each; past the last way of a line that something is in already.
        private var next: (Int, Int)

        /// - Parameter first: number of the first line, even.
        init(_ index: KeyIndex, _ first: Int) {
            lines = index.line(first)
            homeShift = index.homeShift
            let ways = KeyIndex.ways
            next = (fraud_match_line(lines, ~0, 0) & 0x7fff == 0x7fff ? 0 : ways, fraud_match_line(lines + KeyIndex.lineWords, ~0, 0) & 0x7fff == 0x7fff ? 0 : ways)
        }

        /// Puts an entry into its home of the two; false when it must be entered as any other.
        @inline(__always)
        mutating func take(_ entry: UInt32, _ key: UInt64) -> Bool {
            let isSecond = key &>> homeShift & 1 != 0
            let place = isSecond ? next.1 : next.0
            guard place < KeyIndex.ways else {
                // Who is entered as any other may land in either line: from here on all are.
                next = (KeyIndex.ways, KeyIndex.ways)
                return false
            }
            lines[(isSecond ? KeyIndex.lineWords : 0) &+ place] = entry
            if isSecond { next.1 = place &+ 1 } else { next.0 = place &+ 1 }
            return true
        }
    }
}

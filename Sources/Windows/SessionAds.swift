internal import Sketches

/// The ads of one session, each once.
///
///     count 2 | – 2 | fourteen numbers of 2        up to 14 ads, by `AdNumbers`
///     FFFF 2  | – 2 | block 8 | head 8 | – 12      more of them: a `HyperLogLog` by its two words    32 bytes
///
/// The count is that of a `HyperLogLog` of the ads' hashes: exact up to 1,536. Numbers and blocks belong to their owners, so
/// exactly one copy may go on being used, and it is released once.
struct SessionAds: BitwiseCopyable {
    private static let capacity = 14
    private static let sketched = UInt16.max

    private var held: UInt16 = 0
    private var reserved: UInt16 = 0
    private var numbers = InlineArray<14, UInt16>(repeating: 0)

    @inline(__always)
    init() {}

    @inline(__always) var isSketch: Bool { held == Self.sketched }

    /// The sketch of a session with many ads.
    var sketch: HyperLogLog {
        get { HyperLogLog(head: word(4), block: word(0)) }
        set {
            held = Self.sketched
            setWord(4, newValue.twoWords.head)
            setWord(0, newValue.twoWords.block)
        }
    }

    private func word(_ first: Int) -> UInt64 {
        var word: UInt64 = 0
        for i in 0..<4 { word |= UInt64(numbers[first + i]) << UInt64(16 * i) }
        return word
    }

    private mutating func setWord(_ first: Int, _ word: UInt64) {
        for i in 0..<4 { numbers[first + i] = UInt16(truncatingIfNeeded: word >> UInt64(16 * i)) }
    }

    /// Distinct ads.
    var distinct: Int64 { isSketch ? sketch.roundedEstimate : Int64(held) }

    /// Adds an ad by its hash, not 0.
    ///
    /// - Complexity: O(1); a block is taken from `memory` for the 15th ad, and as the sketch grows.
    @inline(__always)
    mutating func add(_ hash: UInt64, _ all: inout AdNumbers, _ memory: SketchMemory) {
        guard !isSketch else { return addToSketch(hash, memory) }
        let known = all.find(hash)
        if let known {
            for i in 0..<Int(held) where numbers[i] == known { return }
        }
        guard Int(held) < Self.capacity, let number = known ?? all.add(hash) else {
            leaveNumbers(&all, memory)
            return addToSketch(hash, memory)
        }
        if known != nil { all.retain(number) }
        numbers[Int(held)] = number
        held &+= 1
    }

    private mutating func addToSketch(_ hash: UInt64, _ memory: SketchMemory) {
        var sketch = sketch
        if sketch.add(hash, memory) { self.sketch = sketch }
    }

    /// Turns numbers into a sketch of their hashes.
    private mutating func leaveNumbers(_ all: inout AdNumbers, _ memory: SketchMemory) {
        var made = HyperLogLog()
        for i in 0..<Int(held) {
            made.add(all.hash(numbers[i]), memory)
            all.release(numbers[i])
        }
        made.moveOut(memory)
        sketch = made
    }

    /// Takes in all ads of another session, which is left without any.
    mutating func absorb(_ other: inout SessionAds, _ all: inout AdNumbers, _ memory: SketchMemory) {
        if other.isSketch {
            if !isSketch { leaveNumbers(&all, memory) }
            var mine = sketch
            mine.merge(other.sketch, memory)
            sketch = mine
        } else {
            for i in 0..<Int(other.held) { add(all.hash(other.numbers[i]), &all, memory) }
        }
        other.release(&all, memory)
    }

    /// Gives numbers or block back and is empty.
    mutating func release(_ all: inout AdNumbers, _ memory: SketchMemory) {
        if isSketch {
            var sketch = sketch
            sketch.release(memory)
        } else {
            for i in 0..<Int(held) { all.release(numbers[i]) }
        }
        self = SessionAds()
    }

    /// Asks for where `add` will look first, beside this struct.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
        if isSketch { sketch.prefetch(hash) }
    }

    // MARK: Snapshot

    /// Without the pointer: plain bytes that are the same in every run.
    var detached: SessionAds {
        guard isSketch else { return self }
        var copy = self
        copy.sketch = sketch.detached
        return copy
    }

    /// What belongs to it besides; nil for numbers. Valid until it changes.
    var outOfLineBytes: UnsafeRawBufferPointer? { isSketch ? sketch.outOfLineBytes : nil }

    /// Counts the uses of what was read, and says how many bytes it must be given back; nil when it is none that `detached` made.
    func claim(_ all: inout AdNumbers) -> Int? {
        guard !isSketch else {
            guard word(0) == 0, let bytes = sketch.detachedByteCount, bytes > 0 else { return nil }
            return bytes
        }
        guard Int(held) <= Self.capacity else { return nil }
        for i in 0..<Int(held) {
            for j in 0..<i where numbers[i] == numbers[j] { return nil }
            guard all.claim(numbers[i]) else { return nil }
        }
        return 0
    }

    /// Gives a detached sketch its block; false, and nothing taken, when the bytes do not fit.
    mutating func attach(_ bytes: UnsafeRawBufferPointer, _ memory: SketchMemory) -> Bool {
        var whole = sketch
        guard whole.attach(bytes, memory) else { return false }
        sketch = whole
        return true
    }
}

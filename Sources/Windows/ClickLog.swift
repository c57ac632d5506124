internal import Sketches

/// Accepted ids in order of arrival: a queue in chunks that never move and are used again.
///
///     place   0, 1, 2, … for ever; an entry is known by the low 31 bits of its place
///     chunk   131,072 entries of 24 bytes; the directory is a ring of chunks, found by the middle bits of the number
///
/// It takes memory as it is filled, touches it once, and gives what falls free behind the tail to the head.
struct ClickLog: ~Copyable {
    typealias Entry = Deduplicator.Entry

    /// Chunks of 3 MiB: from 2 MiB on memory comes as pages that are zero already, and is touched only once.
    static let chunkBits = 17
    static let chunkEntries = 1 << chunkBits
    static let numberMask = 0x7fff_ffff
    static let greatestCount = 1 << 30

    /// Places of the oldest entry and after the newest.
    private(set) var tail: Int
    private(set) var head: Int
    private var chunks: [AlignedMemory] = []
    private var free: [UnsafeMutablePointer<Entry>] = []
    private let directoryMemory: AlignedMemory
    private let directory: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    private let directoryMask: Int

    /// - Parameters:
    ///   - maximum: the most entries there will be at once.
    ///   - place: where the first one will be.
    init(maximum: Int, from place: Int = 0) {
        precondition((1...Self.greatestCount).contains(maximum) && place >= 0, "no such log")
        // The chunks of so many entries, one more for the tail's, one that is being taken, to a power of two.
        let needed = maximum >> Self.chunkBits + 3
        let size = 1 << (Int.bitWidth - (needed - 1).leadingZeroBitCount)
        directoryMemory = AlignedMemory(byteCount: size * MemoryLayout<UnsafeMutablePointer<Entry>?>.stride)
        directory = directoryMemory.base.bindMemory(to: UnsafeMutablePointer<Entry>?.self, capacity: size)
        directoryMask = size - 1
        (tail, head) = (place, place)
        if place & (Self.chunkEntries - 1) != 0 { takeChunk() }
    }

    @inline(__always) var count: Int { head &- tail }
    var byteCount: Int { chunks.count * Self.chunkEntries * MemoryLayout<Entry>.stride }

    /// By what an index knows a place.
    @inline(__always)
    static func number(_ place: Int) -> UInt32 { UInt32(truncatingIfNeeded: place & numberMask) }

    /// The entry at a place from tail to head, or of its number. Stays where it is.
    @inline(__always)
    func entry(_ place: Int) -> UnsafeMutablePointer<Entry> {
        directory[place &>> Self.chunkBits & directoryMask].unsafelyUnwrapped + place & (Self.chunkEntries &- 1)
    }

    /// The entries from a place on as far as they stand together.
    func run(from place: Int) -> UnsafeBufferPointer<Entry> {
        UnsafeBufferPointer(start: entry(place), count: min(Self.chunkEntries - place & (Self.chunkEntries - 1), head - place))
    }

    /// Appends an entry; returns its number. O(1).
    @inline(__always)
    mutating func append(_ entry: Entry) -> UInt32 {
        let place = head
        if place & (Self.chunkEntries &- 1) == 0 { takeChunk() }
        self.entry(place).initialize(to: entry)
        head = place &+ 1
        return Self.number(place)
    }

    /// Drops the oldest entry.
    @inline(__always)
    mutating func dropOldest() {
        tail &+= 1
        if tail & (Self.chunkEntries &- 1) == 0 { giveChunk(before: tail) }
    }

    /// Keeps the entries that satisfy a condition, in their order. O(count).
    mutating func keep(where condition: (Entry) -> Bool) {
        var kept = tail
        for place in tail..<head where condition(entry(place).pointee) {
            if kept != place { entry(kept).pointee = entry(place).pointee }
            kept += 1
        }
        let firstFree = (kept + Self.chunkEntries - 1) >> Self.chunkBits
        let used = (head + Self.chunkEntries - 1) >> Self.chunkBits
        head = kept
        for chunk in firstFree..<max(firstFree, used) { giveChunk(before: (chunk + 1) << Self.chunkBits) }
    }

    /// Takes the chunk of the place at the head.
    private mutating func takeChunk() {
        if free.isEmpty {
            let memory = AlignedMemory(byteCount: Self.chunkEntries * MemoryLayout<Entry>.stride)
            chunks.append(memory)
            free.append(memory.base.bindMemory(to: Entry.self, capacity: Self.chunkEntries))
        }
        directory[head >> Self.chunkBits & directoryMask] = free.removeLast()
    }

    private mutating func giveChunk(before place: Int) {
        let at = (place - 1) >> Self.chunkBits & directoryMask
        guard let chunk = directory[at] else { return }
        free.append(chunk)
        directory[at] = nil
    }
}

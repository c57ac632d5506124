internal import ClickModel
internal import Sketches

/// Until when a click or an engagement can still be matched.
struct EngagementExpiry: BitwiseCopyable {
    /// The farthest that an engagement may lie from its click, ms of event time.
    static let reach = 10 * EventTime.millisecondsPerMinute
    /// The farthest ahead of the watermark that a time is believed, ms. A corrupt one must not hold the memory of those after it.
    static let slack = EventTime.millisecondsPerHour

    /// How long after its (believed) time an event is kept, ms: the reach, the allowed lateness and a minute.
    let keep: Int64

    init(allowedLateness: Int64) { keep = Self.reach + allowedLateness + EventTime.millisecondsPerMinute }

    /// The last watermark at which an event of a clamped time that comes at a watermark is known. After an honest gap of more
    /// than an hour that is too soon for the few events that it takes the watermark to follow.
    @inline(__always)
    func of(_ ts: Int64, at watermark: Int64) -> Int64 { min(ts + keep, latest(at: watermark)) }

    /// The latest expiry that any event may have at a watermark; none before the first event.
    @inline(__always)
    func latest(at watermark: Int64) -> Int64 {
        watermark < -EventBounds.greatest ? .max : min(watermark, EventBounds.greatest) + Self.slack + keep
    }
}

/// Counted clicks of the last minutes of event time, in order of arrival: what engagements are matched with.
///
///     entry  id hash 12 | cost 4 | ts, source, label, decided 8 | score 4 | dimension 4                        32 bytes
///     ring   chunks of 2^bits entries that never move; the tail is in the first, the head in the last
///     index  of a chunk: 2^(bits + 1) slots   14 bits of the hash | slot of the entry + 1 in 18 bits (0: free)
///
/// A click costs one append. Chunks are indexed when an engagement asks (`nearest`), each as far as it is filled, so a
/// stream without engagements never pays, and an index goes with its chunk: nothing is ever removed from it. A search
/// asks every chunk; their far accesses wait together. Of an id's hash 96 bits are kept, as in `Deduplicator`.
///
/// An entry is expired when the watermark > `expires`, whether it is still there or not; it is dropped once it is the oldest.
/// One that was dropped is not brought back should the watermark be taken back. Limit: of more than `maximum`
/// entries the oldest is forgotten, and counted in `forgotten`. Memory stays taken for the next burst. Each entry has a use of
/// its triple in the `DimensionTable`.
struct RecentClicks: ~Copyable {
    struct Entry: BitwiseCopyable {
        /// Source of an entry whose values stand in `WideClicks`, at the place that its time then is.
        static let wide = 0xffff
        static let timeBits: UInt64 = 46
        private static let timeMask = UInt64(1) << timeBits - 1
        private static let fraudBit = UInt64(1) << 62
        private static let decidedBit = UInt64(1) << 63

        private var idHigh: UInt64
        private var idLow: UInt32
        var cost: UInt32
        /// Time in 46 bits | place of the source in 16 | is fraud | a person or the batch layer decided on the label.
        private var word: UInt64
        var score: Float
        var dimension: UInt32

        @inline(__always)
        init(id: (UInt64, UInt64), time: UInt64, cost: UInt32, source: Int, score: Float, dimension: UInt32, label: Label) {
            idHigh = id.0
            idLow = UInt32(truncatingIfNeeded: id.1)
            self.cost = cost
            word = time | UInt64(source) << Self.timeBits | (label == .fraud ? Self.fraudBit : 0)
            self.score = score
            self.dimension = dimension
        }

        @inline(__always) var hash: UInt64 { RecentClicks.hash((idHigh, UInt64(idLow))) }
        @inline(__always) func has(_ id: (UInt64, UInt64)) -> Bool { idHigh == id.0 && idLow == UInt32(truncatingIfNeeded: id.1) }
        @inline(__always) var isWide: Bool { source == Self.wide }
        /// Event time, ms; that of a wide entry stands in the table of those.
        @inline(__always) var time: Int { Int(truncatingIfNeeded: word & Self.timeMask) }
        @inline(__always) var source: Int { Int(truncatingIfNeeded: word >> Self.timeBits & 0xffff) }

        var label: Label {
            get { word & Self.fraudBit == 0 ? .valid : .fraud }
            set { word = newValue == .fraud ? word | Self.fraudBit : word & ~Self.fraudBit }
        }

        var isDecided: Bool {
            get { word & Self.decidedBit != 0 }
            set { word = newValue ? word | Self.decidedBit : word & ~Self.decidedBit }
        }

        /// Leaves time and source to the table of wide entries.
        mutating func widen(_ place: Int) {
            word = word & (Self.fraudBit | Self.decidedBit) | UInt64(place) | UInt64(Self.wide) << Self.timeBits
        }
    }

    struct Chunk {
        let memory: AlignedMemory
        let entries: UnsafeMutablePointer<Entry>
        var index: AlignedMemory?
        /// Entries from the first that the index has.
        var indexed = 0
    }

    let maximum: Int
    let expiry: EngagementExpiry
    /// log2 of the entries of a chunk: a 64th of the limit, held to 16 … 131,072.
    let chunkBits: Int
    /// Entries dropped before they expired, because of the limit.
    var forgotten = 0
    /// No entry expires later.
    private var greatestExpiry = Int64.min
    /// Places of the oldest entry and after the newest, counted from the start of the first chunk.
    private(set) var tail = 0
    private(set) var head = 0
    var chunks: [Chunk] = []
    var wides = WideClicks()
    private var spare: [Chunk] = []

    init(maximum: Int, expiry: EngagementExpiry) {
        precondition((1...1 << 30).contains(maximum), "maximumRecentClicks out of range")
        self.maximum = maximum
        self.expiry = expiry
        chunkBits = min(max(Int.bitWidth - maximum.leadingZeroBitCount - 7, 4), 17)
    }

    var count: Int { head - tail }
    @inline(__always) var chunkEntries: Int { 1 << chunkBits }
    var byteCount: Int {
        let indexes = (chunks + spare).count { $0.index != nil }
        return (chunks.count + spare.count) * chunkEntries * MemoryLayout<Entry>.stride + indexes * indexBytes + wides.byteCount
    }

    /// The entry at a place from `tail` to `head`.
    @inline(__always)
    func entry(_ place: Int) -> UnsafeMutablePointer<Entry> { chunks[place >> chunkBits].entries + place & (chunkEntries - 1) }

    /// A click to be remembered.
    struct Click {
        let id: (UInt64, UInt64)
        let ts: Int64
        let expires: Int64
        let cost: Int64
        let source: UInt64
    }

    /// The values of an entry that it may hold elsewhere.
    @inline(__always)
    func details(_ entry: Entry) -> WideClicks.Details {
        if entry.isWide { return wides.details(entry.time) }
        let ts = Int64(entry.time)
        return WideClicks.Details(ts: ts, expires: ts + expiry.keep, cost: Int64(entry.cost), source: wides.source(entry.source))
    }

    @inline(__always)
    private func expires(_ entry: Entry) -> Int64 { entry.isWide ? wides.details(entry.time).expires : Int64(entry.time) + expiry.keep }

    /// Adds a click whose triple has been retained for it. At the limit the oldest goes, expired or forgotten.
    ///
    /// - Complexity: O(1) amortized; allocates only when more room is needed than ever before.
    @inline(__always)
    mutating func append(
        _ click: Click, score: Float, dimension: UInt32, label: Label, watermark: Int64, _ dimensions: inout DimensionTable
    ) {
        if count == maximum { makeRoom(watermark, &dimensions) }
        if head == chunks.count << chunkBits { takeChunk() }
        var source = wides.place(ofSource: click.source)
        var (time, cost) = (UInt64(bitPattern: click.ts), UInt64(bitPattern: click.cost))
        if time >> Entry.timeBits != 0 || cost >> 32 != 0 || click.expires != click.ts + expiry.keep || source == Entry.wide {
            let details = WideClicks.Details(ts: click.ts, expires: click.expires, cost: click.cost, source: click.source)
            (time, source, cost) = (UInt64(wides.add(details)), Entry.wide, 0)
        }
        entry(head).initialize(
            to: Entry(
                id: click.id, time: time, cost: UInt32(cost), source: source, score: score, dimension: dimension, label: label))
        greatestExpiry = max(greatestExpiry, click.expires)
        head += 1
    }

    /// Drops the oldest entries as far as they are expired.
    mutating func expire(_ watermark: Int64, _ dimensions: inout DimensionTable) {
        while tail < head, expires(entry(tail).pointee) < watermark { dropOldest(&dimensions) }
    }

    private mutating func makeRoom(_ watermark: Int64, _ dimensions: inout DimensionTable) {
        expire(watermark, &dimensions)
        guard count == maximum else { return }
        dropOldest(&dimensions)
        forgotten += 1
    }

    private mutating func dropOldest(_ dimensions: inout DimensionTable) {
        let oldest = entry(tail).pointee
        dimensions.release(oldest.dimension)
        if oldest.isWide { wides.remove(oldest.time) }
        tail += 1
        guard tail == chunkEntries else { return }
        var first = chunks.removeFirst()
        first.indexed = 0
        spare.append(first)
        tail = 0
        head -= chunkEntries
    }

    private mutating func takeChunk() {
        if let chunk = spare.popLast() {
            chunks.append(chunk)
        } else {
            let memory = AlignedMemory(byteCount: chunkEntries * MemoryLayout<Entry>.stride)
            chunks.append(Chunk(memory: memory, entries: memory.base.bindMemory(to: Entry.self, capacity: chunkEntries)))
        }
    }

    /// Holds all expiries to a bound, after the watermark was taken back.
    ///
    /// - Complexity: O(entries), but only where a time was believed that is more than an hour ahead now.
    mutating func settle(_ bound: Int64) {
        guard greatestExpiry > bound else { return }
        greatestExpiry = bound
        for place in tail..<head {
            let entry = entry(place)
            guard expires(entry.pointee) > bound else { continue }
            if !entry.pointee.isWide { entry.pointee.widen(wides.add(details(entry.pointee))) }
            wides.setExpiry(entry.pointee.time, bound)
        }
    }

    /// Starts an empty ring at a place of its first chunk, as another one had it.
    mutating func restore(tail place: Int) {
        if place > 0 { takeChunk() }
        tail = place
        head = place
    }

    /// Appends entries whose triples have been retained.
    mutating func restore(_ entries: UnsafeBufferPointer<Entry>) {
        var from = 0
        while from < entries.count {
            if head == chunks.count << chunkBits { takeChunk() }
            let run = entries[from..<min(from + chunkEntries - head & (chunkEntries - 1), entries.count)]
            _ = UnsafeMutableBufferPointer(start: entry(head), count: run.count).initialize(fromContentsOf: run)
            for entry in run { greatestExpiry = max(greatestExpiry, expires(entry)) }
            head += run.count
            from += run.count
        }
    }
}

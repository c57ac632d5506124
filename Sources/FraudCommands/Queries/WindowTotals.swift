internal import ClickModel
internal import Sketches
internal import Storage

/// Totals of one key, and of one time when the query has steps: the sum of one or more rows of window tables.
struct WindowTotals {
    /// An ad, campaign or advertiser.
    let key: Value
    /// Start of the step; null without steps.
    let time: Value
    private(set) var clicks: Int64 = 0
    private(set) var valid: Int64 = 0
    private(set) var cost = Money.zero
    /// The stored sketch while there is one row.
    private var stored: [UInt8]
    private var union = HyperLogLog()
    private var isUnion = false

    var fraud: Int64 { clicks - valid }

    init(key: Value, time: Value, _ row: StoredTotals) {
        (self.key, self.time) = (key, time)
        stored = [UInt8](row.sketch)
        addCounts(row)
    }

    /// The same totals, their sketch in another memory.
    init(_ other: WindowTotals, _ memory: SketchMemory) {
        self = other
        guard isUnion else { return }
        union = HyperLogLog()
        union.merge(other.union, memory)
    }

    mutating func add(_ row: StoredTotals, _ memory: SketchMemory) throws {
        addCounts(row)
        try beUnion(memory)
        if !row.sketch.isEmpty { try union.merge(serialized: row.sketch, memory) }
    }

    /// Adds other rows of the same key and time.
    mutating func add(_ other: WindowTotals, _ memory: SketchMemory) throws {
        clicks += other.clicks
        valid += other.valid
        cost += other.cost
        try beUnion(memory)
        if other.isUnion { union.merge(other.union, memory) } else { try merge(other.stored, memory) }
    }

    private mutating func addCounts(_ row: StoredTotals) {
        clicks += row.clicks
        valid += row.valid
        cost += row.cost
    }

    private mutating func beUnion(_ memory: SketchMemory) throws {
        guard !isUnion else { return }
        isUnion = true
        try merge(stored, memory)
        stored = []
    }

    private mutating func merge(_ bytes: [UInt8], _ memory: SketchMemory) throws {
        guard !bytes.isEmpty else { return }
        try bytes.withUnsafeBytes { try union.merge(serialized: $0, memory) }
    }

    mutating func release(_ memory: SketchMemory) { union.release(memory) }

    /// Distinct visitors: of the union, not the sum of the rows'.
    func uniqueUsers(_ memory: SketchMemory) throws -> Int64 {
        if isUnion || stored.isEmpty { return union.roundedEstimate }
        var sketch = try HyperLogLog(serialized: stored, memory)
        defer { sketch.release(memory) }
        return sketch.roundedEstimate
    }

    /// The stored form of the union.
    var sketch: [UInt8] { isUnion ? union.serialized() : stored }
}

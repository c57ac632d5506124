internal import Sketches

/// The totals of one key in one window: two cache lines of plain bytes.
///
///     key 8 | start 8 | clicks 8 | valid 8 | cost 8 | validCost 8 | links 3 × 4 | level, flags 4      64 bytes
///     sequence 8 | sketch 56                                                                          64 bytes
struct WindowCell: BitwiseCopyable {
    /// Minute and hour: hash of the ad. Day: mixed hash of (ad, campaign, advertiser).
    var key: UInt64
    var start: Int64
    var clicks: Int64 = 0
    var valid: Int64 = 0
    var cost: Int64 = 0
    var validCost: Int64 = 0
    /// Texts of the row in the `DimensionTable`.
    var dimension: UInt32
    /// Minute only: the hour and day cell of the minute's first click; they outlive the minute.
    var hour: UInt32 = CellTable.none
    var day: UInt32 = CellTable.none
    var level: WindowLevel
    var flags: Flags = .live
    private var reserved: UInt16 = 0
    /// Order of creation: sorts rows of one window.
    var sequence: UInt64
    var sketch = HyperLogLog()

    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        static let live = Flags(rawValue: 1)
        /// Stands in the store's list of cells to emit: changed since the row was last emitted, or `shown`.
        static let dirty = Flags(rawValue: 2)
        /// Minute only: clicks of another campaign or advertiser than `day`'s were counted too.
        static let mixed = Flags(rawValue: 4)
        /// Minute only: the sketch has visitors that its hour (and day, unless mixed) has not been given yet.
        static let pending = Flags(rawValue: 8)
        /// The row was emitted at or after the watermark reached the window's end: any later one is late.
        static let fired = Flags(rawValue: 16)
        /// Minute only, with `dirty`: these very totals were emitted early; what is yet to come is the row on time.
        static let shown = Flags(rawValue: 32)
        /// The row was emitted before: the next one takes its place.
        static let hasRow = Flags(rawValue: 64)
    }

    init(key: UInt64, start: Int64, dimension: UInt32, level: WindowLevel, sequence: UInt64) {
        self.key = key
        self.start = start
        self.dimension = dimension
        self.level = level
        self.sequence = sequence
    }

    @inline(__always) var isLive: Bool { flags.contains(.live) }
    @inline(__always) var end: Int64 { start + level.milliseconds }
}

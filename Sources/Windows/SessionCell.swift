/// One session of one visitor: a cache line and a half of plain bytes.
///
///     key 8 | start 8 | end 8 | clicks 8 | cost 8 | textOffset 4 | sequence 4
///     older 4 | wheel: previous 4, next 4, list 2 | textLength 1 | flags 1        64 bytes
///     ads 32
struct SessionCell: BitwiseCopyable {
    static let none = UInt32.max

    /// `visitor_hash`; never 0.
    var key: UInt64
    /// First and last click.
    var start: Int64
    var end: Int64
    var clicks: Int64 = 0
    var cost: Int64 = 0
    /// The visitor's text in `SessionTexts`, shared by all sessions of the visitor.
    var textOffset: UInt32
    /// Order of creation: sorts rows of one start. A joined session has that of its older part. After four billion sessions it
    /// begins anew.
    var sequence: UInt32
    /// The visitor's next session back in time.
    var older: UInt32 = Self.none
    /// Neighbours in the list of the wheel that holds this cell.
    var previous: UInt32 = Self.none
    var next: UInt32 = Self.none
    var list: UInt16 = SessionWheel.unlisted
    var textLength: UInt8
    var flags: Flags = .live
    var ads = SessionAds()

    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        static let live = Flags(rawValue: 1)
        /// Changed since the row was last emitted.
        static let dirty = Flags(rawValue: 2)
        /// This session, or one it absorbed, has been emitted: from then on every change is.
        static let shown = Flags(rawValue: 4)
        /// The table has a row under (visitor, start).
        static let hasRow = Flags(rawValue: 8)
        /// The visitor's newest session, which the index leads to.
        static let newest = Flags(rawValue: 16)
        static let kept: Flags = [.live, .dirty, .shown, .hasRow]
    }

    @inline(__always)
    init(key: UInt64, time: Int64, textOffset: UInt32, textLength: UInt8, sequence: UInt32) {
        self.key = key
        start = time
        end = time
        self.textOffset = textOffset
        self.textLength = textLength
        self.sequence = sequence
    }

    /// What a snapshot keeps. Numbers are given anew when cells are read back, so links are not kept; blocks are written apart.
    var kept: SessionCell {
        var cell = self
        cell.older = Self.none
        cell.previous = Self.none
        cell.next = Self.none
        cell.list = SessionWheel.unlisted
        cell.flags.formIntersection(.kept)
        cell.ads = ads.detached
        return cell
    }

    @inline(__always) var isLive: Bool { flags.contains(.live) }
    /// To be emitted by the next drain, due or not.
    @inline(__always) var isShownAndDirty: Bool { flags.isSuperset(of: [.shown, .dirty]) }
}

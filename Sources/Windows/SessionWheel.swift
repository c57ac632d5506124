/// When to look at each session again: lists by event time, linked through the cells themselves.
///
///     list   0 … 255   one for each 2^14 ms (16 s) of the next 70 min; the list of a time is (time >> 14) mod 256
///            256       what lies beyond
///
/// An entry may stand too early, for a session's end moves on without the wheel being told: who takes an entry looks
/// whether it is time, and schedules it again if not. A session is looked at once a gap, so this costs O(1) a session.
/// The wheel (Varghese, Lauck 1987) never turns back, not even with the watermark.
struct SessionWheel {
    static let unlisted = UInt16.max
    private static let shift: Int64 = 14
    private static let lists: Int64 = 256

    private var heads = [UInt32](repeating: SessionCell.none, count: Int(lists) + 1)
    /// The slot of time that the wheel has come to.
    private(set) var position = Int64.min >> shift
    /// No later than any slot of the list beyond.
    private var leastBeyond = Int64.max

    init() {}

    /// Every position there can be.
    static let positions = Int64.min >> shift...Int64.max >> shift

    /// A wheel that goes on where another stood; its cells are yet to be scheduled.
    init(position: Int64) { self.position = position }

    /// Puts a cell that is in no list where it will be found once the watermark reaches `time`, or before. O(1).
    mutating func schedule(_ number: UInt32, at time: Int64, _ cells: borrowing SessionTable) {
        let slot = max(time >> Self.shift, position)
        var list = Int(truncatingIfNeeded: slot & (Self.lists - 1))
        if slot - position >= Self.lists {
            list = Int(Self.lists)
            leastBeyond = min(leastBeyond, slot)
        }
        let cell = cells.cell(number)
        cell.pointee.list = UInt16(list)
        cell.pointee.previous = SessionCell.none
        cell.pointee.next = heads[list]
        if heads[list] != SessionCell.none { cells.cell(heads[list]).pointee.previous = number }
        heads[list] = number
    }

    /// Takes a cell out of its list. O(1).
    mutating func unlink(_ number: UInt32, _ cells: borrowing SessionTable) {
        let cell = cells.cell(number)
        let (previous, next) = (cell.pointee.previous, cell.pointee.next)
        if previous != SessionCell.none {
            cells.cell(previous).pointee.next = next
        } else {
            heads[Int(cell.pointee.list)] = next
        }
        if next != SessionCell.none { cells.cell(next).pointee.previous = previous }
        cell.pointee.list = Self.unlisted
    }

    /// Turns to the watermark and appends every cell whose time may have come; they are then in no list.
    ///
    /// - Complexity: O(cells taken), and 256 at most.
    mutating func advance(to watermark: Int64, _ cells: borrowing SessionTable, into taken: inout [UInt32]) {
        let from = position
        position = max(position, watermark >> Self.shift)
        for step in 0...min(position - from, Self.lists - 1) {
            take(Int(truncatingIfNeeded: (from + step) & (Self.lists - 1)), cells, into: &taken)
        }
        guard leastBeyond <= position else { return }
        leastBeyond = .max
        take(Int(Self.lists), cells, into: &taken)
    }

    private mutating func take(_ list: Int, _ cells: borrowing SessionTable, into taken: inout [UInt32]) {
        var number = heads[list]
        heads[list] = SessionCell.none
        while number != SessionCell.none {
            taken.append(number)
            let cell = cells.cell(number)
            cell.pointee.list = Self.unlisted
            number = cell.pointee.next
        }
    }
}

internal import CClickRecord
internal import Sketches

/// All live cells: chunks that never move, reached by number, and by (level, key, start) through an index.
struct CellTable: ~Copyable {
    static let none = UInt32.max
    private static let chunkBits = 12
    private static let chunkCells = 1 << chunkBits

    /// Cells that may live at once.
    let maximumCells: Int
    /// Numbers ever given out; those not live are in the free list.
    private(set) var used = 0
    private(set) var free: [UInt32] = []
    private var chunks: [AlignedMemory] = []
    private let directoryMemory: AlignedMemory
    private let directory: UnsafeMutablePointer<UnsafeMutablePointer<WindowCell>?>
    private var index = HashIndex()

    init(maximumCells: Int) {
        precondition((3...1 << 30).contains(maximumCells), "maximumCells out of range")
        self.maximumCells = maximumCells
        let chunkLimit = (maximumCells + Self.chunkCells - 1) / Self.chunkCells
        directoryMemory = AlignedMemory(byteCount: chunkLimit * MemoryLayout<UnsafeMutablePointer<WindowCell>?>.stride)
        directory = directoryMemory.base.bindMemory(to: UnsafeMutablePointer<WindowCell>?.self, capacity: chunkLimit)
    }

    var count: Int { index.count }
    var byteCount: Int { chunks.count * Self.chunkCells * MemoryLayout<WindowCell>.stride + index.byteCount }

    /// The cell of a number that was given out. Stays where it is while the cell lives.
    @inline(__always)
    func cell(_ number: UInt32) -> UnsafeMutablePointer<WindowCell> {
        directory[Int(number >> UInt32(Self.chunkBits))].unsafelyUnwrapped + Int(number & UInt32(Self.chunkCells - 1))
    }

    /// Number of the live cell; `none` when there is none.
    @inline(__always)
    func find(_ level: WindowLevel, key: UInt64, start: Int64) -> UInt32 {
        index.find(Self.hash(level, key, start)) {
            let cell = cell($0)
            return cell.pointee.key == key && cell.pointee.start == start && cell.pointee.level == level
        }
    }

    /// Asks for where `find` will look first.
    @inline(__always)
    func prefetchIndex(_ level: WindowLevel, key: UInt64, start: Int64) { index.prefetch(Self.hash(level, key, start)) }

    /// Number of the cell that `find` will most likely find: the tag alone is compared.
    @inline(__always)
    func likely(_ level: WindowLevel, key: UInt64, start: Int64) -> UInt32 {
        index.find(Self.hash(level, key, start)) { _ in true }
    }

    /// Asks for a cell.
    @inline(__always)
    func prefetch(_ number: UInt32) {
        let address = UnsafeRawPointer(cell(number))
        fraud_prefetch(address)
        fraud_prefetch(address + 64)
    }

    /// Adds a cell that is not there; the caller has checked `maximumCells`.
    mutating func insert(_ cell: WindowCell) -> UInt32 {
        precondition(count < maximumCells, "more cells than the limit")
        let number = free.popLast() ?? takeNumber()
        self.cell(number).initialize(to: cell)
        index.insert(Self.hash(cell.level, cell.key, cell.start), number)
        return number
    }

    mutating func remove(_ number: UInt32) {
        let cell = cell(number)
        index.remove(Self.hash(cell.pointee.level, cell.pointee.key, cell.pointee.start), number)
        cell.pointee.flags = []
        free.append(number)
    }

    private mutating func takeNumber() -> UInt32 {
        if used % Self.chunkCells == 0 {
            let chunk = AlignedMemory(byteCount: Self.chunkCells * MemoryLayout<WindowCell>.stride)
            chunks.append(chunk)
            directory[used >> Self.chunkBits] = chunk.base.bindMemory(to: WindowCell.self, capacity: Self.chunkCells)
        }
        used += 1
        return UInt32(used - 1)
    }

    /// Restores a cell, or a free number, at the next number of a table that is being read back.
    mutating func restore(_ cell: WindowCell) {
        let number = takeNumber()
        self.cell(number).initialize(to: cell)
        if cell.isLive { index.insert(Self.hash(cell.level, cell.key, cell.start), number) }
    }

    mutating func restoreFree(_ numbers: [UInt32]) { free = numbers }

    @inline(__always)
    private static func hash(_ level: WindowLevel, _ key: UInt64, _ start: Int64) -> UInt64 {
        let window = UInt64(bitPattern: start) &+ UInt64(level.rawValue)
        return (key ^ (window &* 0xd6e8_feb8_6659_fd93)) &* 0x9e37_79b9_7f4a_7c15
    }
}

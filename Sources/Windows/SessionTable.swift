internal import CClickRecord
internal import Sketches

/// All live sessions: chunks that never move, reached by number; and the newest session of a visitor through an index.
///
/// The sessions of a visitor are a chain by time, newest first: `older` leads to the one before. They never touch.
struct SessionTable: ~Copyable {
    /// 65,536 cells are three huge pages.
    private static let chunkBits = 16
    private static let chunkCells = 1 << chunkBits

    /// Sessions that may live at once.
    let maximumCells: Int
    /// Numbers ever given out; those not live are in the free list.
    private(set) var used = 0
    private(set) var count = 0
    private var free: [UInt32] = []
    private var chunks: [AlignedMemory] = []
    private let directoryMemory: AlignedMemory
    private let directory: UnsafeMutablePointer<UnsafeMutablePointer<SessionCell>?>
    private var index = HashIndex()

    init(maximumCells: Int) {
        self.maximumCells = maximumCells
        let chunkLimit = (maximumCells + Self.chunkCells - 1) / Self.chunkCells
        directoryMemory = AlignedMemory(byteCount: chunkLimit * MemoryLayout<UnsafeMutablePointer<SessionCell>?>.stride)
        directory = directoryMemory.base.bindMemory(to: UnsafeMutablePointer<SessionCell>?.self, capacity: chunkLimit)
    }

    var byteCount: Int { chunks.count * Self.chunkCells * MemoryLayout<SessionCell>.stride + index.byteCount }

    /// The cell of a number that was given out. Stays where it is while the cell lives.
    @inline(__always)
    func cell(_ number: UInt32) -> UnsafeMutablePointer<SessionCell> {
        directory[Int(number >> UInt32(Self.chunkBits))].unsafelyUnwrapped + Int(number & UInt32(Self.chunkCells - 1))
    }

    /// Number of the visitor's newest session; `none` when there is none.
    @inline(__always)
    func newest(_ key: UInt64) -> UInt32 {
        index.find(Self.hash(key)) { cell($0).pointee.key == key }
    }

    /// Asks for where `newest` will look first.
    @inline(__always)
    func prefetchIndex(_ key: UInt64) { index.prefetch(Self.hash(key)) }

    /// Number of the session that `newest` will most likely find: the tag alone is compared.
    @inline(__always)
    func likely(_ key: UInt64) -> UInt32 { index.find(Self.hash(key)) { _ in true } }

    /// Asks for a cell.
    @inline(__always)
    func prefetch(_ number: UInt32) {
        let address = UnsafeRawPointer(cell(number))
        fraud_prefetch(address)
        fraud_prefetch(address + 64)
    }

    /// Puts a session into its visitor's chain, before `older` and after `newer`; the caller has checked `maximumCells`.
    @inline(__always)
    mutating func insert(_ cell: SessionCell, newer: UInt32, older: UInt32) -> UInt32 {
        precondition(count < maximumCells, "more sessions than the limit")
        let number = free.popLast() ?? takeNumber()
        self.cell(number).initialize(to: cell)
        self.cell(number).pointee.older = older
        if newer != SessionCell.none {
            self.cell(newer).pointee.older = number
        } else {
            if older != SessionCell.none {
                index.remove(Self.hash(cell.key), older)
                self.cell(older).pointee.flags.remove(.newest)
            }
            index.insert(Self.hash(cell.key), number)
            self.cell(number).pointee.flags.insert(.newest)
        }
        count += 1
        return number
    }

    /// Takes a live session out of its chain; `newer` is the one that leads to it. Its ads have been released.
    mutating func remove(_ number: UInt32, newer: UInt32) {
        let cell = cell(number)
        if newer != SessionCell.none {
            self.cell(newer).pointee.older = cell.pointee.older
        } else {
            index.remove(Self.hash(cell.pointee.key), number)
            if cell.pointee.older != SessionCell.none {
                index.insert(Self.hash(cell.pointee.key), cell.pointee.older)
                self.cell(cell.pointee.older).pointee.flags.insert(.newest)
            }
        }
        cell.pointee.flags = []
        free.append(number)
        count -= 1
    }

    /// The session of the chain that leads to this one; `none` for the newest.
    func newer(than number: UInt32) -> UInt32 {
        guard !cell(number).pointee.flags.contains(.newest) else { return SessionCell.none }
        var at = newest(cell(number).pointee.key)
        var newer = SessionCell.none
        while at != number {
            newer = at
            at = cell(at).pointee.older
        }
        return newer
    }

    /// Lends the cells of all numbers ever given out, live or not, in order.
    func forEachRun(_ body: (UnsafeBufferPointer<SessionCell>) -> Void) {
        for first in stride(from: 0, to: used, by: Self.chunkCells) {
            body(UnsafeBufferPointer(start: cell(UInt32(first)), count: min(Self.chunkCells, used - first)))
        }
    }

    private mutating func takeNumber() -> UInt32 {
        if used % Self.chunkCells == 0 {
            let chunk = AlignedMemory(byteCount: Self.chunkCells * MemoryLayout<SessionCell>.stride)
            chunks.append(chunk)
            directory[used >> Self.chunkBits] = chunk.base.bindMemory(to: SessionCell.self, capacity: Self.chunkCells)
        }
        used += 1
        return UInt32(used - 1)
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> UInt64 { key &* 0x9e37_79b9_7f4a_7c15 }
}

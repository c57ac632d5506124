internal import Glibc
internal import Sketches

/// The memory of one column, laid out as Arrow wants it. Unsafe: `ArrowTableBuilder` and `ArrowRow` keep its rules.
///
///     validity  1 bit a row, 1 = present       made at the first null of a fill, else none
///     fixed     width × rows                   values; 64-bit end offsets, first 0, for texts and lists; bits for booleans
///     bytes     texts' bytes, or list floats   grows by doubling; beyond 64 KiB in place
///     items     end offsets of list texts      first 0, grows by doubling
struct ArrowColumnBuffer {
    let kind: ArrowColumnKind
    private(set) var fixed: UnsafeMutableRawPointer
    private(set) var bytes: UnsafeMutableRawPointer
    private(set) var byteCount = 0
    private var byteCapacity: Int
    private(set) var validity: UnsafeMutablePointer<UInt8>?
    private(set) var nullCount = 0
    private(set) var items: UnsafeMutablePointer<Int64>
    private(set) var itemCount = 0
    private var itemCapacity: Int
    private var rowCapacity: Int
    /// Where `bytes` are once they are many.
    private var reservation: AlignedMemory?

    /// Bytes from which on they get address space of their own, to grow in place.
    private static let mostSmallBytes = 64 << 10
    /// Address space of many bytes; it takes memory as it is touched, beyond the first 2 MiB in huge pages.
    private static let reservedBytes = 64 << 20

    init(_ kind: ArrowColumnKind, rowCapacity: Int) {
        self.kind = kind
        self.rowCapacity = rowCapacity
        fixed = Self.makeFixed(kind, rowCapacity)
        byteCapacity = kind.hasOffsets ? min(rowCapacity * 16, Self.mostSmallBytes) : 8
        bytes = Self.resize(nil, byteCapacity)
        itemCapacity = kind == .textList ? rowCapacity : 1
        items = Self.resize(nil, (itemCapacity + 1) * 8).assumingMemoryBound(to: Int64.self)
        items[0] = 0
    }

    /// Memory that grows in place where it can: the system moves the pages of a large run, and their bytes are not copied.
    private static func resize(_ memory: UnsafeMutableRawPointer?, _ bytes: Int) -> UnsafeMutableRawPointer {
        guard let resized = realloc(memory, bytes) else { fatalError("no memory for \(bytes) bytes of rows") }
        return resized
    }

    mutating func deallocate() {
        free(fixed)
        validity?.deallocate()
        if reservation == nil { free(bytes) }
        reservation = nil
        free(items)
    }

    /// Bytes of `rows` rows.
    func used(rows: Int) -> Int { rows * kind.width + byteCount + (kind == .textList ? itemCount * 8 : 0) }

    mutating func removeAll() {
        validity?.deallocate()
        validity = nil
        nullCount = 0
        byteCount = 0
        itemCount = 0
    }

    private static func fixedBytes(_ kind: ArrowColumnKind, _ rows: Int) -> Int {
        kind == .bool ? bitmapBytes(rows) : (rows + 1) * kind.width
    }

    private static func bitmapBytes(_ rows: Int) -> Int { rows / 8 + 1 }

    private static func makeFixed(_ kind: ArrowColumnKind, _ rows: Int) -> UnsafeMutableRawPointer {
        let count = fixedBytes(kind, rows)
        let made = resize(nil, count)
        if kind.hasOffsets { made.storeBytes(of: 0, as: Int64.self) }
        return made
    }

    mutating func grow(rows: Int) {
        fixed = Self.resize(fixed, Self.fixedBytes(kind, rows))
        if let old = validity {
            let made = Self.fullBitmap(rows)
            made.update(from: old, count: Self.bitmapBytes(rowCapacity))
            old.deallocate()
            validity = made
        }
        rowCapacity = rows
    }

    private static func fullBitmap(_ rows: Int) -> UnsafeMutablePointer<UInt8> {
        let made = UnsafeMutablePointer<UInt8>.allocate(capacity: bitmapBytes(rows))
        made.initialize(repeating: 0xFF, count: bitmapBytes(rows))
        return made
    }

    /// The row's value is written besides.
    @inline(__always)
    mutating func markNull(_ row: Int) {
        if validity == nil { validity = Self.fullBitmap(rowCapacity) }
        validity.unsafelyUnwrapped[row >> 3] &= ~(1 << UInt8(truncatingIfNeeded: row & 7))
        nullCount &+= 1
    }

    /// Marks the row null; texts and lists become empty, other values zero.
    mutating func setNull(row: Int) {
        markNull(row)
        switch kind {
        case .bool: setBit(row, false)
        case .textList: endOffset(row, Int64(itemCount))
        case .floatList: endOffset(row, Int64(byteCount / 4))
        case .text, .binary: endOffset(row, Int64(byteCount))
        default: (fixed + row * kind.width).initializeMemory(as: UInt8.self, repeating: 0, count: kind.width)
        }
    }

    @inline(__always)
    mutating func setNullText(_ row: Int) {
        markNull(row)
        endOffset(row, Int64(byteCount))
    }

    @inline(__always)
    func set<T: BitwiseCopyable>(_ row: Int, _ value: T) { fixed.storeBytes(of: value, toByteOffset: row &* MemoryLayout<T>.stride, as: T.self) }

    @inline(__always)
    func setMoney(_ row: Int, e4: Int64) {
        fixed.storeBytes(of: e4, toByteOffset: row &* 16, as: Int64.self)
        fixed.storeBytes(of: e4 &>> 63, toByteOffset: row &* 16 &+ 8, as: Int64.self)
    }

    @inline(__always)
    func setBit(_ row: Int, _ value: Bool) {
        let cell = fixed.assumingMemoryBound(to: UInt8.self) + (row >> 3)
        let mask: UInt8 = 1 << UInt8(row & 7)
        cell.pointee = value ? cell.pointee | mask : cell.pointee & ~mask
    }

    @inline(__always)
    private func endOffset(_ row: Int, _ end: Int64) { fixed.storeBytes(of: end, toByteOffset: (row &+ 1) &* 8, as: Int64.self) }

    @inline(__always)
    mutating func setBytes(_ row: Int, _ source: UnsafeRawBufferPointer) {
        addBytes(source)
        endOffset(row, Int64(byteCount))
    }

    /// Adds one text to the list that `endTextList` closes.
    @inline(__always)
    mutating func addItem(_ source: UnsafeRawBufferPointer) {
        addBytes(source)
        if itemCount == itemCapacity { growItems() }
        itemCount &+= 1
        items[itemCount] = Int64(byteCount)
    }

    @inline(__always)
    func endTextList(_ row: Int) { endOffset(row, Int64(itemCount)) }

    @inline(__always)
    mutating func setFloats(_ row: Int, _ source: UnsafePointer<Float>?, count: Int, stride: Int) {
        if let source {
            reserve(count &* 4)
            let target = (bytes + byteCount).assumingMemoryBound(to: Float.self)
            for i in 0..<count { target[i] = source[i &* stride] }
            byteCount &+= count &* 4
        }
        endOffset(row, Int64(byteCount >> 2))
    }

    @inline(__always)
    private mutating func addBytes(_ source: UnsafeRawBufferPointer) {
        let count = source.count
        guard let start = source.baseAddress, count > 0 else { return }
        reserve(count)
        Self.copy(start, to: bytes + byteCount, count)
        byteCount &+= count
    }

    /// Most texts are short: two moves that overlap, and no call.
    @inline(__always)
    private static func copy(_ from: UnsafeRawPointer, to: UnsafeMutableRawPointer, _ count: Int) {
        if count > 32 {
            memcpy(to, from, count)
        } else if count >= 16 {
            copyEnds(SIMD16<UInt8>.self, from, to, count)
        } else if count >= 8 {
            copyEnds(UInt64.self, from, to, count)
        } else if count >= 4 {
            copyEnds(UInt32.self, from, to, count)
        } else {
            for i in 0..<count { to.storeBytes(of: from.load(fromByteOffset: i, as: UInt8.self), toByteOffset: i, as: UInt8.self) }
        }
    }

    @inline(__always)
    private static func copyEnds<T: BitwiseCopyable>(_ part: T.Type, _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int) {
        let last = count &- MemoryLayout<T>.size
        let (head, tail) = (from.loadUnaligned(as: T.self), from.loadUnaligned(fromByteOffset: last, as: T.self))
        to.storeBytes(of: head, as: T.self)
        to.storeBytes(of: tail, toByteOffset: last, as: T.self)
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if more > byteCapacity &- byteCount { growBytes(more) }
    }

    @inline(never)
    private mutating func growBytes(_ more: Int) {
        let wanted = max(byteCapacity * 2, byteCount + more)
        guard wanted > Self.mostSmallBytes else {
            bytes = Self.resize(bytes, wanted)
            byteCapacity = wanted
            return
        }
        let room = AlignedMemory(reserving: max(Self.reservedBytes, wanted * 2), smallBytes: AlignedMemory.hugePageBytes)
        room.base.copyMemory(from: bytes, byteCount: byteCount)
        if reservation == nil { free(bytes) }
        (bytes, byteCapacity, reservation) = (room.base, room.byteCount, room)
    }

    @inline(never)
    private mutating func growItems() {
        itemCapacity *= 2
        items = Self.resize(items, (itemCapacity + 1) * 8).assumingMemoryBound(to: Int64.self)
    }
}

/// Bytes that are no sketch of ours.
package enum HyperLogLogError: Error, Equatable {
    /// Shorter than the three bytes of the header.
    case truncated
    /// Another schema version, type, register width, log2m, explicit cutoff or sparse flag than `1x AE 7F`.
    case unsupportedHeader
    /// A body whose length does not fit its type.
    case badLength
    /// Explicit values or sparse indexes that do not ascend.
    case notAscending
    /// A sparse pair that names a register and gives it no rank.
    case emptyRegister
    /// Bits beyond the last value that are not 0.
    case badPadding
}

// Aggregate Knowledge's storage format, schema version 1 (github.com/aggregateknowledge/hll-storage-spec):
//
//     byte 0   version (4 bits) = 1 | type (4 bits): 1 empty, 2 explicit, 3 sparse, 4 full
//     byte 1   registerWidth − 1 (3 bits) = 5 | log2m (5 bits) = 14                         → AE
//     byte 2   pad (1 bit) | sparse enabled (1 bit) = 1 | explicit cutoff (6 bits) = 63 auto → 7F
//     explicit signed 64-bit values, ascending, big-endian
//     sparse   (14-bit index, 6-bit rank) pairs by ascending index, high bits first, zero-padded to a byte
//     full     16,384 ranks of 6 bits, high bits first: 12,288 bytes
extension HyperLogLog {
    private static let headerTail: (UInt8, UInt8) = (UInt8((registerWidth - 1) << 5 | log2m), 0x7f)
    private static let pairBits = log2m + registerWidth
    private static let fullBytes = registerCount * registerWidth / 8
    /// Most registers in use for which pairs take less room than all registers.
    private static let sparseLimit = (registerCount * registerWidth - 1) / pairBits

    /// The stored form of the sketch. See `append(serializedTo:)`.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        append(serializedTo: &bytes)
        return bytes
    }

    /// Appends the stored form: the same bytes as PostgreSQL's `hll` gives for the same values.
    ///
    /// - Complexity: O(n log n) in the values of an explicit set, else O(16,384); at most 12,291 bytes.
    package func append(serializedTo bytes: inout [UInt8]) {
        if isEmpty {
            Self.appendHeader(type: 1, to: &bytes)
        } else if isDense {
            let filled = Self.registerCount - zeroRegisters
            if filled <= Self.sparseLimit {
                Self.appendHeader(type: 3, to: &bytes)
                appendSparse(filled, to: &bytes)
            } else {
                Self.appendHeader(type: 4, to: &bytes)
                appendFull(to: &bytes)
            }
        } else {
            Self.appendHeader(type: 2, to: &bytes)
            appendExplicit(to: &bytes)
        }
    }

    /// Reads a stored sketch, ours or PostgreSQL's.
    ///
    /// - Throws: `HyperLogLogError` for anything else; `memory` is then as before.
    package init(serialized bytes: UnsafeRawBufferPointer, _ memory: SketchMemory) throws(HyperLogLogError) {
        self.init()
        do throws(HyperLogLogError) { try merge(serialized: bytes, memory) } catch {
            release(memory)
            throw error
        }
    }

    /// Adds everything a stored sketch has seen, as reading and merging it would, in one pass over its bytes.
    ///
    /// - Throws: `HyperLogLogError`; the sketch may then have taken in a part, and is good for nothing but its release.
    package mutating func merge(serialized bytes: UnsafeRawBufferPointer, _ memory: SketchMemory) throws(HyperLogLogError) {
        guard bytes.count >= 3 else { throw .truncated }
        guard bytes[0] >> 4 == 1, bytes[1] == Self.headerTail.0, bytes[2] == Self.headerTail.1 else { throw .unsupportedHeader }
        let body = UnsafeRawBufferPointer(rebasing: bytes[3...])
        switch bytes[0] & 15 {
        case 1: guard body.isEmpty else { throw .badLength }
        case 2: try mergeExplicit(body, memory)
        case 3: try mergeSparse(body, memory)
        case 4: try mergeFull(body, memory)
        default: throw .unsupportedHeader
        }
    }

    /// Reads a stored sketch from an array.
    ///
    /// - Throws: `HyperLogLogError`.
    package init(serialized bytes: [UInt8], _ memory: SketchMemory) throws(HyperLogLogError) {
        let made = bytes.withUnsafeBytes { raw in
            Result { () throws(HyperLogLogError) in try HyperLogLog(serialized: raw, memory) }
        }
        self = try made.get()
    }

    private static func appendHeader(type: UInt8, to bytes: inout [UInt8]) {
        bytes.append(0x10 | type)
        bytes.append(headerTail.0)
        bytes.append(headerTail.1)
    }

    /// Appends so many bytes, written in place by `fill`.
    @inline(__always)
    private static func append(_ count: Int, to bytes: inout [UInt8], _ fill: (UnsafeMutableRawPointer) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count))
        bytes.withUnsafeMutableBytes { fill($0.baseAddress.unsafelyUnwrapped + start) }
    }

    private func appendExplicit(to bytes: inout [UInt8]) {
        let count = Int(explicitCount)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * count + 1) { room in
            let start = room.baseAddress.unsafelyUnwrapped
            let (values, gathered) = (UnsafeMutableBufferPointer(start: start, count: count), start + count)
            gather(into: gathered)
            Self.sort(gathered, into: values)
            Self.append(count * 8, to: &bytes) { to in
                for i in 0..<count { to.storeBytes(of: (values[i] ^ Self.signBit).bigEndian, toByteOffset: i &* 8, as: UInt64.self) }
            }
        }
    }

    private static let signBit = UInt64(1) << 63

    /// The values of a set, in no order, their sign bits turned so that they sort as unsigned. `room` takes one value more.
    private func gather(into room: UnsafeMutablePointer<UInt64>) {
        guard isTable else {
            var count = 0
            forEachValue { value in
                room[count] = value ^ Self.signBit
                count &+= 1
            }
            return
        }
        var count = 0
        if zeroSeen != 0 {
            room[0] = Self.signBit
            count = 1
        }
        let table = table
        // A slot is free as the dice fall: written in any case, it needs no branch.
        for i in 0..<tableCapacity {
            let value = table[i]
            room[count] = value ^ Self.signBit
            count &+= value == 0 ? 0 : 1
        }
    }

    /// Counting sort by the top bits, about as many buckets as values, then by insertion: hashes are uniform, so buckets
    /// hold a value or two each. Values made to share top bits are sorted by comparison.
    private static func sort(_ from: UnsafeMutablePointer<UInt64>, into room: UnsafeMutableBufferPointer<UInt64>) {
        var room = room
        let count = room.count
        let values = room.baseAddress.unsafelyUnwrapped
        let bits = min(Int.bitWidth - count.leadingZeroBitCount, Self.bucketBits)
        let shift = UInt64(64 - bits)
        var largest: UInt16 = 0
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 1 << bits) { buckets in
            buckets.initialize(repeating: 0)
            let next = buckets.baseAddress.unsafelyUnwrapped
            for i in 0..<count { next[Int(truncatingIfNeeded: from[i] &>> shift)] &+= 1 }
            var start: UInt16 = 0
            for bucket in 0..<1 << bits {
                let size = next[bucket]
                next[bucket] = start
                start &+= size
                largest = max(largest, size)
            }
            for i in 0..<count {
                let bucket = Int(truncatingIfNeeded: from[i] &>> shift)
                values[Int(next[bucket])] = from[i]
                next[bucket] &+= 1
            }
        }
        guard largest <= 64 else { return room.sort() }
        for i in 1..<max(count, 1) {
            let value = values[i]
            var hole = i
            while hole > 0 && values[hole &- 1] > value {
                values[hole] = values[hole &- 1]
                hole &-= 1
            }
            values[hole] = value
        }
    }

    /// log2 of the most buckets of a sort.
    private static let bucketBits = 11

    private func appendSparse(_ filled: Int, to bytes: inout [UInt8]) {
        let registers = UnsafeRawPointer(registers)
        Self.append((filled * Self.pairBits + 7) / 8, to: &bytes) { to in
            var to = to
            var pending: UInt64 = 0
            var pendingBits = 0
            for group in stride(from: 0, to: Self.registerCount, by: 8) {
                var ranks = registers.load(fromByteOffset: group, as: UInt64.self)
                while ranks != 0 {
                    let at = UInt64(truncatingIfNeeded: ranks.trailingZeroBitCount) & ~7
                    let pair = UInt64(truncatingIfNeeded: group) &+ at >> 3
                    pending = pending &<< UInt64(Self.pairBits) | pair &<< UInt64(Self.registerWidth) | (ranks &>> at) & 0xff
                    ranks &= ~(0xff &<< at)
                    pendingBits &+= Self.pairBits
                    guard pendingBits >= 32 else { continue }
                    pendingBits &-= 32
                    to.storeBytes(of: UInt32(truncatingIfNeeded: pending &>> UInt64(pendingBits)).bigEndian, as: UInt32.self)
                    to += 4
                }
            }
            while pendingBits > 0 {
                pendingBits -= 8
                let byte = pendingBits >= 0 ? pending >> UInt64(pendingBits) : pending << UInt64(-pendingBits)
                to.storeBytes(of: UInt8(truncatingIfNeeded: byte), as: UInt8.self)
                to += 1
            }
        }
    }

    /// Eight ranks are six bytes: pairs of fields are pushed together three times.
    private func appendFull(to bytes: inout [UInt8]) {
        let from = UnsafeRawPointer(registers)
        Self.append(Self.fullBytes, to: &bytes) { to in
            for group in 0..<Self.registerCount / 8 {
                var word = UInt64(bigEndian: from.load(fromByteOffset: group * 8, as: UInt64.self)) & 0x3f3f_3f3f_3f3f_3f3f
                word = (word & 0x3f00_3f00_3f00_3f00) >> 2 | word & 0x003f_003f_003f_003f
                word = (word & 0x0fff_0000_0fff_0000) >> 4 | word & 0x0000_0fff_0000_0fff
                word = (word & 0x00ff_ffff_0000_0000) >> 8 | word & 0x0000_0000_00ff_ffff
                to.storeBytes(of: UInt32(truncatingIfNeeded: word >> 16).bigEndian, toByteOffset: group * 6, as: UInt32.self)
                to.storeBytes(of: UInt16(truncatingIfNeeded: word).bigEndian, toByteOffset: group * 6 + 4, as: UInt16.self)
            }
        }
    }

    private mutating func mergeExplicit(_ body: UnsafeRawBufferPointer, _ memory: SketchMemory) throws(HyperLogLogError) {
        let count = body.count / 8
        guard body.count % 8 == 0, count > 0, count <= Self.explicitLimit else { throw .badLength }
        var last = Int64.min
        for i in 0..<count {
            let value = Int64(bigEndian: body.loadUnaligned(fromByteOffset: i * 8, as: Int64.self))
            guard i == 0 || value > last else { throw .notAscending }
            last = value
            add(UInt64(bitPattern: value), memory)
        }
    }

    private mutating func mergeSparse(_ body: UnsafeRawBufferPointer, _ memory: SketchMemory) throws(HyperLogLogError) {
        let bits = body.count * 8
        let pairs = bits / Self.pairBits
        guard pairs <= Self.registerCount, bits - pairs * Self.pairBits < 8 else { throw .badLength }
        if !isDense { densify(memory) }
        let registers = registers
        let start = body.baseAddress
        // Pairs whose four bytes from the one they begin in are all there; a pair begins 0 or 4 bits into its byte.
        let near = body.count < 4 ? 0 : min(pairs, (body.count - 4) * 8 / Self.pairBits + 1)
        var last = -1
        for i in 0..<pairs {
            let pair: Int
            if i < near {
                let bit = i * Self.pairBits
                let word = UInt32(bigEndian: start.unsafelyUnwrapped.loadUnaligned(fromByteOffset: bit >> 3, as: UInt32.self))
                pair = Int((word << UInt32(bit & 7)) >> UInt32(32 - Self.pairBits))
            } else {
                pair = Self.bits(body, at: i * Self.pairBits, count: Self.pairBits)
            }
            let rank = UInt8(truncatingIfNeeded: pair) & Self.greatestRank
            let index = pair >> Self.registerWidth
            guard rank != 0 else { throw .emptyRegister }
            guard index > last else { throw .notAscending }
            last = index
            if registers[index] < rank { registers[index] = rank }
        }
        guard Self.bits(body, at: pairs * Self.pairBits, count: bits - pairs * Self.pairBits) == 0 else { throw .badPadding }
    }

    /// Eight ranks are six bytes, spread to eight by halves: 24, 12, 6 bits.
    private mutating func mergeFull(_ body: UnsafeRawBufferPointer, _ memory: SketchMemory) throws(HyperLogLogError) {
        guard body.count == Self.fullBytes, let start = body.baseAddress else { throw .badLength }
        if !isDense { densify(memory) }
        let registers = UnsafeMutableRawPointer(registers)
        for group in 0..<Self.registerCount / 8 {
            let high = UInt64(UInt32(bigEndian: start.loadUnaligned(fromByteOffset: group * 6, as: UInt32.self)))
            let low = UInt64(UInt16(bigEndian: start.loadUnaligned(fromByteOffset: group * 6 + 4, as: UInt16.self)))
            let six = high << 16 | low
            let halves = (six << 8) & 0x00ff_ffff_0000_0000 | six & 0x00ff_ffff
            let quarters = (halves << 4) & 0x0fff_0000_0fff_0000 | halves & 0x0000_0fff_0000_0fff
            let ranks = ((quarters << 2) & 0x3f00_3f00_3f00_3f00 | quarters & 0x003f_003f_003f_003f).byteSwapped
            let theirs = unsafeBitCast(ranks, to: SIMD8<UInt8>.self)
            let mine = registers.load(fromByteOffset: group * 8, as: SIMD8<UInt8>.self)
            registers.storeBytes(of: mine.replacing(with: theirs, where: mine .< theirs), toByteOffset: group * 8, as: SIMD8<UInt8>.self)
        }
    }

    /// Up to 24 bits from a bit offset, high bits first; bits beyond the end read as 0.
    private static func bits(_ body: UnsafeRawBufferPointer, at offset: Int, count: Int) -> Int {
        guard count > 0 else { return 0 }
        var word = 0
        for i in 0..<4 {
            let at = offset / 8 + i
            word = word << 8 | (at < body.count ? Int(body[at]) : 0)
        }
        return word >> (32 - offset % 8 - count) & ((1 << count) - 1)
    }
}

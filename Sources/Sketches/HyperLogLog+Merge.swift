internal import Glibc

extension HyperLogLog {
    /// Adds everything `other` has seen: the union, as PostgreSQL's `hll_union` makes it.
    ///
    /// - Complexity: O(values of `other`), or O(16,384) when it is dense.
    package mutating func merge(_ other: HyperLogLog, _ memory: SketchMemory) {
        guard other.isDense else {
            // Their places in a large set are far memory: asked for together, they do not wait for each other.
            other.forEachValue { prefetch($0) }
            other.forEachValue { add($0, memory) }
            return
        }
        if !isDense { densify(memory) }
        let mine = UnsafeMutableRawPointer(registers)
        let theirs = UnsafeRawPointer(other.registers)
        for offset in stride(from: 0, to: Self.registerCount, by: 64) {
            let a = mine.load(fromByteOffset: offset, as: SIMD64<UInt8>.self)
            let b = theirs.load(fromByteOffset: offset, as: SIMD64<UInt8>.self)
            mine.storeBytes(of: a.replacing(with: b, where: a .< b), toByteOffset: offset, as: SIMD64<UInt8>.self)
        }
    }

    /// The number of distinct values: exact up to 1,536, then the estimate of Flajolet et al. 2007 with linear counting
    /// below 2.5 × 16,384; standard error 0.81 %.
    ///
    /// Equal to PostgreSQL's `hll_cardinality` wherever that has an answer. At these sizes its large-range limit 2^76 does
    /// not fit the 64-bit word it is computed in, so above 40,960 it answers NaN on x86-64; with 2^76 in place of that
    /// the correction is below one part in 10^18 and is left out here.
    package var estimate: Double {
        guard isDense else { return Double(explicitCount) }
        let m = Double(Self.registerCount)
        let scaled = (0.7213 / (1.0 + 1.079 / m)) * m * m
        // The sum below is at least the number of zeros: with so many of them the rest of it decides nothing.
        let unused = Double(zeroRegisters)
        if unused > 0 && scaled / unused < 5.0 * m / 2.0 { return m * log(m / unused) }
        // Four histograms, so that equal ranks in a row do not wait for each other.
        var histogram = InlineArray<256, Int32>(repeating: 0)
        let registers = registers
        for i in stride(from: 0, to: Self.registerCount, by: 4) {
            histogram[Int(registers[i] & 63)] += 1
            histogram[64 + Int(registers[i + 1] & 63)] += 1
            histogram[128 + Int(registers[i + 2] & 63)] += 1
            histogram[192 + Int(registers[i + 3] & 63)] += 1
        }
        var sum = 0.0
        for rank in 0..<64 {
            histogram[rank] += histogram[64 + rank] + histogram[128 + rank] + histogram[192 + rank]
            sum += Double(histogram[rank]) / Double(UInt64(1) << UInt64(rank))
        }
        let raw = scaled / sum
        let zeros = histogram[0]
        if zeros != 0 && raw < 5.0 * m / 2.0 { return m * log(m / Double(zeros)) }
        return raw
    }

    /// Registers of a dense sketch that are 0.
    var zeroRegisters: Int {
        let words = UnsafeRawPointer(registers).assumingMemoryBound(to: UInt64.self)
        let highBits: UInt64 = 0x8080_8080_8080_8080
        var zeros = 0
        // Ranks are below 128: 128 − rank has its high bit if and only if the rank is 0. A byte counts up to 128.
        for block in stride(from: 0, to: Self.registerCount / 8, by: 128) {
            var counts: UInt64 = 0
            for i in block..<block + 128 { counts &+= ((highBits &- words[i]) & highBits) &>> 7 }
            for shift: UInt64 in [0, 8, 16, 24, 32, 40, 48, 56] { zeros &+= Int(truncatingIfNeeded: counts &>> shift & 0xff) }
        }
        return zeros
    }

    /// `estimate` rounded to the nearest whole number, as a cast to BIGINT rounds: what `unique_users` holds.
    package var roundedEstimate: Int64 { Int64(estimate.rounded(.toNearestOrEven)) }
}

internal import ClickModel
internal import Sketches

/// Small numbers for the ads of live sessions: two bytes stand for the 64-bit hash of an ad that many sessions hold.
///
/// A number is given to an ad while sessions use it, and then to another. Limit: 65,536 ads at a time; a session with one
/// more keeps its ads by their hashes.
struct AdNumbers: ~Copyable {
    static let limit = 1 << 16

    private var hashes: [UInt64] = []
    /// Sessions that hold the ad; 0 = free.
    private var uses: [UInt32] = []
    private var free: [UInt16] = []
    private var index = HashIndex()

    init() {}

    var count: Int { index.count }
    var byteCount: Int { hashes.count * 16 + index.byteCount }

    @inline(__always)
    private static func place(_ hash: UInt64) -> UInt64 { hash &* 0x9e37_79b9_7f4a_7c15 }

    /// The number of an ad; nil when no session holds it.
    @inline(__always)
    func find(_ hash: UInt64) -> UInt16? {
        let number = index.find(Self.place(hash)) { hashes[Int($0)] == hash }
        return number == HashIndex.none ? nil : UInt16(truncatingIfNeeded: number)
    }

    @inline(__always)
    func hash(_ number: UInt16) -> UInt64 { hashes[Int(number)] }

    /// One use more.
    @inline(__always)
    mutating func retain(_ number: UInt16) { uses[Int(number)] &+= 1 }

    /// A number with one use for an ad that has none; nil at the limit.
    mutating func add(_ hash: UInt64) -> UInt16? {
        let number: UInt16
        if let reused = free.popLast() {
            number = reused
            hashes[Int(reused)] = hash
            uses[Int(reused)] = 1
        } else {
            guard hashes.count < Self.limit else { return nil }
            number = UInt16(hashes.count)
            hashes.append(hash)
            uses.append(1)
        }
        index.insert(Self.place(hash), UInt32(number))
        return number
    }

    /// One use less; with the last the ad's number is free.
    mutating func release(_ number: UInt16) {
        uses[Int(number)] -= 1
        guard uses[Int(number)] == 0 else { return }
        index.remove(Self.place(hashes[Int(number)]), UInt32(number))
        free.append(number)
    }

    /// Appends the ad of every number; that of a free one is 0.
    borrowing func write(to writer: inout StateWriter) {
        writer.append(hashes.count)
        for number in hashes.indices { writer.append(uses[number] > 0 ? hashes[number] : 0) }
    }

    /// Reads what `write` wrote; the sessions that are read after it `claim` what they use, then `finish`.
    ///
    /// - Throws: `StateError`.
    static func read(_ reader: inout StateReader) throws(StateError) -> AdNumbers {
        var numbers = AdNumbers()
        numbers.hashes = try reader.readArray(UInt64.self)
        guard numbers.hashes.count <= limit else { throw StateError("too many ads of sessions") }
        numbers.uses = [UInt32](repeating: 0, count: numbers.hashes.count)
        for (number, hash) in numbers.hashes.enumerated() where hash != 0 {
            guard numbers.find(hash) == nil else { throw StateError("an ad of sessions has two numbers") }
            numbers.index.insert(place(hash), UInt32(number))
        }
        return numbers
    }

    /// Counts a use by a session that was read; false when there is no such number.
    mutating func claim(_ number: UInt16) -> Bool {
        guard Int(number) < hashes.count, hashes[Int(number)] != 0 else { return false }
        retain(number)
        return true
    }

    /// Whether every ad that was read is used; what had no ad is free then.
    mutating func finish() -> Bool {
        for number in hashes.indices where uses[number] == 0 {
            if hashes[number] != 0 { return false }
            free.append(UInt16(number))
        }
        return true
    }
}

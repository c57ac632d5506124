/// How keys are split among shards.
package enum Shards {
    /// More at once are refused.
    package static let maximum = 16

    /// The shard of a key: by bits 32 to 43 of it, spread over all shards evenly, whether their number is a power of two or not.
    ///
    /// Its tables tell keys apart by others: a home line is of the top bits, up to a million lines of none of these, an entry
    /// of the low 32, and what counts distinct keys takes the top six. A key of 0, unknown, is the first shard's.
    @inline(__always)
    package static func shard(of key: UInt64, among count: Int) -> Int {
        Int(truncatingIfNeeded: ((key &>> 32 & 0xfff) &* UInt64(truncatingIfNeeded: count)) &>> 12)
    }
}

/// The rows of a batch whose key is one shard's.
struct ListedRows: RowOrder {
    private let rows: UnsafeMutablePointer<UInt16>
    let count: Int

    /// Rows that room for a list must hold: those of a batch, and one that is written and not kept.
    static let capacity = ClickColumns.capacity + 1

    /// - Parameters:
    ///   - room: for `capacity` rows.
    ///   - total: rows of the batch.
    @inline(__always)
    init(_ room: UnsafeMutablePointer<UInt16>, _ keys: ClickColumns.Keys, total: Int, shard: Int, among shards: Int) {
        rows = room
        var count = 0
        // Without a branch, which could not be foretold.
        for row in 0..<total {
            room[count] = UInt16(truncatingIfNeeded: row)
            count &+= Shards.shard(of: keys[row], among: shards) == shard ? 1 : 0
        }
        self.count = count
    }

    @inline(__always)
    subscript(place: Int) -> Int { Int(rows[place]) }
}

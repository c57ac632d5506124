internal import CClickRecord

/// How keys are split among shards.
package enum Shards {
    /// More at once are refused.
    package static let maximum = 16

    /// The shard of a key: by bits 32 to 43 of it, spread over all shards evenly, whether their number is a power of two or not.
    ///
    /// Its tables tell keys apart by others: a home line is of the top bits, up to a million lines of none of these, an entry
    /// of the low 32, and what counts distinct keys takes the top six. A key of 0, unknown, is the first shard's.
    package static func shard(of key: UInt64, among count: Int) -> Int {
        Int(fraud_key_shard(key, UInt32(truncatingIfNeeded: count)))
    }
}

/// The rows of a batch whose key is one shard's.
struct ListedRows: RowOrder {
    private let rows: UnsafeMutablePointer<UInt16>
    let count: Int

    /// Rows that room for a list must hold.
    static let capacity = ClickColumns.capacity

    /// - Parameters:
    ///   - room: for `capacity` rows.
    ///   - keys: a column of a batch.
    ///   - total: rows of the batch.
    init(_ room: UnsafeMutablePointer<UInt16>, _ keys: ClickColumns.Keys, total: Int, shard: Int, among shards: Int) {
        rows = room
        count = Int(fraud_list_shard(keys, Int64(total), UInt32(truncatingIfNeeded: shard), UInt32(truncatingIfNeeded: shards), room))
    }

    @inline(__always)
    subscript(place: Int) -> Int { Int(rows[place]) }
}

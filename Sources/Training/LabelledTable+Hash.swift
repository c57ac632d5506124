internal import LogisticModel

extension LabelledTable {
    /// SHA-256 over names, columns, labels, times, groups, weights and costs, in hex: the same table, the same hash.
    /// - Complexity: O(rows × features).
    package var contentHash: String {
        var hash = SHA256()
        func add<T: BitwiseCopyable>(_ values: [T]) {
            withUnsafeBytes(of: values.count) { hash.update($0) }
            values.withUnsafeBytes { hash.update($0) }
        }
        for name in names { add(Array(name.utf8)) }
        for column in columns { add(column) }
        add(labels.map { $0 ? UInt8(1) : 0 })
        add(eventTimes ?? [])
        add(groups ?? [])
        add(weights ?? [])
        add(attackCodes)
        add(costs ?? [])
        return hash.finish()
    }
}

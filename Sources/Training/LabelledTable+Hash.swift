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

    /// The same over categorical columns as well, before they are encoded.
    package func contentHash(with columns: [CategoricalColumn]) -> String {
        guard !columns.isEmpty else { return contentHash }
        var hash = SHA256()
        func add(_ bytes: some Collection<UInt8>) {
            withUnsafeBytes(of: bytes.count) { hash.update($0) }
            Array(bytes).withUnsafeBytes { hash.update($0) }
        }
        add(contentHash.utf8)
        for column in columns {
            add(column.name.utf8)
            for category in column.categories { add(category.utf8) }
            column.codes.withUnsafeBytes { hash.update($0) }
        }
        return hash.finish()
    }
}

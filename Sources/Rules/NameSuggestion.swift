/// Finds what a person most likely meant by a name that does not exist.
enum NameSuggestion {
    /// ` (did you mean "x"?)` for the nearest of `names`, or empty when none is near: at most a third of the name wrong.
    ///
    /// - Complexity: O(names × length²), on errors only.
    static func phrase(for name: String, among names: some Sequence<String>) -> String {
        let target = Array(name.utf8.prefix(100))
        var best: (name: String, distance: Int)?
        for candidate in names {
            let distance = editDistance(target, Array(candidate.utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(2, target.count / 3), best.distance < target.count else { return "" }
        return " (did you mean \"\(best.name)\"?)"
    }

    /// Levenshtein's distance: insertions, deletions and replacements of one byte.
    static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}

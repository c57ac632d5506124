extension Evaluation.FamilyFigures {
    /// Recall of every family of the given rows, by name; frauds without a family stand under `(none)`.
    ///
    /// - Parameters:
    ///   - flagged: per row of `rows`.
    ///   - groups: of each of them; rows of one group are not independent, so the interval takes their effective number.
    static func all(table: LabelledTable, rows: [Int], flagged: [Bool], groups: [UInt64]?) -> [Evaluation.FamilyFigures] {
        struct Tally {
            var rows = 0
            var flagged = 0
            var weight = 0.0
            var hits = 0.0
            var groups: [UInt64: (hits: Double, rows: Double)] = [:]
        }
        var tallies: [UInt16: Tally] = [:]
        for (position, row) in rows.enumerated() where table.labels[row] {
            let weight = table.weights?[row] ?? 1
            let hit = flagged[position] ? weight : 0
            var tally = tallies.removeValue(forKey: table.attackCodes[row]) ?? Tally()
            tally.rows += 1
            tally.flagged += flagged[position] ? 1 : 0
            tally.weight += weight
            tally.hits += hit
            if let groups {
                tally.groups[groups[position], default: (0, 0)].hits += hit
                tally.groups[groups[position], default: (0, 0)].rows += weight
            }
            tallies[table.attackCodes[row]] = tally
        }
        return tallies.map { code, tally in
            let name = table.attackNames[Int(code)]
            // In order of their numbers: sums of a dictionary's order would change from run to run.
            let byGroup = tally.groups.sorted { $0.key < $1.key }.map(\.value).filter { $0.rows > 0 }
            return Evaluation.FamilyFigures(
                attack: name.isEmpty ? "(none)" : name, rows: tally.rows, flagged: tally.flagged,
                recall: WilsonInterval.estimate(
                    hits: tally.hits, rows: tally.weight, effectiveRows: byGroup.isEmpty ? nil : WilsonInterval.effectiveRows(byGroup)))
        }.sorted { $0.attack < $1.attack }
    }
}

extension Evaluation.SegmentTable {
    /// nil when the table has no segments.
    init?(table: LabelledTable, rows: [Int], scores: [Float], flagged: [Bool]) {
        guard let segments = table.segments else { return nil }
        var counts = [Int](repeating: 0, count: segments.names.count)
        for row in rows { counts[Int(segments.codes[row])] += 1 }
        func name(_ code: Int) -> String { code == 0 ? "(none)" : segments.names[code] }
        let met = counts.indices.filter { counts[$0] > 0 }
        let largest = met.sorted { (counts[$1], name($0)) < (counts[$0], name($1)) }.prefix(Evaluation.maximumSegments)
        var positions = [Int: [Int]](uniqueKeysWithValues: largest.map { ($0, []) })
        for (position, row) in rows.enumerated() { positions[Int(segments.codes[row])]?.append(position) }
        let figures = largest.map { code in
            let own = positions[code] ?? []
            let labels = own.map { table.labels[rows[$0]] }
            let curve = RankingCurve(
                scores: own.map { scores[$0] }, labels: labels, weights: table.weights.map { weights in own.map { weights[rows[$0]] } })
            return Evaluation.SegmentFigures(
                value: name(code), rows: own.count, frauds: labels.count { $0 }, flagged: own.count { flagged[$0] },
                falsePositives: own.count { flagged[$0] && !table.labels[rows[$0]] }, averagePrecision: curve.averagePrecision)
        }
        self.init(column: segments.column, distinct: met.count, segments: figures)
    }
}

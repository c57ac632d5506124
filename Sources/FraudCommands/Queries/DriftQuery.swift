internal import ClickModel
internal import Foundation
internal import LogisticModel
internal import Storage

/// How far the features and scores of the stream have moved from those the champion was trained on.
struct DriftQuery {
    var from: EventTime?
    var to: EventTime?
    /// One line for each day.
    var isDaily: Bool

    static let columns = ["model_id", "feature", "psi", "verdict", "chance", "clicks", "unknown_before", "unknown_now", "moved_most", "against"]

    /// What was found, and what a reader must know of it.
    struct Report {
        var table: OutputTable
        var notes: [String] = []
    }

    /// Counts of a feature's bins, by model, day (the same for all when not daily) and feature.
    private struct Key: Hashable {
        var model: String
        var date: String
        var feature: String
    }

    private struct Line {
        var key: Key
        var stability: PopulationStability
        var before: [Int]
        var now: [Int]
        var edges: [Double]
        var against: String
    }

    /// Lines by day when daily, then by index, the largest first.
    func report(_ database: DuckDB, shelf: ModelShelf) throws -> Report {
        var report = Report(table: OutputTable(columns: (isDaily ? ["date"] : []) + Self.columns))
        let counted = try counts(database)
        var lines: [Line] = []
        for model in Set(counted.keys.map(\.model)).sorted() {
            let own = counted.filter { $0.key.model == model }
            lines += try compare(own, model: model, shelf.model(id: model), database, &report.notes)
        }
        lines.sort { a, b in
            (a.key.date, b.stability.index, a.key.model, a.key.feature) < (b.key.date, a.stability.index, b.key.model, b.key.feature)
        }
        report.table.rows = lines.map(cells)
        return report
    }

    private func counts(_ database: DuckDB) throws -> [Key: [Int: Int]] {
        let bounds = SQLPeriod("date", from: from, to: to)
        let date = isDaily ? "date::VARCHAR" : "''"
        var counted: [Key: [Int: Int]] = [:]
        try database.forEachRow(
            "SELECT model_id, \(date) AS day, feature, bin, sum(clicks)::BIGINT FROM feature_drift \(bounds.condition) GROUP BY ALL", bounds.parameters
        ) { row in
            let key = Key(model: row[0].text ?? "", date: row[1].text ?? "", feature: row[2].text ?? "")
            counted[key, default: [:]][Int(row[3].int ?? 0)] = Int(row[4].int ?? 0)
        }
        return counted
    }

    private func compare(
        _ counted: [Key: [Int: Int]], model id: String, _ model: LogisticModel?, _ database: DuckDB, _ notes: inout [String]
    ) throws -> [Line] {
        guard let model else {
            notes.append("no file of model \(id) at hand: give it with --model")
            return []
        }
        let score = LogisticModel.scoreDistributionName
        var references: [String: (LogisticModel.FeatureDistribution, against: String)] = [:]
        for distribution in model.reference { references[distribution.feature] = (distribution, "training") }
        if model.reference.allSatisfy({ $0.feature == score }) {
            notes.append("model \(id) keeps no distributions of its training features: train it again with this program to see their drift")
        }
        if references[score] == nil, let (first, date) = try firstDay(of: id, database) {
            references[score] = (first, date)
        }
        return counted.compactMap { key, bins in
            guard let (reference, against) = references[key.feature], key.date != against else { return nil }
            // A first day that all days are held against is not one of them.
            let own = isWithin(against) ? reference.counts : []
            let now = reference.counts.indices.map { (bins[$0] ?? 0) - (own.isEmpty ? 0 : own[$0]) }
            guard let stability = PopulationStability(reference: reference.counts, observed: now) else { return nil }
            return Line(key: key, stability: stability, before: reference.counts, now: now, edges: reference.edges, against: against)
        }
    }

    /// Whether a baseline is a day whose clicks are among those that are counted together.
    private func isWithin(_ baseline: String) -> Bool {
        guard !isDaily, let start = CivilDate(baseline)?.start else { return false }
        return from.map { start >= $0 } ?? true && to.map { start < $0 } ?? true
    }

    /// The scores of the first day that a model decided on; nil when the period holds nothing else.
    private func firstDay(of model: String, _ database: DuckDB) throws -> (LogisticModel.FeatureDistribution, String)? {
        let rows = try database.query(
            """
            SELECT date::VARCHAR, bin, sum(clicks)::BIGINT FROM feature_drift WHERE model_id = ? AND feature = ?
            AND date = (SELECT min(date) FROM feature_drift WHERE model_id = ?) GROUP BY ALL
            """, [.text(model), .text(LogisticModel.scoreDistributionName), .text(model)]
        ).rows
        guard let date = rows.first?[0].text else { return nil }
        var counts = [Int](repeating: 0, count: LogisticModel.scoreEdges.count + 2)
        for row in rows {
            guard let bin = row[1].int, counts.indices.contains(Int(bin)) else { continue }
            counts[Int(bin)] = Int(row[2].int ?? 0)
        }
        return (.init(feature: LogisticModel.scoreDistributionName, edges: LogisticModel.scoreEdges, counts: counts), date)
    }

    // MARK: Cells

    private func cells(_ line: Line) -> [Cell] {
        func share(_ counts: [Int], _ bin: Int) -> Double { Double(counts[bin]) / Double(max(1, counts.reduce(0, +))) }
        let moved = line.now.indices.max { abs(share(line.now, $0) - share(line.before, $0)) < abs(share(line.now, $1) - share(line.before, $1)) } ?? 0
        let words = Self.name(of: moved, line.edges) + String(format: ": %.1f %% → %.1f %%", 100 * share(line.before, moved), 100 * share(line.now, moved))
        return (isDaily ? [.text(line.key.date)] : []) + [
            .text(line.key.model), .text(line.key.feature), .number(String(format: "%.4f", line.stability.index)),
            .text(line.stability.verdict.rawValue), .number(String(format: "%.4f", line.stability.chance)), .integer(line.now.reduce(0, +)),
            .number(String(format: "%.4f", share(line.before, 0))), .number(String(format: "%.4f", share(line.now, 0))), .text(words),
            .text(line.against),
        ]
    }

    /// A bin in words, such as `3 to 5`.
    static func name(of bin: Int, _ edges: [Double]) -> String {
        func shown(_ edge: Double) -> String { String(format: "%.6g", edge) }
        if bin == 0 { return "unknown" }
        if edges.isEmpty { return "known" }
        if bin == 1 { return "under \(shown(edges[0]))" }
        return bin > edges.count ? "from \(shown(edges[edges.count - 1]))" : "\(shown(edges[bin - 2])) to \(shown(edges[bin - 1]))"
    }
}

internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel
internal import Storage

/// What challengers said in the shadow of their champions, as a database has it.
struct ShadowQuery {
    var from: EventTime?
    var to: EventTime?
    /// Column of `shadow_verdicts` that the differing clicks are grouped by.
    var group: String
    /// One challenger alone.
    var challengerID: String?

    /// Differing clicks whose features are looked at, the first in time.
    static let explainedClicks = 100_000

    /// The comparisons, one for each champion and challenger that met.
    ///
    /// - Parameter shelf: where the models are looked for whose terms explain the difference.
    func comparisons(_ database: DuckDB, shelf: ModelShelf) throws -> [ModelComparison] {
        let bounds = SQLPeriod("date", from: from, to: to, and: condition)
        let totals = try database.query(
            """
            SELECT champion_id, model_id, sum(clicks)::BIGINT, sum(champion_fraud)::BIGINT, sum(challenger_fraud)::BIGINT, sum(both_fraud)::BIGINT,
                sum(cost)::DECIMAL(19,4), sum(champion_fraud_cost)::DECIMAL(19,4), sum(challenger_fraud_cost)::DECIMAL(19,4),
                sum(both_fraud_cost)::DECIMAL(19,4)
            FROM shadow_totals \(bounds.condition) GROUP BY ALL ORDER BY 1, 2
            """, bounds.parameters
        ).rows
        return try totals.map { row in
            var comparison = ModelComparison(championID: row[0].text ?? "", challengerID: row[1].text ?? "")
            func cell(_ clicks: Int64, _ cost: Money) -> ModelComparison.Cell { .init(clicks: Int(clicks), cost: cost) }
            let counts = row[2...5].map { $0.int ?? 0 }
            let costs = row[6...9].map { $0.money ?? .zero }
            comparison[.both] = cell(counts[3], costs[3])
            comparison[.championOnly] = cell(counts[1] - counts[3], costs[1] - costs[3])
            comparison[.challengerOnly] = cell(counts[2] - counts[3], costs[2] - costs[3])
            comparison[.neither] = cell(counts[0] - counts[1] - counts[2] + counts[3], costs[0] - costs[1] - costs[2] + costs[3])
            comparison.groupName = group
            try addGroups(to: &comparison, database)
            try explain(&comparison, database, shelf)
            return comparison
        }
    }

    private var condition: [(sql: String, parameters: [Value])] { challengerID.map { [("model_id = ?", [.text($0)])] } ?? [] }

    /// SQL bounds of the clicks that a pair of models calls differently.
    private func bounds(_ comparison: ModelComparison) -> SQLPeriod {
        SQLPeriod(
            "ts", from: from, to: to,
            and: [("champion_id = ? AND model_id = ? AND label <> champion_label", [.text(comparison.championID), .text(comparison.challengerID)])])
    }

    private func addGroups(to comparison: inout ModelComparison, _ database: DuckDB) throws {
        let bounds = bounds(comparison)
        let rows = try database.query(
            """
            SELECT \(group), label = 'fraud', count(*)::BIGINT, sum(cost)::DECIMAL(19,4) FROM shadow_verdicts \(bounds.condition)
            GROUP BY ALL ORDER BY 4 DESC, 1, 2 LIMIT \(2 * ModelComparison.maximumGroups)
            """, bounds.parameters, rowLimit: .max
        ).rows
        for row in rows {
            let cell = ModelComparison.Cell(clicks: Int(row[2].int ?? 0), cost: row[3].money ?? .zero)
            if row[1].bool == true {
                comparison.groups[row[0].text ?? "", default: (.init(), .init())].challengerOnly = cell
            } else {
                comparison.groups[row[0].text ?? "", default: (.init(), .init())].championOnly = cell
            }
        }
    }

    private func explain(_ comparison: inout ModelComparison, _ database: DuckDB, _ shelf: ModelShelf) throws {
        let models = [comparison.championID, comparison.challengerID].map { ($0, shelf.model(id: $0)) }
        guard let champion = models[0].1, let challenger = models[1].1 else {
            let missing = models.filter { $0.1 == nil }.map(\.0).joined(separator: " and ")
            comparison.notes.append("no file of model \(missing) at hand: give it with --model to see what makes them differ")
            return
        }
        guard var differences = try? ContributionDifference(champion: champion, challenger: challenger) else { return }
        let bounds = bounds(comparison)
        let differing = comparison[.championOnly].clicks + comparison[.challengerOnly].clicks
        if differing > Self.explainedClicks { comparison.notes.append("the features of the first \(Self.explainedClicks) differing clicks are looked at") }
        try database.forEachRow(
            "SELECT label, features FROM shadow_verdicts \(bounds.condition) AND len(features) = \(Feature.count) ORDER BY ts, click_id LIMIT \(Self.explainedClicks)",
            bounds.parameters
        ) { row in
            let features = (row[1].list ?? []).map { Float($0.double ?? .nan) }
            guard features.count == Feature.count else { return }
            differences.add(features, isChallengerOnly: row[0].text == "fraud")
        }
        comparison.differences = differences
    }
}

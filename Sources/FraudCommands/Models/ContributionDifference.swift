internal import ClickModel
internal import Features
internal import Foundation
internal import LogisticModel

/// Which features make two models differ: over the clicks that they label differently, the mean of what a feature adds to the
/// challenger's log-odds less what it adds to the champion's. Terms of the same features are taken together, a surface's under
/// both names. The models are additive, so with the difference of the intercepts the means sum to that of the logits before
/// calibration.
struct ContributionDifference {
    private struct Sum {
        var championOnly = 0.0
        var challengerOnly = 0.0
    }

    private let champion: CompiledModel
    private let challenger: CompiledModel
    private var sums: [[Int]: Sum] = [:]
    private var championOnly = 0
    private var challengerOnly = 0

    /// - Throws: `ModelError` when a model does not fit the feature catalogue.
    init(champion: LogisticModel, challenger: LogisticModel) throws {
        self.champion = try CompiledModel(champion, catalogue: Feature.catalogue)
        self.challenger = try CompiledModel(challenger, catalogue: Feature.catalogue)
    }

    var isEmpty: Bool { championOnly + challengerOnly == 0 }

    /// Counts a differing click.
    /// - Parameter row: its feature values in catalogue order.
    mutating func add(_ row: [Float], isChallengerOnly: Bool) {
        if isChallengerOnly { challengerOnly += 1 } else { championOnly += 1 }
        func add(_ model: CompiledModel, sign: Double) {
            for term in model.contributions(row: row) {
                if isChallengerOnly {
                    sums[term.columns.sorted(), default: Sum()].challengerOnly += sign * term.value
                } else {
                    sums[term.columns.sorted(), default: Sum()].championOnly += sign * term.value
                }
            }
        }
        add(challenger, sign: 1)
        add(champion, sign: -1)
    }

    private struct Line {
        var name: String
        var championOnly: Double?
        var challengerOnly: Double?

        var size: Double { max(abs(championOnly ?? 0), abs(challengerOnly ?? 0)) }
    }

    /// The intercepts and all terms, the largest difference first.
    private var lines: [Line] {
        func mean(_ sum: Double, _ count: Int) -> Double? { count == 0 ? nil : sum / Double(count) }
        let intercept = challenger.model.intercept - champion.model.intercept
        let terms = sums.map { columns, sum in
            Line(
                name: columns.map { Feature.catalogue[$0].name }.joined(separator: " × "), championOnly: mean(sum.championOnly, championOnly),
                challengerOnly: mean(sum.challengerOnly, challengerOnly))
        }
        let own = Line(name: "(intercept)", championOnly: championOnly == 0 ? nil : intercept, challengerOnly: challengerOnly == 0 ? nil : intercept)
        return (terms + [own]).sorted { ($0.size, $1.name) > ($1.size, $0.name) }
    }

    func text(limit: Int) -> String {
        var table = OutputTable(columns: ["feature", "where champion only", "where challenger only"])
        for line in lines.prefix(limit) {
            func shown(_ value: Double?) -> Cell { value.map { .number(String(format: "%+.4f", $0)) } ?? .null }
            table.rows.append([.text(line.name), shown(line.championOnly), shown(line.challengerOnly)])
        }
        return "What makes them differ: mean log-odds of the challenger less the champion's, over \(championOnly) and \(challengerOnly) differing clicks\n" + table.text
    }

    var json: String {
        let objects = lines.map { line in
            JSONOutput.object([
                ("feature", JSONOutput.string(line.name)), ("champion_only", line.championOnly.map { "\($0)" } ?? "null"),
                ("challenger_only", line.challengerOnly.map { "\($0)" } ?? "null"),
            ])
        }
        return "[" + objects.joined(separator: ", ") + "]"
    }
}

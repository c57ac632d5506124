import ClickModel
import Foundation
import Training

/// A table of few levels a feature, with unknown values, sample weights, and fraud that depends on some of it.
func levelTable(
    seed: UInt64, rows: Int, features: Int, levels: Int = 8, unknown: Double = 0, weights: Bool = false
) -> LabelledTable {
    var random = RandomData(seed)
    var table = LabelledTable(names: (0..<features).map { "f\($0)" }, hasTimes: false, hasWeights: weights)
    for _ in 0..<rows {
        var values = (0..<features).map { _ in Float(random.below(levels)) }
        let pair = values[0] > 3 && values[1] > 3 ? 1.5 : 0.0
        let logit = -1.5 + 0.4 * Double(values[0] - 3) + pair - (values[2] > 5 ? 1 : 0)
        for feature in values.indices where random.uniform() < unknown { values[feature] = .nan }
        table.append(
            values, isFraud: random.uniform() < 1 / (1 + exp(-logit)), weight: weights ? Double(random.below(4)) : 1)
    }
    return table
}

/// Every row and feature in every tree, one bag, nothing held out: what is fitted does not depend on the seed.
func wholeOptions(rounds: Int = 1, learningRate: Double = 1) -> AdditiveOptions {
    var options = AdditiveOptions()
    options.bins = 254
    options.rounds = rounds
    options.bags = 1
    options.learningRate = learningRate
    options.rowShare = 1
    options.featureShare = 1
    options.parts = 0
    options.maximumDraw = 1_000_000
    return options
}

extension LabelledTable {
    var allRows: [Int] { Array(0..<rowCount) }

    func logit(_ terms: AdditiveTerms, _ row: Int) -> Double { terms.logit { columns[$0][row] } }

    func logLoss(_ logits: [Double]) -> Double {
        zip(logits, labels).reduce(0) { $0 + ($1.1 ? log1p(exp(-$1.0)) : log1p(exp($1.0))) } / Double(rowCount)
    }
}

/// The obvious search: every cut of every feature, sums taken anew from the rows each time.
struct SlowTree {
    let table: LabelledTable
    let l2: Double
    let minimumRows: Int

    typealias Cut = (feature: Int, threshold: Float, isUnknownLow: Bool)

    private func goesLow(_ cut: Cut, _ row: Int) -> Bool {
        let value = table.columns[cut.feature][row]
        return value.isNaN ? cut.isUnknownLow : value < cut.threshold
    }

    private func score(_ rows: [Int], _ gradient: [Double], _ hessian: [Double]) -> Double {
        let g = rows.reduce(0) { $0 + gradient[$1] }
        return g * g / (rows.reduce(0) { $0 + hessian[$1] } + l2)
    }

    private func best(_ rows: [Int], _ g: [Double], _ h: [Double]) -> (low: [Int], high: [Int])? {
        var best: (gain: Double, low: [Int], high: [Int])?
        for feature in table.columns.indices {
            let values = Set(table.columns[feature].filter { !$0.isNaN }).sorted()
            for threshold in values.dropFirst() + [.infinity] {
                for isUnknownLow in [false, true] {
                    let low = rows.filter { goesLow((feature, threshold, isUnknownLow), $0) }
                    let high = rows.filter { !goesLow((feature, threshold, isUnknownLow), $0) }
                    guard low.count >= minimumRows, high.count >= minimumRows else { continue }
                    let gain = score(low, g, h) + score(high, g, h) - score(rows, g, h)
                    if gain > max(best?.gain ?? 0, 1e-10) { best = (gain, low, high) }
                }
            }
        }
        return best.map { ($0.low, $0.high) }
    }

    /// What one tree of depth two makes of the training rows, with a learning rate of 1.
    func logits() -> [Double] {
        let share = Double(table.fraudCount) / Double(table.rowCount)
        let g = table.labels.map { share - ($0 ? 1 : 0) }
        let h = table.labels.map { _ in share * (1 - share) }
        var logits = [Double](repeating: log(share / (1 - share)), count: table.rowCount)
        guard let root = best(table.allRows, g, h) else { return logits }
        for side in [root.low, root.high] {
            let leaves = best(side, g, h).map { [$0.low, $0.high] } ?? [side]
            for leaf in leaves {
                let value = -leaf.reduce(0) { $0 + g[$1] } / (leaf.reduce(0) { $0 + h[$1] } + l2)
                for row in leaf { logits[row] += value }
            }
        }
        return logits
    }
}

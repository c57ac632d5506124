internal import Foundation

extension Evaluation.CalibrationBin {
    /// Bounds of the bins of a report: whole log-odds from −9 to 9, i.e. from 0.01 % to 99.99 %. Where fraud is rare most
    /// scores are close to 0, and bins of equal width in probability would put nearly all of them into one.
    static let edges: [Double] = (-9...9).map { 1 / (1 + exp(-Double($0))) }

    /// Mean score and observed share of fraud of the scores between edges; bins without weight are left out.
    ///
    /// - Parameter edges: rising probabilities; the first bin begins at 0, the last ends with 1.
    /// - Complexity: O(rows × log edges).
    package static func bins(
        scores: [Float], labels: [Bool], weights: [Double]? = nil, edges: [Double]? = nil
    ) -> [Evaluation.CalibrationBin] {
        let edges = edges ?? Self.edges
        var sums = [(weight: Double, frauds: Double, scores: Double, rows: Int, fraudRows: Int)](
            repeating: (0, 0, 0, 0, 0), count: edges.count + 1)
        for (row, score) in scores.enumerated() {
            let bin = index(of: Double(score), edges: edges)
            let weight = weights?[row] ?? 1
            sums[bin].weight += weight
            sums[bin].scores += weight * Double(score)
            sums[bin].rows += 1
            guard labels[row] else { continue }
            sums[bin].frauds += weight
            sums[bin].fraudRows += 1
        }
        return sums.enumerated().compactMap { bin, sum in
            guard sum.weight > 0 else { return nil }
            return Evaluation.CalibrationBin(
                low: bin == 0 ? 0 : edges[bin - 1], high: bin == edges.count ? 1 : edges[bin], rows: sum.rows, frauds: sum.fraudRows,
                meanScore: sum.scores / sum.weight, observed: WilsonInterval.estimate(hits: sum.frauds, rows: sum.weight))
        }
    }

    /// Number of edges at or under a value.
    static func index(of value: Double, edges: [Double]) -> Int {
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Evaluation.ScoreHistogram {
    /// Half log-odds from −10 to 10.
    static let edges: [Double] = (-20...20).map { Double($0) / 2 }

    init(scores: [Float], labels: [Bool]) {
        let probabilities = Self.edges.map { 1 / (1 + exp(-$0)) }
        var counts = [[Int]](repeating: [Int](repeating: 0, count: Self.edges.count + 1), count: 2)
        for (score, isFraud) in zip(scores, labels) {
            counts[isFraud ? 1 : 0][Evaluation.CalibrationBin.index(of: Double(score), edges: probabilities)] += 1
        }
        self.init(logitEdges: Self.edges, valids: counts[0], frauds: counts[1])
    }
}

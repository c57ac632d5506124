/// How much better one scorer ranks than another on the same rows.
///
/// Both are measured on the same bootstrap samples, so that what is hard in a sample is hard for both and the interval is of
/// the difference alone (Efron and Tibshirani 1993, §8; the paired percentile bootstrap).
package struct PairedDifference: Codable, Hashable, Sendable {
    package var first: Estimate
    package var second: Estimate
    /// Second less first.
    package var difference: Estimate
    /// Share of samples in which the second is better; a tie counts half.
    package var secondBetter: Double?
    package var bootstrap: Evaluation.BootstrapFacts

    enum CodingKeys: String, CodingKey {
        case first, second, difference, bootstrap
        case secondBetter = "second_better"
    }

    /// Average precision of two scores of the same rows.
    ///
    /// - Parameters:
    ///   - first, second: scores, none NaN.
    ///   - labels: true for fraud; both labels.
    ///   - groups: what is drawn whole; nil: rows.
    ///   - replicates: nil: as many as the rows allow in seconds.
    /// - Complexity: O(replicates × rows).
    package static func averagePrecision(
        first: [Float], second: [Float], labels: [Bool], weights: [Double]? = nil, groups: [UInt64]? = nil, seed: UInt64 = 1,
        replicates: Int? = nil
    ) -> PairedDifference {
        let resampler = Resampler(labels: labels, groups: groups, seed: seed)
        let count = replicates ?? Resampler.replicates(rows: labels.count * 2)
        let none = [Bool](repeating: false, count: labels.count)
        let free = [Double](repeating: 0, count: labels.count)
        let samples = [first, second].map { scores in
            RankedSample(
                order: RankingCurve.descending(scores), scores: scores, labels: labels, weights: weights, flagged: none, costs: free,
                resampler: resampler, rates: [])
        }
        let pairs = resampler.replicate(count) { counts in
            (samples[0].figures(counts).averagePrecision, samples[1].figures(counts).averagePrecision)
        }.filter { !$0.0.isNaN && !$0.1.isNaN }
        func estimate(_ value: Double?, _ replicates: [Double]) -> Estimate {
            let interval = Percentile.interval(replicates)
            return Estimate(value: value, low: interval?.low, high: interval?.high)
        }
        let points = [first, second].map { RankingCurve(scores: $0, labels: labels, weights: weights).averagePrecision }
        let wins = pairs.reduce(0.0) { $0 + ($1.1 > $1.0 ? 1 : $1.1 == $1.0 ? 0.5 : 0) }
        return PairedDifference(
            first: estimate(points[0], pairs.map(\.0)), second: estimate(points[1], pairs.map(\.1)),
            difference: estimate(points[0].flatMap { one in points[1].map { $0 - one } }, pairs.map { $0.1 - $0.0 }),
            secondBetter: pairs.isEmpty ? nil : wins / Double(pairs.count),
            bootstrap: Evaluation.BootstrapFacts(
                replicates: count, seed: seed, level: Percentile.level, clusters: groups == nil ? nil : resampler.units))
    }
}

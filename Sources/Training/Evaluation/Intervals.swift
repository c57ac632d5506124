/// Figures of the rows as they are, and their percentile intervals over bootstrap samples.
struct Intervals {
    let facts: Evaluation.BootstrapFacts?
    private let rates: [Double]
    private let point: RankedSample.Figures
    private let samples: [RankedSample.Figures]

    init(_ evaluator: Evaluator, _ subject: Evaluator.Subject, _ rows: RowFacts, order: [Int], groups: [UInt64]?) {
        rates = evaluator.falsePositiveRates.sorted()
        let resampler = Resampler(labels: rows.labels, groups: groups, seed: evaluator.seed)
        let ranked = RankedSample(
            order: order, scores: subject.scores, labels: rows.labels, weights: rows.weights, flagged: rows.flagged,
            costs: rows.labels.indices.map { rows.labels[$0] == rows.flagged[$0] ? 0 : Double(rows.prices[$0]) }, resampler: resampler,
            rates: rates)
        point = [UInt8](repeating: 1, count: resampler.units).withUnsafeBufferPointer(ranked.figures)
        let replicates = rows.labels.isEmpty ? 0 : evaluator.replicates ?? Resampler.replicates(rows: rows.labels.count)
        samples = resampler.replicate(replicates, ranked.figures)
        facts = replicates == 0 ? nil : Evaluation.BootstrapFacts(
            replicates: replicates, seed: evaluator.seed, level: Percentile.level, clusters: resampler.isClustered ? resampler.units : nil)
    }

    func estimate(_ figure: (RankedSample.Figures) -> Double) -> Estimate {
        let value = figure(point)
        // A share of nothing has no interval either.
        guard !value.isNaN else { return Estimate() }
        let interval = Percentile.interval(samples.map(figure).filter { !$0.isNaN })
        return Estimate(value: value, low: interval?.low, high: interval?.high)
    }

    func summary(areProbabilities: Bool) -> Evaluation.Summary {
        Evaluation.Summary(
            averagePrecision: estimate(\.averagePrecision), rocAUC: estimate(\.rocAUC),
            logLoss: areProbabilities ? estimate(\.logLoss) : Estimate(), brier: areProbabilities ? estimate(\.brier) : Estimate())
    }

    func atRates(_ curve: RankingCurve) -> [Evaluation.RatePoint] {
        rates.enumerated().map { index, rate in
            let chosen = curve.best(falsePositiveRate: rate)
            return Evaluation.RatePoint(
                maximumRate: rate, falsePositiveRate: chosen.falsePositiveRate, threshold: Double(chosen.threshold), flagged: chosen.flagged,
                recall: estimate { $0.atRates[index].recall }, precision: estimate { $0.atRates[index].precision })
        }
    }

    /// - Parameter total: the sum in whole ten-thousandths, which doubles might miss.
    func cost(exactly total: Int64) -> MoneyEstimate {
        guard let interval = Percentile.interval(samples.map(\.cost)) else { return MoneyEstimate(e4: total) }
        func e4(_ value: Double) -> Int64 { Int64(min(value.rounded(), 9e18)) }
        return MoneyEstimate(e4: total, lowE4: e4(interval.low), highE4: e4(interval.high))
    }
}

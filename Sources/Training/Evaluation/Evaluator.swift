/// Measures scores of some rows of a table: makes an `Evaluation`.
package struct Evaluator: Sendable {
    /// Rising.
    package var falsePositiveRates = [0.0001, 0.001, 0.01, 0.05]
    package var costs = CostMatrix()
    package var seed: UInt64 = 1
    /// Bootstrap samples; nil: as many as the rows allow in seconds; 0: no intervals.
    package var replicates: Int?
    /// Whether groups of the table are drawn whole.
    package var usesGroups = true

    package init() {}

    /// What is measured.
    package struct Subject: Sendable {
        package var name: String
        /// `model`, or `verdict` for rules and model together.
        package var scorer = "model"
        /// One per row, none NaN; more is more likely fraud.
        package var scores: [Float]
        package var threshold: Double
        /// What was called fraud; nil: scores at or over the threshold.
        package var flagged: [Bool]?
        /// Whether scores are probabilities of fraud.
        package var areProbabilities = true
        /// Log-odds before calibration; nil: there is none.
        package var uncalibratedLogits: [Float]?

        package init(name: String, scores: [Float], threshold: Double) {
            self.name = name
            self.scores = scores
            self.threshold = threshold
        }
    }

    /// - Parameters:
    ///   - table: labels, weights, times, groups, costs, families and segments are read; features are not.
    ///   - rows: of the table, one per score.
    /// - Complexity: O(rows × (log rows + replicates)).
    package func measure(_ subject: Subject, table: LabelledTable, rows: [Int]) -> Evaluation {
        precondition(rows.count == subject.scores.count, "one score a row")
        let facts = RowFacts(subject, table: table, rows: rows, costs: costs)
        let order = RankingCurve.descending(subject.scores)
        let curve = RankingCurve(order: order, scores: subject.scores, labels: facts.labels, weights: facts.weights)
        let costCurve = RankedCosts(curve: curve, order: order, labels: facts.labels, prices: facts.prices, weights: facts.weights)
        let groups = usesGroups ? table.groups.map { groups in rows.map { groups[$0] } } : nil
        let intervals = Intervals(self, subject, facts, order: order, groups: groups)
        let points = CurvePoints(curve: curve, costs: costCurve)
        let times = table.eventTimes.map { times in rows.map { times[$0] } }
        return Evaluation(
            name: subject.name, scorer: subject.scorer, rows: rows.count, frauds: facts.labels.count { $0 }, firstEventMs: times?.min(),
            lastEventMs: times?.max(), metrics: intervals.summary(areProbabilities: subject.areProbabilities),
            decision: decision(subject, facts, groups, costCurve, intervals), atRates: intervals.atRates(curve),
            roc: points.roc(maximum: Evaluation.maximumPoints), precisionRecall: points.precisionRecall(maximum: Evaluation.maximumPoints),
            calibration: subject.areProbabilities ? Evaluation.CalibrationBin.bins(scores: subject.scores, labels: facts.labels, weights: facts.weights) : [],
            uncalibrated: subject.uncalibratedLogits.map {
                Evaluation.CalibrationBin.bins(scores: $0.map(Logistic.probability), labels: facts.labels, weights: facts.weights)
            } ?? [],
            histogram: Evaluation.ScoreHistogram(scores: subject.scores, labels: facts.labels),
            families: Evaluation.FamilyFigures.all(table: table, rows: rows, flagged: facts.flagged, groups: groups),
            segments: Evaluation.SegmentTable(table: table, rows: rows, scores: subject.scores, flagged: facts.flagged),
            bootstrap: intervals.facts, notes: notes(table, facts, curve))
    }

    private func decision(
        _ subject: Subject, _ facts: RowFacts, _ groups: [UInt64]?, _ costCurve: RankedCosts, _ intervals: Intervals
    ) -> Evaluation.Decision {
        /// A share of 0 or 1 is that in every sample too: its interval is Wilson's, of the groups (rows, without any) it is of.
        func share(_ estimate: Estimate, of isCounted: (Int) -> Bool) -> Estimate {
            guard let value = estimate.value, value == 0 || value == 1, estimate.low != nil else { return estimate }
            let counted = facts.labels.indices.filter(isCounted)
            let units = Double(groups.map { groups in Set(counted.map { groups[$0] }).count } ?? counted.count)
            return WilsonInterval.estimate(hits: value * units, rows: units)
        }
        var (refunded, billed) = (Int64(0), Int64(0))
        var (hits, misfires) = (0, 0)
        for row in facts.labels.indices {
            switch (facts.labels[row], facts.flagged[row]) {
            case (true, true): hits += 1
            case (false, true):
                misfires += 1
                refunded = saturatingSum(refunded, facts.price(row))
            case (true, false): billed = saturatingSum(billed, facts.price(row))
            case (false, false): break
            }
        }
        return Evaluation.Decision(
            threshold: subject.threshold, flagged: hits + misfires, truePositives: hits, falsePositives: misfires,
            recall: share(intervals.estimate(\.recall)) { facts.labels[$0] },
            precision: share(intervals.estimate(\.precision)) { facts.flagged[$0] },
            falsePositiveRate: share(intervals.estimate(\.falsePositiveRate)) { !facts.labels[$0] },
            cost: Evaluation.CostFigures(
                refundPrice: costs.refund.description, billingPrice: costs.billing.description, wronglyRefundedE4: refunded,
                wronglyBilledE4: billed, total: intervals.cost(exactly: saturatingSum(refunded, billed)),
                withoutScorerE4: costCurve.nothingFlagged))
    }

    private func notes(_ table: LabelledTable, _ facts: RowFacts, _ curve: RankingCurve) -> [String] {
        var notes: [String] = []
        if curve.frauds == 0 || curve.valids == 0 { notes.append("one label only: ranking figures cannot be measured") }
        if table.costs == nil { notes.append("clicks have no cost: each counts as \(CostMatrix.unknownCostE4 / 10_000) unit in the expected cost") }
        let valids = facts.labels.count { !$0 }
        if let least = falsePositiveRates.first(where: { $0 > 0 }), least * Double(valids) < 1 {
            notes.append("\(valids) valid rows cannot measure a false-positive rate of \(TextTable.number(least))")
        }
        return notes
    }
}

/// Facts of the measured rows, in their order.
struct RowFacts {
    let labels: [Bool]
    let weights: [Double]?
    let flagged: [Bool]
    /// Of deciding each row wrongly, ten-thousandths, for weight 1.
    let prices: [Int64]

    init(_ subject: Evaluator.Subject, table: LabelledTable, rows: [Int], costs: CostMatrix) {
        precondition(subject.flagged?.count ?? rows.count == rows.count, "one decision a row")
        labels = rows.map { table.labels[$0] }
        weights = table.weights.map { weights in rows.map { weights[$0] } }
        let threshold = Float(subject.threshold)
        flagged = subject.flagged ?? subject.scores.map { $0 >= threshold }
        prices = costs.prices(labels: labels, costs: table.costs.map { costs in rows.map { costs[$0] } })
    }

    /// Price of a row with its weight.
    func price(_ row: Int) -> Int64 { RankedCosts.weighted(prices[row], weights?[row]) }
}

func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
}

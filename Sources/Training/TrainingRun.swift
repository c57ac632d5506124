internal import LogisticModel

/// One run of the trainer: what was chosen on the way, for the report.
struct TrainingRun {
    let context: TrainingContext
    private var fitter: any ModelFitter
    private(set) var notes: [String] = []
    private(set) var leaks: [Leak]?
    private var calibration: CalibrationReport?
    private var coefficients: [TrainingReport.Coefficient]?
    /// The rows that calibration and threshold were chosen on, as they were scored then.
    private var validation: (rows: [Int], subject: Evaluator.Subject)?

    private var options: TrainingOptions { context.options }

    init(_ context: TrainingContext) {
        self.context = context
        fitter = context.options.kind == .linear ? LinearFitter(context) : AdditiveModelFitter(context)
    }

    /// Splits by time; with groups to keep apart, without the later rows of groups met before.
    mutating func split(_ rows: [Int], share: Double, later: String) -> TimeSplit {
        let split = TimeSplit(table: context.table, rows: rows, share: share)
        guard options.keepsGroupsApart, let groups = context.table.groups else { return split }
        let apart = split.keepingGroupsApart(groups)
        notes.append("\(split.after.count - apart.after.count) of \(split.after.count) \(later) rows are left out: their group is in the earlier rows")
        return apart
    }

    /// Compares each feature alone with the label, before and after the cut.
    ///
    /// - Throws: `TrainingError.leaks` when such a table is to be refused.
    mutating func lookForLeaks(_ outer: TimeSplit) throws(TrainingError) {
        let later = TimeSplit(table: context.table, rows: outer.before, share: options.innerShare)
        let split = outer.after.isEmpty ? later : outer
        leaks = LeakageGuard.leaks(context.table, earlier: split.before, later: split.after)
        let found = leaks ?? []
        guard !options.refusesLeaks || !found.contains(where: \.isRefused) else {
            throw .leaks(found.filter(\.isRefused).map(\.description))
        }
        notes += found.map(\.description)
        if leaks == nil { notes.append("too few rows of a label, earlier or later, to look for features that leak it") }
    }

    /// Chooses settings on later parts of `rows`, fits them all, and chooses calibration and threshold.
    mutating func fit(_ rows: [Int]) throws(TrainingError) -> LogisticModel {
        let inner = split(rows, share: options.innerShare, later: "validation")
        let canJudge = context.hasBothLabels(inner.before) && context.hasBothLabels(inner.after)
        if canJudge { try fitter.select(selectionSplits(rows, last: inner)) }
        let fitted = try fitter.fit(rows)
        coefficients = fitted.coefficients
        let frauds = inner.after.count { context.table.labels[$0] }
        if let logits = fitted.outOfBagLogits, !canJudge || context.table.eventTimes == nil || frauds < Self.leastValidationFrauds {
            return decide(fitted.model, rows, logits: logits, source: .outOfBag)
        }
        guard canJudge else {
            notes.append("no later part of the training rows has both labels: the threshold is chosen on the training rows themselves")
            return decide(fitted.model, rows, logits: context.uncalibratedLogits(fitted.model, rows), source: .training)
        }
        let earlier = try fitter.fit(inner.before).model
        let decided = decide(earlier, inner.after, logits: context.uncalibratedLogits(earlier, inner.after), source: .validation)
        var model = fitted.model
        model.calibration = decided.calibration
        model.threshold = decided.threshold
        return model
    }

    /// With fewer frauds among the validation rows, out-of-bag log-odds of all training rows say more.
    private static let leastValidationFrauds = 100
    /// Above it, one validation part of three tenths of the rows is exact enough, and three fits take long.
    private static let mostRowsForChain = 500_000
    private static let leastChainFrauds = 30

    /// The inner split, and two earlier cuts where rows are few enough to be noisy and frauds many enough to be counted.
    private func selectionSplits(_ rows: [Int], last: TimeSplit) -> [TimeSplit] {
        guard rows.count <= Self.mostRowsForChain, !options.isEncoded else { return [last] }
        let shares = [4.0 / 7, 11.0 / 14, 1].map { $0 * options.innerShare }
        var chain = Array(TimeSplit.chain(table: context.table, rows: rows, shares: shares).dropLast()) + [last]
        if options.keepsGroupsApart, let groups = context.table.groups { chain = chain.map { $0.keepingGroupsApart(groups) } }
        let suffices = chain.allSatisfy { split in
            context.hasBothLabels(split.before) && context.hasBothLabels(split.after)
                && split.after.count { context.table.labels[$0] } >= Self.leastChainFrauds
        }
        return suffices ? chain : [last]
    }

    /// The model with a calibration fitted on log-odds of the given rows, and a threshold chosen on the calibrated scores.
    private mutating func decide(_ model: LogisticModel, _ rows: [Int], logits: [Float], source: Source) -> LogisticModel {
        let labels = context.labels(rows)
        // Log-odds of the very rows a model was fitted on are too sure of themselves: a calibration would keep them so.
        let choice = source == .training ? .none : options.calibration
        let fitted = Calibrator.fit(choice, logits: logits, labels: labels, weights: context.weights(rows), source: source.rawValue)
        calibration = fitted.report
        notes += fitted.notes
        var model = model
        model.calibration = fitted.calibration
        let scores = source == .outOfBag ? Self.scores(logits, model.calibration) : context.scores(model, rows)
        let point = threshold(rows, scores, labels)
        model.threshold = Double(point.threshold)
        var subject = Evaluator.Subject(name: source.rawValue, scores: scores, threshold: model.threshold)
        subject.uncalibratedLogits = model.calibration == nil ? nil : logits
        if source != .training { validation = (rows, subject) }
        return model
    }

    private enum Source: String {
        case validation, training
        case outOfBag = "out-of-bag"
    }

    private static func scores(_ logits: [Float], _ calibration: Calibration?) -> [Float] {
        logits.map { logit in Logistic.probability(calibration.map { Float($0(Double(logit))) } ?? logit) }
    }

    private mutating func threshold(_ rows: [Int], _ scores: [Float], _ labels: [Bool]) -> OperatingPoint {
        let weights = context.weights(rows)
        let order = RankingCurve.descending(scores)
        let curve = RankingCurve(order: order, scores: scores, labels: labels, weights: weights)
        var point: OperatingPoint
        if let rate = options.maximumFalsePositiveRate {
            let valids = labels.count { !$0 }
            if rate * Double(valids) < 1 {
                notes.append("\(valids) valid validation rows cannot measure a false-positive rate of \(rate): the threshold allows none")
            }
            point = curve.best(falsePositiveRate: rate)
            if point.flagged == 0 { notes.append("no threshold keeps the false-positive rate: the model flags nothing by itself") }
        } else {
            let prices = options.costs.prices(labels: labels, costs: context.table.costs.map { costs in rows.map { costs[$0] } })
            let costs = RankedCosts(curve: curve, order: order, labels: labels, prices: prices, weights: weights)
            point = curve.point(costs.cheapest.map { curve.steps[$0] } ?? curve.nothing)
            if context.table.costs == nil { notes.append("the table has no costs: each click counts as one unit for the threshold") }
            if point.flagged == 0 { notes.append("no threshold costs less than billing all: the model flags nothing by itself") }
        }
        // Just over the highest score seen would flag a later, higher one.
        if point.flagged == 0 { point.threshold = Float(1).nextUp }
        return point
    }
}

extension TrainingRun {
    /// Measures the model on every part, and writes the figures into it.
    func measure(_ model: inout LogisticModel, train: [Int], test: [Int], testFromMs: Int64?) -> TrainingReport {
        if model.training.dataHash.isEmpty { model.training.dataHash = context.table.contentHash }
        var subjects = [(rows: train, subject: subject("train", model, train))]
        if model.reference.isEmpty { model.reference = AdditiveFitter.reference(context.table, train) }
        if let validation { subjects.append(validation) }
        if !test.isEmpty { subjects.append((test, subject("test", model, test))) }
        var parts: [TrainingReport.Part] = []
        var evaluations: [Evaluation] = []
        for (rows, subject) in subjects {
            let (labels, weights) = (context.labels(rows), context.weights(rows))
            parts.append(
                TrainingReport.Part(
                    name: subject.name, metrics: Metrics(scores: subject.scores, labels: labels, weights: weights),
                    atThreshold: OperatingPoint(
                        threshold: Float(subject.threshold), scores: subject.scores, labels: labels, weights: weights)))
            evaluations.append(evaluator(intervals: subject.name != "train").measure(subject, table: context.table, rows: rows))
        }
        for part in parts { model.metrics.merge(part.figures) { $1 } }
        if !context.table.names.contains(LogisticModel.scoreDistributionName) {
            // Of rows that did not train, where there are any: scores of those that did are more extreme than any later ones.
            model.reference.append(LogisticModel.FeatureDistribution(scores: subjects[subjects.count - 1].subject.scores))
        }
        let judged = subjects[test.isEmpty ? 0 : subjects.count - 1]
        return TrainingReport(
            modelID: model.modelID, modelName: model.name, rows: context.table.rowCount, frauds: context.table.fraudCount,
            l2: model.training.l2, candidates: fitter.candidates, solverStatus: model.training.solverStatus,
            iterations: model.training.iterations, threshold: model.threshold, maximumFalsePositiveRate: options.maximumFalsePositiveRate,
            calibration: calibration ?? CalibrationReport(method: .none, source: "", rows: 0, frauds: 0, candidates: []),
            testFromMs: test.isEmpty ? nil : testFromMs, parts: parts, evaluations: evaluations, leaks: leaks,
            families: FamilyRecall.all(
                table: context.table, rows: judged.rows, scores: judged.subject.scores, threshold: Float(model.threshold)),
            features: TrainingReport.strongest(model), coefficients: coefficients, notes: notes)
    }

    private func subject(_ name: String, _ model: LogisticModel, _ rows: [Int]) -> Evaluator.Subject {
        var subject = Evaluator.Subject(name: name, scores: context.scores(model, rows), threshold: model.threshold)
        if model.calibration != nil { subject.uncalibratedLogits = context.uncalibratedLogits(model, rows) }
        return subject
    }

    /// Intervals of figures on rows that trained would be of no use.
    private func evaluator(intervals: Bool) -> Evaluator {
        var evaluator = Evaluator()
        evaluator.costs = options.costs
        evaluator.seed = options.seed
        evaluator.replicates = intervals ? options.bootstrapReplicates : 0
        return evaluator
    }
}

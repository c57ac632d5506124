package import ClickModel
package import LogisticModel

extension ReportPage {
    /// The page of a training run: the test rows first, where there are any.
    package init(
        model: LogisticModel, report: TrainingReport, options: TrainingOptions, catalogue: [FeatureDescription], previous: LogisticModel? = nil
    ) {
        self.init(model: model, evaluations: Self.ordered(report.evaluations), catalogue: catalogue, previous: previous, notes: report.notes)
        coefficients = (report.coefficients ?? []).map {
            CoefficientInterval(
                name: $0.name, value: $0.estimate, low: $0.estimate - 1.96 * $0.standardError, high: $0.estimate + 1.96 * $0.standardError)
        }
        facts.append(Fact("Split", "the first \(ReportNumbers.percent(options.trainShare)) by event time train, the rest tests"))
        if options.keepsGroupsApart { facts.append(Fact("Groups", "kept apart: a group of the earlier rows is left out of the later")) }
        if let rate = options.maximumFalsePositiveRate {
            facts.append(Fact("Threshold chosen for", "a false-positive rate of at most \(ReportNumbers.general(rate * 100)) %"))
        } else {
            facts.append(Fact("Threshold chosen for", "least cost: refund \(options.costs.refund), billing \(options.costs.billing)"))
        }
        facts.append(Fact("Calibration asked for", options.calibration.rawValue))
        facts.append(Fact("Calibrated on", "\(ReportNumbers.grouped(report.calibration.rows)) \(report.calibration.source) rows, \(ReportNumbers.grouped(report.calibration.frauds)) fraud"))
        if report.candidates.count > 1 {
            let tried = report.candidates.map { "\(ReportNumbers.general($0.l2)) (average precision \(ReportNumbers.decimal($0.averagePrecision)))" }
            facts.append(Fact("L2 penalties tried", tried.joined(separator: ", ")))
        }
        facts.append(Fact("Weights for unknown values", options.missingIndicators ? "yes" : "no: what is unknown is never held against a visitor"))
        let leaks = report.leaks.map { $0.isEmpty ? "none found" : "\($0.count) features look as if they knew the label, see the top" }
        facts.append(Fact("Leaking features", leaks ?? "not looked for: too few rows"))
    }

    private static func ordered(_ evaluations: [Evaluation]) -> [Evaluation] {
        let order = ["test", "validation", "out-of-bag", "train"]
        return evaluations.enumerated().sorted { a, b in
            (order.firstIndex(of: a.element.name) ?? order.count, a.offset) < (order.firstIndex(of: b.element.name) ?? order.count, b.offset)
        }.map(\.element)
    }
}

internal import ClickModel
internal import LogisticModel

/// The lines of the model card.
enum ModelCardFacts {
    static func all(_ page: ReportPage) -> [ReportPage.Fact] {
        let model = page.model
        let training = model.training
        var facts: [ReportPage.Fact] = [
            .init("Model", "\(model.modelID) (\(HTMLText.shortened(model.name)))"),
            .init("Kind", kind(model)),
            .init("Trained on", "\(ReportNumbers.grouped(training.rows)) rows, \(ReportNumbers.grouped(training.frauds)) of them fraud"),
        ]
        if let first = training.firstEventMs, let last = training.lastEventMs { facts.append(.init("Training events", period(first, last))) }
        facts += [
            .init("Data hash", training.dataHash.isEmpty ? "none" : training.dataHash),
            .init("Feature schema hash", model.featureSchemaHash.isEmpty ? "none: names and units are not checked" : model.featureSchemaHash),
            .init("Model file", "schema version \(model.schemaVersion)"),
            .init("Seed", "\(training.seed)"),
            .init("L2 penalty", ReportNumbers.general(training.l2)),
            .init("Solver", "\(training.solverStatus), \(training.iterations) iterations"),
            .init("Intercept", ReportNumbers.general(model.intercept)),
            .init("Threshold", threshold(model.threshold)),
            .init("Calibration", calibration(model.calibration)),
        ]
        for evaluation in page.evaluations {
            var text = "\(ReportNumbers.grouped(evaluation.rows)) rows, \(ReportNumbers.grouped(evaluation.frauds)) fraud"
            if let first = evaluation.firstEventMs, let last = evaluation.lastEventMs { text += "; \(period(first, last))" }
            facts.append(.init("Evaluated on \(evaluation.title(among: page.evaluations))", text))
        }
        return facts + page.facts.prefix(ReportPage.maximumRows)
    }

    static func period(_ first: Int64, _ last: Int64) -> String {
        func minute(_ milliseconds: Int64) -> String {
            String(EventTime(milliseconds: milliseconds).description.prefix(16).replacing("T", with: " "))
        }
        return "\(minute(first)) to \(minute(last)) UTC"
    }

    static func threshold(_ value: Double) -> String {
        value > 1 ? "none: no score kept the promised false-positive rate" : "score \(ReportNumbers.general(value))"
    }

    private static func kind(_ model: LogisticModel) -> String {
        var parts: [String] = []
        if !model.features.isEmpty { parts.append("\(model.features.count) linear terms") }
        if !model.curves.isEmpty { parts.append("\(model.curves.count) curves") }
        if !model.surfaces.isEmpty { parts.append("\(model.surfaces.count) pairs of features") }
        return "additive logistic regression: " + (parts.isEmpty ? "an intercept only" : parts.joined(separator: ", "))
    }

    private static func calibration(_ calibration: Calibration?) -> String {
        guard let calibration else { return "none: scores are the regression's own" }
        return switch calibration.method {
        case .platt: "Platt's sigmoid"
        case .isotonic: "isotonic, \(calibration.inputs.count) knots"
        }
    }
}

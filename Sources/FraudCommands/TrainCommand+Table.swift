internal import ArgumentParser
internal import ClickModel
internal import Foundation
internal import LogisticModel
internal import Training

/// What training on a table has beside the columns.
struct TableTrainingArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Tables of a later period: measured with the finished model, never fitted; --table is then fitted whole.", valueName: "file"))
    var test: [String] = []

    @Flag(inversion: .prefixedNo, help: "After testing on the last rows of a table, fit the model that is written on all of them.")
    var refit = true
}

extension TrainCommand {
    func validateTable() throws {
        if let (name, _) = [("lists", lists), ("geoip", geoip)].first(where: { $0.1 != nil }) { throw ValidationError("--\(name) goes with click logs") }
        _ = try tables.requiredLabel()
        guard cv == nil else { throw ValidationError("--cv goes with click logs; a table is tested on its last rows in time, or on --test") }
    }

    /// `fraud train --table`: reads, tests, fits, and writes the model.
    func runTable() throws {
        let source = try TableFiles(tables.table)
        let roles = TableLayout.Roles(
            label: try tables.requiredLabel(), time: tables.time, group: group, weight: tables.weight, id: tables.id,
            excluded: TableArguments.names(exclude), categorical: TableArguments.names(tables.categorical))
        let words = LabelWords(positive: tables.positive)
        let bar = ProgressBar(unit: "rows")
        let input = try TableInput(source, roles: roles, words: words, progress: { bar.update(done: $0, share: nil) })
        bar.finish()
        let started = Date()
        var (model, report) = try fit(input)
        let seconds = Date().timeIntervalSince(started)
        if !tableTraining.test.isEmpty {
            var evaluator = Evaluator()
            evaluator.costs = decisions.costs.matrix
            evaluator.seed = seed
            evaluator.replicates = decisions.bootstrap
            let test = try TableEvaluation(
                model, TableFiles(tableTraining.test), label: roles.label, words: words, evaluator: evaluator,
                progress: { bar.update(done: $0, share: nil) })
            bar.finish()
            report.add(TrainingReport.Part(name: "test", metrics: test.metrics, atThreshold: test.atThreshold), to: &model)
            report.evaluations.append(test.evaluation)
        }
        report.notes += input.notes
        // A table has no families: the line of all frauds would be of the training rows.
        report.families = []
        if !input.categorical.isEmpty {
            report.notes.append("figures of the training rows are with categories encoded out of fold, not as the model file encodes them")
        }
        if !tableTraining.test.isEmpty, roles.weight != nil || roles.group != nil {
            report.notes.append("the rows of --test count once each, and their intervals take them one by one: --weight and --group are of the training rows")
        }
        try model.save(to: out)
        try page.write(
            ReportPage(
                model: model, report: report, options: try trainingOptions(), catalogue: FeatureDescription.ofTable(input.table.names),
                previous: try page.previousModel()))
        try show(model, report, seconds: seconds)
    }

    /// Fits once, or twice: to test on the last rows, and then on all rows.
    private func fit(_ input: TableInput) throws -> (LogisticModel, TrainingReport) {
        var options = try trainingOptions()
        // Whether a cell of a table is empty is a fact like any other.
        options.missingIndicators = true
        guard tableTraining.test.isEmpty, options.trainShare < 1 else {
            options.trainShare = 1
            return try fitOnce(input, options)
        }
        let tested = try fitOnce(input, options)
        guard tableTraining.refit else { return tested }
        options.trainShare = 1
        var (model, report) = try fitOnce(input, options)
        if let test = tested.1.parts.first(where: { $0.name == "test" }) { report.add(test, to: &model) }
        report.testFromMs = tested.1.testFromMs
        report.evaluations += tested.1.evaluations.filter { $0.name == "test" }
        report.families = []
        report.notes.append(
            "the test figures are those of a model fitted without the test rows; the model that is written was then fitted on all rows (--no-refit: not)")
        return (model, report)
    }

    private func fitOnce(_ input: TableInput, _ given: TrainingOptions) throws -> (LogisticModel, TrainingReport) {
        var options = given
        let table = input.table
        let rows = TimeSplit(table: table, rows: Array(0..<table.rowCount), share: options.trainShare).before
        let encoded = try table.encoding(input.categorical, fittedOn: rows, innerShare: options.innerShare, seed: options.seed)
        options.dataHash = table.contentHash(with: input.categorical)
        options.isEncoded = !input.categorical.isEmpty
        var (model, report) = try Trainer.train(
            table: encoded.table, options: options, catalogue: FeatureDescription.ofTable(encoded.table.names))
        let inputs = Set(model.inputNames)
        model.encodings = encoded.encodings.filter { inputs.contains($0.feature) }
        report.modelID = model.modelID
        report.notes += encoded.notes
        return (model, report)
    }

    private func show(_ model: LogisticModel, _ report: TrainingReport, seconds: Double) throws {
        guard json else {
            try Terminal.output(report.table)
            Terminal.error("model \(model.modelID) written to \(out), fitted in \(String(format: "%.2f", seconds)) s\n")
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let output = TableOutput(model: out, report: report, fitSeconds: seconds)
        try Terminal.output(String(decoding: try encoder.encode(output), as: UTF8.self) + "\n")
    }

    private struct TableOutput: Encodable {
        var model: String
        var report: TrainingReport
        var fitSeconds: Double

        enum CodingKeys: String, CodingKey {
            case model, report
            case fitSeconds = "fit_seconds"
        }
    }
}

extension TrainingReport {
    /// Adds a part measured elsewhere, to the report and to the model's figures.
    fileprivate mutating func add(_ part: Part, to model: inout LogisticModel) {
        parts.append(part)
        model.metrics.merge(part.figures) { $1 }
        modelID = model.modelID
    }
}

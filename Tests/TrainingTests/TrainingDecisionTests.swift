import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

@Suite struct TrainingDecisionTests {
    private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions()
        options.maximumFalsePositiveRate = 0.01
        options.bootstrapReplicates = 20
        change(&options)
        return options
    }

    private func train(_ table: LabelledTable, _ options: TrainingOptions) throws -> (LogisticModel, TrainingReport) {
        try Trainer.train(table: table, options: options, catalogue: sampleCatalogue)
    }

    /// The sample table with costs, every tenth click dear.
    private func priced(seed: UInt64, rows: Int) -> LabelledTable {
        let sample = sampleTable(seed: seed, rows: rows, hasGroups: true)
        var table = LabelledTable(names: sample.names, hasGroups: true, hasCosts: true, segmentColumn: "publisher_id")
        for row in 0..<rows {
            table.append(
                sample.columns.map { $0[row] }, isFraud: sample.labels[row], eventTime: EventTime(milliseconds: sample.eventTimes![row]),
                group: sample.groups![row], facts: .init(costE4: row % 10 == 0 ? 50_000 : 1000, segment: "p\(row % 7)"))
        }
        return table
    }

    @Test("model and report are the same bytes again, whatever the options", arguments: CalibrationChoice.allCases)
    func reproducible(choice: CalibrationChoice) throws {
        let table = priced(seed: 11, rows: 6000)
        let options = options {
            $0.calibration = choice
            $0.maximumFalsePositiveRate = choice == .auto ? nil : 0.01
        }
        let (first, second) = (try train(table, options), try train(table, options))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try first.0.encoded() == second.0.encoded())
        #expect(try encoder.encode(first.1) == encoder.encode(second.1))
        #expect(choice == .auto || first.0.calibration?.method.rawValue == (choice == .none ? nil : choice.rawValue))
    }

    @Test("the figures of the test part are those of the model file's own scores, calibrated and not")
    func calibrated() throws {
        let table = sampleTable(seed: 12, rows: 8000)
        let (model, report) = try train(table, options { $0.calibration = .isotonic })
        let test = try #require(report.evaluations.last)
        #expect(report.evaluations.map(\.name) == ["train", "validation", "test"] && test.bootstrap?.replicates == 20)
        let rows = Array(5600..<8000)
        let scores = try TableScorer.scores(model, table: table, rows: rows, catalogue: sampleCatalogue)
        let metrics = Metrics(scores: scores, labels: rows.map { table.labels[$0] })
        #expect(abs(test.metrics.logLoss.value! - metrics.logLoss) < 1e-12 && abs(test.metrics.averagePrecision.value! - metrics.averagePrecision!) < 1e-12)
        #expect(test.decision.flagged == scores.count { $0 >= Float(model.threshold) })
        #expect(!test.uncalibrated.isEmpty && test.uncalibrated != test.calibration)
        var plain = model
        plain.calibration = nil
        let logits = try TableScorer.uncalibratedLogits(model, table: table, rows: rows, catalogue: sampleCatalogue)
        let uncalibrated = try TableScorer.scores(plain, table: table, rows: rows, catalogue: sampleCatalogue)
        for (logit, score) in zip(logits, uncalibrated) { #expect(abs(1 / (1 + exp(-Double(logit))) - Double(score)) < 1e-6) }
        #expect(report.evaluations[0].bootstrap == nil)
    }

    @Test("a threshold by money costs no more on the validation rows than any other, and follows the prices")
    func money() throws {
        let table = priced(seed: 13, rows: 6000)
        var flagged: [Int] = []
        for refund in ["0.1x", "1x", "20x"] {
            let prices = CostMatrix(refund: try #require(.init(refund)), billing: .thousandthsOfCost(1000))
            let (_, report) = try train(table, options { $0.maximumFalsePositiveRate = nil; $0.costs = prices })
            let validation = try #require(report.evaluations.first { $0.name == "validation" })
            let cheapest = try #require(validation.roc.map(\.costE4).min())
            #expect(validation.decision.cost.total.e4 <= cheapest, "\(refund)")
            #expect(validation.decision.cost.total.e4 <= validation.decision.cost.withoutScorerE4)
            flagged.append(validation.decision.flagged)
        }
        #expect(flagged[0] > flagged[1] && flagged[1] > flagged[2], "\(flagged)")
    }

    @Test("with groups kept apart, no row of a later part has a group of the earlier one")
    func groupsApart() throws {
        for seed in UInt64(1)...20 {
            let table = sampleTable(seed: seed, rows: 600, hasGroups: true)
            let groups = try #require(table.groups)
            let whole = TimeSplit(table: table, rows: Array(0..<600), share: 0.5)
            let split = whole.keepingGroupsApart(groups)
            let known = Set(split.before.map { groups[$0] })
            #expect(split.before == whole.before && split.after == whole.after.filter { !known.contains(groups[$0]) }, "seed \(seed)")
        }
        let (_, report) = try train(sampleTable(seed: 1, rows: 4000, hasGroups: true), options { $0.keepsGroupsApart = true })
        #expect(report.notes.contains { $0.contains("test rows are left out") } && report.notes.contains { $0.contains("validation rows are left out") })
        #expect(throws: TrainingError.self) { try train(sampleTable(seed: 1, rows: 400), options { $0.keepsGroupsApart = true }) }
    }

    @Test("a chain of splits trains on ever more history and judges the stretch after it, each row once")
    func chain() {
        for seed in UInt64(1)...20 {
            var random = RandomData(seed)
            var table = LabelledTable(names: ["a"])
            for _ in 0..<300 { table.append([0], isFraud: false, eventTime: EventTime(milliseconds: Int64(random.below(90)))) }
            let times = table.eventTimes!
            let chain = TimeSplit.chain(table: table, rows: Array(0..<300), shares: [0.4, 0.55, 0.7])
            for (split, next) in zip(chain, chain.dropFirst()) {
                #expect(split.before.count < next.before.count && Set(split.before + split.after) == Set(next.before), "seed \(seed)")
                #expect(split.before.map { times[$0] }.max()! < split.after.map { times[$0] }.min()!, "seed \(seed)")
            }
            #expect(Set(chain[2].before + chain[2].after).count == 300)
        }
    }

    @Test("few frauds leave the model without calibration, with a note, and still train it")
    func few() throws {
        let (model, report) = try train(sampleTable(seed: 15, rows: 150), options { $0.kind = .linear })
        #expect(model.calibration == nil && report.calibration.method == .none)
        #expect(report.notes.contains { $0.contains("cannot calibrate") } && !report.table.isEmpty)
    }
}

import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

@Suite struct TrainerTests {
    private func options() -> TrainingOptions {
        var options = TrainingOptions()
        options.kind = .linear
        options.maximumFalsePositiveRate = 0.01
        return options
    }

    @Test("a model finds the signal, and its figures are those of its own scores on the later rows")
    func train() throws {
        let table = sampleTable(seed: 1, rows: 6000)
        let (model, report) = try Trainer.train(table: table, options: options(), catalogue: sampleCatalogue)
        let test = try #require(report.parts.first { $0.name == "test" })
        #expect(try #require(test.metrics.rocAUC) > 0.85)
        #expect(report.parts.map(\.name) == ["train", "validation", "test"] && report.candidates.count == 4)
        #expect(test.metrics.rows == 1800 && report.notes.isEmpty, "\(report.notes)")

        let rows = Array(4200..<6000)
        let scores = try TableScorer.scores(model, table: table, rows: rows, catalogue: sampleCatalogue)
        #expect(Metrics(scores: scores, labels: rows.map { table.labels[$0] }) == test.metrics)
        #expect(model.metrics["test_roc_auc"] == test.metrics.rocAUC && report.modelID == model.modelID)
        #expect(report.families.map(\.attack) == ["hosting", "humanoid", "ip_burst"])
        #expect(report.families.reduce(0) { $0 + $1.rows } == test.metrics.frauds)

        let constant = try #require(model.features.first { $0.name == sampleCatalogue[4].name })
        #expect(constant.weight == 0 && constant.missingWeight == 0)
        #expect(model.features.filter { $0.missingWeight != 0 }.map(\.name) == [sampleCatalogue[1].name, sampleCatalogue[7].name])
    }

    @Test("training again gives the same file, byte for byte")
    func reproducible() throws {
        let table = sampleTable(seed: 2, rows: 3000)
        let first = try Trainer.train(table: table, options: options(), catalogue: sampleCatalogue)
        let second = try Trainer.train(table: table, options: options(), catalogue: sampleCatalogue)
        #expect(try first.0.encoded() == second.0.encoded() && first.1 == second.1)
    }

    @Test("the threshold keeps the false-positive rate on the rows it was chosen on")
    func threshold() throws {
        for seed in UInt64(3)...6 {
            let (_, report) = try Trainer.train(table: sampleTable(seed: seed, rows: 4000), options: options(), catalogue: sampleCatalogue)
            let validation = try #require(report.parts.first { $0.name == "validation" })
            #expect(validation.atThreshold.falsePositiveRate <= 0.01 && validation.atThreshold.recall > 0, "seed \(seed)")
        }
    }

    @Test("the penalty chosen is the one of the best average precision")
    func selection() throws {
        let (model, report) = try Trainer.train(table: sampleTable(seed: 7, rows: 2000), options: options(), catalogue: sampleCatalogue)
        let best = try #require(report.candidates.compactMap(\.averagePrecision).max())
        #expect(report.candidates.first { $0.averagePrecision == best }?.l2 == model.training.l2)
    }

    @Test("the weights are scikit-learn's on the same standardized rows")
    func sameAsPipeline() throws {
        let table = sampleTable(seed: 8, rows: 2000)
        var one = options()
        one.l2Grid = [2]
        one.trainShare = 1
        let (model, _) = try Trainer.train(table: table, options: one, catalogue: sampleCatalogue)
        let script = """
            import json, numpy as np
            from sklearn.linear_model import LogisticRegression
            m = json.load(open('model.json'))
            x = np.fromfile('x', np.float32).reshape(\(table.names.count), -1).astype(np.float64)
            y = np.fromfile('y', np.uint8)
            columns, names = [], []
            for v, f in zip(x, m['features']):
                known = ~np.isnan(v)
                t = np.clip(v, f['clip_low'], f['clip_high'])
                t = np.log1p(t) if f['transform'] == 'log1p' else t
                if f['weight'] != 0: columns.append(np.where(known, (t - t[known].mean()) / t[known].std(), 0)); names.append(f['weight'])
                if f['missing_weight'] != 0: columns.append((~known).astype(float)); names.append(f['missing_weight'])
            r = LogisticRegression(solver='newton-cholesky', C=0.5, tol=1e-12).fit(np.array(columns).T, y)
            print(json.dumps(float(np.abs(r.coef_[0] - names).max())))
            """
        let difference: Double = try Python.run(
            script,
            files: [
                "model.json": Data(try model.encoded()), "x": table.columns.flatMap { $0 }.data, "y": table.labels.map { $0 ? UInt8(1) : 0 }.data,
            ])
        // The transform is in single precision.
        #expect(difference < 1e-5)
    }

    @Test("cross-validation keeps groups whole, is seeded, and reports every fold")
    func crossValidation() throws {
        let table = sampleTable(seed: 9, rows: 3000, hasGroups: true)
        let report = try Trainer.crossValidate(table: table, options: options(), catalogue: sampleCatalogue, folds: 5)
        #expect(report.folds.count == 5 && report.folds.reduce(0) { $0 + $1.metrics.rows } == 3000)
        #expect(try #require(report.summary { $0.metrics.rocAUC }).mean > 0.8)
        #expect(try Trainer.crossValidate(table: table, options: options(), catalogue: sampleCatalogue, folds: 5) == report)
        #expect(report.table.split(separator: "\n").count == 7)
        #expect(throws: TrainingError.tooFewGroups(groups: 0, folds: 5)) {
            try Trainer.crossValidate(table: sampleTable(seed: 1, rows: 50), catalogue: sampleCatalogue)
        }
    }

    @Test("tables that cannot train a model are refused with the reason")
    func refused() {
        let empty = LabelledTable(names: ["a"])
        let known = [FeatureDescription(name: "a", unit: "count", meaning: "", missing: "")]
        #expect(throws: TrainingError.emptyTable) { try Trainer.train(table: empty, catalogue: known) }
        var honest = empty
        for row in 0..<10 { honest.append([Float(row)], isFraud: false) }
        #expect(throws: TrainingError.oneClass(rows: 7, frauds: 0, part: "the training part")) {
            try Trainer.train(table: honest, catalogue: known)
        }
        #expect(throws: TrainingError.self) { try Trainer.train(table: honest, catalogue: sampleCatalogue) }
        var bad = TrainingOptions()
        bad.l2Grid = []
        #expect(throws: TrainingError.self) { try Trainer.train(table: honest, options: bad, catalogue: known) }
    }

    @Test("tiny and odd tables train, or are refused, but never crash")
    func oddTables() {
        for seed in UInt64(1)...300 {
            var random = RandomData(seed)
            var table = LabelledTable(names: ["a", "b"], hasTimes: seed % 2 == 0, hasWeights: seed % 3 == 0)
            let strange: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, 1, 3e38, -3e38, .leastNonzeroMagnitude, 5]
            for _ in 0..<1 + random.below(12) {
                table.append(
                    [strange[random.below(10)], strange[random.below(10)]], isFraud: random.below(2) == 0,
                    eventTime: EventTime(milliseconds: Int64(random.below(5))), weight: [0, 1, -1, .nan, 2][random.below(5)])
            }
            do throws(TrainingError) {
                let (model, report) = try Trainer.train(table: table, catalogue: table.catalogue(known: []))
                #expect(throws: Never.self) { try model.validate(source: "seed \(seed)") }
                #expect(!report.table.isEmpty)
            } catch {
                #expect(!error.description.isEmpty, "seed \(seed)")
            }
        }
    }

    @Test("the report reads as tables and survives JSON")
    func report() throws {
        let (_, report) = try Trainer.train(table: sampleTable(seed: 10, rows: 1000), options: options(), catalogue: sampleCatalogue)
        let back = try JSONDecoder().decode(TrainingReport.self, from: JSONEncoder().encode(report))
        #expect(back == report)
        for text in ["avg. precision", "family", "ip_burst", "strongest features", report.modelID] { #expect(report.table.contains(text)) }
    }
}

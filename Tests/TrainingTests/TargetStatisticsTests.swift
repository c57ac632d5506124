import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

/// A column of texts over rows whose share of fraud differs by category.
private struct CategoricalData {
    var column = CategoricalColumn(name: "city")
    var labels: [Bool] = []
    var groups: [UInt64] = []
    /// A weak feature beside it.
    var signal: [Float] = []

    /// - Parameter spread: 0: every category has the same share; 1: from none to twice the mean.
    init(seed: UInt64, rows: Int, categories: Int, spread: Double, missing: Double = 0.1) {
        var random = RandomData(seed)
        let shares = (0..<categories).map { _ in 0.2 * (1 + spread * (2 * random.uniform() - 1)) }
        for row in 0..<rows {
            let category = Int(random.uniform() * random.uniform() * Double(categories))
            let isFraud = random.uniform() < shares[category]
            column.append(random.uniform() < missing ? nil : "c\(category)")
            labels.append(isFraud)
            groups.append(UInt64(row / 3))
            signal.append(Float(random.normal() + (isFraud ? 0.7 : 0)))
        }
    }

    var all: [Int] { Array(labels.indices) }
    func table(grouped: Bool = false) -> LabelledTable {
        LabelledTable(names: ["signal"], columns: [signal], labels: labels, groups: grouped ? groups : nil)
    }
}

private func logit(_ p: Double) -> Double { log(p / (1 - p)) }

/// ROC AUC of a column that may be NaN for no row.
private func auc(_ values: [Float], _ labels: [Bool]) -> Double { Metrics(scores: values.map { 1 / (1 + exp(-$0)) }, labels: labels).rocAUC! }

@Suite("Target statistics of categories")
struct TargetStatisticsTests {
    @Test("with a fixed strength the encoding is scikit-learn's TargetEncoder's, in log-odds", arguments: [1.0, 7.5, 200])
    func agreesWithScikitLearn(strength: Double) throws {
        let data = CategoricalData(seed: 11, rows: 3000, categories: 40, spread: 1, missing: 0)
        let statistics = TargetStatistics(data.column, labels: data.labels, weights: nil, rows: data.all, strength: strength)
        let script = """
            import json, numpy as np
            from sklearn.preprocessing import TargetEncoder
            codes, labels = np.fromfile('codes', np.int32), np.fromfile('labels', np.uint8)
            encoder = TargetEncoder(smooth=\(strength), target_type='binary').fit(codes.reshape(-1, 1), labels)
            print(json.dumps(dict(zip(map(str, encoder.categories_[0].tolist()), encoder.encodings_[0].tolist()))))
            """
        let expected = try Python.run(
            script, files: ["codes": data.column.codes.data, "labels": data.labels.map { UInt8($0 ? 1 : 0) }.data], as: [String: Double].self)
        let encoding = statistics.encoding(of: data.column)
        #expect(expected.count == encoding.categories.count)
        for (code, text) in data.column.categories.enumerated() {
            #expect(abs(encoding[text] - logit(expected["\(code)"]!)) < 1e-9, "seed 11, \(text)")
        }
    }

    @Test("the strength follows from the F statistic of SciPy's one-way analysis of variance", arguments: [3 as UInt64, 4, 5])
    func strengthByVariance(seed: UInt64) throws {
        let data = CategoricalData(seed: seed, rows: 2000, categories: 30, spread: 1)
        let script = """
            import json, numpy as np
            from scipy.stats import f_oneway
            codes, labels = np.fromfile('codes', np.int32), np.fromfile('labels', np.uint8).astype(float)
            groups = [labels[codes == code] for code in np.unique(codes[codes >= 0])]
            n = np.array([len(g) for g in groups], float)
            size = (n.sum() - (n ** 2).sum() / n.sum()) / (len(n) - 1)
            F = f_oneway(*groups).statistic
            rho = (F - 1) / (F + size - 1)
            print(json.dumps([(1 - rho) / rho]))
            """
        let expected = try Python.run(
            script, files: ["codes": data.column.codes.data, "labels": data.labels.map { UInt8($0 ? 1 : 0) }.data], as: [Double].self)
        let strength = TargetStatistics(data.column, labels: data.labels, weights: nil, rows: data.all).strength
        #expect(abs(strength / expected[0] - 1) < 1e-9, "seed \(seed): \(strength) and \(expected[0])")
    }

    @Test("categories that say nothing are worth the prior, and a column of them is left out")
    func chanceHasNoWeight() throws {
        var leftOut = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            let data = CategoricalData(seed: seed, rows: 2000, categories: 400, spread: 0)
            let statistics = TargetStatistics(data.column, labels: data.labels, weights: nil, rows: data.all)
            guard !statistics.strength.isFinite else {
                #expect(statistics.strength > 10, "seed \(seed)")
                continue
            }
            leftOut += 1
            #expect(statistics.encoding(of: data.column).categories.isEmpty)
            let encoded = try data.table().encoding([data.column], fittedOn: data.all, innerShare: 0.7, seed: seed)
            #expect(encoded.table.names == ["signal"] && encoded.encodings.isEmpty && encoded.notes.count == 1)
        }
        // Chance puts the estimate under 0 about half of the times.
        #expect(leftOut >= 5)
    }

    @Test("a weight of k counts as k rows")
    func weightsAreRepetitions() {
        let data = CategoricalData(seed: 21, rows: 500, categories: 12, spread: 1)
        var random = RandomData(22)
        let counts = data.all.map { _ in random.below(4) }
        let repeated = data.all.flatMap { row in Array(repeating: row, count: counts[row]) }
        let weighted = TargetStatistics(data.column, labels: data.labels, weights: counts.map(Double.init), rows: data.all)
        let plain = TargetStatistics(data.column, labels: data.labels, weights: nil, rows: repeated)
        #expect(abs(weighted.strength / plain.strength - 1) < 1e-9)
        for text in data.column.categories {
            #expect(abs(weighted.encoding(of: data.column)[text] - plain.encoding(of: data.column)[text]) < 1e-9, "\(text)")
        }
    }

    @Test("a random id looks perfect by in-fold statistics and like nothing by ours", arguments: [31 as UInt64, 32, 33])
    func randomIDDoesNotLeak(seed: UInt64) throws {
        // Two rows an id, whose labels have nothing to do with it.
        var data = CategoricalData(seed: seed, rows: 4000, categories: 5, spread: 0)
        var ids = CategoricalColumn(name: "id")
        var random = RandomData(seed + 1)
        for _ in data.labels { ids.append("id-\(random.below(2000))") }
        data.column = ids
        let fitted = Array(0..<3000)
        let labels = fitted.map { data.labels[$0] }

        let inFold = TargetStatistics(ids, labels: data.labels, weights: nil, rows: fitted, strength: 1).encoding(of: ids)
        let leaking = data.all.map { Float(inFold[ids.categories[Int(ids.codes[$0])]]) }
        #expect(auc(fitted.map { leaking[$0] }, labels) > 0.9, "seed \(seed): the test must be able to see a leak")

        let encoded = try data.table().encoding([ids], fittedOn: fitted, innerShare: 0.7, seed: seed, strength: 1)
        let ours = fitted.map { encoded.table.columns[1][$0] }
        #expect(abs(auc(ours, labels) - 0.5) < 0.05, "seed \(seed): \(auc(ours, labels))")

        // What the leak does to a model: trust in the id, and worse scores on rows to come.
        func precision(_ values: [Float]) throws -> Double {
            let columns = [data.signal, values]
            let table = LabelledTable(names: ["signal", "id"], columns: columns, labels: data.labels)
            var options = TrainingOptions()
            options.trainShare = 0.75
            let catalogue = table.catalogue(known: [])
            let (model, _) = try Trainer.train(table: table, options: options, catalogue: catalogue)
            let later = Array(3000..<4000)
            let scores = try TableScorer.scores(model, table: table, rows: later, catalogue: catalogue)
            return Metrics(scores: scores, labels: later.map { data.labels[$0] }).averagePrecision!
        }
        #expect(try precision(encoded.table.columns[1]) > precision(leaking) + 0.03, "seed \(seed)")
    }

    @Test("rows are encoded by other folds, by earlier rows, or by all fitted rows: never by their own label", arguments: [false, true])
    func sourcesOfEachRow(grouped: Bool) throws {
        let data = CategoricalData(seed: 41, rows: 900, categories: 15, spread: 1)
        let fitted = Array(0..<600)
        let strength = 3.0
        /// The slow, obvious value of a row from some rows.
        func value(_ row: Int, from rows: [Int]) -> Float {
            let text = data.column.codes[row]
            guard text >= 0 else { return .nan }
            let prior = Double(rows.count { data.labels[$0] }) / Double(rows.count)
            let same = rows.filter { data.column.codes[$0] == text }
            return Float(logit((Double(same.count { data.labels[$0] }) + strength * prior) / (Double(same.count) + strength)))
        }
        let values = try data.table(grouped: grouped)
            .encoding([data.column], fittedOn: fitted, innerShare: 0.5, seed: 9, strength: strength).table.columns[1]
        for row in 300..<900 {
            let expected = value(row, from: row < 600 ? Array(0..<300) : fitted)
            #expect(values[row].isNaN == expected.isNaN && (expected.isNaN || abs(values[row] - expected) < 1e-5), "row \(row)")
        }
        guard grouped else { return }
        let fraud = try #require((0..<300).first { data.labels[$0] && data.column.codes[$0] >= 0 })
        let group = (0..<300).filter { data.groups[$0] == data.groups[fraud] }
        let folds = try GroupedFolds(groups: (0..<300).map { data.groups[$0] }, labels: Array(data.labels[0..<300]), folds: 5, seed: 9)
        #expect(Set(group.map { folds.foldOfRow[$0] }).count == 1)
        let held = Set((0..<300).filter { folds.foldOfRow[$0] == folds.foldOfRow[fraud] })
        let prior = Double((0..<300).count { data.labels[$0] }) / 300
        let same = (0..<300).filter { !held.contains($0) && data.column.codes[$0] == data.column.codes[fraud] }
        let expected = logit((Double(same.count { data.labels[$0] }) + strength * prior) / (Double(same.count) + strength))
        #expect(abs(Double(values[fraud]) - expected) < 1e-5)
    }

    @Test("a category met once in training is worth the prior there, and its shrunken value later")
    func singleRowsSeePriorOnly() throws {
        var column = CategoricalColumn(name: "once")
        let labels = (0..<200).map { $0 % 4 == 0 }
        for row in 0..<200 { column.append(row < 100 ? "t\(row)" : "t\(row - 100)") }
        let table = LabelledTable(names: ["x"], columns: [labels.indices.map { Float($0) }], labels: labels)
        let values = try table.encoding([column], fittedOn: Array(0..<100), innerShare: 0.99, seed: 1, strength: 2).table.columns[1]
        #expect(Set(values[0..<99]).count == 1)
        let prior = 0.25
        for row in 100..<200 { #expect(abs(Double(values[row]) - logit(((labels[row - 100] ? 1 : 0) + 2 * prior) / 3)) < 1e-5) }
    }

    @Test("the same seed gives the same column, another seed other folds")
    func seeded() throws {
        let data = CategoricalData(seed: 51, rows: 800, categories: 20, spread: 1)
        func values(_ seed: UInt64) throws -> [Float] {
            try data.table().encoding([data.column], fittedOn: data.all, innerShare: 0.7, seed: seed).table.columns[1].map { $0.isNaN ? 9 : $0 }
        }
        #expect(try values(1) == values(1))
        #expect(try values(1) != values(2))
    }

    @Test("beyond the limit the most frequent categories are told apart, the others are worth the prior")
    func categoryLimit() throws {
        let limit = TargetStatistics.maximumCategories
        var column = CategoricalColumn(name: "wide")
        var labels: [Bool] = []
        for category in 0..<(limit + 500) {
            for copy in 0..<(category < limit ? 2 : 1) {
                column.append("w\(category)")
                labels.append((category + copy) % 3 == 0)
            }
        }
        let statistics = TargetStatistics(column, labels: labels, weights: nil, rows: Array(labels.indices), strength: 5)
        let encoding = statistics.encoding(of: column)
        #expect(encoding.categories.count == limit && encoding.categories["w\(limit)"] == nil && encoding.categories["w0"] != nil)
        #expect(encoding["w\(limit + 3)"] == encoding.prior)
        let table = LabelledTable(names: ["x"], columns: [labels.indices.map { Float($0) }], labels: labels)
        let encoded = try table.encoding([column], fittedOn: Array(labels.indices), innerShare: 0.7, seed: 1, strength: 5)
        #expect(encoded.notes.contains { $0.contains("\(limit + 500) categories") })
    }

    @Test("a part with one label is refused in words")
    func oneLabel() {
        let data = CategoricalData(seed: 61, rows: 100, categories: 5, spread: 1)
        let table = LabelledTable(names: ["x"], columns: [data.signal], labels: Array(repeating: false, count: 100))
        #expect(throws: TrainingError.oneClass(rows: 100, frauds: 0, part: "the training part")) {
            try table.encoding([data.column], fittedOn: Array(0..<100), innerShare: 0.7, seed: 1)
        }
    }
}

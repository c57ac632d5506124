import ClickModel
import Foundation
import Testing
import Training

@Suite struct AdditiveFitterTests {
    @Test("curves and surfaces sum to exactly what the trees say, whatever is unknown", arguments: [true, false])
    func collapse(missingIndicators: Bool) throws {
        for seed in UInt64(1)...4 {
            let table = levelTable(seed: seed, rows: 700, features: 6, levels: 30, unknown: seed < 3 ? 0 : 0.25, weights: seed % 2 == 0)
            var options = AdditiveOptions()
            options.rounds = 60
            options.bags = 4
            options.parts = 4
            options.missingIndicators = missingIndicators
            let fit = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
            #expect(fit.terms.surfaces.count > 3)
            for row in table.allRows {
                #expect(abs(table.logit(fit.terms, row) - fit.logits[row]) < 1e-9, "seed \(seed), row \(row)")
            }
        }
    }

    @Test("a surface holds no effect of one feature alone, and a curve's mean is 0")
    func purity() throws {
        let table = levelTable(seed: 5, rows: 900, features: 5, levels: 20, unknown: 0.1)
        var options = wholeOptions(rounds: 40, learningRate: 0.3)
        options.bins = 31
        let terms = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options).terms
        for curve in terms.curves {
            #expect(abs(zip(curve.values, curve.counts).reduce(0) { $0 + $1.0 * Double($1.1) }) < 1e-8 * Double(table.rowCount))
        }
        for surface in terms.surfaces {
            let columns = surface.secondEdges.count + 2
            let (first, second) = (FeatureBinning(edges: surface.firstEdges), FeatureBinning(edges: surface.secondEdges))
            var rowSums = [Double](repeating: 0, count: surface.firstEdges.count + 2)
            var columnSums = [Double](repeating: 0, count: columns)
            for row in table.allRows {
                let i = first.bin(of: table.columns[surface.first][row])
                let j = second.bin(of: table.columns[surface.second][row])
                rowSums[i] += surface.values[i * columns + j]
                columnSums[j] += surface.values[i * columns + j]
            }
            #expect((rowSums + columnSums).allSatisfy { abs($0) < 1e-6 }, "\(surface.first) × \(surface.second)")
        }
    }

    @Test("one tree is the one an obvious search finds")
    func slowSearch() throws {
        for seed in UInt64(10)..<26 {
            let table = levelTable(seed: seed, rows: 220, features: 4, levels: 6, unknown: seed % 2 == 0 ? 0.2 : 0)
            var options = wholeOptions()
            options.minimumRows = 7
            options.l2 = Double(seed % 3)
            let fit = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
            let expected = SlowTree(table: table, l2: options.l2, minimumRows: 7).logits()
            let difference = zip(fit.logits, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference < 1e-9, "seed \(seed)")
        }
    }

    @Test("boosting to depth two reaches scikit-learn's training loss on the same bins")
    func scikitLearn() throws {
        let table = levelTable(seed: 31, rows: 4000, features: 8, levels: 12, unknown: 0.15)
        var options = wholeOptions(rounds: 80, learningRate: 0.1)
        options.l2 = 1
        let fit = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
        let loss: Double = try Python.run(
            """
            import numpy as np, json
            from sklearn.ensemble import HistGradientBoostingClassifier
            from sklearn.metrics import log_loss
            X = np.fromfile('x', '<f4').reshape(8, -1).T.astype(float); y = np.fromfile('y', '<i4')
            m = HistGradientBoostingClassifier(max_depth=2, max_iter=80, learning_rate=.1, l2_regularization=1,
                min_samples_leaf=5, early_stopping=False).fit(X, y)
            print(json.dumps(log_loss(y, m.predict_proba(X)[:, 1])))
            """,
            files: ["x": table.columns.flatMap { $0 }.data, "y": table.labels.map { Int32($0 ? 1 : 0) }.data])
        #expect(abs(table.logLoss(fit.logits) - loss) < 1e-4 * loss, "\(table.logLoss(fit.logits)) and \(loss)")
    }

    @Test("a planted exclusive-or is the strongest surface, and with one surface allowed the only one")
    func exclusiveOr() throws {
        for seed in UInt64(40)..<43 {
            var random = RandomData(seed)
            var table = LabelledTable(names: (0..<8).map { "f\($0)" }, hasTimes: false)
            for _ in 0..<3000 {
                let values = (0..<8).map { _ in Float(random.normal()) }
                let isOn = (values[2] > 0) != (values[5] > 0)
                table.append(values, isFraud: random.uniform() < (isOn ? 0.6 : 0.1))
            }
            var options = AdditiveOptions()
            options.learningRate = 0.1
            options.bags = 2
            options.parts = 0
            let all = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
            #expect(all.terms.surfaces.first.map { [$0.first, $0.second] } == [2, 5], "seed \(seed)")
            options.interactions = 1
            let one = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
            #expect(one.terms.surfaces.map { [$0.first, $0.second] } == [[2, 5]] && one.pairsFound > 1, "seed \(seed)")
            options.interactions = 0
            let none = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
            #expect(none.terms.surfaces.isEmpty)
            let losses = (table.logLoss(one.logits), table.logLoss(none.logits))
            #expect(losses.0 < losses.1 - 0.02, "seed \(seed): \(losses)")
        }
    }

    @Test("a monotone feature's score never moves the wrong way, over the whole grid")
    func monotone() throws {
        for seed in UInt64(50)..<54 {
            let table = levelTable(seed: seed, rows: 1500, features: 4, levels: 15, unknown: 0.1)
            for (direction, sign) in [(AdditiveOptions.Direction.rising, 1.0), (.falling, -1)] {
                var options = wholeOptions(rounds: 80, learningRate: 0.2)
                options.monotone = ["f0": direction, "f3": direction]
                options.missingIndicators = seed % 2 == 0
                let terms = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options).terms
                #expect(!terms.surfaces.isEmpty && terms.curves.contains { $0.feature == 0 } == (direction == .rising), "seed \(seed)")
                #expect(!terms.surfaces.contains { [0, 3].contains($0.first) || [0, 3].contains($0.second) }, "seed \(seed)")
                for feature in [0, 3] {
                    for other in 0..<15 {
                        let logits = (0..<15).map { x in terms.logit { $0 == feature ? Float(x) : $0 == 1 ? Float(other) : .nan } }
                        #expect(zip(logits, logits.dropFirst()).allSatisfy { sign * ($1 - $0) >= -1e-12 }, "seed \(seed), f\(feature)")
                    }
                }
            }
        }
    }

    @Test("a row of weight n counts as n rows")
    func weights() throws {
        for seed in UInt64(60)..<64 {
            let weighted = levelTable(seed: seed, rows: 400, features: 4, levels: 9, unknown: 0.1, weights: true)
            var repeated = LabelledTable(names: weighted.names, hasTimes: false)
            for row in weighted.allRows {
                for _ in 0..<Int(weighted.weights![row]) {
                    repeated.append(weighted.columns.map { $0[row] }, isFraud: weighted.labels[row])
                }
            }
            let options = wholeOptions(rounds: 20, learningRate: 0.3)
            let a = try AdditiveFitter.fit(table: weighted, rows: weighted.allRows, options: options).terms
            let b = try AdditiveFitter.fit(table: repeated, rows: repeated.allRows, options: options).terms
            for row in weighted.allRows { #expect(abs(weighted.logit(a, row) - weighted.logit(b, row)) < 1e-8, "seed \(seed)") }
        }
    }
}

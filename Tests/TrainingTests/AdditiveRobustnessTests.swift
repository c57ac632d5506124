import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

@Suite struct AdditiveRobustnessTests {
    @Test("one core and all cores give the same bits")
    func cores() throws {
        let table = levelTable(seed: 70, rows: 2000, features: 10, levels: 40, unknown: 0.1)
        var options = AdditiveOptions()
        options.rounds = 40
        options.interactions = 5
        let parallel = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
        options.isParallel = false
        let serial = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
        #expect(parallel.terms == serial.terms && parallel.outOfBag == serial.outOfBag)
        options.seed = 2
        #expect(try AdditiveFitter.fit(table: table, rows: table.allRows, options: options).terms != serial.terms)
    }

    /// Frauds mostly lack `f0`, whose values say nothing; `f1` tells, and is sometimes unknown too.
    private func tellingGaps(_ seed: UInt64) -> LabelledTable {
        var random = RandomData(seed)
        var table = LabelledTable(names: ["f0", "f1", "f2"], hasTimes: false)
        for _ in 0..<4000 {
            let isFraud = random.uniform() < 0.3
            let gap = random.uniform() < (isFraud ? 0.9 : 0.1)
            table.append(
                [gap ? .nan : Float(random.normal()), random.uniform() < 0.2 ? .nan : Float(random.normal() + (isFraud ? 1 : 0)), Float(random.normal())],
                isFraud: isFraud)
        }
        return table
    }

    @Test("without missing indicators the unknown adds nothing, and being known is no evidence either")
    func silence() throws {
        let table = tellingGaps(71)
        var options = AdditiveOptions()
        options.rounds = 150
        options.bags = 4
        options.parts = 0
        options.missingIndicators = false
        let terms = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options).terms
        #expect(terms.logit { _ in .nan } == terms.intercept)
        for curve in terms.curves { #expect(curve.values[0] == 0) }
        for surface in terms.surfaces {
            let columns = surface.secondEdges.count + 2
            for cell in surface.values.indices where cell < columns || cell % columns == 0 { #expect(surface.values[cell] == 0) }
        }
        let curve = try #require(terms.curves.first { $0.feature == 0 })
        let known = curve.counts.dropFirst().reduce(0, +)
        let mean = zip(curve.values, curve.counts).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(known)
        #expect(abs(mean) < 1e-6, "the mean of what is known is \(mean)")
        options.missingIndicators = true
        let telling = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options).terms
        #expect(try #require(telling.curves.first { $0.feature == 0 }).values[0] > 1)
    }

    @Test("degenerate tables give finite models")
    func degenerate() throws {
        let huge = Float.greatestFiniteMagnitude
        let columns: [[Float]] = [
            [0, 0, 0, 0, 0, 0], [.nan, .nan, .nan, .nan, .nan, .nan], [.infinity, -.infinity, 1, 2, huge, -huge],
            [0, 1, 0, 1, .nan, 1], [1, Float(1).nextUp, 1, Float(1).nextUp, 1, 1], [-0.0, 0, 5, 5, 5, 5],
        ]
        for rows in [2, 3, 6] {
            for missingIndicators in [true, false] {
                var table = LabelledTable(names: columns.indices.map { "f\($0)" }, hasTimes: false)
                for row in 0..<rows { table.append(columns.map { $0[row] }, isFraud: row == 1) }
                var options = AdditiveOptions()
                options.rounds = 50
                options.bags = 3
                options.minimumRows = 1
                options.missingIndicators = missingIndicators
                let fit = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
                #expect(fit.logits.allSatisfy(\.isFinite) && fit.terms.intercept.isFinite)
                #expect(fit.terms.curves.allSatisfy { $0.edges.allSatisfy(\.isFinite) && $0.values.allSatisfy(\.isFinite) })
                #expect(fit.terms.surfaces.allSatisfy { $0.values.allSatisfy(\.isFinite) })
                #expect(fit.reference.count == 6 && fit.reference.allSatisfy { $0.counts.reduce(0, +) == rows })
            }
        }
        var table = LabelledTable(names: ["f0"], hasTimes: false)
        for _ in 0..<5 { table.append([1], isFraud: false) }
        #expect(throws: TrainingError.oneClass(rows: 5, frauds: 0, part: "the training part")) {
            try AdditiveFitter.fit(table: table, rows: table.allRows)
        }
    }

    @Test("out-of-bag logits are of bags that left the row, and its group, out")
    func outOfBag() throws {
        var random = RandomData(72)
        var table = LabelledTable(names: ["noise", "group value"], hasTimes: false, hasGroups: true)
        for _ in 0..<60 {
            // A group is one person: its own value, and one label for all its rows.
            let value = Float(random.normal())
            let isFraud = random.uniform() < 0.5
            let group = random.generator.next()
            for _ in 0..<20 { table.append([Float(random.normal()), value], isFraud: isFraud, group: group) }
        }
        let fit = try AdditiveFitter.fit(table: table, rows: table.allRows)
        func auc(_ logits: [Double]) throws -> Double {
            try #require(Metrics(scores: logits.map { Float(1 / (1 + exp(-$0))) }, labels: table.labels).rocAUC)
        }
        #expect(try auc(fit.logits) > 0.9)
        #expect(try auc(#require(fit.outOfBag)) < 0.7)
    }

    @Test("surfaces past the limit of cells are left out, the weakest first")
    func cells() throws {
        let table = levelTable(seed: 73, rows: 1500, features: 8, levels: 20)
        var options = AdditiveOptions()
        options.rounds = 60
        options.bags = 2
        options.maximumCells = 300
        let terms = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options).terms
        #expect(!terms.surfaces.isEmpty && terms.surfaces.reduce(0) { $0 + $1.values.count } <= 300)
    }

    @Test("bins: few values keep one each, heavy ones stand alone, edges are midpoints of single precision")
    func binning() {
        #expect(FeatureBinning(values: [3, 1, 1, 1, 3, 3, .nan, 9, 9, 9], weights: nil, bins: 5).edges == [2, 6])
        #expect(FeatureBinning(values: [1, 2, 2], weights: [5, 3, 1], bins: 5).edges == [1.5])
        let next = Float(1).nextUp
        let tight = FeatureBinning(values: [1, 1, 1, next, next, next], weights: nil, bins: 5)
        #expect(tight.edges == [next] && tight.bin(of: 1) == 1 && tight.bin(of: next) == 2 && tight.bin(of: .nan) == 0)
        for seed in UInt64(80)..<84 {
            var random = RandomData(seed)
            let values = (0..<3000).map { _ in random.uniform() < 0.6 ? 0 : Float(random.normal()) }
            let binning = FeatureBinning(values: values, weights: nil, bins: 20)
            var counts = [Int](repeating: 0, count: binning.binCount)
            for value in values { counts[binning.bin(of: value)] += 1 }
            let zero = binning.bin(of: 0)
            #expect(binning.edges.count <= 19 && binning.edges.count >= 17, "seed \(seed)")
            #expect(counts.indices.allSatisfy { $0 == zero || counts[$0] < 140 }, "seed \(seed): \(counts)")
            #expect(values.allSatisfy { binning.bin(of: $0) != zero || abs($0) < 0.1 }, "seed \(seed)")
        }
    }

    @Test("options out of range are refused by name")
    func options() {
        let table = levelTable(seed: 74, rows: 50, features: 3)
        let changes: [(String, (inout AdditiveOptions) -> Void)] = [
            ("bins", { $0.bins = 255 }), ("rounds", { $0.rounds = 0 }), ("bags", { $0.bags = 0 }), ("learning rate", { $0.learningRate = .nan }),
            ("row share", { $0.rowShare = 0 }), ("interactions", { $0.interactions = -1 }), ("monotone", { $0.monotone = ["g": .rising] }),
        ]
        for (name, change) in changes {
            var options = AdditiveOptions()
            change(&options)
            do {
                _ = try AdditiveFitter.fit(table: table, rows: table.allRows, options: options)
                Issue.record("\(name) was taken")
            } catch {
                guard case .badOption(name, _) = error else { Issue.record("\(name): \(error)"); continue }
            }
        }
    }
}

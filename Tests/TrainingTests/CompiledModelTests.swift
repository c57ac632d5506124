import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

@Suite struct CompiledModelTests {
    /// The formula of the model's documentation, one feature at a time, in double.
    private func slowLogit(_ model: LogisticModel, _ row: [Float]) -> Double {
        slowTerms(model, row) + zip(model.features, row).reduce(model.intercept) { sum, pair in
            let (feature, value) = pair
            if value.isNaN { return sum + feature.missingWeight }
            let clipped = min(max(Double(value), feature.clipLow), feature.clipHigh)
            let transformed = feature.transform == .log1p ? log1p(clipped) : clipped
            return sum + feature.weight * (transformed - feature.center) / feature.scale
        }
    }

    /// Curves and surfaces, by counting edges; features are named `feature_N` after their place in the row.
    private func slowTerms(_ model: LogisticModel, _ row: [Float]) -> Double {
        func bin(_ name: String, _ edges: [Double]) -> Int {
            let value = row[Int(name.dropFirst("feature_".count))!]
            return value.isNaN ? 0 : 1 + edges.count { Float($0) <= value }
        }
        let curves = model.curves.reduce(0) { $0 + $1.weight * $1.values[bin($1.feature, $1.edges)] }
        return model.surfaces.reduce(curves) { sum, surface in
            let cell = bin(surface.first, surface.firstEdges) * (surface.secondEdges.count + 2) + bin(surface.second, surface.secondEdges)
            return sum + surface.weight * surface.values[cell]
        }
    }

    private func probability(_ model: LogisticModel, _ sum: Double) -> Double { 1 / (1 + exp(-(model.calibration?(sum) ?? sum))) }

    private func scores(_ compiled: CompiledModel, _ block: FeatureBlock, rows: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: block.capacity) { buffer, initialized in
            buffer.initialize(repeating: -1)
            compiled.score(block, rows: rows, into: buffer.baseAddress!)
            initialized = rows
        }
    }

    @Test("scores agree with the documented formula in double", arguments: [1, 2, 11, 66])
    func formula(features: Int) throws {
        for seed in UInt64(1)...5 {
            let (model, catalogue) = randomModel(seed: seed, features: features)
            let compiled = try CompiledModel(model, catalogue: catalogue)
            let block = FeatureBlock(columnCount: features, capacity: 200)
            var random = RandomData(seed)
            fill(block, &random)
            for (row, score) in scores(compiled, block, rows: 200).enumerated() {
                let expected = probability(model, slowLogit(model, block.row(row)))
                #expect(abs(Double(score) - expected) < 2e-5, "seed \(seed), row \(row)")
            }
        }
    }

    @Test("a click scores bit for bit the same alone, at any place, in any batch of 1 to 200")
    func batchEqualsSingle() throws {
        for (seed, features) in [(UInt64(1), 66), (2, 13), (3, 1), (4, 40)] {
            let (model, catalogue) = randomModel(seed: seed, features: features)
            let compiled = try CompiledModel(model, catalogue: catalogue)
            let block = FeatureBlock(columnCount: features, capacity: 200)
            var random = RandomData(seed &+ 100)
            fill(block, &random)

            let alone = FeatureBlock(columnCount: features, capacity: 64)
            var expected: [Float] = []
            for row in 0..<200 {
                for column in 0..<features { alone.column(column)[0] = block.column(column)[row] }
                expected.append(scores(compiled, alone, rows: 1)[0])
            }
            for size in 1...200 {
                let got = scores(compiled, block, rows: size)
                #expect(got.map(\.bitPattern) == expected[..<size].map(\.bitPattern), "seed \(seed), batch of \(size)")
            }
            for position in 0..<64 {
                let row = random.below(200)
                for column in 0..<features { alone.column(column)[position] = block.column(column)[row] }
                let got = scores(compiled, alone, rows: position + 1)[position]
                #expect(got.bitPattern == expected[row].bitPattern, "seed \(seed), position \(position)")
            }
        }
    }

    @Test("a row whose features lie side by side scores the same", arguments: [(UInt64(5), 66), (6, 64), (7, 40), (8, 17), (9, 1)])
    func rowBlock(seed: UInt64, features: Int) throws {
        let (model, catalogue) = randomModel(seed: seed, features: features)
        let compiled = try CompiledModel(model, catalogue: catalogue)
        let block = FeatureBlock(columnCount: features, capacity: 200)
        let row = FeatureBlock(rowOf: features)
        var random = RandomData(seed)
        fill(block, &random)
        let expected = scores(compiled, block, rows: 200)
        for click in 0..<200 {
            for column in 0..<features { row.column(column)[0] = block.column(column)[click] }
            var score = [Float](repeating: -1, count: 4)
            compiled.score(row, rows: 1, into: &score)
            #expect(score[0].bitPattern == expected[click].bitPattern, "seed \(seed), row \(click)")
        }
    }

    @Test("contributions and the intercept sum to the logit")
    func contributions() throws {
        for seed in UInt64(1)...10 {
            let (model, catalogue) = randomModel(seed: seed, features: 30)
            let compiled = try CompiledModel(model, catalogue: catalogue)
            let block = FeatureBlock(columnCount: 30, capacity: 64)
            var random = RandomData(seed)
            fill(block, &random)
            let got = scores(compiled, block, rows: 64)
            for row in 0..<64 {
                let terms = compiled.contributions(row: block.row(row))
                let logit = terms.reduce(model.intercept) { $0 + $1.value }
                let size = terms.reduce(1) { $0 + abs($1.value) }
                #expect(abs(logit - slowLogit(model, block.row(row))) < 1e-5 * size, "seed \(seed), row \(row)")
                #expect(abs(probability(model, logit) - Double(got[row])) < 4e-6, "seed \(seed), row \(row)")
            }
        }
    }

    @Test("features the model does not name weigh nothing, wherever they stand in the catalogue")
    func extraFeatures() throws {
        let (model, catalogue) = randomModel(seed: 9, features: 6)
        let extra = FeatureDescription(name: "extra", unit: "count", meaning: "", missing: "")
        let more = FeatureDescription(name: "more", unit: "s", meaning: "", missing: "")
        let wide = try CompiledModel(model, catalogue: [extra] + catalogue.reversed() + [more])
        let narrow = try CompiledModel(model, catalogue: catalogue)
        let block = FeatureBlock(columnCount: 6, capacity: 64)
        let wideBlock = FeatureBlock(columnCount: 8, capacity: 64)
        var random = RandomData(9)
        fill(block, &random)
        fill(wideBlock, &random)
        for column in 0..<6 { wideBlock.column(6 - column).update(from: block.column(column), count: 64) }
        #expect(scores(narrow, block, rows: 64) == scores(wide, wideBlock, rows: 64))
    }

    @Test("a model with features the program lacks is refused, all of them named")
    func unknownFeature() {
        let (model, catalogue) = randomModel(seed: 1, features: 4)
        #expect(throws: ModelError.unknownFeatures(names: ["feature_1", "feature_3"])) {
            try CompiledModel(model, catalogue: [catalogue[0], catalogue[2]])
        }
    }

    @Test("a model whose features changed their unit is refused")
    func changedUnit() {
        let (model, catalogue) = randomModel(seed: 1, features: 2)
        let changed = [catalogue[0], FeatureDescription(name: catalogue[1].name, unit: "ms", meaning: "", missing: "")]
        #expect(throws: ModelError.self) { try CompiledModel(model, catalogue: changed) }
    }

    @Test("a model without features gives every click its intercept")
    func noFeatures() throws {
        var (model, catalogue) = randomModel(seed: 1, features: 3)
        model.features = []
        model.curves = []
        model.surfaces = []
        model.calibration = nil
        model.featureSchemaHash = ""
        model.intercept = 0
        let compiled = try CompiledModel(model, catalogue: catalogue)
        #expect(scores(compiled, FeatureBlock(columnCount: 3, capacity: 64), rows: 40) == [Float](repeating: 0.5, count: 40))
    }
}

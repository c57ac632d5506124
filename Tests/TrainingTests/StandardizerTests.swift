import ClickModel
import Foundation
import LogisticModel
import Testing
import Training

@Suite struct StandardizerTests {
    private func standardizer(_ values: [Float], unit: String) -> (Standardizer, DesignMatrix) {
        var table = LabelledTable(names: ["x"])
        for value in values { table.append([value], isFraud: false) }
        let catalogue = [FeatureDescription(name: "x", unit: unit, meaning: "", missing: "")]
        let rows = Array(values.indices)
        let made = Standardizer(table: table, rows: rows, catalogue: catalogue)
        return (made, made.design(table, rows: rows))
    }

    @Test("selection gives what sorting gives")
    func quickselect() {
        for seed in UInt64(1)...200 {
            var random = RandomData(seed)
            let count = 1 + random.below(200)
            let values = (0..<count).map { _ in Float(random.below(30)) }
            let index = random.below(count)
            var shuffled = values
            #expect(Quickselect.element(at: index, of: &shuffled) == values.sorted()[index], "seed \(seed)")
        }
    }

    @Test("the clip bounds are the 0.1 % and 99.9 % order statistics of the known values")
    func clip() {
        var random = RandomData(2)
        let values = (0..<20_001).map { _ in random.uniform() < 0.1 ? Float.nan : Float(exp(random.normal() * 2)) }
        let column = standardizer(values, unit: "ms").0.columns[0]
        let sorted = values.filter { !$0.isNaN }.sorted()
        #expect(column.clipLow == Double(sorted[Int((Double(sorted.count - 1) * 0.001).rounded(.down))]))
        #expect(column.clipHigh == Double(sorted[Int((Double(sorted.count - 1) * 0.999).rounded(.up))]))
        #expect(column.transform == .log1p && column.hasMissing)
    }

    @Test("known values have mean 0 and deviation 1 after it, unknown ones are 0 with an indicator of 1")
    func standardized() {
        var random = RandomData(3)
        let values = (0..<5000).map { _ in random.uniform() < 0.2 ? Float.nan : Float(exp(random.normal())) }
        let (_, design) = standardizer(values, unit: "count")
        #expect(design.columns == 2)
        let known = values.indices.filter { !values[$0].isNaN }
        let mean = known.reduce(0) { $0 + Double(design.values[$1]) } / Double(known.count)
        let variance = known.reduce(0) { $0 + Double(design.values[$1]) * Double(design.values[$1]) } / Double(known.count)
        #expect(abs(mean) < 1e-5 && abs(variance - 1) < 1e-4)
        for row in values.indices {
            #expect(design.values[5000 + row] == (values[row].isNaN ? 1 : 0))
            if values[row].isNaN { #expect(design.values[row] == 0) }
        }
    }

    @Test("constant and all-unknown columns are left out")
    func constant() {
        #expect(standardizer(Array(repeating: 5, count: 100), unit: "count").1.columns == 0)
        #expect(standardizer(Array(repeating: .nan, count: 100), unit: "count").1.columns == 0)
        #expect(standardizer([.infinity, .infinity, -.infinity], unit: "").1.values.allSatisfy { $0.isFinite })
    }

    @Test("a signal rarer than the clip quantile is not clipped away")
    func rareSignal() {
        var values = [Float](repeating: 0, count: 10_000)
        values[17] = 3
        for unit in ["count", "flag"] {
            let (made, design) = standardizer(values, unit: unit)
            #expect(made.columns[0].hasValue && design.values[17] > 10, "\(unit)")
        }
    }

    @Test("counts and times are taken by their logarithm, flags and negative values as they are")
    func transforms() {
        let tail: [Float] = (0..<1000).map { $0 % 50 == 0 ? 1000 : 1 }
        for unit in ["count", "ms", "s", "px", "km/h", "ratio", ""] {
            #expect(standardizer(tail, unit: unit).0.columns[0].transform == .log1p, "\(unit)")
        }
        #expect(standardizer(tail + [-1], unit: "count").0.columns[0].transform == .identity)
        for unit in ["flag", "share", "min"] { #expect(standardizer(tail, unit: unit).0.columns[0].transform == .identity) }
        #expect(standardizer((0..<1000).map { Float($0 % 10) }, unit: "").0.columns[0].transform == .identity)
    }
}

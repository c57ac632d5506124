import Foundation
import LogisticModel
import Testing
import Training

@Suite struct PopulationStabilityTests {
    @Test("the index and its chance bound agree with numpy and scipy on random counts")
    func agreesWithNumpy() throws {
        let script = """
            import json
            import numpy as np
            from scipy.stats import chi2
            out = []
            for before, now in json.load(open('counts')):
                c, d = np.array(before, float), np.array(now, float)
                p, q = (c + .5) / (c.sum() + .5 * len(c)), (d + .5) / (d.sum() + .5 * len(d))
                free = max(1, int(((c + d) > 0).sum()) - 1)
                out.append([float(((p - q) * np.log(p / q)).sum()), float(chi2.ppf(.95, free) * (1 / c.sum() + 1 / d.sum()))])
            print(json.dumps(out))
            """
        var random = RandomData(4)
        let cases = (0..<60).map { _ -> [[Int]] in
            let bins = 2 + random.below(30)
            return (0..<2).map { _ in (0..<bins).map { _ in random.uniform() < 0.2 ? 0 : random.below(5000) } + [1] }
        }
        let expected: [[Double]] = try Python.run(script, files: ["counts": try JSONEncoder().encode(cases)])
        for (index, (pair, values)) in zip(cases, expected).enumerated() {
            let got = try #require(PopulationStability(reference: pair[0], observed: pair[1]))
            #expect(abs(got.index - values[0]) < 1e-9 * max(1, values[0]), "seed 4, case \(index)")
            #expect(abs(got.chance - values[1]) < 0.03 * values[1], "seed 4, case \(index): \(got.chance) and \(values[1])")
        }
    }

    @Test("without drift the index stays under its chance bound about 19 times in 20")
    func chanceHolds() {
        var random = RandomData(11)
        let reference = (0..<12).map { 1000 * (1 + $0) }
        let whole = reference.reduce(0, +)
        func draw(_ rows: Int) -> [Int] {
            var counts = [Int](repeating: 0, count: reference.count)
            for _ in 0..<rows {
                var place = random.below(whole)
                counts[reference.firstIndex { place -= $0; return place < 0 }!] += 1
            }
            return counts
        }
        let under = (0..<1000).count { _ in
            let stability = PopulationStability(reference: reference, observed: draw(400))!
            return stability.index <= stability.chance
        }
        #expect((920...980).contains(under), "seed 11: \(under) of 1000")
    }

    @Test("verdicts follow the bands of credit scoring, and few clicks are not called a shift")
    func verdicts() {
        func verdict(_ reference: [Int], _ observed: [Int]) -> PopulationStability.Verdict? {
            PopulationStability(reference: reference, observed: observed)?.verdict
        }
        #expect(verdict([5000, 5000], [500_000, 500_000]) == .stable)
        #expect(verdict([5000, 5000], [6700, 3300]) == .moderate)
        #expect(verdict([5000, 5000], [8000, 2000]) == .shifted)
        #expect(verdict([5000, 5000], [3, 1]) == .tooFew)
        #expect(verdict([5000, 5000], [1, 1]) == .tooFew)
        #expect(verdict([1], [1]) == nil && verdict([1, 2], [0, 0]) == nil && verdict([1, 2], [1, 2, 3]) == nil)
    }
}

import Foundation
import LogisticModel
import Testing
import Training

@Suite struct VectorMathTests {
    @Test("log1p keeps its error bound over the whole range and is 0 at 0")
    func logBound() {
        #expect(VectorMath.log1p(0) == 0)
        for step in 0...400_000 {
            let x = Float(exp(Double(step) / 400_000 * 60 - 20))
            let exact = log1p(Double(x))
            #expect(abs(Double(VectorMath.log1p(x)) - exact) <= 1.5e-7 + 1.2e-7 * exact, "x = \(x)")
        }
    }

    @Test("sigmoid keeps its error bound, stays within 0 and 1, and passes NaN on")
    func sigmoidBound() {
        for step in 0...400_000 {
            let x = Float(Double(step) / 400_000 * 160 - 80)
            let exact = 1 / (1 + exp(-Double(x)))
            let value = VectorMath.sigmoid(x)
            #expect(abs(Double(value) - exact) <= 4e-7 * exact && value > 0 && value <= 1, "x = \(x)")
        }
        #expect(VectorMath.sigmoid(0) == 0.5)
        #expect(VectorMath.sigmoid(Float.infinity) == 1 && VectorMath.sigmoid(-Float.infinity) < 1e-34)
        #expect(VectorMath.sigmoid(Float.nan).isNaN)
    }

    @Test("a lane's result does not depend on its place or its neighbours")
    func lanes() {
        var random = RandomData(3)
        for _ in 0..<10_000 {
            let lanes = VectorMath.Lanes((0..<4).map { _ in Float(exp(random.normal() * 4)) })
            for lane in 0..<4 {
                #expect(VectorMath.log1p(lanes)[lane].bitPattern == VectorMath.log1p(lanes[lane]).bitPattern)
                #expect(VectorMath.sigmoid(lanes)[lane].bitPattern == VectorMath.sigmoid(lanes[lane]).bitPattern)
            }
        }
    }
}

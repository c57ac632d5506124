import LinearAlgebra
import Testing
import Training

@Suite struct LinearAlgebraTests {
    @Test("products agree with plain loops on random shapes")
    func products() {
        for seed in UInt64(1)...40 {
            var random = RandomData(seed)
            let rows = 1 + random.below(70)
            let columns = 1 + random.below(20)
            let leading = rows + random.below(5)
            let a = (0..<leading * columns).map { _ in random.normal() }
            let x = (0..<columns).map { _ in random.normal() }
            let r = (0..<rows).map { _ in random.normal() }
            let single = a.map(Float.init)
            let singleX = x.map(Float.init)
            var y = [Double](repeating: .nan, count: rows)
            var ySingle = [Float](repeating: 0, count: rows)
            var transposed = [Double](repeating: 1, count: columns)
            var gram = [Double](repeating: 2, count: columns * columns)
            a.withUnsafeBufferPointer { a in
                let matrix = ColumnMajor(a.baseAddress!, rows: rows, columns: columns, leading: leading)
                BLAS.dgemv(matrix, x: x, y: &y)
                BLAS.dgemvTransposedAdding(matrix, x: r, y: &transposed)
                BLAS.dsyrkGramAdding(matrix, to: &gram)
            }
            single.withUnsafeBufferPointer {
                BLAS.sgemv(ColumnMajor($0.baseAddress!, rows: rows, columns: columns, leading: leading), x: singleX, y: &ySingle)
            }
            for i in 0..<rows {
                let expected = (0..<columns).reduce(0) { $0 + a[i + $1 * leading] * x[$1] }
                #expect(abs(y[i] - expected) < 1e-12, "seed \(seed)")
                #expect(abs(Double(ySingle[i]) - expected) < 1e-4, "seed \(seed)")
            }
            for j in 0..<columns {
                let expected = (0..<rows).reduce(1) { $0 + a[$1 + j * leading] * r[$1] }
                #expect(abs(transposed[j] - expected) < 1e-11, "seed \(seed)")
                for k in 0..<columns {
                    let product = (0..<rows).reduce(2) { $0 + a[$1 + j * leading] * a[$1 + k * leading] }
                    #expect(abs(gram[k + j * columns] - (k >= j ? product : 2)) < 1e-11, "seed \(seed): lower triangle only")
                }
            }
            #expect(abs(BLAS.dot(x, x) - x.reduce(0) { $0 + $1 * $1 }) < 1e-12)
        }
    }

    @Test("a Cholesky solution satisfies the equations")
    func cholesky() throws {
        var random = RandomData(5)
        let order = 12
        let half = (0..<order * order).map { _ in random.normal() }
        var matrix = [Double](repeating: 0, count: order * order)
        for i in 0..<order {
            for j in 0..<order {
                matrix[i + j * order] = (0..<order).reduce(i == j ? 1 : 0) { $0 + half[$1 + i * order] * half[$1 + j * order] }
            }
        }
        let b = (0..<order).map { _ in random.normal() }
        for equilibrated in [false, true] {
            let factor = try CholeskyFactor(lowerTriangle: matrix, order: order, equilibrated: equilibrated)
            let x = try factor.solve(b)
            let inverse = try factor.inverse()
            for i in 0..<order {
                #expect(abs((0..<order).reduce(0) { $0 + matrix[i + $1 * order] * x[$1] } - b[i]) < 1e-9)
                for j in 0..<order {
                    let product = (0..<order).reduce(0) { $0 + matrix[i + $1 * order] * inverse[$1 + j * order] }
                    #expect(abs(product - (i == j ? 1 : 0)) < 1e-9)
                }
            }
        }
    }

    @Test("BLAS uses one thread")
    func threads() {
        #expect(BLAS.threads == 1)
    }

    @Test("an equilibrated factor does not mind other units")
    func units() throws {
        // [[4, 1], [1, 3]] with the second row and column in units of 1e-120.
        let factor = try CholeskyFactor(lowerTriangle: [4, 1e120, 0, 3e240], order: 2, equilibrated: true)
        #expect(factor.conditionLowerBound < 3)
        let x = try factor.solve([1, 2e120])
        #expect(abs(x[0] - 1.0 / 11) < 1e-15 && abs(x[1] - 7e-120 / 11) < 1e-135)
        #expect(throws: LAPACKError.notPositiveDefinite(minor: 2)) { try CholeskyFactor(lowerTriangle: [1, 0, 0, 0], order: 2, equilibrated: true) }
    }

    @Test("a singular matrix and NaN are errors that say which")
    func errors() {
        #expect(throws: LAPACKError.notPositiveDefinite(minor: 2)) { try CholeskyFactor(lowerTriangle: [1, 1, 1, 0.5], order: 2) }
        #expect(throws: LAPACKError.self) { try CholeskyFactor(lowerTriangle: [.nan, 0, 0, 1], order: 2) }
    }
}

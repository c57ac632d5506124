internal import COpenBLAS

/// A read-only column-major matrix in memory that someone else owns: element (i, j) is `base[i + j * leading]`.
package struct ColumnMajor<Scalar: BitwiseCopyable> {
    package let base: UnsafePointer<Scalar>
    package let rows: Int
    package let columns: Int
    /// Elements from one column to the next; at least `rows`.
    package let leading: Int

    package init(_ base: UnsafePointer<Scalar>, rows: Int, columns: Int, leading: Int) {
        precondition(rows >= 0 && columns >= 0 && leading >= max(1, rows), "a column-major matrix overlaps itself")
        precondition(leading <= Int(Int32.max) && columns <= Int(Int32.max), "larger than BLAS can count")
        self.base = base
        self.rows = rows
        self.columns = columns
        self.leading = leading
    }
}

/// The BLAS routines this project uses, with sizes checked. Nothing here allocates.
package enum BLAS {
    /// Threads that one BLAS call may use: one, from the start of the process. A call of the scorer's on 64 rows must not wake a pool, and
    /// training runs its own threads over chunks of rows, so that sums are added in the same order on any machine.
    package static var threads: Int { Int(fraud_blas_threads()) }

    /// y := A·x, single precision. `x` holds `columns` and `y` `rows` elements.
    /// - Complexity: O(rows × columns), no allocation.
    package static func sgemv(_ a: ColumnMajor<Float>, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>) {
        fraud_sgemv(0, Int32(a.rows), Int32(a.columns), 1, a.base, Int32(a.leading), x, 0, y)
    }

    /// y := A·x. `x` holds `columns` and `y` `rows` elements.
    package static func dgemv(_ a: ColumnMajor<Double>, x: UnsafePointer<Double>, y: UnsafeMutablePointer<Double>) {
        fraud_dgemv(0, Int32(a.rows), Int32(a.columns), 1, a.base, Int32(a.leading), x, 0, y)
    }

    /// y := y + Aᵀ·x. `x` holds `rows` and `y` `columns` elements.
    package static func dgemvTransposedAdding(_ a: ColumnMajor<Double>, x: UnsafePointer<Double>, y: UnsafeMutablePointer<Double>) {
        fraud_dgemv(1, Int32(a.rows), Int32(a.columns), 1, a.base, Int32(a.leading), x, 1, y)
    }

    /// Lower triangle of C := C + AᵀA; C is `columns` square, column-major, its upper triangle untouched.
    package static func dsyrkGramAdding(_ a: ColumnMajor<Double>, to c: UnsafeMutablePointer<Double>) {
        fraud_dsyrk_gram(Int32(a.rows), Int32(a.columns), 1, a.base, Int32(a.leading), 1, c, Int32(max(1, a.columns)))
    }

    /// Σ xᵢ·yᵢ of two arrays of one length.
    package static func dot(_ x: [Double], _ y: [Double]) -> Double {
        precondition(x.count == y.count && x.count <= Int(Int32.max))
        return x.withUnsafeBufferPointer { x in
            y.withUnsafeBufferPointer { y in
                x.isEmpty ? 0 : fraud_ddot(Int32(x.count), x.baseAddress!, y.baseAddress!)
            }
        }
    }
}

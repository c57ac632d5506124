internal import Foundation
internal import LinearAlgebra

/// The objective of L2-penalized logistic regression and its derivatives at a point.
///
///     F(w, b) = Σᵢ sᵢ · [ log(1 + e^ηᵢ) − yᵢ·ηᵢ ] + ½·λ·|w|²        ηᵢ = xᵢ·w + b
///     ∇F      = Xᵀ(s·(p − y)) + λ·w                                 p  = 1 / (1 + e^−η)
///     ∇²F     = Xᵀ diag(s·p·(1 − p)) X + λ·I
///
/// The intercept b is the last coefficient and is not penalized. The sum is not divided by the rows, so λ = 1/C in
/// scikit-learn's terms.
package struct LogisticObjective: Sendable {
    package let design: DesignMatrix
    package let labels: [Bool]
    /// nil: 1 each.
    package let weights: [Double]?
    package let l2: Double
    package let totalWeight: Double

    /// Value, gradient, and lower triangle of the Hessian (column-major; empty when not asked for).
    package struct Point: Sendable {
        package var loss: Double
        package var gradient: [Double]
        package var hessian: [Double]
    }

    /// Rows widened to double at a time: 48 columns of them fit the second-level cache.
    static let chunkRows = 1024
    /// Sums are kept per part and added in order, so the result does not depend on the number of cores.
    static let parts = 16

    package init(design: DesignMatrix, labels: [Bool], weights: [Double]?, l2: Double) {
        precondition(labels.count == design.rows && (weights?.count ?? design.rows) == design.rows, "one label and weight a row")
        precondition(l2 >= 0 && l2.isFinite, "the penalty is not negative")
        self.design = design
        self.labels = labels
        self.weights = weights
        self.l2 = l2
        totalWeight = weights?.reduce(0, +) ?? Double(design.rows)
    }

    /// Coefficients: one per design column and the intercept.
    package var order: Int { design.columns + 1 }

    /// - Complexity: O(rows × columns²) with the Hessian, O(rows × columns) without; memory O(chunk × columns) per core.
    package func evaluate(at coefficients: [Double], hessian: Bool) -> Point {
        precondition(coefficients.count == order)
        BLAS.useOneThread()
        let chunks = (design.rows + Self.chunkRows - 1) / Self.chunkRows
        let parts = min(Self.parts, max(1, chunks))
        let partials = parallelMap(parts) { part in
            var worker = RowChunks(order: order, hessian: hessian)
            for chunk in chunks * part / parts..<chunks * (part + 1) / parts {
                let start = chunk * Self.chunkRows
                worker.add(self, rows: start..<min(start + Self.chunkRows, design.rows), at: coefficients)
            }
            return worker.point
        }
        var total = partials[0]
        for partial in partials.dropFirst() {
            total.loss += partial.loss
            for i in total.gradient.indices { total.gradient[i] += partial.gradient[i] }
            for i in total.hessian.indices { total.hessian[i] += partial.hessian[i] }
        }
        for column in 0..<design.columns {
            total.loss += 0.5 * l2 * coefficients[column] * coefficients[column]
            total.gradient[column] += l2 * coefficients[column]
            if hessian { total.hessian[column * order + column] += l2 }
        }
        return total
    }
}

/// Adds the terms of chunks of rows: the inner loop of the objective.
private struct RowChunks {
    var point: LogisticObjective.Point
    private let order: Int
    /// The chunk in double, `chunkRows × order`, the last column ones.
    private var wide: [Double]
    private var eta = [Double](repeating: 0, count: LogisticObjective.chunkRows)
    private var root = [Double](repeating: 0, count: LogisticObjective.chunkRows)

    init(order: Int, hessian: Bool) {
        self.order = order
        point = LogisticObjective.Point(
            loss: 0, gradient: [Double](repeating: 0, count: order), hessian: [Double](repeating: 0, count: hessian ? order * order : 0))
        wide = [Double](repeating: 0, count: LogisticObjective.chunkRows * order)
    }

    mutating func add(_ objective: LogisticObjective, rows: Range<Int>, at coefficients: [Double]) {
        let order = order
        var loss = 0.0
        wide.withUnsafeMutableBufferPointer { wide in
            eta.withUnsafeMutableBufferPointer { eta in
                root.withUnsafeMutableBufferPointer { root in
                    let base = wide.baseAddress!
                    Self.widen(objective.design, rows: rows, into: base)
                    let matrix = ColumnMajor(UnsafePointer(base), rows: rows.count, columns: order, leading: rows.count)
                    BLAS.dgemv(matrix, x: coefficients, y: eta.baseAddress!)
                    loss = Self.residuals(objective, rows: rows, eta: eta.baseAddress!, root: root.baseAddress!)
                    point.gradient.withUnsafeMutableBufferPointer {
                        BLAS.dgemvTransposedAdding(matrix, x: UnsafePointer(eta.baseAddress!), y: $0.baseAddress!)
                    }
                    guard !point.hessian.isEmpty else { return }
                    for column in 0..<order {
                        let values = base + column * rows.count
                        for row in 0..<rows.count { values[row] *= root[row] }
                    }
                    point.hessian.withUnsafeMutableBufferPointer { BLAS.dsyrkGramAdding(matrix, to: $0.baseAddress!) }
                }
            }
        }
        point.loss += loss
    }

    private static func widen(_ design: DesignMatrix, rows: Range<Int>, into base: UnsafeMutablePointer<Double>) {
        design.values.withUnsafeBufferPointer { source in
            for column in 0..<design.columns {
                let target = base + column * rows.count
                let values = source.baseAddress! + column * design.rows + rows.lowerBound
                for row in 0..<rows.count { target[row] = Double(values[row]) }
            }
        }
        (base + design.columns * rows.count).update(repeating: 1, count: rows.count)
    }

    /// Turns η into s·(p − y) in place, writes √(s·p·(1 − p)), and returns the loss.
    private static func residuals(
        _ objective: LogisticObjective, rows: Range<Int>, eta: UnsafeMutablePointer<Double>, root: UnsafeMutablePointer<Double>
    ) -> Double {
        var loss = 0.0
        for (position, row) in rows.enumerated() {
            let value = eta[position]
            let weight = objective.weights?[row] ?? 1
            // e^−|η| never overflows; both branches of p and the loss follow from it.
            let e = exp(-abs(value))
            let inverse = 1 / (1 + e)
            let probability = value >= 0 ? inverse : e * inverse
            let target = objective.labels[row]
            let margin = target ? -value : value
            loss += weight * (max(margin, 0) + log1p(e))
            // 1 − p directly, without cancellation, for a fraud scored near 1.
            eta[position] = weight * (target ? -(value >= 0 ? e * inverse : inverse) : probability)
            root[position] = (weight * e).squareRoot() * inverse
        }
        return loss
    }
}

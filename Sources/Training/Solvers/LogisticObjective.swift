internal import LinearAlgebra

/// The objective of penalized logistic regression, and the derivatives of its smooth part at a point.
///
///     F(w, b) = f(w, b) + λ₁·Σⱼ|wⱼ|
///     f(w, b) = Σᵢ sᵢ · [ log(1 + e^ηᵢ) − yᵢ·ηᵢ ] + ½·λ₂·|w|²       ηᵢ = xᵢ·w + b
///     ∇f      = Xᵀ(s·(p − y)) + λ₂·w                                p  = 1 / (1 + e^−η)
///     ∇²f     = Xᵀ diag(s·p·(1 − p)) X + λ₂·I
///
/// sᵢ is the row's weight times its label's. The intercept b is the last coefficient and is not penalized. The sum is
/// not divided by the rows, so in scikit-learn's terms λ₂ = (1 − l1_ratio)/C and λ₁ = l1_ratio/C.
package struct LogisticObjective: Sendable {
    package private(set) var design: DesignMatrix
    package let labels: [Bool]
    /// nil: 1 each. Solvers refuse weights that are negative or not finite.
    package let weights: [Double]?
    package private(set) var l2: Double
    package private(set) var l1: Double
    /// Σ sᵢ over the rows in use of each label.
    private(set) var labelWeights: (valid: Double, fraud: Double)
    /// Σ sᵢ over the rows in use.
    package var totalWeight: Double { labelWeights.valid + labelWeights.fraud }
    let classFactors: (valid: Double, fraud: Double)
    /// −sᵢ for fraud, sᵢ for valid: with η's sign turned likewise, both labels need the same formulas.
    let signedWeights: [Double]
    /// One in so many chunks of rows is used.
    private(set) var chunkStride = 1

    /// The smooth part: value, gradient, and lower triangle of the Hessian (column-major; empty when not asked for).
    package struct Point: Sendable {
        package var loss: Double
        package var gradient: [Double]
        package var hessian: [Double]
        /// The least of η for fraud and −η for valid over rows of positive weight: over 0, the labels are separated.
        package var leastMargin: Double
    }

    /// Rows widened to double at a time: 48 columns of them fit the second-level cache.
    static let chunkRows = 512

    /// - Parameters:
    ///   - weights: how many rows each row counts for; nil: 1 each.
    ///   - l2, l1: λ₂ and λ₁, ≥ 0.
    /// - Complexity: O(rows) time and memory.
    package init(
        design: DesignMatrix, labels: [Bool], weights: [Double]?, l2: Double, l1: Double = 0, classWeights: ClassWeights = .none
    ) {
        precondition(labels.count == design.rows && (weights?.count ?? design.rows) == design.rows, "one label and weight a row")
        precondition(l2 >= 0 && l2.isFinite && l1 >= 0 && l1.isFinite, "the penalty is not negative")
        self.design = design
        self.labels = labels
        self.weights = weights
        self.l2 = l2
        self.l1 = l1
        let factors = classWeights.factors(labels: labels, weights: weights)
        signedWeights = labels.indices.map { row in (weights?[row] ?? 1) * (labels[row] ? -factors.fraud : factors.valid) }
        classFactors = factors
        labelWeights = (0, 0)
        labelWeights = sumOfWeights()
    }

    /// The same problem on one in `stride` chunks of rows, the penalties lowered in proportion; nothing is copied.
    func thinned(by stride: Int) -> LogisticObjective {
        var thin = self
        thin.chunkStride = chunkStride * stride
        thin.labelWeights = thin.sumOfWeights()
        let share = totalWeight > 0 ? thin.totalWeight / totalWeight : 1
        thin.l2 *= share
        thin.l1 *= share
        return thin
    }

    /// The same problem without the other columns, whose weights are then 0.
    /// - Complexity: a copy of the columns.
    func restricted(to columns: [Int]) -> LogisticObjective {
        var narrow = self
        var values: [Float] = []
        values.reserveCapacity(columns.count * design.rows)
        for column in columns { values += design.values[column * design.rows..<(column + 1) * design.rows] }
        narrow.design = DesignMatrix(rows: design.rows, columns: columns.count, values: values)
        return narrow
    }

    private func sumOfWeights() -> (valid: Double, fraud: Double) {
        var sums = (valid: 0.0, fraud: 0.0)
        for rows in chunks {
            for row in rows {
                if labels[row] { sums.fraud -= signedWeights[row] } else { sums.valid += signedWeights[row] }
            }
        }
        return sums
    }

    /// Coefficients: one per design column and the intercept.
    package var order: Int { design.columns + 1 }

    /// Rows in use, to within a chunk.
    var rowsInUse: Int { design.rows / chunkStride }

    /// The chunks in use.
    private var chunks: [Range<Int>] {
        stride(from: 0, to: design.rows, by: Self.chunkRows * chunkStride).map { $0..<min($0 + Self.chunkRows, design.rows) }
    }

    /// Sums are kept per part and added in order, so the result does not depend on the number of cores. A part holds a
    /// Hessian of its own, so that wide designs have fewer: at most 128 MiB of them.
    private func parts(hessian: Bool) -> Int { hessian ? min(16, max(2, (1 << 24) / (order * order))) : 16 }

    /// - Complexity: O(rows × columns²) with the Hessian, O(rows × columns) without; memory O(chunk × columns) per core,
    ///   and at most 16 Hessians.
    package func evaluate(at coefficients: [Double], hessian: Bool) -> Point {
        precondition(coefficients.count == order)
        var total = summed(parts: parts(hessian: hessian)) { ChunkSums(objective: self, at: coefficients, hessian: hessian) }.point
        for column in 0..<design.columns {
            total.loss += 0.5 * l2 * coefficients[column] * coefficients[column]
            total.gradient[column] += l2 * coefficients[column]
            if hessian { total.hessian[column * order + column] += l2 }
        }
        return total
    }

    /// dᵀ·∇²f·d without the penalty: how fast the slope along `direction` changes at the point.
    /// - Complexity: O(rows × columns).
    func curvature(at coefficients: [Double], along direction: [Double]) -> Double {
        summed(parts: 16) { ChunkCurvature(objective: self, at: coefficients, along: direction) }.sum
    }

    /// The penalty that `evaluate` leaves out.
    func l1Penalty(_ coefficients: [Double]) -> Double {
        l1 == 0 ? 0 : l1 * coefficients.dropLast().reduce(0) { $0 + abs($1) }
    }

    private func summed<Sums: PartialSums>(parts count: Int, _ make: @Sendable () -> Sums) -> Sums {
        let chunks = chunks
        let parts = min(count, max(1, chunks.count))
        let partials = parallelMap(parts) { part in
            var sums = make()
            sums.addRows(chunks[chunks.count * part / parts..<chunks.count * (part + 1) / parts])
            return sums
        }
        var total = partials[0]
        for partial in partials.dropFirst() { total.merge(partial) }
        return total
    }
}

internal import LinearAlgebra

/// Sums over rows, of one part of them.
protocol PartialSums: Sendable {
    mutating func addRows(_ chunks: ArraySlice<Range<Int>>)
    mutating func merge(_ other: Self)
}

/// A chunk of the design in double, rows × order, the last column ones: room for the largest, reused.
struct WideChunk: ~Copyable {
    private let memory: UnsafeMutableBufferPointer<Double>
    private let order: Int
    private(set) var rows = 0

    init(order: Int) {
        self.order = order
        memory = .allocate(capacity: LogisticObjective.chunkRows * order)
    }

    deinit { memory.deallocate() }

    var base: UnsafeMutablePointer<Double> { memory.baseAddress! }

    /// For BLAS; valid until the next `load`.
    var matrix: ColumnMajor<Double> { ColumnMajor(UnsafePointer(base), rows: rows, columns: order, leading: rows) }

    mutating func load(_ design: DesignMatrix, rows range: Range<Int>) {
        rows = range.count
        design.values.withUnsafeBufferPointer { source in
            for column in 0..<design.columns {
                let target = base + column * rows
                let values = source.baseAddress! + column * design.rows + range.lowerBound
                for row in 0..<rows { target[row] = Double(values[row]) }
            }
        }
        (base + design.columns * rows).update(repeating: 1, count: rows)
    }

    /// Multiplies every row by its factor.
    func scale(by factors: UnsafePointer<Double>) {
        for column in 0..<order {
            let values = base + column * rows
            for row in 0..<rows { values[row] *= factors[row] }
        }
    }
}

/// The objective's inner loop: loss, gradient and Hessian of some chunks of rows.
struct ChunkSums: PartialSums {
    private(set) var point: LogisticObjective.Point
    private let objective: LogisticObjective
    private let coefficients: [Double]

    init(objective: LogisticObjective, at coefficients: [Double], hessian: Bool) {
        let order = objective.order
        self.objective = objective
        self.coefficients = coefficients
        point = LogisticObjective.Point(
            loss: 0, gradient: [Double](repeating: 0, count: order), hessian: [Double](repeating: 0, count: hessian ? order * order : 0),
            leastMargin: .infinity)
    }

    mutating func addRows(_ chunks: ArraySlice<Range<Int>>) {
        var wide = WideChunk(order: objective.order)
        var rowTerms = RowTerms()
        for rows in chunks {
            wide.load(objective.design, rows: rows)
            BLAS.dgemv(wide.matrix, x: coefficients, y: rowTerms.eta)
            point.loss += rowTerms.compute(objective.signedWeights, rows: rows)
            point.gradient.withUnsafeMutableBufferPointer {
                BLAS.dgemvTransposedAdding(wide.matrix, x: rowTerms.residual, y: $0.baseAddress!)
            }
            guard !point.hessian.isEmpty else { continue }
            wide.scale(by: rowTerms.root)
            point.hessian.withUnsafeMutableBufferPointer { BLAS.dsyrkGramAdding(wide.matrix, to: $0.baseAddress!) }
        }
        point.leastMargin = rowTerms.leastMargin
    }

    mutating func merge(_ other: ChunkSums) {
        point.loss += other.point.loss
        for i in point.gradient.indices { point.gradient[i] += other.point.gradient[i] }
        for i in point.hessian.indices { point.hessian[i] += other.point.hessian[i] }
        point.leastMargin = min(point.leastMargin, other.point.leastMargin)
    }
}

/// Σᵢ sᵢ·pᵢ·(1 − pᵢ)·(xᵢ·d)² of some chunks of rows.
struct ChunkCurvature: PartialSums {
    private(set) var sum = 0.0
    private let objective: LogisticObjective
    private let coefficients: [Double]
    private let direction: [Double]

    init(objective: LogisticObjective, at coefficients: [Double], along direction: [Double]) {
        self.objective = objective
        self.coefficients = coefficients
        self.direction = direction
    }

    mutating func addRows(_ chunks: ArraySlice<Range<Int>>) {
        var wide = WideChunk(order: objective.order)
        var rowTerms = RowTerms()
        var change = [Double](repeating: 0, count: LogisticObjective.chunkRows)
        for rows in chunks {
            wide.load(objective.design, rows: rows)
            BLAS.dgemv(wide.matrix, x: coefficients, y: rowTerms.eta)
            _ = rowTerms.compute(objective.signedWeights, rows: rows)
            BLAS.dgemv(wide.matrix, x: direction, y: &change)
            for row in 0..<rows.count {
                let term = rowTerms.root[row] * change[row]
                sum += term * term
            }
        }
    }

    mutating func merge(_ other: ChunkCurvature) { sum += other.sum }
}

/// What one chunk's rows add, from their η: `eta` in, residuals and roots out, in vectors of 8 rows.
struct RowTerms: ~Copyable {
    private typealias Lanes = LanesMath.Lanes
    private let memory: UnsafeMutablePointer<Double>
    /// Least margin of all rows of positive weight so far.
    private(set) var leastMargin = Double.infinity

    init() {
        memory = .allocate(capacity: 3 * LogisticObjective.chunkRows)
        memory.initialize(repeating: 0, count: 3 * LogisticObjective.chunkRows)
    }

    deinit { memory.deallocate() }

    var eta: UnsafeMutablePointer<Double> { memory }
    /// s·(p − y).
    var residual: UnsafePointer<Double> { UnsafePointer(memory + LogisticObjective.chunkRows) }
    /// √(s·p·(1 − p)).
    var root: UnsafePointer<Double> { UnsafePointer(memory + 2 * LogisticObjective.chunkRows) }

    /// Fills `residual` and `root` and returns the loss of the rows.
    mutating func compute(_ signedWeights: [Double], rows: Range<Int>) -> Double {
        let residual = memory + LogisticObjective.chunkRows
        let root = memory + 2 * LogisticObjective.chunkRows
        var losses = Lanes(repeating: 0)
        var worst = Lanes(repeating: -.infinity)
        signedWeights.withUnsafeBufferPointer { source in
            for position in stride(from: 0, to: rows.count, by: 8) {
                let row = rows.lowerBound + position
                var signed = Lanes(repeating: 0)
                if position + 8 <= rows.count {
                    signed = UnsafeRawPointer(source.baseAddress! + row).loadUnaligned(as: Lanes.self)
                } else {
                    for lane in 0..<rows.count - position { signed[lane] = source[row + lane] }
                    // What an earlier chunk left behind the last row must not count.
                    for lane in rows.count - position..<8 { eta[position + lane] = 0 }
                }
                let eta = UnsafeRawPointer(eta + position).loadUnaligned(as: Lanes.self)
                let isFraud = signed .< 0
                let weight = signed.replacing(with: -signed, where: isFraud)
                // The wrong way of a row: η when it is valid, −η when it is fraud. p − y is then ±σ(wrong), and the loss
                // log(1 + e^wrong), without cancellation for either label. e^−|η| never overflows.
                let wrong = eta.replacing(with: -eta, where: isFraud)
                let isWrong = wrong .> 0
                let e = LanesMath.exponential(nonPositive: wrong.replacing(with: -wrong, where: isWrong))
                let inverse = 1 / (e + 1)
                let share = (e * inverse).replacing(with: inverse, where: isWrong)
                let excess = Lanes(repeating: 0).replacing(with: wrong, where: isWrong)
                losses += weight * (excess + LanesMath.log1p(unit: e))
                UnsafeMutableRawPointer(residual + position).storeBytes(of: signed * share, as: Lanes.self)
                UnsafeMutableRawPointer(root + position).storeBytes(of: (weight * e).squareRoot() * inverse, as: Lanes.self)
                worst = worst.replacing(with: wrong, where: (weight .> 0) .& (wrong .> worst))
            }
        }
        leastMargin = min(leastMargin, -worst.max())
        return losses.sum()
    }
}

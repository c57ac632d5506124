package import ClickModel
internal import LinearAlgebra

/// A model made ready to score `FeatureBlock`s.
///
///     block (rows × features) ──► design, 16 rows × columns ──► sgemv ──► logits ──► scores
///
/// Each linear term gets a value column (clipped, transformed, centred; 0 where unknown) and, when the model weighs the
/// feature's absence, a missing column (1 where unknown); each curve and surface a column of looked-up values. One `sgemv` of a fixed
/// 16-row shape turns a group into logits: each row takes the same instructions wherever it stands, and a row alone those that give the
/// same bits (`RowSum`), so a score is bit-identical alone or at any place of any batch.
/// (Rows of a group beyond the last one asked for hold old, finite values; their logits are not used.)
///
/// One thread owns it: it works in its own scratch memory. `score` neither allocates nor locks.
package final class CompiledModel {
    /// Rows of one `sgemv`: a divisor of `FeatureBlock.rowGroup`. More of them spare a batch 3 ns a click, and cost one click 50.
    static let group = BinnedTerms.group

    package let model: LogisticModel
    package let modelID: String
    /// A score at or over it is fraud.
    package let threshold: Float
    /// Columns a block must have.
    package let columnCount: Int
    /// The block column of each feature name.
    private let columns: [String: Int]

    private struct Term {
        var column: Int
        var transform: ColumnTransform
        /// First float of the value column in the design block, and of the missing column; −1 for none.
        var value: Int
        var missing: Int
    }

    private let terms: UnsafeMutablePointer<Term>
    private let termCount: Int
    private let design: UnsafeMutablePointer<Float>
    private let designColumns: Int
    /// Floats from one group to the next: `designColumns` of them, 16 rows each.
    private let groupStride: Int
    private let weights: UnsafeMutablePointer<Float>
    private let logits: UnsafeMutablePointer<Float>
    private let intercept: Float
    private let binned: BinnedTerms
    /// First float of the binned terms in the design block.
    private let binnedStart: Int
    /// Places of one row's binned terms from there on.
    private let binnedPlaces: UnsafeMutablePointer<UInt32>
    /// Sums one row alone; nil where a whole group has to.
    private let rowSum: RowSum?
    private let calibration: CompiledCalibration?

    /// - Throws: `ModelError.unknownFeatures` or `.featureSchema` when the model does not fit the catalogue, `.content`
    ///   when the model is not valid.
    package init(_ model: LogisticModel, catalogue: [FeatureDescription]) throws(ModelError) {
        try model.validate(source: model.name)
        columns = try model.matching(catalogue: catalogue)
        self.model = model
        modelID = model.modelID
        threshold = Float(model.threshold)
        columnCount = catalogue.count
        intercept = Float(model.intercept)

        var terms: [Term] = []
        var weights: [Float] = []
        for feature in model.features where feature.weight != 0 || feature.missingWeight != 0 {
            var term = Term(
                column: columns[feature.name]!, transform: ColumnTransform(feature), value: weights.count * Self.group, missing: -1)
            weights.append(feature.foldedWeight)
            if feature.missingWeight != 0 {
                term.missing = weights.count * Self.group
                weights.append(Float(feature.missingWeight))
            }
            terms.append(term)
        }
        binned = try BinnedTerms(model, columns: columns)
        binnedStart = weights.count * Self.group
        weights += model.curves.map { Float($0.weight) } + model.surfaces.map { Float($0.weight) }
        calibration = model.calibration.map(CompiledCalibration.init)
        termCount = terms.count
        designColumns = weights.count
        self.terms = .allocate(capacity: max(1, terms.count))
        self.terms.initialize(from: terms, count: terms.count)
        self.weights = .allocate(capacity: max(1, weights.count))
        self.weights.initialize(from: weights, count: weights.count)
        groupStride = weights.count * Self.group
        design = Self.zeroed(max(1, groupStride) * BinnedTerms.groupsPerTile)
        logits = Self.zeroed(Self.group)
        binnedPlaces = KernelMemory.copy((0..<binned.termCount).map { UInt32($0 * Self.group) })
        rowSum = RowSum(weights: weights, group: Self.group)
    }

    deinit {
        binnedPlaces.deallocate()
        rowSum?.deallocate()
        terms.deallocate()
        weights.deallocate()
        design.deallocate()
        logits.deallocate()
    }

    private static func zeroed(_ count: Int) -> UnsafeMutablePointer<Float> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(to: Float.self, capacity: count)
        memory.initialize(repeating: 0, count: count)
        return memory
    }

    /// Writes the probability of fraud of the first `rows` clicks of a block.
    ///
    /// - Parameters:
    ///   - block: its columns are those of the catalogue given to `init`.
    ///   - rows: 0 to `block.capacity`.
    ///   - scores: room for `block.capacity`; up to three elements past `rows` are overwritten.
    /// - Complexity: O(rows rounded up to 4 × features), no allocation.
    package func score(_ block: FeatureBlock, rows: Int, into scores: UnsafeMutablePointer<Float>) {
        forEachLogits(block, rows: rows) { row, logits in
            let calibrated = calibration?.apply(logits) ?? logits
            UnsafeMutableRawPointer(scores + row).storeBytes(of: VectorMath.sigmoid(calibrated), as: VectorMath.Lanes.self)
        }
    }

    /// Writes the sum of terms of the first `rows` clicks of a block: log-odds before calibration.
    ///
    /// Parameters and complexity are those of `score`.
    package func uncalibratedLogits(_ block: FeatureBlock, rows: Int, into logits: UnsafeMutablePointer<Float>) {
        forEachLogits(block, rows: rows) { row, sums in
            UnsafeMutableRawPointer(logits + row).storeBytes(of: sums, as: VectorMath.Lanes.self)
        }
    }

    /// Calls `store` with every four rows' sums, the first row's number before them.
    @inline(__always)
    private func forEachLogits(_ block: FeatureBlock, rows: Int, store: (Int, VectorMath.Lanes) -> Void) {
        precondition(block.columnCount == columnCount && rows >= 0 && rows <= block.capacity, "a block of this catalogue")
        let lanes = VectorMath.Lanes.scalarCount
        var start = 0
        while start < rows {
            let count = min(Self.group * BinnedTerms.groupsPerTile, rows - start)
            if count == 1, let rowSum {
                store(start, VectorMath.Lanes(repeating: sum(block, row: start, rowSum)) + intercept)
                return
            }
            fillDesign(block, start: start, count: count)
            var group = 0
            while group < count {
                if designColumns > 0 {
                    let columns = UnsafePointer(design) + group / Self.group * groupStride
                    BLAS.sgemv(ColumnMajor(columns, rows: Self.group, columns: designColumns, leading: Self.group), x: weights, y: logits)
                }
                var row = 0
                while row < min(Self.group, count - group) {
                    store(start + group + row, UnsafeRawPointer(logits + row).loadUnaligned(as: VectorMath.Lanes.self) + intercept)
                    row += lanes
                }
                group += Self.group
            }
            start += count
        }
    }

    /// The terms of one row, summed.
    @inline(__always)
    private func sum(_ block: FeatureBlock, row: Int, _ rowSum: RowSum) -> Float {
        binned.fillOne(block, row: row, at: rowSum.places + binnedStart / Self.group, of: rowSum.values)
        for index in 0..<termCount {
            let term = terms[index]
            let (centred, isMissing) = term.transform.apply(block.column(term.column)[row])
            rowSum.values[Int(rowSum.places[term.value / Self.group])] = centred
            if term.missing >= 0 { rowSum.values[Int(rowSum.places[term.missing / Self.group])] = isMissing ? 1 : 0 }
        }
        return rowSum.sum
    }

    /// One row alone is looked up alone; more are in whole groups, whatever the rows behind the last one hold.
    @inline(__always)
    private func fillDesign(_ block: FeatureBlock, start: Int, count: Int) {
        let groups = (count + Self.group - 1) / Self.group
        if count == 1 {
            binned.fillOne(block, row: start, at: binnedPlaces, of: design + binnedStart)
        } else {
            binned.fill(block, start: start, groups: groups, into: design + binnedStart, groupStride: groupStride)
        }
        let rows = count == 1 ? VectorMath.Lanes.scalarCount : Self.group
        for index in 0..<termCount {
            let term = terms[index]
            for group in 0..<groups {
                let target = design + group * groupStride
                term.transform.apply(
                    block.column(term.column) + start + group * Self.group, count: rows, into: target + term.value,
                    missing: term.missing < 0 ? nil : target + term.missing)
            }
        }
    }

    /// What a term adds to the sum of a click's terms.
    package struct Contribution: Hashable, Sendable {
        /// The catalogue's columns that the term reads: one, or two for a surface.
        package var columns: [Int]
        /// In log-odds before calibration.
        package var value: Double
    }

    /// What each term adds: with the intercept they sum to the logit before calibration, to float rounding.
    ///
    /// - Parameter row: feature values in catalogue order, as `FeatureBlock.row` gives them.
    /// - Returns: one entry per term, in the model's order: linear terms that weigh anything, curves, surfaces. Allocates.
    package func contributions(row: [Float]) -> [Contribution] {
        precondition(row.count == columnCount, "one value per feature of the catalogue")
        let linear = model.features.filter { $0.weight != 0 || $0.missingWeight != 0 }.map { feature in
            let column = columns[feature.name]!
            let (centred, isMissing) = ColumnTransform(feature).apply(row[column])
            let known = Double(centred) * Double(feature.foldedWeight)
            return Contribution(columns: [column], value: isMissing ? Double(Float(feature.missingWeight)) : known)
        }
        let inputs = model.curves.map { ([$0.feature], $0.weight) } + model.surfaces.map { ([$0.first, $0.second], $0.weight) }
        return linear
            + zip(inputs, binned.terms(of: row)).map { input, value in
                Contribution(columns: input.0.map { columns[$0]! }, value: Double(value) * Double(Float(input.1)))
            }
    }
}

extension LogisticModel.Weighting {
    /// Weight of the centred value: the scale is divided out once, here.
    var foldedWeight: Float { Float(weight / scale) }
}

extension ColumnTransform {
    /// The transform of a model's feature, in single precision.
    package init(_ feature: LogisticModel.Weighting) {
        self.init(
            isLog: feature.transform == .log1p, low: Float(feature.clipLow), high: Float(feature.clipHigh), center: Float(feature.center))
    }
}

package import ClickModel
package import LogisticModel

/// How the features of a table become standardized design columns, learned on training rows only.
///
/// Per feature: clip at the 0.1 % and 99.9 % quantiles, `log1p` for heavy-tailed non-negative units, then centre and
/// scale. A value column is left out when it is constant; a missing column exists when some but not all training values
/// were unknown.
package struct Standardizer: Sendable {
    package struct Column: Sendable, Hashable {
        package var transform: LogisticModel.Transform
        package var clipLow: Double
        package var clipHigh: Double
        package var center: Double
        package var scale: Double
        package var hasValue: Bool
        package var hasMissing: Bool
    }

    package let names: [String]
    package let columns: [Column]
    /// Quantiles of the clip bounds.
    package static let clipQuantile = 0.001
    /// Values are held to this magnitude, which keeps sums in single precision finite.
    private static let limit: Float = 1e15

    /// Learns from the given rows of a table.
    ///
    /// - Parameters:
    ///   - catalogue: one description a column; its unit chooses the transform.
    ///   - missingIndicators: false to give unknown values no weight of their own.
    /// - Complexity: O(rows × features); columns are done in parallel, with the same result on any number of cores.
    package init(table: LabelledTable, rows: [Int], catalogue: [FeatureDescription], missingIndicators: Bool = true) {
        precondition(catalogue.count == table.names.count, "one description a column")
        names = table.names
        columns = parallelMap(table.names.count) { index in
            var known: [Float] = []
            known.reserveCapacity(rows.count)
            for row in rows where !table.columns[index][row].isNaN {
                known.append(min(max(table.columns[index][row], -Self.limit), Self.limit))
            }
            var column = Self.learn(&known, unit: catalogue[index].unit)
            column.hasMissing = missingIndicators && !known.isEmpty && known.count < rows.count
            return column
        }
    }

    /// Design columns: the value columns and missing columns in feature order.
    package var designColumns: [(feature: Int, isMissing: Bool)] {
        columns.indices.flatMap { feature in
            (columns[feature].hasValue ? [(feature, false)] : []) + (columns[feature].hasMissing ? [(feature, true)] : [])
        }
    }

    /// The standardized design of some rows.
    package func design(_ table: LabelledTable, rows: [Int]) -> DesignMatrix {
        let layout = designColumns
        let values = [Float](unsafeUninitializedCapacity: rows.count * layout.count) { buffer, initialized in
            let base = SendablePointer(buffer.baseAddress)
            parallelForEach(layout.count) { position in
                guard let base = base.pointer else { return }
                write(table, rows: rows, column: layout[position], into: base + position * rows.count)
            }
            initialized = rows.count * layout.count
        }
        return DesignMatrix(rows: rows.count, columns: layout.count, values: values)
    }

    private func write(_ table: LabelledTable, rows: [Int], column: (feature: Int, isMissing: Bool), into target: UnsafeMutablePointer<Float>) {
        let source = table.columns[column.feature]
        if column.isMissing {
            for (position, row) in rows.enumerated() { target[position] = source[row].isNaN ? 1 : 0 }
            return
        }
        var values = rows.map { source[$0] }
        let facts = columns[column.feature]
        facts.columnTransform.apply(inPlace: &values)
        let factor = Float(1 / facts.scale)
        for position in values.indices { target[position] = values[position] * factor }
    }

    /// The weightings of a model with these weights, one a design column.
    package func weightings(_ weights: [Double]) -> [LogisticModel.Weighting] {
        var result = zip(names, columns).map { name, column in
            LogisticModel.Weighting(
                name: name, transform: column.transform, clipLow: column.clipLow, clipHigh: column.clipHigh, center: column.center,
                scale: column.scale, weight: 0, missingWeight: 0)
        }
        for (position, column) in designColumns.enumerated() {
            if column.isMissing {
                result[column.feature].missingWeight = weights[position]
            } else {
                result[column.feature].weight = weights[position]
            }
        }
        return result
    }

    private static func learn(_ known: inout [Float], unit: String) -> Column {
        var column = Column(transform: .identity, clipLow: 0, clipHigh: 0, center: 0, scale: 1, hasValue: false, hasMissing: false)
        guard let first = known.first else { return column }
        var least = first
        var most = first
        for value in known {
            least = min(least, value)
            most = max(most, value)
        }
        column.transform = transform(unit: unit, least: least, known: &known)
        (column.clipLow, column.clipHigh) = clip(unit: unit, least: least, most: most, known: &known)

        column.columnTransform.apply(inPlace: &known)
        let count = Double(known.count)
        let mean = known.reduce(0) { $0 + Double($1) } / count
        let variance = known.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        // Single precision, as the scorer reads them: what is trained is what is scored.
        column.center = Double(Float(mean))
        let deviation = variance.squareRoot()
        if deviation > 1e-6 * max(1e-6, abs(mean)) {
            column.scale = deviation
            column.hasValue = true
        }
        return column
    }

    private static func transform(unit: String, least: Float, known: inout [Float]) -> LogisticModel.Transform {
        guard least >= 0 else { return .identity }
        switch unit {
        case "count", "ms", "s", "px", "km/h", "ratio": return .log1p
        case "":
            // No unit to go by: a long right tail says so.
            let median = Quickselect.element(at: known.count / 2, of: &known)
            let high = Quickselect.element(at: min(known.count - 1, known.count * 99 / 100), of: &known)
            return high > 10 * max(1, median) ? .log1p : .identity
        default: return .identity
        }
    }

    private static func clip(unit: String, least: Float, most: Float, known: inout [Float]) -> (low: Double, high: Double) {
        if unit == "flag" || unit == "share" { return (0, 1) }
        let last = Double(known.count - 1)
        let low = Quickselect.element(at: Int((last * clipQuantile).rounded(.down)), of: &known)
        let high = Quickselect.element(at: Int((last * (1 - clipQuantile)).rounded(.up)), of: &known)
        // A signal rarer than the quantile must not be clipped away.
        return low < high ? (Double(low), Double(high)) : (Double(least), Double(most))
    }
}

extension Standardizer.Column {
    /// Clip, transform and centre in the scorer's precision.
    fileprivate var columnTransform: ColumnTransform {
        ColumnTransform(isLog: transform == .log1p, low: Float(clipLow), high: Float(clipHigh), center: Float(center))
    }
}

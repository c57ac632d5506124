/// The rows a model is boosted on: one byte a value, column by column.
struct BinnedTable: Sendable {
    /// What a feature's being unknown means to the booster.
    enum Unknown: Sendable {
        /// No training row has it unknown: it adds nothing.
        case never
        /// A value like any other.
        case level
        /// Some rows have it unknown, and that adds nothing.
        case silent
    }

    struct Feature: Sendable {
        let name: String
        let binning: FeatureBinning
        let unknown: Unknown
        /// +1: may only rise; −1: only fall; 0: free.
        let direction: Double
        /// Weight of the rows in each bin.
        let weights: [Double]
        let counts: [Int]
        /// Whether a split exists.
        var isUsable: Bool { binning.edges.count > 0 || (unknown == .level && weights[0] < weights.reduce(0, +)) }
    }

    let features: [Feature]
    /// `columns[j][i]` is the bin of feature j in row i.
    let columns: [[UInt8]]
    let labels: [Bool]
    /// nil: 1 each.
    let weights: [Double]?
    let totalWeight: Double
    var rows: Int { labels.count }
    /// Features that can be split.
    let usable: [Int]

    /// - Complexity: O(features × rows × log rows); features are done in parallel.
    init(table: LabelledTable, rows: [Int], options: AdditiveOptions) {
        let rowWeights = table.weights.map { weights in rows.map { weights[$0] } }
        let parts = parallelMap(table.names.count) { index in
            Self.bin(table, rows, index, rowWeights, options)
        }
        features = parts.map(\.feature)
        columns = parts.map(\.column)
        labels = rows.map { table.labels[$0] }
        weights = rowWeights
        totalWeight = rowWeights?.reduce(0, +) ?? Double(rows.count)
        usable = parts.indices.filter { parts[$0].feature.isUsable }
    }

    private static func bin(
        _ table: LabelledTable, _ rows: [Int], _ index: Int, _ weights: [Double]?, _ options: AdditiveOptions
    ) -> (feature: Feature, column: [UInt8]) {
        let source = table.columns[index]
        let values = rows.map { source[$0] }
        let binning = FeatureBinning(values: values, weights: weights, bins: options.bins)
        let column = values.map { UInt8(binning.bin(of: $0)) }
        var filled = [Double](repeating: 0, count: binning.binCount)
        var counts = [Int](repeating: 0, count: binning.binCount)
        for (row, bin) in column.enumerated() {
            filled[Int(bin)] += weights?[row] ?? 1
            counts[Int(bin)] += 1
        }
        let name = table.names[index]
        let direction: Double =
            switch options.monotone[name] {
            case .rising?: 1
            case .falling?: -1
            case nil: 0
            }
        let unknown: Unknown = filled[0] == 0 ? .never : options.missingIndicators ? .level : .silent
        return (Feature(name: name, binning: binning, unknown: unknown, direction: direction, weights: filled, counts: counts), column)
    }
}

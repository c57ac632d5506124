internal import ClickModel

/// Writes into rows of a block by feature.
struct FeatureColumns {
    private let values: UnsafeMutablePointer<Float>
    private let stride: Int

    /// - Parameter first: row of the block that is row 0 here.
    init(_ block: FeatureBlock, first: Int) {
        values = block.values + first
        stride = block.stride
    }

    @inline(__always)
    func set(_ feature: Feature, _ row: Int, _ value: Float) { values[feature.rawValue &* stride &+ row] = value }

    /// Marks features of a row as unknown.
    @inline(__always)
    func setUnknown<let n: Int>(_ features: InlineArray<n, Feature>, _ row: Int) {
        for i in features.indices { set(features[i], row, .nan) }
    }

    @inline(__always)
    func get(_ feature: Feature, _ row: Int) -> Float { values[feature.rawValue &* stride &+ row] }
}

internal import ClickModel

/// A model's curves and surfaces made ready to look up.
///
///     column of a block ──► bin, one byte a row ──► term table ──► column of the design
///
/// A feature is binned once for all its terms, over the union of their edges; each term's table is spread over that union.
/// One thread owns it: the bins of the last rows are its scratch.
final class BinnedTerms {
    /// Rows binned together.
    private let group: Int

    private struct Binned {
        var column: Int
        /// First edge, and how many before padding to a power of two less one with infinity.
        var edges: Int
        var count: Int
        /// The first step of the search: half the padded count, rounded up.
        var step: Int
    }

    private struct Table {
        /// Offsets of the features' bins in `bins`; a curve has no second.
        var first: Int
        var second: Int
        /// Bins of the second feature, the unknown one included; 0 for a curve.
        var stride: Int
        var values: Int
    }

    let termCount: Int
    private let features: [Binned]
    private let tables: [Table]
    private let edges: UnsafeMutablePointer<Float>
    private let values: UnsafeMutablePointer<Float>
    private let bins: UnsafeMutablePointer<UInt8>

    /// Cells of all spread tables together: 256 MiB of them.
    static let maximumCells = 1 << 26

    /// - Throws: `ModelError.content` when a feature has too many edges over all its terms, or the tables too many cells.
    init(_ model: LogisticModel, columns: [String: Int], group: Int) throws(ModelError) {
        self.group = group
        var union: [String: Set<Float>] = [:]
        var order: [String] = []
        func add(_ feature: String, _ edges: [Double]) {
            if union[feature] == nil { order.append(feature) }
            union[feature, default: []].formUnion(edges.map { Float($0) })
        }
        for curve in model.curves { add(curve.feature, curve.edges) }
        for surface in model.surfaces {
            add(surface.first, surface.firstEdges)
            add(surface.second, surface.secondEdges)
        }
        var grids: [String: (index: Int, edges: [Float])] = [:]
        var features: [Binned] = []
        var allEdges: [Float] = []
        for (index, name) in order.enumerated() {
            let sorted = union[name]!.sorted()
            guard sorted.count < LogisticModel.maximumBins else {
                throw .content(source: model.name, field: "curves", reason: "\(name) has \(sorted.count) edges over all its terms, more than \(LogisticModel.maximumBins - 1)")
            }
            grids[name] = (index, sorted)
            var padded = 1
            while padded <= sorted.count { padded *= 2 }
            features.append(Binned(column: columns[name]!, edges: allEdges.count, count: sorted.count, step: padded / 2))
            allEdges += sorted + [Float](repeating: .infinity, count: padded - 1 - sorted.count)
        }
        var tables: [Table] = []
        var allValues: [Float] = []
        func reserve(_ cells: Int) throws(ModelError) {
            guard allValues.count + cells <= Self.maximumCells else {
                throw .content(source: model.name, field: "surfaces", reason: "hold more than \(Self.maximumCells) cells")
            }
        }
        for curve in model.curves {
            let (index, grid) = grids[curve.feature]!
            tables.append(Table(first: index * group, second: -1, stride: 0, values: allValues.count))
            let source = Self.spread(grid, over: curve.edges)
            try reserve(source.count)
            allValues += source.map { Float(curve.values[$0]) }
        }
        for surface in model.surfaces {
            let (first, firstGrid) = grids[surface.first]!
            let (second, secondGrid) = grids[surface.second]!
            let rows = Self.spread(firstGrid, over: surface.firstEdges)
            let across = Self.spread(secondGrid, over: surface.secondEdges)
            tables.append(Table(first: first * group, second: second * group, stride: across.count, values: allValues.count))
            try reserve(rows.count * across.count)
            let width = surface.secondEdges.count + 2
            for row in rows { allValues += across.map { Float(surface.values[row * width + $0]) } }
        }
        self.features = features
        self.tables = tables
        termCount = tables.count
        edges = .allocate(capacity: max(1, allEdges.count))
        edges.initialize(from: allEdges, count: allEdges.count)
        values = .allocate(capacity: max(1, allValues.count))
        values.initialize(from: allValues, count: allValues.count)
        bins = .allocate(capacity: max(1, features.count * group))
        bins.initialize(repeating: 0, count: max(1, features.count * group))
    }

    deinit {
        edges.deallocate()
        values.deallocate()
        bins.deallocate()
    }

    /// The term's bin of every bin of the union.
    private static func spread(_ grid: [Float], over edges: [Double]) -> [Int] {
        [0, 1] + grid.map { LogisticModel.bin(of: $0, edges: edges) }
    }

    /// Writes the terms of `count` rows from `start` on: term t of row i at `t · group + i`.
    /// - Complexity: O(count × (features × log edges + terms)), no allocation.
    @inline(__always)
    func fill(_ block: FeatureBlock, start: Int, count: Int, into design: UnsafeMutablePointer<Float>) {
        var target = bins
        for feature in features {
            bin(feature, block.column(feature.column) + start, count: count, into: target)
            target += group
        }
        var column = design
        for table in tables {
            let cells = values + table.values
            let first = bins + table.first
            if table.second < 0 {
                for row in 0..<count { column[row] = cells[Int(first[row])] }
            } else {
                let second = bins + table.second
                for row in 0..<count { column[row] = cells[Int(first[row]) * table.stride + Int(second[row])] }
            }
            column += group
        }
    }

    /// A search without branches: the padding is infinite, which only infinity reaches.
    @inline(__always)
    private func bin(_ feature: Binned, _ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<UInt8>) {
        let edges = edges + feature.edges
        for row in 0..<count {
            let value = source[row]
            var position = 0
            var step = feature.step
            while step > 0 {
                position += edges[position + step - 1] <= value ? step : 0
                step >>= 1
            }
            let known = min(position, feature.count) + 1
            target[row] = UInt8(truncatingIfNeeded: value == value ? known : 0)
        }
    }

    /// The terms of one row of feature values, in order. Allocates.
    func terms(of row: [Float]) -> [Float] {
        let block = FeatureBlock(columnCount: row.count, capacity: 1)
        for (column, value) in row.enumerated() { block.column(column)[0] = value }
        return [Float](unsafeUninitializedCapacity: max(1, termCount) * group) { buffer, initialized in
            buffer.initialize(repeating: 0)
            fill(block, start: 0, count: 1, into: buffer.baseAddress!)
            for term in 0..<termCount { buffer[term] = buffer[term * group] }
            initialized = termCount
        }
    }
}

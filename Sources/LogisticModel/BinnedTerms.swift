internal import CVectorKernels
internal import ClickModel

/// A model's curves and surfaces made ready to look up.
///
///     column of a block ──► bin, one byte a row ──► term table ──► column of the design
///
/// A feature is binned once for all its terms, over the union of their edges; each term's table is spread over that union.
/// One thread owns it: the bins of the last rows are its scratch.
final class BinnedTerms {
    /// Rows whose terms lie together: term t of row i of a group at `16 · t + i`.
    static let group = Int(FRAUD_TERM_GROUP)
    /// Groups filled at once, at most.
    static let groupsPerTile = Int(FRAUD_TERM_TILE) / group

    let termCount: Int
    private let kernel: UnsafeMutablePointer<fraud_terms>
    private let grids: UnsafeMutablePointer<fraud_grid>
    private let terms: UnsafeMutablePointer<fraud_term>
    private let rowTerms: UnsafeMutablePointer<UInt32>
    private let edges: UnsafeMutablePointer<Float>
    private let cells: UnsafeMutablePointer<Float>
    private let bins: UnsafeMutablePointer<UInt8>
    private let rowBins: UnsafeMutablePointer<UInt32>
    private let rowGrids: RowGrids

    /// Cells of all spread tables together: 256 MiB of them.
    static let maximumCells = 1 << 26

    /// - Throws: `ModelError.content` when a feature has too many edges over all its terms, or the tables too many cells.
    init(_ model: LogisticModel, columns: [String: Int]) throws(ModelError) {
        let layout = try Layout(model, columns: columns)
        termCount = layout.terms.count
        let gridCount = layout.grids.count
        grids = KernelMemory.copy(layout.grids)
        terms = KernelMemory.copy(layout.terms)
        rowTerms = KernelMemory.copy(layout.rowTerms(curves: model.curves.count))
        edges = KernelMemory.copy(layout.edges)
        cells = KernelMemory.copy(layout.cells)
        bins = KernelMemory.copy([UInt8](repeating: 0, count: gridCount * Int(FRAUD_TERM_TILE)))
        rowBins = KernelMemory.copy([UInt32](repeating: 0, count: (gridCount + 15) / 16 * 16))
        rowGrids = RowGrids(layout.rowGrids)
        kernel = .allocate(capacity: 1)
        kernel.initialize(to: fraud_terms(
            grids: grids, terms: terms, row_terms: rowTerms, edges: edges, cells: cells, bins: bins, row_bins: rowBins, row: rowGrids.kernel,
            grid_count: Int32(gridCount), term_count: Int32(termCount), curve_count: Int32(model.curves.count)))
    }

    deinit {
        kernel.deallocate()
        grids.deallocate()
        terms.deallocate()
        rowTerms.deallocate()
        edges.deallocate()
        cells.deallocate()
        bins.deallocate()
        rowBins.deallocate()
    }

    /// Grids, terms and their tables, as the kernels take them.
    private struct Layout {
        var grids: [fraud_grid] = []
        var terms: [fraud_term] = []
        var edges: [Float] = []
        var cells: [Float] = []
        var rowGrids: [(column: Int, edges: [Float])] = []
        private let source: String

        init(_ model: LogisticModel, columns: [String: Int]) throws(ModelError) {
            source = model.name
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
            // Grids of about as many edges stand together: one row is binned sixteen of them at a time.
            order.sort { union[$0]!.count > union[$1]!.count }
            var known: [String: (index: Int, edges: [Float])] = [:]
            for (index, name) in order.enumerated() {
                known[name] = (index, union[name]!.sorted())
                try addGrid(name, known[name]!.edges, column: columns[name]!)
            }
            for curve in model.curves {
                let (index, grid) = known[curve.feature]!
                let values = BinnedTerms.spread(grid, over: curve.edges).map { Float(curve.values[$0]) }
                try addTerm(index, index, stride: 1, values)
                cells += [Float](repeating: 0, count: (16 - values.count % 16) % 16)
            }
            for surface in model.surfaces {
                let (first, firstGrid) = known[surface.first]!
                let (second, secondGrid) = known[surface.second]!
                let rows = BinnedTerms.spread(firstGrid, over: surface.firstEdges)
                let across = BinnedTerms.spread(secondGrid, over: surface.secondEdges)
                let width = surface.secondEdges.count + 2
                guard rows.count * across.count <= BinnedTerms.maximumCells else { throw tooMany() }
                try addTerm(first, second, stride: across.count, rows.flatMap { row in across.map { Float(surface.values[row * width + $0]) } })
            }
        }

        private mutating func addGrid(_ name: String, _ sorted: [Float], column: Int) throws(ModelError) {
            guard sorted.count < LogisticModel.maximumBins else {
                throw .content(source: source, field: "curves", reason: "\(name) has \(sorted.count) edges over all its terms, more than \(LogisticModel.maximumBins - 1)")
            }
            rowGrids.append((column, sorted))
            grids.append(fraud_grid(column: Int32(column), first_edge: Int32(edges.count), count: Int32(sorted.count)))
            var padded = 16
            while padded <= sorted.count { padded *= 2 }
            edges += sorted + [Float](repeating: .nan, count: padded - sorted.count)
        }

        private mutating func addTerm(_ first: Int, _ second: Int, stride: Int, _ values: [Float]) throws(ModelError) {
            guard cells.count + values.count <= BinnedTerms.maximumCells else { throw tooMany() }
            terms.append(fraud_term(
                first: UInt32(first), second: UInt32(second), stride: UInt32(stride), first_cell: UInt32(cells.count), count: UInt32(values.count)))
            cells += values
        }

        /// The terms as `fraud_terms.row_terms` has them.
        func rowTerms(curves: Int) -> [UInt32] {
            var words = [UInt32](repeating: 0, count: (terms.count + 15) / 16 * 64)
            for (index, term) in terms.enumerated() {
                let isCurve = index < curves
                let parts = [term.first, isCurve ? term.first : term.second, isCurve ? 0 : term.stride, term.first_cell]
                for (part, word) in parts.enumerated() { words[index / 16 * 64 + part * 16 + index % 16] = word }
            }
            return words
        }

        private func tooMany() -> ModelError {
            .content(source: source, field: "surfaces", reason: "hold more than \(BinnedTerms.maximumCells) cells")
        }
    }

    /// The term's bin of every bin of the union.
    fileprivate static func spread(_ grid: [Float], over edges: [Double]) -> [Int] {
        [0, 1] + grid.map { LogisticModel.bin(of: $0, edges: edges) }
    }

    /// Writes the terms of whole groups of rows from `start` on: group g's at `g · groupStride`.
    ///
    /// - Precondition: the block has those rows, rounded up to groups; `groups` is at most `groupsPerTile`.
    /// - Complexity: O(groups × (features × log edges + terms)), no allocation.
    @inline(__always)
    func fill(_ block: FeatureBlock, start: Int, groups: Int, into design: UnsafeMutablePointer<Float>, groupStride: Int) {
        fraud_terms_fill(kernel, block.values + start, block.stride, Int32(truncatingIfNeeded: groups), design, groupStride)
    }

    /// The terms of one row: term t's at `places[t]`.
    /// - Complexity: O(edges / 16 + terms), no allocation.
    @inline(__always)
    func fillOne(_ block: FeatureBlock, row: Int, at places: UnsafePointer<UInt32>, of values: UnsafeMutablePointer<Float>) {
        fraud_terms_fill_one(kernel, block.values + row, block.stride, places, values)
    }

    /// The terms of one row of feature values, in order. Allocates.
    func terms(of row: [Float]) -> [Float] {
        let block = FeatureBlock(columnCount: row.count, capacity: 1)
        for (column, value) in row.enumerated() { block.column(column)[0] = value }
        var values = [Float](repeating: 0, count: termCount)
        let places = (0..<UInt32(termCount)).map { $0 }
        values.withUnsafeMutableBufferPointer { values in
            if let base = values.baseAddress { fillOne(block, row: 0, at: places, of: base) }
        }
        return values
    }
}

/// Rows of a node with their gradient, Hessian and weight, in row order.
struct NodeRows {
    private(set) var rows: [Int32] = []
    private(set) var sums: [RowSums] = []

    mutating func append(_ row: Int32, _ sum: RowSums) {
        rows.append(row)
        sums.append(sum)
    }

    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        sums.removeAll(keepingCapacity: true)
    }

    /// Sums the rows into the bins of some features; `histogram` has `stride` bins a feature.
    /// - Complexity: O(rows × features).
    func fill(_ histogram: inout [RowSums], _ features: [Int], _ table: BinnedTable, _ stride: Int) {
        histogram.withUnsafeMutableBufferPointer { histogram in
            sums.withUnsafeBufferPointer { sums in
                rows.withUnsafeBufferPointer { rows in
                    for feature in features {
                        let bins = histogram.baseAddress! + feature * stride
                        bins.update(repeating: .zero, count: stride)
                        table.columns[feature].withUnsafeBufferPointer { column in
                            for position in rows.indices { bins[Int(column[Int(rows[position])])] += sums[position] }
                        }
                    }
                }
            }
        }
    }

    /// The rows on each side of a cut.
    func split(_ cut: PairTree.Cut, _ table: BinnedTable) -> (low: NodeRows, high: NodeRows, unknown: NodeRows) {
        var sides = [NodeRows(), NodeRows(), NodeRows()]
        let column = table.columns[cut.feature]
        for position in rows.indices {
            let row = rows[position]
            sides[Int(cut.side(Int(column[Int(row)])).rawValue)].append(row, sums[position])
        }
        return (sides[0], sides[1], sides[2])
    }
}

/// A tree as lookups, to walk every row of a table fast.
struct TreeWalk {
    /// By side of the root, by bin of the feature read there.
    let values: [[Double]]
    private let sides: [Int]
    private let rootColumn: [UInt8]
    private let childColumns: [[UInt8]]
    private let childCuts: [PairTree.Cut?]

    init(_ tree: PairTree, _ table: BinnedTable) {
        sides = (0..<256).map { Int(tree.root.side($0).rawValue) }
        rootColumn = table.columns[tree.root.feature]
        let nodes = [tree.low, tree.high]
        childCuts = nodes.map { $0.child?.cut } + [nil]
        childColumns = childCuts.map { table.columns[$0?.feature ?? tree.root.feature] }
        values = nodes.map { node in (0..<256).map { node.child?.value($0, of: node.value) ?? node.value } } + [[Double](repeating: 0, count: 256)]
    }

    /// 0: low, 1: high, 2: neither.
    func childSide(_ side: Int, _ bin: Int) -> Int { childCuts[side].map { Int($0.side(bin).rawValue) } ?? 2 }

    /// Calls `body` with each row, its side of the root and its bin of the feature read there.
    @inline(__always)
    func forEachRow(rows: Int, _ body: (Int, Int, Int) -> Void) {
        sides.withUnsafeBufferPointer { sides in
            rootColumn.withUnsafeBufferPointer { root in
                childColumns[0].withUnsafeBufferPointer { low in
                    childColumns[1].withUnsafeBufferPointer { high in
                        for row in 0..<rows {
                            let side = sides[Int(root[row])]
                            body(row, side, Int(side == 0 ? low[row] : high[row]))
                        }
                    }
                }
            }
        }
    }
}

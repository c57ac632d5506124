/// A tree as lookups, to walk every row of a table fast.
struct TreeWalk {
    static let bins = 256
    /// By side of the root, `bins` each, by bin of the feature read there.
    let values: [Double]
    private let sides: [Int]
    private let rootColumn: [UInt8]
    private let childColumns: [[UInt8]]
    private let childCuts: [PairTree.Cut?]

    init(_ tree: PairTree, _ table: BinnedTable) {
        sides = (0..<Self.bins).map { Int(tree.root.side($0).rawValue) }
        rootColumn = table.columns[tree.root.feature]
        let nodes = [tree.low, tree.high]
        childCuts = nodes.map { $0.child?.cut } + [nil]
        childColumns = childCuts.map { table.columns[$0?.feature ?? tree.root.feature] }
        values =
            nodes.flatMap { node in (0..<Self.bins).map { node.child?.value($0, of: node.value) ?? node.value } }
            + [Double](repeating: 0, count: Self.bins)
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

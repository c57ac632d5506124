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

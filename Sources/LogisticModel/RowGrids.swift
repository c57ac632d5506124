internal import CVectorKernels
package import ClickModel

/// Edges of several features laid out for one row: sixteen features are binned at a time, each step comparing one edge of
/// every one of them.
///
///     feature     0      1      …  15        step of as many edges as the longest of the sixteen has
///     edges    [ e₀₀    e₁₀     …  e₁₅₀ ]    0
///              [ e₀₁    NaN     …  e₁₅₁ ]    1: no value reaches NaN
///
/// Features of about as many edges should stand together. It never changes, so threads may share it.
package final class RowGrids: @unchecked Sendable {
    let kernel: fraud_row_grids
    private let columns: UnsafeMutablePointer<Int32>
    private let edges: UnsafeMutablePointer<Float>
    private let steps: UnsafeMutablePointer<Int32>

    /// - Parameter grids: the block column of each feature, and its edges, ascending.
    package init(_ grids: [(column: Int, edges: [Float])]) {
        var edges: [Float] = []
        var steps: [Int32] = []
        for first in stride(from: 0, to: grids.count, by: 16) {
            let sixteen = grids[first..<min(first + 16, grids.count)].map(\.edges)
            let longest = sixteen.map(\.count).max() ?? 0
            steps.append(Int32(longest))
            for step in 0..<longest {
                edges += (0..<16).map { $0 < sixteen.count && step < sixteen[$0].count ? sixteen[$0][step] : .nan }
            }
        }
        columns = KernelMemory.copy(grids.map { Int32($0.column) } + [Int32](repeating: 0, count: (16 - grids.count % 16) % 16))
        self.edges = KernelMemory.copy(edges)
        self.steps = KernelMemory.copy(steps)
        let isNarrow = grids.count <= 64 && grids.allSatisfy { $0.column < 64 }
        kernel = fraud_row_grids(
            columns: columns, edges: self.edges, steps: self.steps, count: Int32(grids.count), is_narrow: isNarrow ? 1 : 0)
    }

    deinit {
        columns.deallocate()
        edges.deallocate()
        steps.deallocate()
    }

    /// Adds one to a count of each feature: that of the row's bin, numbered as those of a curve.
    ///
    /// - Parameter firsts: the count of bin 0 of each feature.
    /// - Complexity: O(features × edges / 16), no allocation.
    package func count(_ block: FeatureBlock, row: Int, firsts: UnsafePointer<UInt32>, into counts: UnsafeMutablePointer<Int64>) {
        withUnsafePointer(to: kernel) { fraud_row_count($0, block.values + row, block.stride, firsts, counts) }
    }
}

/// Memory that the kernels read.
enum KernelMemory {
    /// A copy at the start of a cache line; of an empty array too.
    static func copy<T: BitwiseCopyable>(_ array: [T]) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, array.count) * MemoryLayout<T>.stride, alignment: 64)
            .bindMemory(to: T.self, capacity: max(1, array.count))
        memory.initialize(from: array, count: array.count)
        return memory
    }
}

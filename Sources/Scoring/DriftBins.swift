internal import CClickRecord
package import ClickModel
internal import Features
package import LogisticModel

/// The bins of a model's reference distributions, ready to count clicks in: features first, the score last.
///
/// A sample of the clicks is counted, chosen by their ids, so that it is the same however the stream is cut or replayed.
package struct DriftBins: Sendable {
    /// One in so many clicks is counted.
    package static let sampleRate: UInt64 = 16

    /// A feature, or the score, in the order of its bins.
    package struct Part: Sendable {
        package let name: String
        /// The first of its bins, and how many there are.
        package let first: Int
        package let count: Int
    }

    /// Where a part's values come from, without its name.
    private struct Source: BitwiseCopyable {
        /// Column of the feature block; −1 for the score.
        var column: Int
        var first: Int
        var edge: Int
        var edgeCount: Int
    }

    package let parts: [Part]
    /// Bins of all parts together.
    package let binCount: Int
    private let sources: [Source]
    private let edges: [Float]

    /// Distributions of features that the catalogue lacks are left out, and of those that come twice the second.
    package init(_ model: LogisticModel) {
        var columns: [String: Int] = [:]
        for (column, feature) in Feature.catalogue.enumerated() { columns[feature.name] = column }
        var parts: [Part] = []
        var sources: [Source] = []
        var edges: [Float] = []
        var bins = 0
        func add(_ name: String, _ column: Int, _ own: [Double]) {
            guard !parts.contains(where: { $0.name == name }) else { return }
            parts.append(Part(name: name, first: bins, count: own.count + 2))
            sources.append(Source(column: column, first: bins, edge: edges.count, edgeCount: own.count))
            edges += own.map { Float($0) }
            bins += own.count + 2
        }
        for distribution in model.reference {
            if let column = columns[distribution.feature] { add(distribution.feature, column, distribution.edges) }
        }
        let name = LogisticModel.scoreDistributionName
        add(name, -1, model.reference.first { $0.feature == name }?.edges ?? LogisticModel.scoreEdges)
        self.parts = parts
        self.sources = sources
        self.edges = edges
        binCount = bins
    }

    /// Whether a click belongs to the sample.
    @inline(__always)
    package static func samples(_ record: UnsafePointer<ClickRecord>) -> Bool { record.pointee.click_id_hash.0 % sampleRate == 0 }

    /// Counts a click: one more in a bin of each part.
    ///
    /// - Parameters:
    ///   - row: of the block that was scored last.
    ///   - counts: `binCount` of them.
    /// - Complexity: O(parts × log edges), no allocation.
    package func add(_ block: FeatureBlock, row: Int, score: Float, to counts: UnsafeMutablePointer<Int64>) {
        edges.withUnsafeBufferPointer { edges in
            for source in sources {
                let value = source.column < 0 ? score : block.column(source.column)[row]
                counts[source.first + Self.bin(of: value, edges, source.edge, source.edgeCount)] += 1
            }
        }
    }

    /// The bin of a value as `LogisticModel.bin` gives it.
    @inline(__always)
    private static func bin(of value: Float, _ edges: UnsafeBufferPointer<Float>, _ first: Int, _ count: Int) -> Int {
        guard value == value else { return 0 }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if edges[first + middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low + 1
    }
}

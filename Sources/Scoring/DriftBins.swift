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

    package let parts: [Part]
    /// Bins of all parts together.
    package let binCount: Int
    private let features: RowGrids
    /// The first bin of each feature of `features`, whose order is not that of the parts.
    private let firsts: [UInt32]
    private let firstOfScore: Int
    private let scoreEdges: [Float]

    /// Distributions of features that the catalogue lacks are left out, and of those that come twice the second.
    package init(_ model: LogisticModel) {
        var columns: [String: Int] = [:]
        for (column, feature) in Feature.catalogue.enumerated() { columns[feature.name] = column }
        var parts: [Part] = []
        var grids: [(first: Int, column: Int, edges: [Float])] = []
        var bins = 0
        func add(_ name: String, _ edges: [Double]) -> Int {
            parts.append(Part(name: name, first: bins, count: edges.count + 2))
            bins += edges.count + 2
            return parts[parts.count - 1].first
        }
        for distribution in model.reference where !parts.contains(where: { $0.name == distribution.feature }) {
            guard let column = columns[distribution.feature] else { continue }
            grids.append((add(distribution.feature, distribution.edges), column, distribution.edges.map { Float($0) }))
        }
        let name = LogisticModel.scoreDistributionName
        let edges = model.reference.first { $0.feature == name }?.edges ?? LogisticModel.scoreEdges
        firstOfScore = add(name, edges)
        scoreEdges = edges.map { Float($0) }
        grids.sort { $0.edges.count > $1.edges.count }
        features = RowGrids(grids.map { ($0.column, $0.edges) })
        firsts = grids.map { UInt32($0.first) }
        self.parts = parts
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
    /// - Complexity: O(parts × edges / 16), no allocation.
    package func add(_ block: FeatureBlock, row: Int, score: Float, to counts: UnsafeMutablePointer<Int64>) {
        firsts.withUnsafeBufferPointer { firsts in
            if let base = firsts.baseAddress { features.count(block, row: row, firsts: base, into: counts) }
        }
        var bin = score == score ? 1 : 0
        for edge in scoreEdges { bin &+= edge <= score ? 1 : 0 }
        counts[firstOfScore + bin] += 1
    }
}

extension LogisticModel {
    /// f(x) of one feature, constant on each bin.
    ///
    ///     values   [0]        [1]            [2]                        …  [n+1]
    ///     x        unknown    x < edges[0]   edges[0] ≤ x < edges[1]       x ≥ edges[n−1]
    ///
    /// Values and edges are compared in single precision, as the scorer holds them.
    package struct Curve: Codable, Hashable, Sendable {
        package var feature: String
        /// Strictly ascending, also when rounded to single precision; at most 254.
        package var edges: [Double]
        /// In log-odds, `edges.count + 2` of them.
        package var values: [Double]
        /// Training rows of each bin; empty when not kept.
        package var counts: [Int]
        package var weight: Double

        package init(feature: String, edges: [Double], values: [Double], counts: [Int] = [], weight: Double = 1) {
            self.feature = feature
            self.edges = edges
            self.values = values
            self.counts = counts
            self.weight = weight
        }
    }

    /// f(x, z) of two features, constant on each pair of their bins, which are numbered as those of a curve.
    package struct Surface: Codable, Hashable, Sendable {
        package var first: String
        package var second: String
        package var firstEdges: [Double]
        package var secondEdges: [Double]
        /// In log-odds: bin (i, j) at `i · (secondEdges.count + 2) + j`.
        package var values: [Double]
        package var weight: Double

        package init(first: String, second: String, firstEdges: [Double], secondEdges: [Double], values: [Double], weight: Double = 1) {
            self.first = first
            self.second = second
            self.firstEdges = firstEdges
            self.secondEdges = secondEdges
            self.values = values
            self.weight = weight
        }

        enum CodingKeys: String, CodingKey {
            case first, second, values, weight
            case firstEdges = "first_edges"
            case secondEdges = "second_edges"
        }
    }

    /// The number a categorical column's text stands for, in place of the text; a missing text is unknown.
    package struct CategoryEncoding: Codable, Hashable, Sendable {
        package var feature: String
        /// Of a text that training did not meet.
        package var prior: Double
        package var categories: [String: Double]

        package init(feature: String, prior: Double, categories: [String: Double]) {
            self.feature = feature
            self.prior = prior
            self.categories = categories
        }

        /// The text without `.0` behind a whole number: a column of whole numbers is written so where one of them is missing.
        package static func canonical(_ text: String) -> String {
            guard let point = text.utf8.firstIndex(of: UInt8(ascii: ".")), point != text.utf8.startIndex else { return text }
            let digits = text.utf8[..<point].drop { $0 == UInt8(ascii: "-") }
            let zeros = text.utf8[text.utf8.index(after: point)...]
            guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }), !zeros.isEmpty, zeros.allSatisfy({ $0 == 48 }) else { return text }
            return String(text[..<point])
        }

        package subscript(text: String) -> Double { categories[text] ?? prior }
    }

    /// How many training rows fell in each bin of a feature, numbered as those of a curve.
    package struct FeatureDistribution: Codable, Hashable, Sendable {
        package var feature: String
        package var edges: [Double]
        /// `edges.count + 2`, the first of them unknown.
        package var counts: [Int]

        package init(feature: String, edges: [Double], counts: [Int]) {
            self.feature = feature
            self.edges = edges
            self.counts = counts
        }
    }

    /// The bin of a value: 0 when unknown, else 1 and the number of edges at or under it.
    /// - Complexity: O(log edges).
    package static func bin(of value: Float, edges: [Double]) -> Int {
        guard !value.isNaN else { return 0 }
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if Float(edges[middle]) <= value { low = middle + 1 } else { high = middle }
        }
        return low + 1
    }
}

package import LogisticModel

extension AdditiveTerms {
    /// Values in a model file are multiples of this: well under what training data can tell, and half as long to read.
    static let resolution = 1e-7

    /// The curves as a model file has them.
    ///
    /// - Parameter names: name of each feature of the table.
    package func modelCurves(names: [String]) -> [LogisticModel.Curve] {
        curves.map {
            LogisticModel.Curve(feature: names[$0.feature], edges: $0.edges.map(Double.init), values: $0.values.map(Self.rounded), counts: $0.counts)
        }
    }

    /// The surfaces as a model file has them, the strongest first.
    package func modelSurfaces(names: [String]) -> [LogisticModel.Surface] {
        surfaces.map {
            LogisticModel.Surface(
                first: names[$0.first], second: names[$0.second], firstEdges: $0.firstEdges.map(Double.init),
                secondEdges: $0.secondEdges.map(Double.init), values: $0.values.map(Self.rounded))
        }
    }

    private static func rounded(_ value: Double) -> Double {
        let rounded = (value / resolution).rounded() / (1 / resolution)
        return rounded == 0 ? 0 : rounded
    }
}

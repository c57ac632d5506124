internal import Foundation
internal import LogisticModel

/// A term of a model as a person reads it: what it weighs, and how far it moves a score.
struct ModelTerm {
    enum Kind: String { case linear, curve, surface }

    let kind: Kind
    /// A feature, or two joined by `×`.
    let name: String
    /// How much it moves the log-odds: of a curve the mean size over the training rows, of a surface over its cells; of a linear term
    /// what one standard deviation adds.
    let importance: Double
    let lowest: Double
    let highest: Double
    /// Bins of a curve, cells of a surface, 1 of a linear term; the unknown ones aside.
    let bins: Int
    /// Log-odds at an unknown value; of a surface at two.
    let unknown: Double
    /// The transform of a linear term.
    var transform: String?

    /// All terms, the strongest first.
    static func all(of model: LogisticModel) -> [ModelTerm] {
        let terms = model.features.map(Self.init) + model.curves.map(Self.init) + model.surfaces.map(Self.init)
        return terms.sorted { ($0.importance, $1.name) > ($1.importance, $0.name) }
    }

    private init(_ feature: LogisticModel.Weighting) {
        kind = .linear
        name = feature.name
        importance = abs(feature.weight)
        let ends = [feature.clipLow, feature.clipHigh].map { TermCurve.linear(feature)(Float($0)) }
        (lowest, highest) = (ends.min()!, ends.max()!)
        bins = 1
        unknown = feature.missingWeight
        transform = feature.transform.rawValue
    }

    private init(_ curve: LogisticModel.Curve) {
        kind = .curve
        name = curve.feature
        let values = curve.values.map { $0 * curve.weight }
        let rows = curve.counts.reduce(0, +)
        importance =
            rows > 0
            ? zip(values, curve.counts).reduce(0) { $0 + abs($1.0) * Double($1.1) } / Double(rows) : values.reduce(0) { $0 + abs($1) } / Double(values.count)
        (lowest, highest) = (values.min()!, values.max()!)
        bins = curve.edges.count + 1
        unknown = values[0]
    }

    private init(_ surface: LogisticModel.Surface) {
        kind = .surface
        name = surface.first + " × " + surface.second
        let values = surface.values.map { $0 * surface.weight }
        importance = values.reduce(0) { $0 + abs($1) } / Double(values.count)
        (lowest, highest) = (values.min()!, values.max()!)
        bins = (surface.firstEdges.count + 1) * (surface.secondEdges.count + 1)
        unknown = values[0]
    }
}

/// What a term of one feature adds, as a function of the feature.
enum TermCurve {
    static func linear(_ feature: LogisticModel.Weighting) -> (Float) -> Double {
        let transform = ColumnTransform(feature)
        return { value in
            let (centred, isMissing) = transform.apply(value)
            return isMissing ? feature.missingWeight : Double(centred) * feature.weight / feature.scale
        }
    }

    static func curve(_ curve: LogisticModel.Curve) -> (Float) -> Double {
        { curve.weight * curve.values[LogisticModel.bin(of: $0, edges: curve.edges)] }
    }
}

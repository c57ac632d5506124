internal import Foundation
internal import LogisticModel

/// What distinguishes two models: settings, metrics, and terms with where they part the most.
struct ModelDifference {
    struct Setting {
        var name: String
        var before: String?
        var after: String?
    }

    struct Term {
        enum Change: String { case added, removed, changed }

        var name: String
        var kind: String
        var change: Change
        /// The largest difference of what it adds, in log-odds, after less before; and where that is.
        var largest: Double
        var place: String
        var before: Double?
        var after: Double?
    }

    private(set) var settings: [Setting] = []
    private(set) var metrics: [(name: String, before: Double?, after: Double?)] = []
    private(set) var terms: [Term] = []
    /// Terms that are the same in both.
    private(set) var sameTerms = 0

    /// A linear term's curve is looked at in so many places of its range.
    private static let places = 33

    init(_ before: LogisticModel, _ after: LogisticModel) throws {
        settings = try Self.settings(before, after)
        for name in Set(before.metrics.keys).union(after.metrics.keys).sorted() { metrics.append((name, before.metrics[name], after.metrics[name])) }
        addLinear(before, after)
        addCurves(before, after)
        addSurfaces(before, after)
        terms.sort { (abs($0.largest), $1.name) > (abs($1.largest), $0.name) }
    }

    private static func settings(_ before: LogisticModel, _ after: LogisticModel) throws -> [Setting] {
        func all(_ model: LogisticModel) throws -> [String: String] {
            var found = Dictionary(try ModelCard.facts(model).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
            found["name"] = model.name
            found["intercept"] = "\(model.intercept)"
            found["threshold"] = "\(model.threshold)"
            found["feature_schema_hash"] = model.featureSchemaHash
            found["calibration"] = model.calibration.map { "\($0.method.rawValue), \($0.inputs.count) knots, \(SHA256.hex("\($0)".utf8).prefix(8))" } ?? "none"
            found["encodings"] = "\(model.encodings.count)"
            found["reference"] = "\(model.reference.count)"
            return found
        }
        let (a, b) = (try all(before), try all(after))
        return Set(a.keys).union(b.keys).sorted().filter { a[$0] != b[$0] }.map { Setting(name: $0, before: a[$0], after: b[$0]) }
    }

    /// Matches terms by name; `part` tells where two differ the most, nil when they do not.
    private mutating func match<T: Equatable>(
        _ kind: String, _ before: [T], _ after: [T], name: (T) -> String, importance: (T) -> (lowest: Double, highest: Double),
        part: (T, T) -> (difference: Double, place: String)
    ) {
        let old = Dictionary(before.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
        let new = Dictionary(after.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
        func strongest(_ term: T) -> Double {
            let (low, high) = importance(term)
            return abs(low) > abs(high) ? low : high
        }
        for key in Set(old.keys).union(new.keys) {
            switch (old[key], new[key]) {
            case (let a?, let b?):
                guard a != b else {
                    sameTerms += 1
                    continue
                }
                let (difference, place) = part(a, b)
                terms.append(Term(name: key, kind: kind, change: .changed, largest: difference, place: place, before: strongest(a), after: strongest(b)))
            case (nil, let b?): terms.append(Term(name: key, kind: kind, change: .added, largest: strongest(b), place: "", before: nil, after: strongest(b)))
            case (let a?, nil): terms.append(Term(name: key, kind: kind, change: .removed, largest: -strongest(a), place: "", before: strongest(a), after: nil))
            case (nil, nil): continue
            }
        }
    }

    /// The point of `values` where two functions differ the most.
    private static func part(_ values: [(Float, String)], _ a: (Float) -> Double, _ b: (Float) -> Double) -> (difference: Double, place: String) {
        values.map { (difference: b($0.0) - a($0.0), place: $0.1) }.max { abs($0.difference) < abs($1.difference) } ?? (0, "")
    }

    private mutating func addLinear(_ before: LogisticModel, _ after: LogisticModel) {
        match(
            "linear", before.features, after.features, name: \.name,
            importance: { feature in
                let ends = [feature.clipLow, feature.clipHigh].map { TermCurve.linear(feature)(Float($0)) }
                return (ends.min()!, ends.max()!)
            },
            part: { a, b in
                let (low, high) = (min(a.clipLow, b.clipLow), max(a.clipHigh, b.clipHigh))
                // Finer near the low end, where most clicks are.
                let values = (0..<Self.places).map { step -> (Float, String) in
                    let share = Double(step) / Double(Self.places - 1)
                    let value = low + (high - low) * share * share
                    return (Float(value), String(format: "%.6g", value))
                }
                return Self.part(values + [(.nan, "unknown")], TermCurve.linear(a), TermCurve.linear(b))
            })
    }

    private mutating func addCurves(_ before: LogisticModel, _ after: LogisticModel) {
        match(
            "curve", before.curves, after.curves, name: \.feature, importance: { curve in Self.ends(curve.values, curve.weight) },
            part: { a, b in Self.part(Self.grid(a.edges, b.edges), TermCurve.curve(a), TermCurve.curve(b)) })
    }

    private mutating func addSurfaces(_ before: LogisticModel, _ after: LogisticModel) {
        match(
            "surface", before.surfaces, after.surfaces, name: { $0.first + " × " + $0.second },
            importance: { surface in Self.ends(surface.values, surface.weight) },
            part: { a, b in
                var most = (difference: 0.0, place: "")
                func value(_ surface: LogisticModel.Surface, _ x: Float, _ y: Float) -> Double {
                    let row = LogisticModel.bin(of: x, edges: surface.firstEdges)
                    return surface.weight * surface.values[row * (surface.secondEdges.count + 2) + LogisticModel.bin(of: y, edges: surface.secondEdges)]
                }
                for (x, first) in Self.grid(a.firstEdges, b.firstEdges) {
                    for (y, second) in Self.grid(a.secondEdges, b.secondEdges) {
                        let difference = value(b, x, y) - value(a, x, y)
                        if abs(difference) > abs(most.difference) { most = (difference, "\(first) × \(second)") }
                    }
                }
                return most
            })
    }

    private static func ends(_ values: [Double], _ weight: Double) -> (lowest: Double, highest: Double) {
        let weighed = values.map { $0 * weight }
        return (weighed.min()!, weighed.max()!)
    }

    /// One value of each bin over the edges of two terms, and the bin's name.
    private static func grid(_ a: [Double], _ b: [Double]) -> [(Float, String)] {
        let edges = Set(a.map { Float($0) } + b.map { Float($0) }).sorted()
        let doubles = edges.map { Double($0) }
        let values = [Float.nan, -.infinity] + edges
        return values.enumerated().map { ($1, DriftQuery.name(of: $0, doubles)) }
    }
}

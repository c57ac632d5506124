extension LogisticModel {
    /// More terms of bins are refused; a scorer holds a table for each.
    package static let maximumTerms = 65_536
    /// Bins a feature may have over all its terms, the unknown one aside.
    package static let maximumBins = 255
    package static let maximumCategories = 1 << 20

    /// Checks what the types cannot: finite numbers, ordered clips and edges, positive scales, distinct names, tables of
    /// the right size.
    ///
    /// - Parameter source: the file's name, for the error.
    /// - Throws: `ModelError.content` for the first field that is wrong.
    package func validate(source: String) throws(ModelError) {
        func refuse(_ field: String, _ reason: String) -> ModelError { .content(source: source, field: field, reason: reason) }

        guard features.count <= Self.maximumFeatures else { throw refuse("features", "more than \(Self.maximumFeatures)") }
        var seen: Set<String> = []
        for (index, feature) in features.enumerated() {
            guard !feature.name.isEmpty else { throw refuse("features[\(index)].name", "is empty") }
            guard seen.insert(feature.name).inserted else { throw refuse("features[\(index)].name", "\(feature.name) comes twice") }
            if let (field, reason) = Self.fault(of: feature) { throw refuse("features[\(index)].\(field)", "\(reason) (\(feature.name))") }
        }
        try validateTerms(refuse)
        guard Self.fits(intercept) else { throw refuse("intercept", "is not a finite number of magnitude up to 1e15") }
        guard threshold.isFinite, threshold > 0, threshold < 2 else { throw refuse("threshold", "is not between 0 and 1") }
        guard training.l2.isFinite, training.l2 >= 0 else { throw refuse("training.l2", "is not a finite number ≥ 0") }
        for (name, value) in metrics.sorted(by: { $0.key < $1.key }) where !value.isFinite {
            throw refuse("metrics.\(name)", "is not finite")
        }
    }

    private func validateTerms(_ refuse: (String, String) -> ModelError) throws(ModelError) {
        guard curves.count + surfaces.count <= Self.maximumTerms else { throw refuse("surfaces", "with the curves more than \(Self.maximumTerms)") }
        var seen: Set<String> = []
        for (index, curve) in curves.enumerated() {
            let place = "curves[\(index)]"
            guard seen.insert(curve.feature).inserted else { throw refuse("\(place).feature", "\(curve.feature) comes twice") }
            if let reason = Self.fault(edges: curve.edges) { throw refuse("\(place).edges", reason) }
            let bins = curve.edges.count + 2
            guard curve.values.count == bins, curve.values.allSatisfy(Self.fits) else { throw refuse("\(place).values", "are not \(bins) finite numbers") }
            guard curve.counts.isEmpty || curve.counts.count == bins && curve.counts.allSatisfy(Self.isCount) else {
                throw refuse("\(place).counts", "are not \(bins) numbers ≥ 0")
            }
            guard Self.fits(curve.weight) else { throw refuse("\(place).weight", "is not finite") }
        }
        for (index, surface) in surfaces.enumerated() {
            let place = "surfaces[\(index)]"
            guard surface.first != surface.second else { throw refuse("\(place).second", "is the first feature, \(surface.first)") }
            guard seen.insert([surface.first, surface.second].sorted().joined(separator: "\u{0}")).inserted else {
                throw refuse(place, "\(surface.first) × \(surface.second) comes twice")
            }
            if let reason = Self.fault(edges: surface.firstEdges) { throw refuse("\(place).first_edges", reason) }
            if let reason = Self.fault(edges: surface.secondEdges) { throw refuse("\(place).second_edges", reason) }
            let bins = (surface.firstEdges.count + 2) * (surface.secondEdges.count + 2)
            guard surface.values.count == bins, surface.values.allSatisfy(Self.fits) else { throw refuse("\(place).values", "are not \(bins) finite numbers") }
            guard Self.fits(surface.weight) else { throw refuse("\(place).weight", "is not finite") }
        }
        for name in inputNames where name.isEmpty { throw refuse("curves", "a feature's name is empty") }
        try validateAsides(refuse)
    }

    private func validateAsides(_ refuse: (String, String) -> ModelError) throws(ModelError) {
        var seen: Set<String> = []
        for (index, encoding) in encodings.enumerated() {
            guard seen.insert(encoding.feature).inserted else { throw refuse("encodings[\(index)].feature", "\(encoding.feature) comes twice") }
            guard encoding.categories.count <= Self.maximumCategories else { throw refuse("encodings[\(index)]", "more than \(Self.maximumCategories) categories") }
            guard Self.fits(encoding.prior), encoding.categories.values.allSatisfy(Self.fits) else {
                throw refuse("encodings[\(index)]", "a value is not finite (\(encoding.feature))")
            }
        }
        seen = []
        for (index, distribution) in reference.enumerated() {
            guard seen.insert(distribution.feature).inserted else { throw refuse("reference[\(index)].feature", "\(distribution.feature) comes twice") }
            if let reason = Self.fault(edges: distribution.edges) { throw refuse("reference[\(index)].edges", reason) }
            guard distribution.counts.count == distribution.edges.count + 2, distribution.counts.allSatisfy(Self.isCount) else {
                throw refuse("reference[\(index)].counts", "are not \(distribution.edges.count + 2) numbers ≥ 0")
            }
        }
        guard let calibration else { return }
        let (inputs, outputs) = (calibration.inputs, calibration.outputs)
        guard (2...Calibration.maximumKnots).contains(inputs.count), (inputs + outputs).allSatisfy({ abs($0) <= 1e6 }),
            zip(inputs, inputs.dropFirst()).allSatisfy({ Float($1) - Float($0) >= 1e-6 })
        else { throw refuse("calibration.inputs", "are not 2 to \(Calibration.maximumKnots) ascending numbers, a millionth apart") }
        guard outputs.count == inputs.count, zip(outputs, outputs.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw refuse("calibration.outputs", "are not as many non-decreasing numbers as there are inputs")
        }
    }

    /// Sums of them stay far from the largest integer.
    private static func isCount(_ count: Int) -> Bool { (0...(1 << 40)).contains(count) }

    private static func fault(edges: [Double]) -> String? {
        guard edges.count < maximumBins else { return "more than \(maximumBins - 1)" }
        let single = edges.map { Float($0) }
        guard single.allSatisfy(\.isFinite), zip(single, single.dropFirst()).allSatisfy({ $0 < $1 }) else {
            return "are not ascending finite numbers of single precision"
        }
        return nil
    }

    private static func fault(of feature: Weighting) -> (field: String, reason: String)? {
        let numbers = [
            ("clip_low", feature.clipLow), ("clip_high", feature.clipHigh), ("center", feature.center), ("scale", feature.scale),
            ("weight", feature.weight), ("missing_weight", feature.missingWeight),
        ]
        for (field, value) in numbers where !fits(value) { return (field, "is not a finite number of magnitude up to 1e15") }
        if feature.scale < 1e-15 { return ("scale", "is not positive") }
        if !fits(feature.weight / feature.scale) { return ("scale", "is too small for its weight") }
        if feature.clipLow > feature.clipHigh { return ("clip_low", "is over clip_high") }
        if feature.transform == .log1p && feature.clipLow < 0 { return ("clip_low", "is under 0, which log1p does not take") }
        return nil
    }

    /// Bounds that keep every product and sum of single-precision scoring finite.
    private static func fits(_ value: Double) -> Bool { value.isFinite && abs(value) <= 1e15 }
}

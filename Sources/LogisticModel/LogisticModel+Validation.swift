extension LogisticModel {
    /// Checks what the types cannot: finite numbers, ordered clips, positive scales, distinct names.
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
        guard Self.fits(intercept) else { throw refuse("intercept", "is not a finite number of magnitude up to 1e15") }
        guard threshold.isFinite, threshold > 0, threshold < 2 else { throw refuse("threshold", "is not between 0 and 1") }
        guard training.l2.isFinite, training.l2 >= 0 else { throw refuse("training.l2", "is not a finite number ≥ 0") }
        for (name, value) in metrics.sorted(by: { $0.key < $1.key }) where !value.isFinite {
            throw refuse("metrics.\(name)", "is not finite")
        }
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

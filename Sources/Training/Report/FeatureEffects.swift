internal import ClickModel
internal import Foundation
internal import LogisticModel

/// What a model learned of each feature, most important first, ready to list and to draw.
struct FeatureEffects {
    struct Ranked {
        var effect: ReportData.Effect
        var importance: Double
        var meaning: String
        /// `PopulationStability.index` against the previous model's training rows.
        var drift: PopulationStability?
        var driftIsExact: Bool
        /// Share of training rows where it is unknown; nil when the model does not say.
        var unknownShare: Double?
        var categories: Int?
    }

    private(set) var ranked: [Ranked] = []
    private let importance: TermImportance

    init(_ page: ReportPage) {
        let model = page.model
        importance = TermImportance(model)
        let units = Dictionary(page.catalogue.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let curves = Dictionary(uniqueKeysWithValues: model.curves.map { ($0.feature, $0) })
        let lines = Dictionary(uniqueKeysWithValues: model.features.map { ($0.name, $0) })
        let old = page.previous.map { previous in
            (
                curves: Dictionary(uniqueKeysWithValues: previous.curves.map { ($0.feature, $0) }),
                lines: Dictionary(uniqueKeysWithValues: previous.features.map { ($0.name, $0) }), importance: TermImportance(previous)
            )
        }
        let categories = Dictionary(model.encodings.map { ($0.feature, $0.categories.count) }, uniquingKeysWith: { first, _ in first })
        // A feature of surfaces only has no effect of its own.
        let names = model.inputNames.filter { curves[$0] != nil || lines[$0] != nil }
        for name in names {
            var effect = ReportData.Effect(name: HTMLText.shortened(name), unit: units[name]?.unit ?? "")
            var weight = 0.0
            if let curve = curves[name] {
                effect.edges = curve.edges.map(ReportNumbers.short)
                effect.values = curve.values.map { ReportNumbers.short($0 * curve.weight) }
                weight += importance.of(curve)
            }
            if let line = lines[name] {
                effect.line = Self.points(of: line)
                effect.unknown = line.missingWeight == 0 ? nil : ReportNumbers.short(line.missingWeight)
                weight += importance.of(line)
            }
            let distribution = importance.distribution(name)
            effect.countEdges = distribution?.edges.map(ReportNumbers.short) ?? []
            effect.counts = distribution?.counts ?? []
            if let curve = old?.curves[name] {
                effect.oldEdges = curve.edges.map(ReportNumbers.short)
                effect.oldValues = curve.values.map { ReportNumbers.short($0 * curve.weight) }
            }
            if let line = old?.lines[name] { effect.oldLine = Self.points(of: line) }
            let (drift, isExact) = Self.drift(from: old?.importance.distribution(name), to: distribution)
            ranked.append(
                Ranked(
                    effect: effect, importance: weight, meaning: units[name]?.meaning ?? "", drift: drift, driftIsExact: isExact,
                    unknownShare: distribution.map { Double($0.counts[0]) / Double($0.counts.reduce(0, +)) }, categories: categories[name]))
        }
        ranked.sort { ($1.importance, $0.effect.name) < ($0.importance, $1.effect.name) }
    }

    /// The previous model's training rows against this one's, over the previous one's bins.
    private static func drift(
        from old: LogisticModel.FeatureDistribution?, to new: LogisticModel.FeatureDistribution?
    ) -> (PopulationStability?, isExact: Bool) {
        guard let old, let new else { return (nil, true) }
        let counts = BinShares.rebinned(new, over: old.edges).map { Int($0.rounded()) }
        return (PopulationStability(reference: old.counts, observed: counts), BinShares.isExact(new, over: old.edges))
    }

    /// A linear term over the range its input is clipped to.
    private static func points(of feature: LogisticModel.Weighting) -> [[Double?]] {
        let isLog = feature.transform == .log1p
        func forward(_ x: Double) -> Double { isLog ? log1p(x) : x }
        let (low, high) = (forward(feature.clipLow), forward(feature.clipHigh))
        let steps = high > low ? (isLog ? 60 : 1) : 0
        return (0...steps).map { step in
            let t = steps == 0 ? low : low + (high - low) * Double(step) / Double(steps)
            return [ReportNumbers.short(isLog ? expm1(t) : t), ReportNumbers.short(feature.weight * (t - feature.center) / feature.scale)]
        }
    }
}

/// The pairs of features a model weighs together, most important first.
struct SurfaceRanking {
    var pairs: [ReportData.Pair] = []
    var importances: [Double] = []
    var total: Int
    /// Whether bins were merged to fit.
    var isMerged = false

    init(_ page: ReportPage) {
        let importance = TermImportance(page.model)
        let units = Dictionary(page.catalogue.map { ($0.name, $0.unit) }, uniquingKeysWith: { first, _ in first })
        let ranked = page.model.surfaces.map { ($0, importance.of($0)) }
            .sorted { ($1.1, $0.0.first, $0.0.second) < ($0.1, $1.0.first, $1.0.second) }
        total = ranked.count
        for (surface, weight) in ranked.prefix(ReportPage.maximumSurfacePlots) {
            let rows = Self.kept(surface.firstEdges)
            let columns = Self.kept(surface.secondEdges)
            isMerged = isMerged || rows.edges.count < surface.firstEdges.count || columns.edges.count < surface.secondEdges.count
            let rowShares = importance.shares(surface.first, edges: surface.firstEdges)
            let columnShares = importance.shares(surface.second, edges: surface.secondEdges)
            let width = surface.secondEdges.count + 2
            let values = rows.groups.map { group in
                columns.groups.map { across -> Double? in
                    var (sum, share, plain) = (0.0, 0.0, 0.0)
                    for i in group {
                        for j in across {
                            let value = surface.values[i * width + j] * surface.weight
                            let weight = rowShares[i] * columnShares[j]
                            (sum, share, plain) = (sum + weight * value, share + weight, plain + value)
                        }
                    }
                    return ReportNumbers.short(share > 0 ? sum / share : plain / Double(group.count * across.count))
                }
            }
            pairs.append(
                ReportData.Pair(
                    first: HTMLText.shortened(surface.first), second: HTMLText.shortened(surface.second),
                    firstUnit: units[surface.first] ?? "", secondUnit: units[surface.second] ?? "",
                    firstEdges: rows.edges.map(ReportNumbers.short), secondEdges: columns.edges.map(ReportNumbers.short), values: values,
                    firstHasUnknown: rowShares[0] > 0 || (0..<width).contains { surface.values[$0] != 0 },
                    secondHasUnknown: columnShares[0] > 0 || surface.values.indices.contains { $0 % width == 0 && surface.values[$0] != 0 }))
            importances.append(weight)
        }
    }

    /// Edges that are left when neighbouring bins are merged, and the bins of each that is; the unknown bin stays alone.
    private static func kept(_ edges: [Double]) -> (edges: [Double], groups: [Range<Int>]) {
        let bins = edges.count + 1
        let size = (bins + ReportPage.maximumHeatmapBins - 1) / ReportPage.maximumHeatmapBins
        let starts = Array(stride(from: 1, to: bins + 1, by: size))
        let groups = [0..<1] + starts.map { $0..<min($0 + size, bins + 1) }
        return (starts.dropFirst().map { edges[$0 - 2] }, groups)
    }
}

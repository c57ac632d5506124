package import LogisticModel

/// An additive model fitted to some rows of a table.
package struct AdditiveFit: Sendable {
    package var terms: AdditiveTerms
    /// Logit of each of the rows, in their order, as the trees say it; the terms sum to it, but for surfaces left out past
    /// the limit of cells.
    package var logits: [Double]
    /// Logit of each of the rows, in their order, by bags that did not learn from it; nil when none was left out.
    package var outOfBag: [Double]?
    /// The options in force, defaults filled in.
    package var options: AdditiveOptions
    /// Trees of the final ensemble.
    package var trees: Int
    /// Pairs that trees used before any was left out.
    package var pairsFound: Int
    /// How each feature of the table is spread over the rows, for drift.
    package var reference: [LogisticModel.FeatureDistribution]
}

/// Fits score = intercept + Σ f_j(x_j) + Σ f_jk(x_j, x_k), the pairs found by themselves: the mean of bags of boosted
/// depth-two trees, put down as curves and surfaces.
///
///     rows ─► bins ─► bags of trees ─► terms
///
/// Where surfaces are limited, bags of any pairs rank them first, and the model is boosted with the strongest only.
package enum AdditiveFitter {
    /// Bins of the reference distributions.
    static let referenceBins = 20

    /// - Parameters:
    ///   - rows: the rows to learn from.
    /// - Returns: always the same for the same rows, options and seed, on any number of cores.
    /// - Throws: `TrainingError.badOption`, or `.oneClass` when the rows do not hold both labels.
    /// - Complexity: O(bags × rounds × (drawn rows × drawn features + rows)) time; a byte a value, 8 bytes a row for each bag,
    ///   and some 80 a row for each of them under way.
    package static func fit(
        table: LabelledTable, rows: [Int], options: AdditiveOptions = AdditiveOptions()
    ) throws(TrainingError) -> AdditiveFit {
        try options.validate(names: table.names)
        let frauds = rows.count { table.labels[$0] }
        guard frauds > 0, frauds < rows.count else { throw .oneClass(rows: rows.count, frauds: frauds, part: "the training part") }
        let options = options.resolved(rarer: min(frauds, rows.count - frauds))
        let binned = BinnedTable(table: table, rows: rows, options: options)
        let parts = try RowParts(table: table, rows: rows, options: options)
        var partners: [Set<Int>]?
        var found: Int?
        if let most = options.interactions, most > 0 {
            // To rank pairs takes less than to fit them.
            let ranked = TermCollapse(table: binned).terms(of: boost(binned, options.forRanking, parts, partners: nil))
            found = ranked.surfaces.count
            partners = ranked.partners(of: ranked.strongest(options), features: table.names.count)
        }
        var bags = boost(binned, options, parts, partners: partners)
        var terms = TermCollapse(table: binned).terms(of: bags)
        if partners == nil, terms.strongest(options) < terms.surfaces.count {
            found = terms.surfaces.count
            bags = []
            bags = boost(binned, options, parts, partners: terms.partners(of: terms.strongest(options), features: table.names.count))
            terms = TermCollapse(table: binned).terms(of: bags)
        }
        let pairsFound = found ?? terms.surfaces.count
        // Boosted again, the pairs that stay may have become larger.
        terms.surfaces.removeSubrange(terms.strongest(options)...)
        return AdditiveFit(
            terms: terms, logits: mean(bags.map(\.logits)), outOfBag: parts.outOfBag(bags), options: options, trees: bags.reduce(0) { $0 + $1.trees.count }, pairsFound: pairsFound,
            reference: reference(table, rows))
    }

    static func boost(_ table: BinnedTable, _ options: AdditiveOptions, _ parts: RowParts, partners: [Set<Int>]?) -> [PairBooster.Bag] {
        var seeds = SplitMix64(seed: options.seed)
        let bags = options.bags ?? 1
        let bagSeeds = (0..<bags).map { _ in seeds.next() }
        let boost: @Sendable (Int) -> PairBooster.Bag = { bag in
            var booster = PairBooster(
                table: table, options: options, partners: partners, isHeldOut: parts.heldOut(by: bag), seed: bagSeeds[bag])
            return booster.boost()
        }
        return options.isParallel ? parallelMap(bags, boost) : (0..<bags).map(boost)
    }

    private static func mean(_ logits: [[Double]]) -> [Double] {
        logits[0].indices.map { row in logits.reduce(0) { $0 + $1[row] } / Double(logits.count) }
    }

    /// How each feature is spread over the rows.
    static func reference(_ table: LabelledTable, _ rows: [Int]) -> [LogisticModel.FeatureDistribution] {
        parallelMap(table.names.count) { index in
            let values = rows.map { table.columns[index][$0] }
            let binning = FeatureBinning(values: values, weights: nil, bins: referenceBins)
            var counts = [Int](repeating: 0, count: binning.binCount)
            for value in values { counts[binning.bin(of: value)] += 1 }
            return LogisticModel.FeatureDistribution(feature: table.names[index], edges: binning.edges.map(Double.init), counts: counts)
        }
    }
}

extension AdditiveTerms {
    /// How many of the surfaces, the strongest first, the limits let in.
    fileprivate func strongest(_ options: AdditiveOptions) -> Int {
        var cells = 0
        let most = min(surfaces.count, options.interactions ?? AdditiveOptions.maximumSurfaces)
        for (index, surface) in surfaces[..<most].enumerated() {
            cells += surface.values.count
            if cells > options.maximumCells { return index }
        }
        return most
    }

    /// The features each feature shares one of the first `count` surfaces with.
    fileprivate func partners(of count: Int, features: Int) -> [Set<Int>] {
        var partners = [Set<Int>](repeating: [], count: features)
        for surface in surfaces[..<count] {
            partners[surface.first].insert(surface.second)
            partners[surface.second].insert(surface.first)
        }
        return partners
    }
}

internal import Foundation

/// Draws bootstrap samples: how often each unit, a row or a whole group of rows, is in each of them.
///
/// The bootstrap of Efron and Tibshirani (1993), stratified: as many frauds and as many valid rows are drawn as there are, so
/// that a rare label does not vanish. With groups (the cluster bootstrap: rows of one user are alike, and drawing them one by
/// one makes intervals too narrow) groups are drawn whole, those with fraud apart from those without.
///
/// Sample b depends on the seed and b alone, so any number of cores draws the same.
struct Resampler: Sendable {
    /// Unit of each row. Units of a stratum are consecutive numbers.
    let unitOfRow: [UInt32]
    /// Units of each stratum, in order of their numbers.
    let strata: [Range<Int>]
    let isClustered: Bool
    let seed: UInt64

    var units: Int { strata.last?.upperBound ?? 0 }

    init(labels: [Bool], groups: [UInt64]?, seed: UInt64) {
        self.seed = seed
        isClustered = groups != nil
        guard let groups else {
            let frauds = labels.count { $0 }
            var next = (fraud: 0, valid: frauds)
            unitOfRow = labels.map { isFraud in
                defer { if isFraud { next.fraud += 1 } else { next.valid += 1 } }
                return UInt32(isFraud ? next.fraud : next.valid)
            }
            strata = [0..<frauds, frauds..<labels.count]
            return
        }
        var unitOfGroup: [UInt64: UInt32] = [:]
        for (group, isFraud) in zip(groups, labels) where isFraud && unitOfGroup[group] == nil {
            unitOfGroup[group] = UInt32(unitOfGroup.count)
        }
        let fraudulent = unitOfGroup.count
        unitOfRow = groups.map { group in
            if let unit = unitOfGroup[group] { return unit }
            let unit = UInt32(unitOfGroup.count)
            unitOfGroup[group] = unit
            return unit
        }
        strata = [0..<fraudulent, fraudulent..<unitOfGroup.count]
    }

    /// How often each unit is in sample `number`.
    ///
    /// A count fits a byte: over 255 would need a stratum of over 255 units, of which one is drawn 256 times (chance under
    /// 10⁻⁵⁰⁰). 32 random bits are scaled to the number of units, which favours none by more than 2⁻³² × units.
    /// - Complexity: O(units), no allocation.
    func draw(_ number: Int, into counts: UnsafeMutableBufferPointer<UInt8>) {
        counts.update(repeating: 0)
        // SplitMix64's own step, so that samples start at outputs far apart.
        var starts = SplitMix64(seed: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        var random = SplitMix64(seed: starts.next())
        for stratum in strata {
            let size = UInt64(stratum.count)
            var left = stratum.count
            while left > 0 {
                let bits = random.next()
                counts[stratum.lowerBound + Int(((bits >> 32) &* size) >> 32)] &+= 1
                if left > 1 { counts[stratum.lowerBound + Int(((bits & 0xffff_ffff) &* size) >> 32)] &+= 1 }
                left -= 2
            }
        }
    }

    /// Figures of every sample, on all cores.
    func replicate<Figures: Sendable>(_ replicates: Int, _ figures: @Sendable (UnsafeBufferPointer<UInt8>) -> Figures) -> [Figures] {
        let tasks = min(replicates, 16)
        let parts = parallelMap(tasks) { task in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: units) { counts in
                counts.initialize(repeating: 0)
                return stride(from: task, to: replicates, by: tasks).map { number in
                    draw(number, into: counts)
                    return figures(UnsafeBufferPointer(counts))
                }
            }
        }
        return (0..<replicates).map { parts[$0 % tasks][$0 / tasks] }
    }

    /// Samples for a table of so many rows: 1,000, fewer where that were over 200 million rows in all, 40 at least.
    static func replicates(rows: Int) -> Int { min(1000, max(40, 200_000_000 / max(1, rows))) }
}

/// Percentile intervals.
enum Percentile {
    static let level = 0.95

    /// The middle 95 % of the values, interpolated as numpy's `quantile` does; nil when there is none.
    static func interval(_ values: [Double]) -> (low: Double, high: Double)? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        func quantile(_ share: Double) -> Double {
            let position = share * Double(sorted.count - 1)
            let index = Int(position)
            guard index + 1 < sorted.count else { return sorted[index] }
            return sorted[index] + (sorted[index + 1] - sorted[index]) * (position - Double(index))
        }
        return (quantile((1 - level) / 2), quantile((1 + level) / 2))
    }
}

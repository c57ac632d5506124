internal import CClickRecord
internal import ClickModel
internal import LogisticModel
internal import Scoring
internal import Storage

/// Counts how the features and scores of a sample of the clicks are spread, by day: what drift is measured by.
///
/// Like `ShadowBook` it holds nothing across epochs.
struct DriftBook {
    private let bins: DriftBins
    private let modelID: String
    private var counts: DayCounts

    init(_ scorer: Scorer) {
        bins = DriftBins(scorer.model.model)
        modelID = scorer.modelID
        counts = DayCounts(width: bins.binCount)
    }

    /// Counts a click of the sample; `row` is its row in the block.
    @inline(__always)
    mutating func count(_ record: UnsafePointer<ClickRecord>, row: Int, verdict: Verdict, block: FeatureBlock) {
        guard DriftBins.samples(record) else { return }
        let bins = bins
        counts.withCounts(at: record.pointee.ts_ms) { bins.add(block, row: row, score: verdict.score, to: $0) }
    }

    /// Writes the counts of the epoch, and begins anew.
    mutating func close(into rows: EpochRows) {
        let out = rows.commit.featureDrift
        counts.forEach { day, counts in
            for part in bins.parts {
                for (bin, clicks) in counts.dropFirst(part.first).prefix(part.count).enumerated() where clicks > 0 {
                    out.append(days: Int32(truncatingIfNeeded: day))
                    out.append(text: modelID)
                    out.append(text: part.name)
                    out.append(int64: Int64(bin))
                    out.append(int64: clicks)
                    out.append(int64: rows.epoch)
                    out.endRow()
                }
            }
        }
        counts.removeAll()
    }
}

internal import CClickRecord
internal import ClickModel
internal import Features
internal import Pipeline
internal import Scoring
internal import Storage

/// Replays click logs and writes each counted click with its truth, its features and its verdict.
///
/// Rows go to Parquet whenever 64 MiB of them have come together: memory does not grow with the input.
final class ClickExport {
    private let scorer: Scorer
    private let rows: ParquetParts
    private let limit: Int
    private(set) var clickCount = 0
    private(set) var labelledCount = 0
    private(set) var fraudCount = 0
    /// Whether there were more clicks than `limit`.
    private(set) var isTruncated = false
    /// Reasons, decider and rules by deciding rule and bitmap: a stream has few different ones.
    private var known: [Key: Names] = [:]
    private static let maximumKnown = 4096

    private struct Key: Hashable {
        var rules: UInt64
        var decidingRule: Int16
    }

    private struct Names {
        var decider: String?
        var reasons: [String]
        var rules: [String]
    }

    private struct LimitReached: Error {}

    /// - Throws: `StorageError`
    init(scorer: Scorer, folder: String, limit: Int) throws {
        self.scorer = scorer
        self.limit = limit
        rows = try ParquetParts(folder: folder, columns: Self.columns)
    }

    var fileCount: Int { rows.partCount }

    /// - Throws: `SourceError` of an input, `StorageError` of the output.
    func run(_ inputs: [String], progress: (_ events: Int) -> Void) throws {
        do {
            try ClickReplay.run(inputs, visit: { try visit($0, $1, $2) }, progress: progress)
        } catch is LimitReached { isTruncated = true }
        try rows.flush()
    }

    private func visit(_ batch: ClickBatch, _ chosen: UnsafeBufferPointer<Int32>, _ horizon: Int64) throws {
        let verdicts = scorer.score(batch, rows: chosen, horizon: horizon)
        for (row, index) in chosen.enumerated() {
            guard clickCount < limit else { throw LimitReached() }
            append(batch.records + Int(index), batch, row: row, verdicts[row])
            if rows.builder.isFull { try rows.flush() }
        }
    }

    /// The ids and dimensions of a click, in schema order.
    private static let texts: [(name: String, text: @Sendable (ClickRecord) -> TextRange)] = [
        ("ad_id", { $0.ad_id }), ("campaign_id", { $0.campaign_id }), ("advertiser_id", { $0.advertiser_id }),
        ("publisher_id", { $0.publisher_id }), ("placement_id", { $0.placement_id }), ("creative_id", { $0.creative_id }),
        ("audience_id", { $0.audience_id }), ("user_id", { $0.user_id }), ("device_fingerprint", { $0.device_fingerprint }),
        ("ip", { $0.ip }), ("user_agent", { $0.user_agent }),
    ]

    /// Columns of `clicks/*.parquet`. Unknown is NULL, also for features.
    static let columns: [ArrowColumn] =
        [ArrowColumn("click_id", .text), ArrowColumn("ts", .timestamp)] + texts.map { ArrowColumn($0.name, .text) }
        + [ArrowColumn("country", .text), ArrowColumn("cost", .money), ArrowColumn("label", .text), ArrowColumn("attack", .text)]
        + Feature.catalogue.map { ArrowColumn($0.name, .float) }
        + [
            ArrowColumn("score", .float), ArrowColumn("verdict_label", .text), ArrowColumn("ivt", .text), ArrowColumn("deciding_rule", .text),
            ArrowColumn("reasons", .textList), ArrowColumn("rules", .textList),
        ]

    private func append(_ record: UnsafePointer<ClickRecord>, _ batch: ClickBatch, row: Int, _ verdict: Verdict) {
        let click = record.pointee
        let builder = rows.builder
        builder.append(text: batch.bytes(click.click_id))
        builder.append(time: EventTime(milliseconds: click.ts_ms))
        for (_, text) in Self.texts { builder.append(textOrNull: batch.bytes(text(click))) }
        if click.country == 0 { builder.appendNull() } else { withUnsafeBytes(of: click.country.bigEndian) { builder.append(text: $0) } }
        builder.append(money: Money(e4: click.cost_e4))
        let truth = Label(rawValue: click.truth)
        if let truth { builder.append(text: truth.name) } else { builder.appendNull() }
        builder.append(textOrNull: batch.bytes(click.attack))
        for column in 0..<Feature.count {
            let value = scorer.block.column(column)[row]
            if value.isNaN { builder.appendNull() } else { builder.append(float: value) }
        }
        let names = names(of: verdict)
        builder.append(float: verdict.score)
        builder.append(text: verdict.label.name)
        builder.append(text: verdict.ivt.name)
        if let decider = names.decider { builder.append(text: decider) } else { builder.appendNull() }
        builder.append(texts: names.reasons)
        builder.append(texts: names.rules)
        builder.endRow()
        clickCount += 1
        if truth != nil { labelledCount += 1 }
        if truth == .fraud { fraudCount += 1 }
    }

    private func names(of verdict: Verdict) -> Names {
        let key = Key(rules: verdict.rules, decidingRule: verdict.decidingRule)
        if let names = known[key] { return names }
        if known.count >= Self.maximumKnown { known.removeAll(keepingCapacity: true) }
        let decider = scorer.decider(of: verdict)
        let names = Names(
            decider: decider.isEmpty ? nil : decider, reasons: scorer.reasons(of: verdict).map(\.rawValue),
            rules: scorer.firedRules(verdict).map { scorer.ruleIDs[$0] })
        known[key] = names
        return names
    }
}

/// The feature catalogue as a table: `name, unit, meaning, unknown_when, grows_with_traffic`, in column order.
enum FeatureTable {
    /// - Throws: `StorageError`
    static func write(to path: String) throws {
        let rows = ArrowTableBuilder([
            ArrowColumn("name", .text), ArrowColumn("unit", .text), ArrowColumn("meaning", .text), ArrowColumn("unknown_when", .text),
            ArrowColumn("grows_with_traffic", .bool),
        ])
        for feature in Feature.allCases {
            let facts = feature.description
            rows.append(text: facts.name)
            rows.append(text: facts.unit)
            rows.append(text: facts.meaning)
            if facts.missing.isEmpty { rows.appendNull() } else { rows.append(text: facts.missing) }
            rows.append(bool: TrainCommand.trafficFeatures.contains(feature))
            rows.endRow()
        }
        try ParquetParts.write(rows, to: path)
    }
}

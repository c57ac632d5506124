internal import ClickModel
internal import Foundation
internal import Pipeline

/// What `fraud reconcile` prints.
struct ReconciliationSummary {
    let day: ReconciledDay
    let adjustments: [BatchAdjustment]
    /// Labels that changed this time.
    let relabelled: Int
    /// Whether anything was written.
    let isChanged: Bool

    /// Ads with another figure in the batch than in the stream, or all.
    private func table(all: Bool) -> OutputTable {
        var table = OutputTable(columns: [
            "advertiser_id", "campaign_id", "ad_id", "stream_clicks", "batch_clicks", "stream_valid", "batch_valid", "stream_billable",
            "batch_billable", "difference",
        ])
        for ad in day.ads where all || ad.stream != ad.batch {
            let (stream, batch) = (ad.stream, ad.batch)
            table.rows.append(
                [.text(ad.advertiserID), .text(ad.campaignID), .text(ad.adID)]
                    + [stream.clicks, batch.clicks, stream.valid, batch.valid].map { .integer(Int($0)) }
                    + [stream.billable, batch.billable, batch.billable - stream.billable].map { .number($0.description) })
        }
        return table
    }

    /// Share of the compared clicks that stream and batch call the same, cut after six digits so that 1 means all; nil when there
    /// were none.
    private var accuracy: String? {
        guard day.clicks > 0 else { return nil }
        let millionths = day.agreeing * 1_000_000 / day.clicks
        return "\(millionths / 1_000_000)." + String(millionths % 1_000_000 + 1_000_000).dropFirst()
    }

    /// What the batch bills more, as a share of what the stream did; nil when the stream billed nothing.
    private var relativeDifference: String? {
        let stream = day.stream.billable
        guard stream != .zero else { return nil }
        return String(format: "%.6f", Double((day.batch.billable - stream).e4) / Double(stream.e4))
    }

    private var rate: Double { day.seconds > 0 ? Double(day.events) / day.seconds : 0 }

    func json(all: Bool) -> String {
        let (stream, batch, late) = (day.stream, day.batch, day.late)
        let table = table(all: all)
        let ads = table.rows.map { JSONOutput.object(zip(table.columns, $0).map { ($0, JSONOutput.value($1)) }) }
        return JSONOutput.object([
            ("date", JSONOutput.string(day.date.description)), ("clicks", "\(day.clicks)"), ("agreeing", "\(day.agreeing)"),
            ("accuracy", accuracy ?? "null"), ("score_differences", "\(day.scoreDifferences)"),
            ("stream_clicks", "\(stream.clicks)"), ("batch_clicks", "\(batch.clicks)"), ("stream_valid", "\(stream.valid)"),
            ("batch_valid", "\(batch.valid)"), ("stream_billable", stream.billable.description), ("batch_billable", batch.billable.description),
            ("relative_difference", relativeDifference ?? "null"), ("late_clicks", "\(late.clicks)"), ("late_cost", late.cost.description),
            ("late_billable", late.billable.description), ("duplicates", "\(day.duplicates)"), ("stream_duplicates", "\(day.streamDuplicates)"),
            ("late_replays", "\(day.lateReplays)"), ("counted_twice", "\(day.countedTwice)"), ("relabelled", "\(relabelled)"),
            ("adjustments", "\(adjustments.count)"), ("adjusted", adjustments.reduce(.zero) { $0 + $1.amount }.description),
            ("changed", isChanged ? "true" : "false"), ("events", "\(day.events)"), ("seconds", String(format: "%.3f", day.seconds)),
            ("clicks_per_second", String(format: "%.0f", rate)), ("model_id", JSONOutput.string(day.modelID)),
            ("ruleset_id", JSONOutput.string(day.rulesetID)), ("ads", "[" + ads.joined(separator: ",\n ") + "]"),
        ])
    }

    func screen(all: Bool) -> String {
        let table = table(all: all)
        var out = table.rows.isEmpty ? "" : table.text + "\n"
        func line(_ name: String, _ value: String, _ note: String = "") {
            let label = name + String(repeating: " ", count: max(0, 18 - name.count))
            let space = String(repeating: " ", count: max(0, 16 - value.count))
            out += "  \(label)\(space)\(value)\(note.isEmpty ? "" : "  " + note)\n"
        }
        func count(_ value: Int64) -> String { ProgressBar.grouped(Int(value)) }
        let (stream, batch, late) = (day.stream, day.batch, day.late)
        line("clicks", count(day.clicks), "counted by the stream and scored again")
        line("accuracy", accuracy ?? "–", "\(count(day.clicks - day.agreeing)) of them called something else")
        line("late clicks", count(late.clicks), "taken in: \(late.cost) of cost, \(late.billable) billable")
        line(
            "duplicates", count(day.duplicates),
            "\(count(day.streamDuplicates)) found by the stream, \(count(day.lateReplays)) late replays, \(count(day.countedTwice)) counted twice")
        line("stream billable", stream.billable.description)
        line("batch billable", batch.billable.description, relativeDifference.map { "\(Double($0)! > 0 ? "+" : "")\($0) of the stream's" } ?? "")
        line("labels changed", count(Int64(relabelled)), "in the tables of minutes, hours and days; label_changes has each")
        line("adjustments", adjustments.reduce(Money.zero) { $0 + $1.amount }.description, "in \(adjustments.count) rows of billing_adjustments")
        if !isChanged { out += "\n  Nothing new: all of it stood in the tables already.\n" }
        let speed = ProgressBar.grouped(Int(rate))
        out += String(format: "\n  %.2f s, ", day.seconds) + "\(speed) clicks/s, model \(day.modelID), rules \(day.rulesetID)\n"
        return out
    }
}

internal import ClickModel
internal import Foundation
internal import Pipeline
internal import Storage

/// What `fraud score` prints at its end.
enum ScoreSummary {
    /// One object; counts are those of the inputs named, over all runs; `events`, `seconds`, `late_cost`, `conflicts`,
    /// `relabelled` and the pause those of this run.
    static func json(_ report: JobReport, database: String) -> String {
        let t = report.inputs
        let rate = report.seconds > 0 ? Double(report.events) / report.seconds : 0
        let ids = report.challengerIDs.map(JSONOutput.string).joined(separator: ", ")
        let challengers = report.challengerIDs.isEmpty ? [] : [("challengers", "[" + ids + "]")]
        return JSONOutput.object([
            ("received", "\(t.received)"), ("valid", "\(t.valid)"), ("fraud", "\(t.fraud)"), ("duplicate", "\(t.duplicate)"),
            ("late", "\(t.late)"), ("rejected", "\(t.rejected)"), ("gross_cost", t.gross.description),
            ("billable_cost", t.billable.description), ("seconds", String(format: "%.3f", report.seconds)),
            ("clicks_per_second", String(format: "%.0f", rate)), ("events", "\(report.events)"),
            ("late_cost", report.run.lateCost.description), ("conflicts", "\(report.run.conflicts)"), ("relabelled", "\(report.run.relabelled)"),
            ("longest_snapshot_pause_ms", String(format: "%.1f", 1000 * report.longestSnapshotPause)),
            ("longest_epoch_stall_ms", String(format: "%.1f", 1000 * report.longestEpochStall)),
            ("already_scored", report.events == 0 && !report.alreadyScored.isEmpty ? "true" : "false"),
            ("model_id", JSONOutput.string(report.modelID)), ("ruleset_id", JSONOutput.string(report.rulesetID)),
            ("database", JSONOutput.string(database)),
        ] + challengers)
    }

    /// The screen a person reads: where the events ended, why clicks were flagged, who pays what, and what to try next.
    static func screen(_ report: JobReport, _ database: DuckDB, verdicts: String?) throws -> String {
        let t = report.inputs
        var out = "\n"
        func count(_ name: String, _ value: Int, _ note: String = "") {
            let label = name + String(repeating: " ", count: 12 - name.count)
            let digits = ProgressBar.grouped(value)
            let share = t.received > 0 && name != "received" ? String(format: "  %5.2f %%", 100 * Double(value) / Double(t.received)) : "         "
            out += "  \(label)\(String(repeating: " ", count: max(0, 14 - digits.count)))\(digits)\(share)  \(note)\n"
        }
        count("received", t.received)
        count("valid", t.valid, "\(t.billable) billable")
        count("fraud", t.fraud, "\(t.gross - t.billable) not billed")
        let conflicts = report.run.conflicts > 0 ? "; \(report.run.conflicts) say something else: duplicate_conflicts" : ""
        count("duplicate", t.duplicate, "same click_id within the hour" + conflicts)
        let lateCost = report.run.late > 0 ? ", \(report.run.lateCost) of cost" : ""
        count("late", t.late, "over 5 minutes behind\(lateCost); kept in late_clicks for `fraud reconcile`")
        count("rejected", t.rejected, "bad lines; kept in rejected_events")
        if report.run.relabelled > 0 { out += "\n  \(report.run.relabelled) valid clicks became fraud when their visitors left within a second\n" }
        if report.events > 0 {
            let rate = ProgressBar.grouped(Int(Double(report.events) / max(report.seconds, 1e-9)))
            out += String(format: "\n  %.2f s, ", report.seconds) + "\(rate) clicks/s, model \(report.modelID), rules \(report.rulesetID)\n"
        }
        if !report.challengerIDs.isEmpty {
            out += "  in shadow: \(report.challengerIDs.joined(separator: ", ")) (fraud model compare --db \(database.path))\n"
        }
        out += try section("Top reasons", reasons(database))
        out += try section("Top advertisers", advertisers(database))
        let path = database.path
        out += """

            Database: \(path)\(verdicts.map { ", verdicts: \($0)" } ?? "")
            Next: fraud audit list --db \(path) --limit 10
                  fraud bill --db \(path)
                  fraud report --db \(path) --by ad --per hour

            """
        return out
    }

    private static func section(_ title: String, _ table: OutputTable) -> String {
        guard !table.rows.isEmpty else { return "" }
        let lines = table.text.split(separator: "\n").map { "  " + $0 }
        return "\n\(title)\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func reasons(_ database: DuckDB) throws -> OutputTable {
        let rows = try database.query(
            """
            SELECT reasons[1] AS reason, ivt, count(*)::BIGINT AS clicks, sum(cost)::DECIMAL(19,4) AS cost
            FROM flagged_clicks GROUP BY ALL ORDER BY clicks DESC, reason LIMIT 12
            """
        ).rows
        return OutputTable(columns: ["reason", "ivt", "clicks", "cost"], rows: rows.map(cells))
    }

    private static func advertisers(_ database: DuckDB) throws -> OutputTable {
        let rows = try database.query(
            """
            SELECT advertiser_id, sum(click_count)::BIGINT AS clicks, sum(fraud_clicks)::BIGINT AS fraud,
                sum(total_cost)::DECIMAL(19,4) AS gross, sum(billable_cost)::DECIMAL(19,4) AS billable
            FROM click_aggregates_daily GROUP BY ALL ORDER BY gross DESC, advertiser_id LIMIT 8
            """
        ).rows
        return OutputTable(columns: ["advertiser_id", "clicks", "fraud", "gross", "billable"], rows: rows.map(cells))
    }

    /// Query values as cells.
    static func cells(_ row: [Value]) -> [Cell] {
        row.map { value in
            switch value {
            case .null: .null
            case .int(let number): .integer(Int(number))
            case .double(let number): .number(String(number))
            case .money(let money): .number(money.description)
            case .text(let text): .text(text)
            case .bool(let flag): .text(flag ? "true" : "false")
            case .time(let time): .text(time.description)
            case .date(let date): .text(date.description)
            case .blob(let bytes): .text("\(bytes.count) bytes")
            case .list(let values): .text(values.compactMap(\.text).joined(separator: " "))
            }
        }
    }
}

package import ClickModel

/// What is known of an archived event beside its input and its own verdict.
package struct ArchiveNote: Sendable {
    package var seq: Int64
    /// Of a scored click, as the stream scored it; NaN for any other event.
    package var score: Float
    /// What the last review said; nil when nobody decided.
    package var review: Label?
    /// What the stream's rows called the click before any reconciliation, when that is not its verdict.
    package var streamLabel: Label?
    /// What the stream's rows call it now, when that is not its verdict.
    package var currentLabel: Label?
    /// A short engagement made it fraud, or would have, had it been counted.
    package var isEngaged: Bool
    /// A late click whose id the stream counted within the hour around it: a replay.
    package var isReplay: Bool
}

/// The notes of a span of the archive, in event-time order: one for each row of `ClickArchive.read(order: .eventTime)`.
///
/// Joins and sorts are DuckDB's, and spill to its temporary folder at its memory limit. Here a batch of DuckDB's is held.
/// One thread.
package final class ArchiveNotes {
    private let rows: ArrowBatchReader?
    private var available = 0
    private var position = 0

    /// The farthest that an engagement may lie from its click, ms of event time: as in the stream.
    private static let engagementReach = 10 * EventTime.millisecondsPerMinute

    /// Bits of the number a note is read as.
    private enum Bits {
        static let reviewShift = 0
        static let streamShift = 2
        static let currentShift = 4
        static let engaged: Int64 = 64
        static let replay: Int64 = 128
    }

    /// - Parameters:
    ///   - archive: of the database whose label changes and engagements count.
    ///   - decisions: look up reviews, engagements and labels; else only scores and replays are told.
    ///   - hour: the time in which a click id is used once, ms.
    /// - Throws: `database`
    package init(_ archive: ClickArchive, _ span: ArchiveSpan, decisions: Bool, hour: Int64) throws(StorageError) {
        guard let sql = Self.statement(archive, span, decisions: decisions, hour: hour) else {
            rows = nil
            return
        }
        rows = try ArrowBatchReader(try archive.connection.connect(), sql)
    }

    private static func statement(_ archive: ClickArchive, _ span: ArchiveSpan, decisions: Bool, hour: Int64) -> String? {
        let lateStatus = "status = '\(EventStatus.late.name)'"
        let countedStatus = "status = '\(EventStatus.counted.name)'"
        guard let all = archive.scan(span, "click_id, ts, seq, score"), let late = archive.scan(span, "click_id, ts, seq", where: lateStatus),
            let around = archive.scan(span, margin: hour, "click_id, ts", where: countedStatus)
        else { return nil }
        var terms = ["CASE WHEN r.seq IS NULL THEN 0 ELSE \(Bits.replay) END"]
        // The late clicks are few: what the stream counted is looked at only where it has the id of one.
        var joins = """
            LEFT JOIN (
                SELECT DISTINCT l.seq FROM (\(late)) AS l
                JOIN (SELECT * FROM (\(around)) WHERE click_id IN (SELECT click_id FROM (\(late)))) AS c
                ON c.click_id = l.click_id AND abs(epoch_ms(c.ts) - epoch_ms(l.ts)) < \(hour)
            ) AS r ON r.seq = a.seq
            """
        if decisions {
            func code(_ column: String, _ shift: Int) -> String {
                "CASE \(column) WHEN 'valid' THEN \(Int(Label.valid.rawValue) << shift) WHEN 'fraud' THEN \(Int(Label.fraud.rawValue) << shift) ELSE 0 END"
            }
            terms += [
                code("coalesce(p.review, d.review)", Bits.reviewShift), code("d.stream", Bits.streamShift), code("d.now", Bits.currentShift),
                "CASE WHEN d.engaged OR e.seq IS NOT NULL THEN \(Bits.engaged) ELSE 0 END",
            ]
            joins += "\n" + decisionJoins(archive, span)
        }
        return "SELECT a.seq, coalesce(a.score, 'nan'::FLOAT) AS score, (\(terms.joined(separator: " + ")))::BIGINT AS note FROM (\(all)) AS a "
            + joins + " ORDER BY a.ts, a.seq"
    }

    /// SQL: `d` is what a click's label changes say, `p` what a person said, who may only have confirmed a label, `e` the clicks that an unmatched engagement belongs to.
    private static func decisionJoins(_ archive: ClickArchive, _ span: ArchiveSpan) -> String {
        var range = "click_ts < make_timestamp(\(span.end.start.milliseconds * 1000))"
        if let start = span.start { range += " AND click_ts >= make_timestamp(\(start.start.milliseconds * 1000))" }
        let clicks = archive.scan(span, "click_id, ts, seq", where: "click_id IN (SELECT click_id FROM unmatched_engagements)") ?? ""
        return """
            LEFT JOIN (
                SELECT click_id, click_ts, arg_max(to_label, rowid) AS now,
                    arg_max(to_label, rowid) FILTER (cause <> 'reconciliation') AS stream,
                    arg_max(to_label, rowid) FILTER (cause = 'review') AS review,
                    coalesce(bool_or(cause = 'engagement'), false) AS engaged
                FROM label_changes WHERE \(range) GROUP BY ALL
            ) AS d ON d.click_id = a.click_id AND d.click_ts = a.ts
            LEFT JOIN (
                SELECT click_id, click_ts, arg_max(label, rowid) AS review FROM reviews WHERE \(range) GROUP BY ALL
            ) AS p ON p.click_id = a.click_id AND p.click_ts = a.ts
            LEFT JOIN (
                SELECT DISTINCT c.seq FROM (\(clicks)) AS c JOIN unmatched_engagements AS u
                ON u.click_id = c.click_id AND abs(epoch_ms(u.ts) - epoch_ms(c.ts)) <= \(engagementReach)
            ) AS e ON e.seq = a.seq
            """
    }

    /// The next note; nil at the end.
    /// - Throws: `database`
    package func next() throws(StorageError) -> ArchiveNote? {
        guard let rows else { return nil }
        if position == available {
            position = 0
            available = try rows.next()
            if available == 0 { return nil }
        }
        defer { position += 1 }
        let bits = rows.columns[2].int64(position)
        func label(_ shift: Int) -> Label? { Label(rawValue: UInt8(truncatingIfNeeded: bits >> Int64(shift) & 3)) }
        return ArchiveNote(
            seq: rows.columns[0].int64(position), score: rows.columns[1].float(position), review: label(Bits.reviewShift),
            streamLabel: label(Bits.streamShift), currentLabel: label(Bits.currentShift), isEngaged: bits & Bits.engaged != 0,
            isReplay: bits & Bits.replay != 0)
    }
}

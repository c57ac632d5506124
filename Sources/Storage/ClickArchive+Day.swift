package import ClickModel

/// What is known of an archived day before any of it is scored again.
package struct ArchivedDay: Sendable {
    /// Events of the day by what became of them in the stream.
    package var counted: Int64 = 0
    package var duplicates: Int64 = 0
    package var late: Int64 = 0
    /// What scored the counted clicks, in order; several when the model or the rules changed within the day.
    package var scorers: [ScorerIDs] = []
    /// Archived events up to the end of the day, about: for showing progress.
    package var eventsToRead: Int64 = 0

    package struct ScorerIDs: Hashable, Sendable {
        package var modelID: String
        package var rulesetID: String
        package var listsID: String

        package init(modelID: String, rulesetID: String, listsID: String) {
            self.modelID = modelID
            self.rulesetID = rulesetID
            self.listsID = listsID
        }
    }

    package var events: Int64 { counted + duplicates + late }
}

extension ClickArchive {
    /// Spans of days to read one after the other: each begins with a day that has files, the last is `date` alone. Together they
    /// hold every archived click up to the end of `date`, those without a folder of their own too.
    ///
    /// - Parameter first: leave out what is before this day; nil for all there is.
    package func spans(from first: CivilDate?, through date: CivilDate) -> [ArchiveSpan] {
        var days: Set<CivilDate> = [date]
        forEachPublishedFile { folder, _, _ in
            if let day = CivilDate(String(folder.dropFirst("date=".count))), day < date, first.map({ day >= $0 }) ?? true { days.insert(day) }
        }
        if let first, first < date { days.insert(first) }
        let starts = days.sorted()
        let ends = starts.dropFirst() + [date.next]
        return zip(starts, ends).enumerated().map { i, days in
            ArchiveSpan(start: i == 0 ? first : days.0, end: days.1)
        }
    }

    /// Counts of a day, and what scored it.
    ///
    /// - Parameter first: where reading begins, for `eventsToRead`.
    /// - Throws: `database`
    package func day(_ date: CivilDate, readingFrom first: CivilDate?) throws(StorageError) -> ArchivedDay {
        var day = ArchivedDay()
        let span = ArchiveSpan(start: date, end: date.next)
        guard let scan = scan(span, "status, model_id, ruleset_id, lists_id") else { return day }
        let groups = try connection.query("SELECT status, model_id, ruleset_id, lists_id, count(*)::BIGINT FROM (\(scan)) GROUP BY ALL ORDER BY ALL")
        for row in groups.rows {
            let count = row[4].int ?? 0
            switch row[0].text {
            case EventStatus.counted.name:
                day.counted += count
                day.scorers.append(.init(modelID: row[1].text ?? "", rulesetID: row[2].text ?? "", listsID: row[3].text ?? ""))
            case EventStatus.duplicate.name: day.duplicates += count
            default: day.late += count
            }
        }
        let files = files(from: first, before: date.next).map(Self.literal).joined(separator: ", ")
        day.eventsToRead = try connection.query("SELECT count(*)::BIGINT FROM read_parquet([\(files)], hive_partitioning = false)").scalar.int ?? 0
        return day
    }

    /// SQL: rows of a span; nil when it has no file.
    /// - Parameters:
    ///   - margin: how much more of either side to take, ms.
    ///   - condition: SQL about a row.
    func scan(_ span: ArchiveSpan, margin: Int64 = 0, _ columns: String, where condition: String = "true") -> String? {
        let extra = margin > 0 ? 1 : Int64(0)
        let first = span.start.map { CivilDate(daysSince1970: $0.daysSince1970 - extra) }
        let files = files(from: first, before: CivilDate(daysSince1970: span.end.daysSince1970 + extra))
        guard !files.isEmpty else { return nil }
        var conditions = [condition, "ts < make_timestamp(\((span.end.start.milliseconds + margin) * 1000))"]
        if let start = span.start { conditions.append("ts >= make_timestamp(\((start.start.milliseconds - margin) * 1000))") }
        return "SELECT \(columns) FROM read_parquet([\(files.map(Self.literal).joined(separator: ", "))], hive_partitioning = false) "
            + "WHERE \(conditions.joined(separator: " AND "))"
    }
}

/// Days of an archive: from the start of the first to the start of the one after the last.
package struct ArchiveSpan: Hashable, Sendable {
    /// The first day; nil for the archive's beginning.
    package var start: CivilDate?
    /// The first day that is not in it.
    package var end: CivilDate
}

extension CivilDate {
    /// The day after.
    package var next: CivilDate { CivilDate(daysSince1970: daysSince1970 + 1) }
}

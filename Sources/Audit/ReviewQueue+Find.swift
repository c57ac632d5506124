package import ClickModel
package import Storage

/// Looking a single click up: among the flagged ones, then in the archive.
extension ReviewQueue {
    /// Which click is meant: an id may be used again after the deduplication hour.
    package struct Place: Sendable {
        package var clickID: String
        /// Its `ts`; nil for the newest flagged one, else the newest in the archive.
        package var time: EventTime?
        /// The only day of the archive to look at; nil for all, or that of `time`.
        package var date: CivilDate?

        package init(_ clickID: String, time: EventTime? = nil, date: CivilDate? = nil) {
            self.clickID = clickID
            self.time = time
            self.date = date
        }

        /// The day to look at in the archive.
        fileprivate var day: CivilDate? { date ?? time?.date }
    }

    /// A counted click; nil when no click of that id and time was counted, or it was valid and there is no archive.
    ///
    /// - Complexity: a click that is not flagged, or was flagged by an engagement, is found by a scan of the archive's ids, all
    ///   days of it unless the place narrows them.
    package func find(_ place: Place) throws(StorageError) -> ScoredClick? {
        var conditions = ["click_id = ?"]
        var parameters: [Value] = [.text(place.clickID)]
        if let time = place.time {
            conditions.append("ts = ?")
            parameters.append(.time(time))
        }
        if let date = place.date {
            conditions.append("ts::DATE = ?")
            parameters.append(.date(date))
        }
        let found = try flagged(conditions.joined(separator: " AND "), parameters, order: "ts DESC", limit: 1).first
        guard let found else { return try archived(place) }
        // The scorer's evidence is in the row; what an engagement flagged later has its input only in the archive.
        guard found.scoredLabel == .valid else { return found }
        return completed(found, with: try archived(Place(found.clickID, time: found.time)))
    }

    private func completed(_ flagged: ScoredClick, with archived: ScoredClick?) -> ScoredClick {
        guard let archived else { return flagged }
        var click = flagged
        click.details = archived.details
        click.firedRules = archived.firedRules
        return click
    }

    /// The newest counted click of the archive that fits, with its label of now.
    private func archived(_ place: Place) throws(StorageError) -> ScoredClick? {
        let rows = try archivedRows(place)
        let clicks = rows.rows.compactMap { ScoredClick(archived: $0, columns: rows.columns) }
        guard var click = clicks.filter({ place.time == nil || $0.time == place.time }).max(by: { $0.time < $1.time }) else { return nil }
        if let changed = try warehouse.currentLabel(clickID: click.clickID, at: click.time) { click.label = changed }
        return click
    }

    private func archivedRows(_ place: Place) throws(StorageError) -> ResultTable {
        try ClickArchive.find(database, clickID: place.clickID, from: place.day, before: place.day?.next)
    }

    /// Why a click was not found, in words: it was late, a duplicate, or is not known here.
    package func whyNotCounted(_ place: Place) throws(StorageError) -> String {
        let id = place.clickID
        let late = try database.query("SELECT ts FROM late_clicks WHERE click_id = ? ORDER BY ts DESC", [.text(id)])
        let lateTimes = late.rows.compactMap { $0[0].time }
        if let time = lateTimes.first(where: { place.time == nil || $0 == place.time }) {
            return "\(id) of \(time) came late: it is in no window and has no label; `fraud reconcile --date \(time.date)` scores and bills it"
        }
        let rows = try archivedRows(Place(id, date: place.day))
        if let status = rows.column("status"), let ts = rows.column("ts") {
            let duplicate = rows.rows.first { $0[status].text == EventStatus.duplicate.name && (place.time == nil || $0[ts].time == place.time) }
            if let time = duplicate?[ts].time {
                return "\(id) of \(time) is a duplicate, which is not counted: name the click that came first, by its --at"
            }
        }
        let hasArchive = try !ClickArchive(database).files().isEmpty
        return "\(id) is not among the flagged clicks of \(database.path)"
            + (hasArchive ? ", nor in its archive" : ", and there is no archive to look for valid ones in")
            + (place.time == nil && place.date == nil ? "" : " at that time")
    }
}

extension EventTime {
    /// The UTC day it lies in.
    var date: CivilDate {
        CivilDate(daysSince1970: windowStart(size: Self.millisecondsPerDay).milliseconds / Self.millisecondsPerDay)
    }
}

extension CivilDate {
    fileprivate var next: CivilDate { CivilDate(daysSince1970: daysSince1970 + 1) }
}

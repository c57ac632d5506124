package import ClickModel

/// One row of `epochs`: how far the input was read, and the totals of the whole database up to there.
package struct EpochRecord: Hashable, Sendable {
    /// Counts up from 1.
    package var epoch: Int64
    /// Key of the source being read; every source's own place is in `sources`.
    package var source: String
    /// Byte (or partition) offset behind the last event of the epoch.
    package var offset: Int64
    /// Cumulative.
    package var totals: EventTotals
    package var committedAt: EventTime
    /// A job's inputs ended here, so windows that were still open were written as they stood.
    package var isFinal: Bool

    package init(epoch: Int64, source: String, offset: Int64, totals: EventTotals, committedAt: EventTime, isFinal: Bool = false) {
        self.epoch = epoch
        self.source = source
        self.offset = offset
        self.totals = totals
        self.committedAt = committedAt
        self.isFinal = isFinal
    }
}

/// One row of `sources`: an input, known again by its first bytes, and how far it was read.
package struct SourceRecord: Hashable, Sendable {
    /// Key.
    package var source: String
    /// For people: a path, a topic.
    package var name: String
    /// Length and hash of the beginning by which the input is known again.
    package var prefixBytes: Int64
    package var prefixHash: String
    package var offset: Int64
    package var line: Int64
    /// Hash of the bytes before `offset`, where they can be read again; nil elsewhere.
    package var tailHash: String?
    package var finished: Bool
    /// Of this source alone.
    package var totals: EventTotals
    /// Cost of this source's valid and fraud clicks, and of the valid ones alone.
    package var grossCost: Money
    package var billableCost: Money
    /// The file of verdicts, and how much of it belongs to committed epochs; nil for none.
    package var verdictsPath: String?
    package var verdictsBytes: Int64

    package init(
        source: String, name: String, prefixBytes: Int64 = 0, prefixHash: String = "", offset: Int64 = 0, line: Int64 = 0,
        tailHash: String? = nil,
        finished: Bool = false, totals: EventTotals = EventTotals(), grossCost: Money = .zero, billableCost: Money = .zero,
        verdictsPath: String? = nil, verdictsBytes: Int64 = 0
    ) {
        self.source = source
        self.name = name
        self.prefixBytes = prefixBytes
        self.prefixHash = prefixHash
        self.offset = offset
        self.line = line
        self.tailHash = tailHash
        self.finished = finished
        self.totals = totals
        self.grossCost = grossCost
        self.billableCost = billableCost
        self.verdictsPath = verdictsPath
        self.verdictsBytes = verdictsBytes
    }
}

/// A change of the labels counted in a window row that the stream has already let go of. Several for one row add up.
package struct WindowCorrection: Hashable, Sendable {
    package enum Level: Sendable, CaseIterable { case minute, hour, day }

    package var level: Level
    package var adID: String
    /// These two find a day's row; minutes and hours are known by ad and start alone.
    package var campaignID: String
    package var advertiserID: String
    /// Start of the window; midnight UTC for a day.
    package var start: EventTime
    /// How many more of its clicks are valid, and so fewer are fraud.
    package var validDelta: Int64
    /// What those cost, with the same sign.
    package var validCostDelta: Money

    package init(
        level: Level, adID: String, campaignID: String, advertiserID: String, start: EventTime, validDelta: Int64, validCostDelta: Money
    ) {
        self.level = level
        self.adID = adID
        self.campaignID = campaignID
        self.advertiserID = advertiserID
        self.start = start
        self.validDelta = validDelta
        self.validCostDelta = validCostDelta
    }
}

/// Everything that becomes visible together. Reused: fill it, commit it, `removeAll()`.
///
/// Rows of the keyed tables are absolute totals of their key; of several rows with one key the last counts. Column orders
/// are those of the `WarehouseTable` constants. One thread owns it at a time, hence `@unchecked Sendable`.
package final class EpochCommit: @unchecked Sendable {
    package var record: EpochRecord
    /// The sources whose place changed.
    package var sources: [SourceRecord] = []
    /// Changes to rows that stand already; applied after the epoch's own rows are written.
    package var corrections: [WindowCorrection] = []
    /// Whether the state of the stream holds, from this epoch on, every label change that was waiting for it.
    package var appliesLabelChanges = false

    // Of keys that no row has yet, each once: appended, before the others are replaced.
    package let newMinutes = PortionedRows(.minutes, quarters: 1)
    package let newSessions = PortionedRows(.sessions, quarters: 16)
    // Keyed: replaced.
    package let minutes = WarehouseTable.minutes.builder()
    package let hours = WarehouseTable.hours.builder()
    package let days = WarehouseTable.days.builder()
    package let sessions = WarehouseTable.sessions.builder()
    /// Keys (`visitor, session_start`) of sessions that became part of another; deleted before `sessions` are written.
    package let removedSessions = ArrowTableBuilder([ArrowColumn("visitor", .text), ArrowColumn("session_start", .timestamp)])
    // Appended.
    package let duplicates = WarehouseTable.duplicates.builder()
    package let flagged = PortionedRows(.flagged, quarters: 4)
    package let late = WarehouseTable.late.builder()
    package let rejected = WarehouseTable.rejected.builder()
    /// The stream's own, which it has applied itself: `applied_epoch` is the epoch.
    package let labelChanges = WarehouseTable.labelChanges.builder()
    package let conflicts = WarehouseTable.conflicts.builder()
    package let unmatchedEngagements = WarehouseTable.unmatchedEngagements.builder()
    package let shadowVerdicts = WarehouseTable.shadowVerdicts.builder()
    package let shadowTotals = WarehouseTable.shadowTotals.builder()
    package let featureDrift = WarehouseTable.featureDrift.builder()

    package init(record: EpochRecord) { self.record = record }

    /// Forgets rows, sources and corrections, keeps the memory and the record.
    package func removeAll() {
        for builder in all { builder.removeAll() }
        for rows in portioned { rows.beginEpoch() }
        sources.removeAll(keepingCapacity: true)
        corrections.removeAll(keepingCapacity: true)
        appliesLabelChanges = false
    }

    /// Rows of the epoch that were handed over before it ended.
    package var handedOver: Int { portioned.reduce(0) { $0 + $1.handedOver } }

    private var portioned: [PortionedRows] { [newMinutes, newSessions, flagged] }

    /// The tables of which rows may be handed over.
    package static let portionedTables: [WarehouseTable] = [.minutes, .sessions, .flagged]

    /// Bytes of all rows.
    package var byteCount: Int { all.reduce(0) { $0 + $1.byteCount } }

    /// Whether it should be committed now, whatever the clock says: a builder is full.
    package var isFull: Bool { all.contains { $0.isFull } }

    private var all: [ArrowTableBuilder] {
        [
            newMinutes.rows, newSessions.rows, minutes, hours, days, duplicates, sessions, removedSessions, flagged.rows, late, rejected,
            labelChanges, conflicts, unmatchedEngagements, shadowVerdicts, shadowTotals, featureDrift,
        ]
    }
}

internal import CClickRecord
package import ClickModel

/// What became of a short engagement.
package enum EngagementOutcome: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// Its click was valid and is fraud now.
    case relabelled
    /// Its click is fraud already, or a person or the batch layer decided on it.
    case unchanged
    /// Its click is not known: it was not counted (yet), or is forgotten. The engagement waits for it.
    case unknownClick
    /// Its click is known, but more than ten minutes away.
    case tooFar
}

/// A counted click that changed its label. Lent to the closure of `WindowStore.engage`: its texts are gone when that returns.
package struct Relabelling: ~Copyable {
    package let adID: UnsafeRawBufferPointer
    package let campaignID: UnsafeRawBufferPointer
    package let advertiserID: UnsafeRawBufferPointer
    /// Event time of the click, epoch ms, held to `EventBounds`.
    package let clickTime: Int64
    package let cost: Money
    /// The score and the source that `remember` was given.
    package let score: Float
    package let source: UInt64
    package let from: Label
    package let to: Label
    /// Levels whose cell is gone, their row final: it has to be corrected in its table. The other levels' rows come with
    /// the next `drain` (a minute's not before the watermark reached its end).
    package let closed: WindowLevels
}

extension WindowStore {
    /// Clicks remembered.
    package var recentClickCount: Int { recent.count }
    /// Clicks forgotten before they expired, because of `maximumRecentClicks`: an engagement no longer finds them.
    package var forgottenClicks: Int { recent.forgotten }
    /// Engagements that wait for their click.
    package var waitingEngagementCount: Int { waiting.count }
    /// Engagements dropped before they expired, because of `maximumWaitingEngagements`, or because 8 of their id were waiting.
    package var forgottenEngagements: Int { waiting.forgotten }

    /// Remembers a click that `add` just counted, so that an engagement finds it.
    ///
    /// - Parameters:
    ///   - source: a hash of the click's source, handed back with its relabelling.
    ///   - watermark: the stream's at the click's arrival.
    /// - Returns: an engagement that came before this click and is within reach of it, if the click is valid; it waits no
    ///   longer, and the caller now calls `engage` with it. Of several the nearest in time, of equals the first.
    /// - Complexity: O(1) amortized; no allocation in a steady state.
    package mutating func remember(
        record: UnsafePointer<ClickRecord>, label: Label, score: Float, source: UInt64, watermark: Int64
    ) -> WaitingEngagement? {
        notice(watermark)
        let dimension = cells.cell(dayCell(of: record)).pointee.dimension
        dimensions.retain(dimension)
        let ts = EventBounds.clamp(record.pointee.ts_ms)
        let id = (record.pointee.click_id_hash.0, record.pointee.click_id_hash.1)
        recent.append(
            RecentClicks.Click(
                id: id, ts: ts, expires: recent.expiry.of(ts, at: watermark), cost: max(record.pointee.cost_e4, 0), source: source),
            score: score, dimension: dimension, label: label, watermark: watermark, &dimensions)
        guard waiting.count > 0, label == .valid else { return nil }
        return waiting.take(id, near: ts, watermark: watermark)
    }

    /// Takes a short engagement: its click, if it was counted as valid, is fraud from now on, in the live cells too.
    ///
    /// The click is the remembered one of the id that is nearest in time, of equals the first. Nothing depends on when the
    /// store was drained.
    ///
    /// - Parameters:
    ///   - ts: event time of the engagement, ms.
    ///   - watermark: the stream's at its arrival.
    ///   - relabelled: called once if the outcome is `relabelled`, after the cells were corrected.
    /// - Complexity: O(chunks of remembered clicks), at most 129 cache misses, and O(1) amortized for each click since the
    ///   last engagement.
    package mutating func engage(
        idHash: (UInt64, UInt64), ts time: Int64, dwellMilliseconds: Int64, watermark: Int64,
        relabelled: (borrowing Relabelling) -> Void
    ) -> EngagementOutcome {
        notice(watermark)
        let ts = EventBounds.clamp(time)
        guard let click = recent.nearest(idHash, to: ts, watermark: watermark) else {
            waiting.add(
                WaitingEngagements.Entry(
                    id: idHash, ts: ts, expires: recent.expiry.of(ts, at: watermark), dwell: dwellMilliseconds),
                watermark: watermark)
            return .unknownClick
        }
        let details = recent.details(click.pointee)
        guard abs(ts - details.ts) <= EngagementExpiry.reach else { return .tooFar }
        guard click.pointee.label == .valid, !click.pointee.isDecided else { return .unchanged }
        click.pointee.label = .fraud
        let entry = click.pointee
        let triple = dimensions.entries[Int(entry.dimension)]
        let closed = correct(
            ts: details.ts, cost: details.cost, ad: triple.ad, campaign: triple.campaign, advertiser: triple.advertiser, to: .fraud)
        dimensions.withTexts(entry.dimension) { ad, campaign, advertiser in
            relabelled(
                Relabelling(
                    adID: ad, campaignID: campaign, advertiserID: advertiser, clickTime: details.ts, cost: Money(e4: details.cost),
                    score: entry.score, source: details.source, from: .valid, to: .fraud, closed: closed))
        }
        return .relabelled
    }

    /// Takes a relabelling that was decided outside of the stream (a review, a reconciliation) and stands in the tables
    /// already: corrects the live cells, and marks the remembered click as decided, so that no engagement overrides it.
    ///
    /// - Parameters:
    ///   - ts: the click's event time, ms: with the id it names the remembered click.
    ///   - cost: the click's, in 1/10000 units, not negative.
    ///   - from: the same as `to` when the label was confirmed: the click is then only marked.
    ///   - isDecided: a person said so: no engagement overrides it.
    package mutating func apply(
        idHash: (UInt64, UInt64), ts time: Int64, cost: Int64, ad: UInt64, campaign: UInt64, advertiser: UInt64, from: Label, to: Label,
        isDecided: Bool = true
    ) {
        let ts = EventBounds.clamp(time)
        if let click = recent.nearest(idHash, to: ts, watermark: .min), recent.details(click.pointee).ts == ts {
            click.pointee.label = to
            if isDecided { click.pointee.isDecided = true }
        }
        guard from != to else { return }
        _ = correct(ts: ts, cost: max(cost, 0), ad: ad, campaign: campaign, advertiser: advertiser, to: to)
    }

    /// Moves one click to the other label in its live cells; returns the levels whose cell is gone.
    private mutating func correct(ts: Int64, cost: Int64, ad: UInt64, campaign: UInt64, advertiser: UInt64, to: Label) -> WindowLevels {
        let triple = DimensionTable.mix(ad, campaign, advertiser)
        var closed: WindowLevels = []
        for level in WindowLevel.allCases {
            let number = cells.find(
                level, key: level == .day ? triple : ad, start: EventBounds.windowStart(ts, size: level.milliseconds))
            guard number != CellTable.none else {
                closed.insert(WindowLevels(level))
                continue
            }
            let cell = cells.cell(number)
            let sign: Int64 = to == .valid ? 1 : -1
            cell.pointee.valid += sign
            // A sum that reached its end stays there: what it would be without this click is not known.
            if cell.pointee.validCost != .max { cell.pointee.validCost = EventBounds.saturatingSum(cell.pointee.validCost, sign * cost) }
            markDirty(cell, number)
        }
        return closed
    }

    /// Day cell of the click that was added last.
    @inline(__always)
    private func dayCell(of record: UnsafePointer<ClickRecord>) -> UInt32 {
        let triple = DimensionTable.mix(record.pointee.ad_hash, record.pointee.campaign_hash, record.pointee.advertiser_hash)
        if lastDay != CellTable.none {
            let day = cells.cell(lastDay)
            if day.pointee.key == triple && day.pointee.level == .day && day.pointee.isLive { return lastDay }
        }
        let start = EventBounds.windowStart(EventBounds.clamp(record.pointee.ts_ms), size: EventTime.millisecondsPerDay)
        let found = cells.find(.day, key: triple, start: start)
        precondition(found != CellTable.none, "only a click that was just counted can be remembered")
        return found
    }

    /// When the watermark was taken back: sees to it that no time believed before holds memory for longer than others.
    @inline(__always)
    private mutating func notice(_ watermark: Int64) {
        if watermark < latestWatermark {
            // What a drain would have dropped before goes now, so that nothing depends on whether there was one.
            recent.expire(latestWatermark, &dimensions)
            waiting.expire(latestWatermark)
            let bound = recent.expiry.latest(at: watermark)
            recent.settle(bound)
            waiting.settle(bound)
        }
        latestWatermark = watermark
    }
}

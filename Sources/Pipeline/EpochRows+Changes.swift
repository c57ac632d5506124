internal import CClickRecord
internal import ClickModel
internal import Scoring
internal import Storage
package import Windows

/// Rows about what changed after it was counted: sessions that grew, labels that moved.
extension EpochRows {
    package func appendSession(_ row: borrowing SessionRow) {
        guard !row.isRemoved else {
            let out = commit.removedSessions
            out.append(text: row.visitor)
            out.append(time: EventTime(milliseconds: row.startMilliseconds))
            out.endRow()
            return
        }
        commit.appendSession(
            visitor: row.visitor, start: row.startMilliseconds, end: row.endMilliseconds, clicks: row.clickCount, ads: row.distinctAds,
            cost: row.totalCost.e4, epoch: epoch, isNew: row.isNew && knowsRows)
        handOver(commit.newSessions)
    }

    /// A short engagement whose click was not known when it came.
    func appendUnmatchedEngagement(_ record: UnsafePointer<ClickRecord>, arena: UnsafePointer<UInt8>) {
        let out = commit.unmatchedEngagements
        out.append(text: Self.bytes(record.pointee.click_id, arena))
        out.append(time: EventTime(milliseconds: record.pointee.ts_ms))
        out.append(int64: Int64(max(0, record.pointee.dwell_ms)))
        appendOrigin(record, to: out)
    }

    /// A click that an engagement relabelled: its history, its line among the flagged ones, and what must move in windows
    /// that are final.
    func appendRelabelling(
        _ change: borrowing Relabelling, clickID: TextRange, arena: UnsafePointer<UInt8>, engagementTime: Int64, dwell: Int64, scorer: Scorer
    ) {
        let (id, time) = (Self.bytes(clickID, arena), EventTime(milliseconds: change.clickTime))
        let out = commit.labelChanges
        out.append(text: id)
        out.append(time: time)
        for text in [change.adID, change.campaignID, change.advertiserID] { out.append(text: text) }
        out.append(money: change.cost)
        out.append(text: change.from.name)
        out.append(text: change.to.name)
        out.append(text: LabelChange.Cause.engagement.rawValue)
        out.append(text: "stream")
        out.append(text: "dwell_ms \(dwell)")
        out.append(time: EventTime(milliseconds: engagementTime))
        out.append(int64: epoch)
        out.append(int64: epoch)
        out.endRow()
        appendBounced(change, id, time, scorer)
        let sign: Int64 = change.to == .valid ? 1 : -1
        for level in WindowLevel.allCases where change.closed.contains(WindowLevels(level)) {
            commit.corrections.append(
                WindowCorrection(
                    level: level == .minute ? .minute : level == .hour ? .hour : .day, adID: String(decoding: change.adID, as: UTF8.self),
                    campaignID: String(decoding: change.campaignID, as: UTF8.self),
                    advertiserID: String(decoding: change.advertiserID, as: UTF8.self), start: time.windowStart(size: level.milliseconds),
                    validDelta: sign, validCostDelta: sign > 0 ? change.cost : Money.zero - change.cost))
        }
    }

    /// What is known of a click minutes after it was scored; the archive has the rest.
    private func appendBounced(_ change: borrowing Relabelling, _ id: UnsafeRawBufferPointer, _ time: EventTime, _ scorer: Scorer) {
        let out = commit.flagged.rows
        out.append(text: id)
        out.append(time: time)
        for text in [change.adID, change.campaignID, change.advertiserID] { out.append(text: text) }
        // publisher to audience, ip, agent, referrer, country, user, device
        for _ in 0..<10 { out.appendNull() }
        out.append(money: change.cost)
        out.append(float: change.score)
        out.append(text: InvalidTraffic.sivt.name)
        out.append(text: LabelChange.Cause.engagement.rawValue)
        out.append(texts: [Self.bounceReason])
        out.append(texts: [])
        out.append(floats: [])
        out.append(text: scorer.modelID)
        out.append(text: scorer.rulesetID)
        out.append(text: sourceKey(change.source))
        out.appendNull()
        out.append(int64: epoch)
        out.endRow()
    }

    /// The reason code of a click whose visitor left within a second, as the rules name it.
    private static let bounceReason = "instant_bounce"
}

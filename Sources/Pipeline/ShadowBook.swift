internal import CClickRecord
internal import ClickModel
internal import Features
internal import LogisticModel
internal import Scoring
internal import Storage

/// Books what the challengers say of each counted click, beside the champion's verdict: totals of an epoch by day, and the clicks
/// worth a look.
///
/// It holds nothing across epochs, so there is nothing of it in a snapshot: its rows are of their epoch alone, and become
/// visible with it.
final class ShadowBook {
    let scorer: ShadowScorer
    private let championID: String
    private let championThreshold: Float
    /// `Figure.allCases` for each model, one after the other.
    private var totals: DayCounts

    /// Figures of a day and a model; costs in ten-thousandths.
    private enum Figure: Int, CaseIterable {
        case clicks, championFraud, challengerFraud, bothFraud
        case cost, championFraudCost, challengerFraudCost, bothFraudCost
    }

    init(_ scorer: ShadowScorer, champion: Scorer) {
        self.scorer = scorer
        championID = champion.modelID
        championThreshold = champion.threshold
        totals = DayCounts(width: scorer.models.count * Figure.allCases.count)
    }

    /// Counts a click; `row` is its row in the block, which the challengers scored last.
    func count(
        _ record: UnsafePointer<ClickRecord>, _ arena: UnsafePointer<UInt8>, row: Int, verdict: Verdict, champion: Scorer, block: FeatureBlock,
        into rows: EpochRows
    ) {
        let cost = Money(e4: record.pointee.cost_e4)
        let isFraud = verdict.label == .fraud
        totals.withCounts(at: record.pointee.ts_ms) { figures in
            for model in scorer.models.indices {
                let isFraudToo = scorer.label(model: model, row: row, champion: verdict) == .fraud
                let own = figures + model * Figure.allCases.count
                func add(_ clicks: Figure, _ money: Figure) {
                    own[clicks.rawValue] += 1
                    own[money.rawValue] = (Money(e4: own[money.rawValue]) + cost).e4
                }
                add(.clicks, .cost)
                if isFraud { add(.championFraud, .championFraudCost) }
                if isFraudToo { add(.challengerFraud, .challengerFraudCost) }
                if isFraud && isFraudToo { add(.bothFraud, .bothFraudCost) }
            }
        }
        let isHigh = verdict.score >= championThreshold
        for model in scorer.models.indices {
            let label = scorer.label(model: model, row: row, champion: verdict)
            let score = scorer.score(model: model, row: row)
            guard isHigh || label != verdict.label || score >= scorer.models[model].threshold else { continue }
            rows.appendShadow(record, arena, champion: champion, verdict, model: scorer.modelIDs[model], label, score, block: block, row: row)
        }
    }

    /// Writes the totals of the epoch, and begins anew.
    func close(into rows: EpochRows) {
        let out = rows.commit.shadowTotals
        totals.forEach { day, figures in
            for (model, id) in scorer.modelIDs.enumerated() {
                let own = figures.dropFirst(model * Figure.allCases.count).prefix(Figure.allCases.count)
                guard own.first != 0 else { continue }
                out.append(days: Int32(truncatingIfNeeded: day))
                out.append(text: championID)
                out.append(text: id)
                for count in own.prefix(4) { out.append(int64: count) }
                for cost in own.dropFirst(4) { out.append(money: Money(e4: cost)) }
                out.append(int64: rows.epoch)
                out.endRow()
            }
        }
        totals.removeAll()
    }
}

extension EpochRows {
    func appendShadow(
        _ record: UnsafePointer<ClickRecord>, _ arena: UnsafePointer<UInt8>, champion: Scorer, _ verdict: Verdict, model: String, _ label: Label,
        _ score: Float, block: FeatureBlock, row: Int
    ) {
        let out = commit.shadowVerdicts
        out.append(text: Self.bytes(record.pointee.click_id, arena))
        out.append(time: EventTime(milliseconds: record.pointee.ts_ms))
        append([record.pointee.ad_id, record.pointee.campaign_id, record.pointee.advertiser_id, record.pointee.publisher_id], arena, to: out)
        out.append(money: Money(e4: record.pointee.cost_e4))
        out.append(text: champion.modelID)
        out.append(text: verdict.label.name)
        out.append(float: verdict.score)
        out.append(text: model)
        out.append(text: label.name)
        out.append(float: score)
        if verdict.decidingRule >= 0 { out.append(text: champion.ruleIDs[Int(verdict.decidingRule)]) } else { out.appendNull() }
        if label != verdict.label {
            out.append(floats: block.values + row, count: Feature.count, stride: block.stride)
        } else {
            out.append(floats: [])
        }
        appendOrigin(record, to: out)
    }
}

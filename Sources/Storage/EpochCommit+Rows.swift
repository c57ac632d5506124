package import CClickRecord

/// What a flagged click's row says beside the click itself. Lent: its texts are copied.
package struct FlaggedVerdict {
    package var score: Float
    /// Bits of the reasons and of the rules among their names.
    package var furtherReasons: UInt64
    package var rules: UInt64
    /// What decided, among the names of those that decide, and its reason.
    package var decider: Int
    /// The kind of invalid traffic, among its names.
    package var trafficClass: Int
    /// Feature values, `featureStride` apart.
    package var features: UnsafePointer<Float>
    package var featureCount: Int
    package var featureStride: Int

    package init(
        score: Float, furtherReasons: UInt64, rules: UInt64, decider: Int, trafficClass: Int, features: UnsafePointer<Float>, featureCount: Int,
        featureStride: Int
    ) {
        self.score = score
        self.furtherReasons = furtherReasons
        self.rules = rules
        self.decider = decider
        self.trafficClass = trafficClass
        self.features = features
        self.featureCount = featureCount
        self.featureStride = featureStride
    }
}

/// The names that rows of flagged clicks repeat.
package final class FlaggedNames: Sendable {
    /// Of each decider its reason.
    let reasons: NameBytes
    let rules: NameBytes
    let deciders: NameBytes
    let trafficClasses: NameBytes
    /// Model, rule set.
    let versions: NameBytes

    package init(reasons: [String], rules: [String], deciders: [String], trafficClasses: [String], modelID: String, rulesetID: String) {
        self.reasons = NameBytes(reasons)
        self.rules = NameBytes(rules)
        self.deciders = NameBytes(deciders)
        self.trafficClasses = NameBytes(trafficClasses)
        versions = NameBytes([modelID, rulesetID])
    }
}

/// Whole rows of the tables that get most of them.
extension EpochCommit {
    /// A row of `WarehouseTable.flagged`.
    ///
    /// - Complexity: O(bytes); allocates only while the rows grow beyond what they ever were.
    package func appendFlagged(
        _ record: UnsafePointer<fraud_click_record>, arena: UnsafePointer<UInt8>, _ verdict: FlaggedVerdict, _ names: FlaggedNames,
        source: UnsafeRawBufferPointer, epoch: Int64
    ) {
        @inline(__always) func text(_ range: fraud_text) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: arena + Int(range.offset), count: Int(range.length))
        }
        flagged.add { rows in
            var row = rows.newRow()
            row.add(text: text(record.pointee.click_id))
            row.add(time: record.pointee.ts_ms)
            row.add(textOrNull: text(record.pointee.ad_id))
            row.add(textOrNull: text(record.pointee.campaign_id))
            row.add(textOrNull: text(record.pointee.advertiser_id))
            row.add(textOrNull: text(record.pointee.publisher_id))
            row.add(textOrNull: text(record.pointee.placement_id))
            row.add(textOrNull: text(record.pointee.creative_id))
            row.add(textOrNull: text(record.pointee.audience_id))
            row.add(textOrNull: text(record.pointee.ip))
            row.add(textOrNull: text(record.pointee.user_agent))
            row.add(textOrNull: text(record.pointee.referrer))
            row.add(country: record.pointee.country)
            row.add(textOrNull: text(record.pointee.user_id))
            row.add(textOrNull: text(record.pointee.device_fingerprint))
            row.add(money: record.pointee.cost_e4)
            row.add(float: verdict.score)
            row.add(text: names.trafficClasses[verdict.trafficClass])
            row.add(text: names.deciders[verdict.decider])
            row.add(texts: names.reasons, first: verdict.decider, selectedBy: verdict.furtherReasons)
            row.add(texts: names.rules, selectedBy: verdict.rules)
            row.add(floats: verdict.features, count: verdict.featureCount, stride: verdict.featureStride)
            row.add(text: names.versions[0])
            row.add(text: names.versions[1])
            row.add(text: source)
            row.add(int64: record.pointee.source_offset)
            row.add(int64: epoch)
            rows.end(row)
        }
    }

    /// A row of `WarehouseTable.sessions`.
    /// - Parameter isNew: no row of its key was written before.
    /// - Complexity: As `appendFlagged`.
    package func appendSession(
        visitor: UnsafeRawBufferPointer, start: Int64, end: Int64, clicks: Int64, ads: Int64, cost: Int64, epoch: Int64, isNew: Bool
    ) {
        @inline(__always) func add(to rows: ArrowTableBuilder) {
            var row = rows.newRow()
            row.add(text: visitor)
            row.add(time: start)
            row.add(time: end)
            row.add(int64: clicks)
            row.add(int64: ads)
            row.add(int64: end - start)
            row.add(money: cost)
            row.add(int64: epoch)
            rows.end(row)
        }
        if isNew { newSessions.add(add) } else { add(to: sessions) }
    }
}

internal import CClickRecord
package import ClickModel
internal import Sketches
internal import Storage

/// Clicks and their money.
package struct ClickSum: Hashable, Sendable {
    package var clicks: Int64 = 0
    package var cost = Money.zero
    /// Those called valid, which are billed.
    package var valid: Int64 = 0
    package var billable = Money.zero

    package init() {}

    package init(clicks: Int64, cost: Money, valid: Int64, billable: Money) {
        (self.clicks, self.cost, self.valid, self.billable) = (clicks, cost, valid, billable)
    }

    package var fraud: Int64 { clicks - valid }

    @inline(__always)
    mutating func add(_ cost: Money, _ label: Label) {
        clicks += 1
        self.cost += cost
        guard label == .valid else { return }
        valid += 1
        billable += cost
    }

    package static func + (a: ClickSum, b: ClickSum) -> ClickSum {
        ClickSum(clicks: a.clicks + b.clicks, cost: a.cost + b.cost, valid: a.valid + b.valid, billable: a.billable + b.billable)
    }

    package static func - (a: ClickSum, b: ClickSum) -> ClickSum {
        ClickSum(clicks: a.clicks - b.clicks, cost: a.cost - b.cost, valid: a.valid - b.valid, billable: a.billable - b.billable)
    }
}

/// What stream and batch say of one ad on one day.
package struct ReconciledAd: Sendable {
    package let adID: String
    package let campaignID: String
    package let advertiserID: String
    /// Clicks the stream counted, called as it called them: by its verdict, an engagement, or a person.
    package var stream = ClickSum()
    /// The same clicks, called as the stream's rows call them now, that is after earlier reconciliations.
    package var current = ClickSum()
    /// The same clicks, called as the batch calls them.
    package var counted = ClickSum()
    /// Those among them that the batch does not count: their id was counted within the hour before.
    package var repeated = ClickSum()
    /// Late clicks that the batch counts.
    package var late = ClickSum()
    /// What the stream's daily row bills; as it stood before the labels of this reconciliation.
    package var rowBillable = ClickSum()

    package var batch: ClickSum { counted - repeated + late }
    /// What the stream's row bills once the labels have moved; of its clicks and cost nothing is told.
    package var relabelledRow: ClickSum { rowBillable + counted - current }

    init(adID: String, campaignID: String, advertiserID: String) {
        (self.adID, self.campaignID, self.advertiserID) = (adID, campaignID, advertiserID)
    }
}

/// The ads of a day, by the hashes of their ids.
struct ReconciledAds: ~Copyable {
    private struct Key: Hashable {
        var ad: UInt64
        var campaign: UInt64
        var advertiser: UInt64
    }

    private var places: [Key: Int] = [:]
    var all: [ReconciledAd] = []
    /// Visitors of what the batch counts, place by place.
    private var visitors: [HyperLogLog] = []
    private let memory = SketchMemory()

    /// The place of a click's ad.
    @inline(__always)
    mutating func place(of record: UnsafePointer<ClickRecord>, _ batch: ClickBatch) -> Int {
        let key = Key(ad: record.pointee.ad_hash, campaign: record.pointee.campaign_hash, advertiser: record.pointee.advertiser_hash)
        if let place = places[key] { return place }
        return append(
            key,
            ReconciledAd(
                adID: batch.string(record.pointee.ad_id) ?? "", campaignID: batch.string(record.pointee.campaign_id) ?? "",
                advertiserID: batch.string(record.pointee.advertiser_id) ?? ""))
    }

    private mutating func append(_ key: Key, _ ad: ReconciledAd) -> Int {
        places[key] = all.count
        all.append(ad)
        visitors.append(HyperLogLog())
        return all.count - 1
    }

    /// Counts a click's visitor; one without user, device and address is none.
    @inline(__always)
    mutating func addVisitor(_ record: UnsafePointer<ClickRecord>, at place: Int) {
        guard record.pointee.visitor_hash != 0 else { return }
        visitors[place].add(record.pointee.visitor_hash, memory)
    }

    /// Takes a row of the stream; a row without a click in the archive becomes an ad of its own.
    mutating func add(_ row: Warehouse.StreamDay) {
        let key = Key(
            ad: MurmurHash3.hash64(row.adID), campaign: MurmurHash3.hash64(row.campaignID), advertiser: MurmurHash3.hash64(row.advertiserID))
        let place = places[key] ?? append(key, ReconciledAd(adID: row.adID, campaignID: row.campaignID, advertiserID: row.advertiserID))
        all[place].rowBillable = ClickSum(clicks: row.clicks, cost: .zero, valid: row.billableClicks, billable: row.billable)
    }

    /// Calls `body` with each ad, its visitors' estimate and the stored form of their sketch, by advertiser, campaign and ad.
    borrowing func forEach(_ body: (ReconciledAd, _ uniqueUsers: Int64, _ sketch: [UInt8]) throws -> Void) rethrows {
        let order = all.indices.sorted { a, b in
            (all[a].advertiserID, all[a].campaignID, all[a].adID) < (all[b].advertiserID, all[b].campaignID, all[b].adID)
        }
        for place in order { try body(all[place], visitors[place].roundedEstimate, visitors[place].serialized()) }
    }
}

/// What a reconciliation of a day found.
package struct ReconciledDay: Sendable {
    package let date: CivilDate
    /// By advertiser, campaign and ad.
    package internal(set) var ads: [ReconciledAd] = []
    /// Clicks that the stream counted and the batch scored again, and how many of them both call the same.
    package internal(set) var clicks: Int64 = 0
    package internal(set) var agreeing: Int64 = 0
    /// Clicks among them whose score is not, bit for bit, what the stream gave.
    package internal(set) var scoreDifferences: Int64 = 0
    /// Duplicates that the stream found.
    package internal(set) var streamDuplicates: Int64 = 0
    /// Late clicks that are not counted: their id was counted within the hour around them.
    package internal(set) var lateReplays: Int64 = 0
    /// Clicks that the stream counted although their id was counted within the hour before them.
    package internal(set) var countedTwice: Int64 = 0
    package internal(set) var modelID = ""
    package internal(set) var rulesetID = ""
    /// Archived events read, warm-up included, and how long that took.
    package internal(set) var events = 0
    package internal(set) var seconds = 0.0
    /// What a person should know.
    package internal(set) var notes: [String] = []

    /// Archived events that are not counted because their id was. With `clicks` and the late ones these are all of the day.
    package var duplicates: Int64 { streamDuplicates + lateReplays + countedTwice }
    package var stream: ClickSum { ads.reduce(ClickSum()) { $0 + $1.stream } }
    package var batch: ClickSum { ads.reduce(ClickSum()) { $0 + $1.batch } }
    package var late: ClickSum { ads.reduce(ClickSum()) { $0 + $1.late } }
}

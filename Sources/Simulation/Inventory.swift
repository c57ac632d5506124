/// The ads that are sold and the sites they stand on. Ad a belongs to campaign a mod campaigns, that to advertiser
/// c mod advertisers. Everything derives from the seed; only the prices are stored.
struct Inventory: Sendable {
    private let seed: UInt64
    let ads: Int
    let campaigns: Int
    let advertisers: Int
    let publishers: Int
    /// Usual price of a click on each ad, 1/10000 units: log-normal, median 0.45, so heavy-tailed.
    private let baseCost: [Int32]
    private let adOffset: Double
    private let publisherOffset: Double

    init(_ options: SimulationOptions) {
        seed = SplitMix64.mix(options.seed, 201)
        ads = options.ads
        campaigns = options.campaigns
        advertisers = options.advertisers
        publishers = options.publishers
        adOffset = max(1, Double(ads) / 40)
        publisherOffset = max(1, Double(publishers) / 30)
        var rng = SplitMix64(seed: seed)
        baseCost = (0..<ads).map { _ in Int32(min(600_000, max(40, rng.logNormal(median: 4500, sigma: 1.1)))) }
    }

    func campaign(ofAd ad: Int) -> Int { ad % campaigns }
    func advertiser(ofAd ad: Int) -> Int { ad % campaigns % advertisers }

    /// An ad, popular ones more often: few ads get most of the clicks.
    func ad(_ hash: UInt64) -> Int { spread(SplitMix64.zipf(ads, offset: adOffset, unit: SplitMix64.unit(hash)), ads, 202) }

    func publisher(_ hash: UInt64) -> Int {
        spread(SplitMix64.zipf(publishers, offset: publisherOffset, unit: SplitMix64.unit(hash)), publishers, 203)
    }

    /// A site of the small ones: where fraud pays its owner.
    func smallPublisher(_ hash: UInt64) -> Int {
        spread(publishers - 1 - SplitMix64.below((publishers * 2 + 2) / 3, hash), publishers, 203)
    }

    /// An ad of this advertiser.
    func ad(ofAdvertiser advertiser: Int, _ hash: UInt64) -> Int {
        let own = (campaigns - advertiser + advertisers - 1) / advertisers
        let campaign = advertiser + SplitMix64.below(own, hash) * advertisers
        let rows = (ads - campaign + campaigns - 1) / campaigns
        return campaign + SplitMix64.below(rows, SplitMix64.mix(hash, 204)) * campaigns
    }

    /// The dearest of a few random ads: what a competitor aims at.
    func expensiveAd(_ hash: UInt64) -> Int {
        var best = SplitMix64.below(ads, hash)
        for salt in 0..<6 as Range<UInt64> {
            let other = SplitMix64.below(ads, SplitMix64.mix(hash, 300 + salt))
            if baseCost[other] > baseCost[best] { best = other }
        }
        return best
    }

    /// Price of one click: the ad's usual one, 20 % up or down.
    func cost(ofAd ad: Int, _ rng: inout SplitMix64) -> Int64 {
        Int64(Double(baseCost[ad]) * (0.8 + 0.4 * rng.unit()))
    }

    func placement(ofPublisher publisher: Int, _ rng: inout SplitMix64) -> UInt8 {
        UInt8(rng.below(1 + SplitMix64.below(6, SplitMix64.mix(seed, UInt64(publisher)))))
    }

    /// Scatters ranks over ids (so that ad-0 is not the most popular): a rotation.
    private func spread(_ rank: Int, _ count: Int, _ salt: UInt64) -> Int {
        (rank + SplitMix64.below(count, SplitMix64.mix(seed, salt))) % count
    }
}

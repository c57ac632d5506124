internal import CClickRecord
internal import ClickModel

extension FeatureExtractor {
    /// Pairs: visitor and ad, address and ad, network and advertiser.
    func pairStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            if row + Prefetch.keys < clicks.count { prefetchPairs(clicks[row + Prefetch.keys]) }
            if row + Prefetch.state < clicks.count { prefetchPairStates(clicks[row + Prefetch.state]) }
            let c = clicks[row].pointee
            let now = c.ts_ms
            if !Visitor.isKnown(c) {
                columns.set(.visitorAdClicks1h, row, .nan)
                columns.set(.visitorAdSecondsSinceLast, row, .nan)
            } else {
                let (state, fresh) = visitorAds.state(of: fraud_mix(c.visitor_hash, c.ad_hash), now: now, horizon: clicks.horizon)
                let (count, gap) = state.pointee.add(now: now, fresh: fresh)
                columns.set(.visitorAdClicks1h, row, count)
                columns.set(.visitorAdSecondsSinceLast, row, gap)
            }
            if c.ip_version == 0 {
                columns.set(.ipAdClicks1h, row, .nan)
                columns.set(.subnetAdvertiserClicks1h, row, .nan)
            } else {
                let (ad, adFresh) = addressAds.state(
                    of: fraud_mix(AddressKey.address(c), c.ad_hash), now: now, horizon: clicks.horizon)
                columns.set(.ipAdClicks1h, row, ad.pointee.add(now: now, fresh: adFresh).hour)
                let (advertiser, advertiserFresh) = subnetAdvertisers.state(
                    of: fraud_mix(AddressKey.subnet(c), c.advertiser_hash), now: now, horizon: clicks.horizon)
                columns.set(.subnetAdvertiserClicks1h, row, advertiser.pointee.add(now: now, fresh: advertiserFresh).hour)
            }
        }
    }

    @inline(__always)
    private func prefetchPairs(_ click: UnsafeMutablePointer<ClickRecord>) {
        visitorAds.prefetchKeys(fraud_mix(click.pointee.visitor_hash, click.pointee.ad_hash))
        addressAds.prefetchKeys(fraud_mix(AddressKey.address(click.pointee), click.pointee.ad_hash))
        subnetAdvertisers.prefetchKeys(fraud_mix(AddressKey.subnet(click.pointee), click.pointee.advertiser_hash))
    }

    @inline(__always)
    private func prefetchPairStates(_ click: UnsafeMutablePointer<ClickRecord>) {
        visitorAds.prefetchState(fraud_mix(click.pointee.visitor_hash, click.pointee.ad_hash))
        addressAds.prefetchState(fraud_mix(AddressKey.address(click.pointee), click.pointee.ad_hash))
        subnetAdvertisers.prefetchState(fraud_mix(AddressKey.subnet(click.pointee), click.pointee.advertiser_hash))
    }

    func adStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            if row + Prefetch.keys < clicks.count { ads.prefetchKeys(clicks[row + Prefetch.keys].pointee.ad_hash) }
            let c = clicks[row].pointee
            let now = c.ts_ms
            let (state, fresh) = ads.state(of: c.ad_hash, now: now, horizon: clicks.horizon)
            if fresh { state.pointee.lastSeen = now }
            state.pointee.baseline.roll(state.pointee.rate, lastSeen: state.pointee.lastSeen, now: now)
            let counts = state.pointee.rate.add(now: now, lastSeen: state.pointee.lastSeen)
            columns.set(.adClicks10s, row, counts.tenSeconds)
            columns.set(.adClicks1m, row, counts.minute)
            columns.set(.adClicks1h, row, counts.hour)
            columns.set(.adRateRatio, row, state.pointee.baseline.ratio(minute: counts.minute))
            state.pointee.lastSeen = max(state.pointee.lastSeen, now)
        }
    }

    func publisherStage(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            let c = clicks[row].pointee
            if c.publisher_hash == 0 {
                columns.setUnknown([
                    .publisherClicks10s, .publisherClicks1m, .publisherClicks1h, .publisherRateRatio, .publisherSuspectShare1h], row)
                continue
            }
            let now = c.ts_ms
            let (state, fresh) = publishers.state(of: c.publisher_hash, now: now, horizon: clicks.horizon)
            if fresh { state.pointee.lastSeen = now }
            Self.update(&state.pointee, now, columns, row)
            state.pointee.lastSeen = max(state.pointee.lastSeen, now)
        }
    }

    @inline(__always)
    private static func update(_ s: inout PublisherState, _ now: Int64, _ columns: FeatureColumns, _ row: Int) {
        s.baseline.roll(s.rate, lastSeen: s.lastSeen, now: now)
        let lane = RateState.advance(&s.suspects, from: s.lastSeen, to: now, pane: RateState.longPane)
        let counts = s.rate.add(now: now, lastSeen: s.lastSeen)
        columns.set(.publisherClicks10s, row, counts.tenSeconds)
        columns.set(.publisherClicks1m, row, counts.minute)
        columns.set(.publisherClicks1h, row, counts.hour)
        columns.set(.publisherRateRatio, row, s.baseline.ratio(minute: counts.minute))
        let earlier = counts.hour - 1
        let suspects = Float(RateState.sum(s.suspects, from: lane))
        columns.set(.publisherSuspectShare1h, row, earlier >= 20 ? min(1, suspects / earlier) : .nan)
        let strong =
            columns.get(.knownCrawler, row) == 1 || columns.get(.hostingAddress, row) == 1 || columns.get(.torExit, row) == 1
            || columns.get(.automationFlag, row) == 1 || columns.get(.hiddenElement, row) == 1
        if strong { RateState.increment(&s.suspects, lane: lane) }
    }
}

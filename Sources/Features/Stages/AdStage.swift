internal import CClickRecord
internal import ClickModel

extension FeatureShard {
    /// Pairs of visitor and ad.
    func visitorAdStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = visitorAds.turn(of: place, clicks.columns.visitorAds, clicks) else {
                columns.setUnknown([.visitorAdClicks1h, .visitorAdSecondsSinceLast], row)
                continue
            }
            let (count, gap) = state.countClick(time, fresh: fresh)
            columns.set(.visitorAdClicks1h, row, count)
            columns.set(.visitorAdSecondsSinceLast, row, gap)
        }
    }

    /// Pairs of address and ad.
    func addressAdStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = addressAds.turn(of: place, clicks.columns.addressAds, clicks) else {
                columns.set(.ipAdClicks1h, row, .nan)
                continue
            }
            columns.set(.ipAdClicks1h, row, state.countClick(time, fresh: fresh).hour)
        }
    }

    /// Pairs of network and advertiser.
    func subnetAdvertiserStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = subnetAdvertisers.turn(of: place, clicks.columns.subnetAdvertisers, clicks) else {
                columns.set(.subnetAdvertiserClicks1h, row, .nan)
                continue
            }
            columns.set(.subnetAdvertiserClicks1h, row, state.countClick(time, fresh: fresh).hour)
        }
    }

    func adStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = ads.turn(of: place, clicks.columns.ads, clicks) else {
                continue
            }
            if fresh { state.pointee.lastSeen = time.now }
            let lastSeen = state.pointee.lastSeen
            state.pointee.baseline.roll(state.pointee.rate, lastSeen: lastSeen, time)
            let counts = state.countClick(time)
            columns.set(.adClicks10s, row, counts.tenSeconds)
            columns.set(.adClicks1m, row, counts.minute)
            columns.set(.adClicks1h, row, counts.hour)
            columns.set(.adRateRatio, row, state.pointee.baseline.ratio(minute: counts.minute))
            state.pointee.lastSeen = max(lastSeen, time.now)
        }
    }

    func publisherStage<Order: RowOrder>(_ clicks: ClickRows<Order>, _ columns: FeatureColumns) {
        for place in 0..<clicks.count {
            let row = clicks[place]
            guard let (state, time, fresh) = publishers.turn(of: place, clicks.columns.publishers, clicks) else {
                columns.setUnknown([
                    .publisherClicks10s, .publisherClicks1m, .publisherClicks1h, .publisherRateRatio, .publisherSuspectShare1h], row)
                continue
            }
            if fresh { state.pointee.lastSeen = time.now }
            Self.update(state, time, columns, row)
        }
    }

    @inline(__always)
    private static func update(_ s: UnsafeMutablePointer<PublisherState>, _ time: ClickTime, _ columns: FeatureColumns, _ row: Int) {
        let lastSeen = s.pointee.lastSeen
        s.pointee.baseline.roll(s.pointee.rate, lastSeen: lastSeen, time)
        let counts = s.countClick(time)
        columns.set(.publisherClicks10s, row, counts.tenSeconds)
        columns.set(.publisherClicks1m, row, counts.minute)
        columns.set(.publisherClicks1h, row, counts.hour)
        columns.set(.publisherRateRatio, row, s.pointee.baseline.ratio(minute: counts.minute))
        let suspects = UnsafeMutableRawPointer(s) + StateLayout.suspects
        let steps = time.longPane &- ClickTime.longPane(lastSeen)
        let earlier = counts.hour - 1
        let suspect = Float(Int32(truncatingIfNeeded: PaneCounts.count(suspects, steps: steps, one: 0).sum))
        columns.set(.publisherSuspectShare1h, row, earlier >= 20 ? min(1, suspect / earlier) : .nan)
        let strong =
            columns.get(.knownCrawler, row) == 1 || columns.get(.hostingAddress, row) == 1 || columns.get(.torExit, row) == 1
            || columns.get(.automationFlag, row) == 1 || columns.get(.hiddenElement, row) == 1
        if strong { _ = PaneCounts.count(suspects, steps: min(0, steps)) }
        s.pointee.lastSeen = max(lastSeen, time.now)
    }
}

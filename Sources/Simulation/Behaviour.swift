/// What a visitor does on the page before and after the click, as a browser measures it.
extension SimulatedClick {
    /// A person's mouse path: log-normal and correlated (long paths take long and bend more), as pointing studies find.
    mutating func moveMouse(_ rng: inout SplitMix64) {
        let reach = rng.normal()
        let pace = rng.normal()
        let duration = rng.logNormal(median: 620, sigma: 0.1) * PortableMath.exp(0.35 * reach + 0.5 * pace)
        pointerDistance = Int32(min(20_000, 4 + 490 * PortableMath.exp(0.7 * reach + 0.15 * pace)))
        pointerDuration = Int32(min(60_000, 20 + duration))
        pointerMoves = Int32(min(5000, 1 + duration / (14 + 10 * rng.unit())))
        let bend = rng.normal()
        straightnessE3 = Int32(min(999, max(120, 955 - 130 * bend * bend * 0.6 - 40 * max(0, reach) - 60 * rng.unit())))
        speedCVE3 = Int32(min(4000, 80 + 640 * PortableMath.exp(0.35 * rng.normal() + 0.1 * reach)))
        hover = Int32(min(60_000, 30 + rng.logNormal(median: 290, sigma: 0.8)))
        touch = 0
        keys = rng.chance(0.06) ? Int32(1 + rng.below(12)) : 0
    }

    /// A finger: no path.
    mutating func tap(_ rng: inout SplitMix64) {
        pointerMoves = 0
        touch = 1
        keys = rng.chance(0.03) ? Int32(1 + rng.below(20)) : 0
    }

    /// Keyboard or switch access: no pointer, no touch, but keys.
    mutating func useKeyboard(_ rng: inout SplitMix64) {
        pointerMoves = 0
        hover = 0
        touch = 0
        keys = Int32(2 + rng.below(25))
    }

    /// Voice control or a screen reader's action on a desktop: the click comes without pointer and without keys.
    mutating func speak(_ rng: inout SplitMix64) {
        pointerMoves = 0
        pointerDistance = 0
        pointerDuration = 0
        hover = 0
        touch = 0
        keys = 0
    }

    /// A mouse path seen through a remote desktop: the client sends a few samples a second of it.
    mutating func coarsenPath(_ rng: inout SplitMix64) {
        pointerMoves = max(1, pointerMoves / Int32(4 + rng.below(5)))
        straightnessE3 = min(999, straightnessE3 + Int32(rng.below(25)))
        speedCVE3 = Int32(Double(speedCVE3) * (0.7 + 0.8 * rng.unit()))
    }

    /// A script that clicks without having moved.
    mutating func clickWithoutMoving(_ rng: inout SplitMix64) {
        pointerMoves = 0
        pointerDistance = 0
        pointerDuration = 0
        hover = 0
        touch = 0
        keys = 0
        scrolls = 0
        timeToClick = Int32(1 + rng.below(rng.chance(0.8) ? 120 : 1500))
    }

    /// A crude synthetic path: straight, even, short.
    mutating func movePainted(_ rng: inout SplitMix64) {
        pointerMoves = Int32(2 + rng.below(12))
        pointerDistance = Int32(60 + rng.below(500))
        straightnessE3 = Int32(975 + rng.below(25))
        pointerDuration = Int32(40 + rng.below(220))
        speedCVE3 = Int32(20 + rng.below(160))
        hover = Int32(rng.below(60))
        touch = 0
        keys = 0
    }

    /// The page around the ad as it is when all is well.
    mutating func viewPage(_ rng: inout SplitMix64, medianTimeToClick: Double = 6500) {
        scrolls = Int32(min(300, rng.exponential() * 7))
        timeToClick = Int32(min(3_600_000, 280 + rng.logNormal(median: medianTimeToClick, sigma: 1.1)))
        visibleE2 = rng.chance(0.78) ? 100 : Int32(50 + rng.below(50))
        opacityE2 = rng.chance(0.98) ? 100 : Int32(60 + rng.below(40))
        resizeElement(rng.below(6))
        webdriver = 0
    }

    /// One of the standard banner sizes.
    mutating func resizeElement(_ size: Int) {
        let phone: (Int32, Int32) = (320, 50)
        (width, height) =
            switch size {
            case 0, 1: (300, 250)
            case 2: touch == 1 ? phone : (728, 90)
            case 3: touch == 1 ? phone : (160, 600)
            case 4: touch == 1 ? (320, 100) : (970, 250)
            default: (336, 280)
            }
    }

    /// A stay on the landing page: log-normal, and now and then (`bounceShare`) the back button at once.
    mutating func stay(_ rng: inout SplitMix64, median: Double = 18_000, sigma: Double = 1.2, bounceShare: Double = 0.03) {
        guard rng.chance(0.7) else { return }
        dwell = rng.chance(bounceShare)
            ? Int32(150 + rng.below(850))
            : Int32(min(3_600_000, 1000 + rng.logNormal(median: median, sigma: sigma)))
    }

    /// A beacon that could not measure the ad's place on the page: unknown, not hidden.
    mutating func loseMeasurement() {
        visibleE2 = Self.unknown
        opacityE2 = Self.unknown
        width = Self.unknown
        height = Self.unknown
    }

    /// What a person's own device would show: mouse or finger by what it has.
    mutating func actHuman(_ rng: inout SplitMix64) {
        if touch == 1 { tap(&rng) } else { moveMouse(&rng) }
        viewPage(&rng)
        stay(&rng)
    }

    /// Leaves a few percent of the optional fields unknown, as broken clients and proxies do.
    mutating func loseFields(_ rng: inout SplitMix64) {
        let lost = rng.next() & rng.next() & rng.next() & rng.next() & rng.next()  // each bit set in 1 of 32
        if lost == 0 { return }
        func drop(_ bit: Int, _ field: inout Int32) { if lost >> UInt64(bit) & 1 != 0 { field = Self.unknown } }
        drop(0, &pointerMoves)
        drop(1, &pointerDistance)
        drop(2, &straightnessE3)
        drop(3, &pointerDuration)
        drop(4, &speedCVE3)
        drop(5, &hover)
        drop(6, &scrolls)
        drop(7, &keys)
        drop(8, &timeToClick)
        drop(9, &visibleE2)
        drop(10, &opacityE2)
        drop(11, &width)
        drop(12, &height)
        drop(13, &zoneMinutes)
        drop(14, &latitudeE2)
        if lost >> 15 & 1 != 0 { webdriver = -1 }
        if lost >> 16 & 1 != 0 { touch = -1 }
        if lost >> 17 & 1 != 0 { country = 255 }
        if lost >> 18 & 3 == 3 { agent = -1 }
        if lost >> 20 & 1 != 0 { device = 0 }
        if lost >> 21 & 1 != 0 { publisher = -1 }
        if lost >> 22 & 3 == 3 { address = Address(high: 0, low: 0) }
        if latitudeE2 == Self.unknown { longitudeE2 = Self.unknown }
    }

    /// An ad blocker or privacy browser: about half the signals never leave the page.
    mutating func stripSignals() {
        pointerDistance = Self.unknown
        straightnessE3 = Self.unknown
        pointerDuration = Self.unknown
        speedCVE3 = Self.unknown
        pointerMoves = Self.unknown
        hover = Self.unknown
        scrolls = Self.unknown
        visibleE2 = Self.unknown
        opacityE2 = Self.unknown
        width = Self.unknown
        height = Self.unknown
        webdriver = -1
        page = -1
        impressionTime = 0
        dwell = Self.unknown
    }
}

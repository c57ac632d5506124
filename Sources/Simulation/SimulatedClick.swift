internal import ClickModel

/// One click before it is written: fixed size, ids as numbers, fractions as scaled integers. No floating point is
/// left to be formatted. `unknown` marks a field that the line leaves out.
struct SimulatedClick: BitwiseCopyable {
    static let unknown = Int32.min

    /// How the line reaches the scorer.
    enum Delivery: UInt8, BitwiseCopyable { case prompt, slow, late, retry, replayedURL, badLine }

    var id: UInt64 = 0
    /// True time, epoch ms; what `ts` says is this plus `clockSkew`.
    var time: Int64 = 0
    var impressionTime: Int64 = 0
    var costE4: Int64 = 0
    var user: UInt64 = 0
    var device: UInt64 = 0
    var address = Address(high: 0, low: 0)
    var clockSkew: Int32 = 0
    var ad: Int32 = 0
    var publisher: Int32 = -1
    var page: Int32 = -1
    var agent: Int32 = -1
    /// Hundredths of a degree; `unknown` when there is no position.
    var latitudeE2 = unknown
    var longitudeE2 = unknown
    var zoneMinutes = unknown
    var pointerMoves = unknown
    var pointerDistance = unknown
    var straightnessE3 = unknown
    var pointerDuration = unknown
    var speedCVE3 = unknown
    var hover = unknown
    var scrolls = unknown
    var keys = unknown
    var timeToClick = unknown
    var visibleE2 = unknown
    var opacityE2 = unknown
    var width = unknown
    var height = unknown
    var dwell = unknown
    var placement: UInt8 = 0
    /// Index into `Country.all`; 255 unknown.
    var country: UInt8 = 255
    /// 0 no, 1 yes, −1 unknown.
    var touch: Int8 = -1
    var webdriver: Int8 = -1
    var delivery = Delivery.prompt
    var badVariant: UInt8 = 0
    /// Raw value of the `AttackFamily`; 255 for an honest click.
    var attack: UInt8 = 255
    /// Which honest look-alikes the click is one of; empty for fraud.
    var lookAlikes = LookAlikeSet()

    var isFraud: Bool { attack != 255 }
    var label: Label { isFraud ? .fraud : .valid }
}

/// An IPv4 (high 0, low the address) or IPv6 address.
struct Address: BitwiseCopyable, Equatable {
    var high: UInt64
    var low: UInt64

    var isIPv6: Bool { high != 0 }
    var isKnown: Bool { high | low != 0 }

    static func v4(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Address {
        Address(high: 0, low: UInt64(a << 24 | b << 16 | c << 8 | d))
    }
}

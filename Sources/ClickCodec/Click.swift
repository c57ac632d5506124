public import ClickModel

/// One event in plain Swift values, for callers that have it in hand. Field by field the schema; nil is unknown.
///
/// Convenient, not fast: strings allocate. `ClickEncoder` turns it into the record that is scored.
public struct Click: Hashable, Sendable {
    /// What kind of event it is.
    public enum Kind: String, Sendable, CaseIterable {
        case click, impression, conversion, engagement
    }

    public var kind: Kind = .click
    /// 1 to 64 bytes; the deduplication key.
    public var clickID: String
    public var time: EventTime
    /// 1 to 64 bytes each, for a click.
    public var adID: String?
    public var campaignID: String?
    public var advertiserID: String?

    public var publisherID: String?
    public var placementID: String?
    public var creativeID: String?
    public var audienceID: String?
    public var cost: Money = .zero
    public var userID: String?
    public var deviceFingerprint: String?
    /// IPv4 or IPv6 in text; other text is kept but is no address.
    public var ip: String?
    public var userAgent: String?
    public var referrer: String?
    /// Two letters; anything else is unknown.
    public var country: String?
    public var latitude: Double?
    public var longitude: Double?
    public var timeZoneOffsetMinutes: Double?
    public var impressionID: String?
    public var impressionTime: EventTime?

    public var pointerMoves: Double?
    public var pointerDistancePx: Double?
    public var pointerStraightness: Double?
    public var pointerDurationMs: Double?
    public var pointerSpeedCV: Double?
    public var hoverMs: Double?
    public var scrollEvents: Double?
    public var keyEvents: Double?
    public var touch: Bool?
    public var timeToClickMs: Double?
    public var visibleRatio: Double?
    public var opacity: Double?
    public var elementWidthPx: Double?
    public var elementHeightPx: Double?
    public var webdriver: Bool?
    public var dwellMs: Double?

    /// Truth, for training and evaluation only.
    public var label: Label?
    public var attack: String?

    public init(
        clickID: String, time: EventTime, adID: String?, campaignID: String?, advertiserID: String?, kind: Kind = .click
    ) {
        self.clickID = clickID
        self.time = time
        self.adID = adID
        self.campaignID = campaignID
        self.advertiserID = advertiserID
        self.kind = kind
    }
}

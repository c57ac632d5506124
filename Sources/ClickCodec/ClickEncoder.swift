internal import CClickRecord
internal import CSimdJSON
public import ClickModel

/// Why a `Click` did not become a record.
public enum ClickError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A field breaks the schema; `field` is the schema's name.
    case rejected(RejectCode, field: String)
    /// The batch has no record left, or too little arena for the largest event.
    case batchIsFull

    public var description: String {
        switch self {
        case .rejected(let code, let field): "\(code.name): \(field)"
        case .batchIsFull: "the batch is full"
        }
    }
}

/// Appends `Click` values to batches, with the checks that every other way in goes through.
public enum ClickEncoder {
    /// Appends one record. On error the batch is as before.
    /// - Complexity: O(bytes of the texts); allocates only when a string is not stored as contiguous UTF-8.
    /// - Throws: `rejected` for the first field that breaks the schema, `batchIsFull`.
    public static func append(_ click: Click, to batch: ClickBatch) throws(ClickError) {
        let arenaUsed = batch.raw.arena_used
        guard fraud_event_begin(&batch.raw, 0, 0) else { throw .batchIsFull }
        do throws(ClickError) {
            try setTexts(of: click, in: batch)
            try setOthers(of: click, in: batch)
            setNumbers(of: click, in: batch)
            var missing: Int32 = 0
            let code = fraud_event_finish(&batch.raw, &missing)
            try check(code, field: Int(missing))
        } catch {
            batch.raw.arena_used = arenaUsed
            throw error
        }
    }

    private static func check(_ code: Int32, field: Int) throws(ClickError) {
        guard let reject = RejectCode(rawValue: UInt8(code)) else { return }
        throw .rejected(reject, field: RejectCode.fieldName(UInt8(field)))
    }

    private static func set(_ field: Int, _ text: String?, in batch: ClickBatch) throws(ClickError) {
        guard var text else { return }
        let code = text.withUTF8 { bytes in
            bytes.isEmpty ? 0 : fraud_event_set_text(&batch.raw, Int32(field), bytes.baseAddress!, bytes.count)
        }
        try check(code, field: field)
    }

    private static func setTexts(of click: Click, in batch: ClickBatch) throws(ClickError) {
        try set(FRAUD_FIELD_TYPE, click.kind.rawValue, in: batch)
        try set(FRAUD_FIELD_CLICK_ID, click.clickID, in: batch)
        try set(FRAUD_FIELD_AD_ID, click.adID, in: batch)
        try set(FRAUD_FIELD_CAMPAIGN_ID, click.campaignID, in: batch)
        try set(FRAUD_FIELD_ADVERTISER_ID, click.advertiserID, in: batch)
        try set(FRAUD_FIELD_PUBLISHER_ID, click.publisherID, in: batch)
        try set(FRAUD_FIELD_PLACEMENT_ID, click.placementID, in: batch)
        try set(FRAUD_FIELD_CREATIVE_ID, click.creativeID, in: batch)
        try set(FRAUD_FIELD_AUDIENCE_ID, click.audienceID, in: batch)
        try set(FRAUD_FIELD_USER_ID, click.userID, in: batch)
        try set(FRAUD_FIELD_DEVICE_FINGERPRINT, click.deviceFingerprint, in: batch)
        try set(FRAUD_FIELD_IP, click.ip, in: batch)
        try set(FRAUD_FIELD_USER_AGENT, click.userAgent, in: batch)
        try set(FRAUD_FIELD_REFERRER, click.referrer, in: batch)
        try set(FRAUD_FIELD_COUNTRY, click.country, in: batch)
        try set(FRAUD_FIELD_IMPRESSION_ID, click.impressionID, in: batch)
        try set(FRAUD_FIELD_ATTACK, click.attack, in: batch)
    }

    private static func setOthers(of click: Click, in batch: ClickBatch) throws(ClickError) {
        let record = batch.records + batch.count
        let accepted = 0..<Int64(FRAUD_END_OF_TIME_MS)
        guard accepted.contains(click.time.milliseconds) else { throw .rejected(.badValue, field: "ts") }
        record.pointee.ts_ms = click.time.milliseconds
        if let time = click.impressionTime, accepted.contains(time.milliseconds) {
            record.pointee.impression_ts_ms = time.milliseconds
        }
        guard click.cost.e4 >= 0 else { throw .rejected(.negativeCost, field: "cost") }
        guard click.cost.e4 <= Int64(FRAUD_MAX_COST_E4) else { throw .rejected(.badValue, field: "cost") }
        record.pointee.cost_e4 = click.cost.e4
        record.pointee.touch = flag(click.touch)
        record.pointee.webdriver = flag(click.webdriver)
        record.pointee.truth = click.label?.rawValue ?? 0
    }

    private static func flag(_ value: Bool?) -> UInt8 {
        UInt8(value.map { $0 ? FRAUD_YES : FRAUD_NO } ?? FRAUD_UNKNOWN)
    }

    private static func setNumbers(of click: Click, in batch: ClickBatch) {
        func set(_ field: Int, _ value: Double?) {
            if let value { _ = fraud_event_set_number(&batch.raw, Int32(field), value) }
        }
        set(FRAUD_FIELD_LAT, click.latitude)
        set(FRAUD_FIELD_LON, click.longitude)
        set(FRAUD_FIELD_TZ_OFFSET_MIN, click.timeZoneOffsetMinutes)
        set(FRAUD_FIELD_POINTER_MOVES, click.pointerMoves)
        set(FRAUD_FIELD_POINTER_DISTANCE_PX, click.pointerDistancePx)
        set(FRAUD_FIELD_POINTER_STRAIGHTNESS, click.pointerStraightness)
        set(FRAUD_FIELD_POINTER_DURATION_MS, click.pointerDurationMs)
        set(FRAUD_FIELD_POINTER_SPEED_CV, click.pointerSpeedCV)
        set(FRAUD_FIELD_HOVER_MS, click.hoverMs)
        set(FRAUD_FIELD_SCROLL_EVENTS, click.scrollEvents)
        set(FRAUD_FIELD_KEY_EVENTS, click.keyEvents)
        set(FRAUD_FIELD_TIME_TO_CLICK_MS, click.timeToClickMs)
        set(FRAUD_FIELD_VISIBLE_RATIO, click.visibleRatio)
        set(FRAUD_FIELD_OPACITY, click.opacity)
        set(FRAUD_FIELD_ELEMENT_WIDTH_PX, click.elementWidthPx)
        set(FRAUD_FIELD_ELEMENT_HEIGHT_PX, click.elementHeightPx)
        set(FRAUD_FIELD_DWELL_MS, click.dwellMs)
    }
}

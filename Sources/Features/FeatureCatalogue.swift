public import ClickModel

/// Every feature the scorer computes, in column order. The raw value is the column of a `FeatureBlock`.
///
/// Windows of 10 s, 1 min and 1 h are panes of event time: the 10 s figure is the current 10 s pane, the minute the last
/// six of those (a 1-minute window sliding by 10 s), the hour the last six 10-minute panes. All counts include the
/// click itself. "Distinct" figures are linear-counting estimates (Whang et al. 1990) over 64 bits and two half-hour
/// generations: exact to about ±1 below 10, ±10 % to 60, at most 240 (98 for agents and ads of an address).
public enum Feature: Int, CaseIterable, Sendable {
    // Rates
    case ipClicks10s, ipClicks1m, ipClicks1h
    case subnetClicks10s, subnetClicks1m, subnetClicks1h
    case deviceClicks10s, deviceClicks1m, deviceClicks1h
    case userClicks10s, userClicks1m, userClicks1h
    case adClicks10s, adClicks1m, adClicks1h
    case publisherClicks10s, publisherClicks1m, publisherClicks1h
    case adRateRatio, publisherRateRatio
    // Patterns in time
    case ipGapCV, ipEqualGapShare, deviceGapCV, deviceEqualGapShare
    case ipSecondsSinceLast, deviceSecondsSinceLast, deviceAgeSeconds
    // Patterns over keys
    case deviceDistinctIPs1h, deviceDistinctSubnets1h
    case ipDistinctUsers1h, ipDistinctDevices1h, ipDistinctAgents1h, ipDistinctAds1h
    case subnetDistinctIPs1h, subnetDistinctAgents1h
    case travelSpeedKmh, travelJumps1h, timezoneMismatchMin
    case visitorAdClicks1h, visitorAdSecondsSinceLast, ipAdClicks1h, subnetAdvertiserClicks1h
    case pointerPathRepeats, publisherSuspectShare1h
    // Lists
    case knownCrawler, hostingAddress, torExit
    // Behaviour
    case automationFlag, hiddenElement, noPointerMovement, instantBounce, touch
    case pointerMoves, pointerDistancePx, pointerStraightness, pointerDurationMs, pointerSpeedCV, hoverMs
    case scrollEvents, keyEvents, timeToClickMs, visibleRatio, opacity, dwellMs

    /// Columns of a feature block.
    public static let count = Feature.allCases.count

    /// All descriptions, in column order.
    public static let catalogue: [FeatureDescription] = Feature.allCases.map(\.description)

    public var description: FeatureDescription {
        let (name, unit, meaning, missing) = facts
        return FeatureDescription(name: name, unit: unit, meaning: meaning, missing: missing)
    }

    private var facts: (String, String, String, String) {
        rateFacts ?? timeFacts ?? keyFacts ?? listFacts ?? behaviourFacts
    }

    private var rateFacts: (String, String, String, String)? {
        switch self {
        case .ipClicks10s: ("ip_clicks_10s", "count", "clicks from the address (IPv6: its /64) in the current 10 s pane", "no ip")
        case .ipClicks1m: ("ip_clicks_1m", "count", "clicks from the address in the minute, sliding by 10 s", "no ip")
        case .ipClicks1h: ("ip_clicks_1h", "count", "clicks from the address in the hour, sliding by 10 min", "no ip")
        case .subnetClicks10s: ("subnet_clicks_10s", "count", "clicks from the network (IPv4 /24, IPv6 /48) in 10 s", "no ip")
        case .subnetClicks1m: ("subnet_clicks_1m", "count", "clicks from the network in the minute", "no ip")
        case .subnetClicks1h: ("subnet_clicks_1h", "count", "clicks from the network in the hour", "no ip")
        case .deviceClicks10s: ("device_clicks_10s", "count", "clicks of the device fingerprint in 10 s", "no device_fingerprint")
        case .deviceClicks1m: ("device_clicks_1m", "count", "clicks of the device fingerprint in the minute", "no device_fingerprint")
        case .deviceClicks1h: ("device_clicks_1h", "count", "clicks of the device fingerprint in the hour", "no device_fingerprint")
        case .userClicks10s: ("user_clicks_10s", "count", "clicks of the user in 10 s", "no user_id")
        case .userClicks1m: ("user_clicks_1m", "count", "clicks of the user in the minute", "no user_id")
        case .userClicks1h: ("user_clicks_1h", "count", "clicks of the user in the hour", "no user_id")
        case .adClicks10s: ("ad_clicks_10s", "count", "clicks on the ad in 10 s", "")
        case .adClicks1m: ("ad_clicks_1m", "count", "clicks on the ad in the minute", "")
        case .adClicks1h: ("ad_clicks_1h", "count", "clicks on the ad in the hour", "")
        case .publisherClicks10s: ("publisher_clicks_10s", "count", "clicks on the publisher's pages in 10 s", "no publisher_id")
        case .publisherClicks1m: ("publisher_clicks_1m", "count", "clicks on the publisher's pages in the minute", "no publisher_id")
        case .publisherClicks1h: ("publisher_clicks_1h", "count", "clicks on the publisher's pages in the hour", "no publisher_id")
        case .adRateRatio:
            ("ad_rate_ratio", "ratio", "clicks on the ad this minute over its own usual minute (exponential mean of past panes, half-life 1 h)", "ad seen for under 10 min")
        case .publisherRateRatio:
            ("publisher_rate_ratio", "ratio", "clicks of the publisher this minute over its own usual minute", "no publisher_id, or seen for under 10 min")
        default: nil
        }
    }

    private var timeFacts: (String, String, String, String)? {
        switch self {
        case .ipGapCV: ("ip_gap_cv", "ratio", "standard deviation over mean of the address's last gaps between clicks (up to 8)", "fewer than 4 gaps")
        case .ipEqualGapShare: ("ip_equal_gap_share", "share", "share of the address's last gaps within 5 % (or 20 ms) of their median", "fewer than 4 gaps")
        case .deviceGapCV: ("device_gap_cv", "ratio", "standard deviation over mean of the device's last gaps (up to 8)", "fewer than 4 gaps")
        case .deviceEqualGapShare: ("device_equal_gap_share", "share", "share of the device's last gaps within 5 % (or 20 ms) of their median", "fewer than 4 gaps")
        case .ipSecondsSinceLast: ("ip_seconds_since_last", "s", "time between the click and the address's latest one before it", "first click of the address")
        case .deviceSecondsSinceLast: ("device_seconds_since_last", "s", "time between the click and the device's latest one before it", "first click of the device")
        case .deviceAgeSeconds: ("device_age_s", "s", "time since the device fingerprint's first click, or its first after two silent hours", "no device_fingerprint")
        default: nil
        }
    }

    private var keyFacts: (String, String, String, String)? {
        switch self {
        case .deviceDistinctIPs1h: ("device_distinct_ips_1h", "count", "addresses the device fingerprint used in the hour", "no device_fingerprint or no ip")
        case .deviceDistinctSubnets1h: ("device_distinct_subnets_1h", "count", "networks the device fingerprint used in the hour", "no device_fingerprint or no ip")
        case .ipDistinctUsers1h: ("ip_distinct_users_1h", "count", "users (user_id, else device, else agent) behind the address in the hour", "no ip, or no user_id, device and agent")
        case .ipDistinctDevices1h: ("ip_distinct_devices_1h", "count", "device fingerprints behind the address in the hour", "no ip or no device_fingerprint")
        case .ipDistinctAgents1h: ("ip_distinct_agents_1h", "count", "user agents behind the address in the hour", "no ip or no user_agent")
        case .ipDistinctAds1h: ("ip_distinct_ads_1h", "count", "ads clicked from the address in the hour", "no ip")
        case .subnetDistinctIPs1h: ("subnet_distinct_ips_1h", "count", "addresses of the network seen in the hour", "no ip")
        case .subnetDistinctAgents1h: ("subnet_distinct_agents_1h", "count", "user agents of the network seen in the hour", "no ip or no user_agent")
        case .travelSpeedKmh: ("travel_speed_kmh", "km/h", "speed since the user's or device's previous click over at least a minute, less 300 km for the positions' error; 0 within 300 km", "no position now or before")
        case .travelJumps1h: ("travel_jumps_1h", "count", "jumps over 1,000 km/h of the user or device, halved every half-hour; a VPN switched on is one", "no position now or before")
        case .timezoneMismatchMin: ("timezone_mismatch_min", "min", "distance between the browser's UTC offset and the longitude's solar time", "no tz_offset_min or no position")
        case .visitorAdClicks1h: ("visitor_ad_clicks_1h", "count", "clicks of this visitor (user_id, else device, else ip and agent) on this ad in the hour", "no user_id, device and agent")
        case .visitorAdSecondsSinceLast: ("visitor_ad_seconds_since_last", "s", "time between the click and this visitor's latest one on this ad before it", "first such click, or no user_id, device and agent")
        case .ipAdClicks1h: ("ip_ad_clicks_1h", "count", "clicks from this address on this ad in the hour", "no ip")
        case .subnetAdvertiserClicks1h: ("subnet_advertiser_clicks_1h", "count", "clicks from this network on this advertiser in the hour", "no ip")
        case .pointerPathRepeats: ("pointer_path_repeats", "count", "clicks of the device in a row with the same pointer path, to 1 % (up to 255)", "no pointer path or no device_fingerprint")
        case .publisherSuspectShare1h: ("publisher_suspect_share_1h", "share", "share of the publisher's earlier clicks in the hour with a strong sign (crawler, hosting, Tor, automation, hidden)", "no publisher_id, or under 20 earlier clicks")
        default: nil
        }
    }

    private var listFacts: (String, String, String, String)? {
        switch self {
        case .knownCrawler: ("known_crawler", "flag", "the user agent matches the crawler list", "no user_agent or no list")
        case .hostingAddress: ("hosting_address", "flag", "the address lies in a hosting network", "no ip or no list")
        case .torExit: ("tor_exit", "flag", "the address is a Tor exit", "no ip or no list")
        default: nil
        }
    }

    private var behaviourFacts: (String, String, String, String) {
        switch self {
        case .automationFlag: ("automation_flag", "flag", "the browser says it is automated", "no webdriver")
        case .hiddenElement: ("hidden_element", "flag", "visible ratio 0, opacity under 0.1 or a side under 2 px", "none of the four measured")
        case .noPointerMovement: ("no_pointer_movement", "flag", "no pointer move, no touch, no key before the click", "no pointer_moves")
        case .instantBounce: ("instant_bounce", "flag", "under 1 s on the landing page", "no dwell_ms")
        case .touch: ("touch", "flag", "touch input", "no touch")
        case .pointerMoves: ("pointer_moves", "count", "pointer moves before the click", "no pointer_moves")
        case .pointerDistancePx: ("pointer_distance_px", "px", "length of the pointer path", "no pointer_distance_px")
        case .pointerStraightness: ("pointer_straightness", "ratio", "straight distance over path length", "no pointer_straightness")
        case .pointerDurationMs: ("pointer_duration_ms", "ms", "duration of the pointer path", "no pointer_duration_ms")
        case .pointerSpeedCV: ("pointer_speed_cv", "ratio", "standard deviation over mean of pointer speed", "no pointer_speed_cv")
        case .hoverMs: ("hover_ms", "ms", "time over the element before the click", "no hover_ms")
        case .scrollEvents: ("scroll_events", "count", "scroll events before the click", "no scroll_events")
        case .keyEvents: ("key_events", "count", "key events before the click", "no key_events")
        case .timeToClickMs: ("time_to_click_ms", "ms", "time from impression to click", "no time_to_click_ms and no impression_ts")
        case .visibleRatio: ("visible_ratio", "ratio", "share of the element in view", "no visible_ratio")
        case .opacity: ("opacity", "ratio", "opacity of the element", "no opacity")
        default: ("dwell_ms", "ms", "time on the landing page", "no dwell_ms")
        }
    }
}

import ClickModel
import Rules
import Testing

/// The default rules, `models/rules.yaml`, on clicks told in words: features not named are unknown.
@Suite("Default rules")
struct DefaultRulesTests {
    let catalogue: [FeatureDescription]
    let set: RuleSet

    init() throws {
        catalogue = try Fixtures.realCatalogue()
        set = try RuleSet.load(path: Fixtures.defaultRulesPath(), catalogue: catalogue)
    }

    /// The id of the deciding rule, or nil when the click stays valid; and the ids of all that fired.
    private func judge(_ values: [String: Float]) throws -> (decided: String?, fired: [String]) {
        for name in values.keys { try #require(catalogue.contains { $0.name == name }, "no feature \(name)") }
        let row = catalogue.map { values[$0.name] ?? .nan }
        let bits = Fixtures.fired(set.compile(), Fixtures.block([row], columns: catalogue.count), rows: 1)[0]
        let decided = set.decide(fired: bits)
        let fired = set.rules.indices.filter { bits >> UInt64($0) & 1 == 1 }.map { set.rules[$0].id }
        return (decided < 0 ? nil : set.rules[decided].id, fired)
    }

    @Test("load against the feature catalogue as it is in the source")
    func loads() {
        #expect(catalogue.count >= 60, "the catalogue's source was not understood")
        #expect(set.rules.count >= 25)
        #expect(set.rules.allSatisfy { $0.description.count >= 20 })
    }

    @Test("every signal of the design is read by some rule")
    func covers() {
        let read = Set(set.rules.flatMap { $0.features.map { catalogue[$0].name } })
        let signals = [
            "ip_clicks_10s", "ip_clicks_1m", "ip_clicks_1h", "subnet_clicks_1m", "device_clicks_1m", "device_clicks_1h",
            "user_clicks_1m", "user_clicks_1h", "ad_clicks_1m", "ad_rate_ratio", "publisher_clicks_1m", "publisher_rate_ratio",
            "no_pointer_movement", "hidden_element", "instant_bounce", "automation_flag", "ip_gap_cv", "device_gap_cv",
            "device_distinct_ips_1h", "ip_distinct_devices_1h", "travel_speed_kmh", "timezone_mismatch_min",
            "visitor_ad_clicks_1h", "visitor_ad_seconds_since_last", "known_crawler", "hosting_address", "tor_exit",
            "subnet_advertiser_clicks_1h", "pointer_path_repeats", "publisher_suspect_share_1h",
        ]
        #expect(signals.filter { !read.contains($0) } == [])
    }

    @Test("no rule fires on a click of which nothing is known")
    func nothingKnown() throws {
        #expect(try judge([:]).fired == [])
    }

    static let attacks: [(String, [String: Float], String)] = [
        ("declared crawler", ["known_crawler": 1], "known_crawler"),
        ("webdriver", ["automation_flag": 1], "automation_flag"),
        ("hidden ad", ["hidden_element": 1, "visible_ratio": 0], "hidden_element"),
        ("script on a rented server", ["hosting_address": 1, "no_pointer_movement": 1, "touch": 0, "time_to_click_ms": 900], "hosting_scripted"),
        ("one agent over a hosting network", ["hosting_address": 1, "subnet_distinct_ips_1h": 30, "subnet_distinct_agents_1h": 1], "hosting_scripted"),
        ("script behind Tor", ["tor_exit": 1, "time_to_click_ms": 40], "hosting_scripted"),
        ("double click of a user", ["visitor_ad_seconds_since_last": 1, "user_clicks_1h": 2], "double_click"),
        ("double click from home, by address and agent", ["visitor_ad_seconds_since_last": 1, "ip_distinct_agents_1h": 1, "ip_clicks_1m": 2], "double_click"),
        ("hammering address", ["ip_clicks_1m": 60, "ip_distinct_users_1h": 3], "ip_burst"),
        ("first seconds of hammering", ["ip_clicks_10s": 9, "ip_clicks_1m": 9, "ip_distinct_users_1h": 1], "ip_burst_10s"),
        ("network with one agent", ["subnet_clicks_1m": 90, "subnet_distinct_ips_1h": 40, "subnet_distinct_agents_1h": 1], "subnet_burst"),
        ("headless click", ["no_pointer_movement": 1, "touch": 0, "time_to_click_ms": 12], "no_movement"),
        ("drawn path", ["pointer_moves": 12, "pointer_straightness": 0.99, "pointer_speed_cv": 0.05], "synthetic_pointer"),
        ("replayed path", ["pointer_moves": 40, "pointer_distance_px": 700, "pointer_path_repeats": 3], "pointer_replay"),
        ("machine that leaves at once", ["instant_bounce": 1, "dwell_ms": 80, "time_to_click_ms": 90], "repeated_bounce"),
        ("device that clicks without rest", ["device_clicks_1m": 15, "device_distinct_ips_1h": 1, "ip_clicks_1h": 15, "ip_distinct_users_1h": 1], "device_rate"),
        ("user that clicks without rest", ["user_clicks_1h": 55], "user_rate"),
        ("same ad again and again", ["visitor_ad_clicks_1h": 9, "user_clicks_1h": 9], "repeat_click"),
        ("same ad again, hardly looked at", ["visitor_ad_clicks_1h": 6, "user_clicks_1h": 6, "dwell_ms": 1500], "repeat_click"),
        ("competitor", ["subnet_advertiser_clicks_1h": 20, "subnet_distinct_ips_1h": 1, "ip_distinct_users_1h": 2, "ip_distinct_ads_1h": 2], "competitor"),
        ("metronome device", ["device_seconds_since_last": 30, "device_equal_gap_share": 1, "device_gap_cv": 0.01], "regular_intervals_device"),
        ("jittered metronome address", ["ip_seconds_since_last": 30, "ip_equal_gap_share": 0.6, "ip_gap_cv": 0.1, "ip_clicks_1h": 20], "regular_intervals_ip"),
        ("fingerprint on many proxies", ["device_distinct_ips_1h": 30, "device_distinct_subnets_1h": 25, "timezone_mismatch_min": 400, "hosting_address": 0], "fingerprint_many_ips"),
        ("hopping proxies", ["device_distinct_subnets_1h": 6, "timezone_mismatch_min": 400, "hosting_address": 0], "proxy_hopping"),
        ("stolen identity", ["travel_speed_kmh": 20_000, "travel_jumps_1h": 4, "device_distinct_ips_1h": 4, "user_clicks_1h": 5], "impossible_travel"),
        ("hopping device without a user", ["travel_speed_kmh": 20_000, "travel_jumps_1h": 2, "device_distinct_ips_1h": 3, "timezone_mismatch_min": 400, "hosting_address": 0], "impossible_travel"),
        ("device farm", ["ip_distinct_devices_1h": 40, "ip_distinct_agents_1h": 1, "ip_distinct_ads_1h": 2], "ip_many_fingerprints"),
        ("site that clicks its own ads", ["publisher_suspect_share_1h": 0.7, "time_to_click_ms": 200], "publisher_inflation"),
    ]

    @Test("an attack is decided by its own rule", arguments: attacks)
    func attack(name: String, values: [String: Float], rule: String) throws {
        #expect(try judge(values).decided == rule, "\(name)")
    }

    static let honest: [(String, [String: Float])] = [
        ("carrier network", ["ip_clicks_1m": 150, "ip_clicks_1h": 4000, "ip_distinct_users_1h": 250, "ip_distinct_devices_1h": 250, "ip_distinct_agents_1h": 60, "ip_distinct_ads_1h": 90, "ip_gap_cv": 1.1, "ip_equal_gap_share": 0.1, "ip_seconds_since_last": 0.4]),
        ("stadium after a television spot", ["ip_clicks_10s": 40, "ip_clicks_1m": 120, "ip_distinct_users_1h": 110, "ip_distinct_devices_1h": 110, "ip_distinct_agents_1h": 30, "ip_distinct_ads_1h": 1, "ad_rate_ratio": 40, "ad_clicks_1m": 900]),
        ("school with like computers", ["ip_clicks_1m": 25, "ip_distinct_users_1h": 24, "ip_distinct_devices_1h": 24, "ip_distinct_agents_1h": 2, "ip_distinct_ads_1h": 12, "subnet_clicks_1m": 25]),
        ("company VPN", ["hosting_address": 1, "no_pointer_movement": 0, "touch": 0, "pointer_moves": 60, "pointer_speed_cv": 1.2, "pointer_straightness": 0.4, "time_to_click_ms": 4000, "timezone_mismatch_min": 400, "travel_speed_kmh": 9000, "travel_jumps_1h": 1, "device_distinct_ips_1h": 2, "device_distinct_subnets_1h": 2, "subnet_distinct_ips_1h": 3, "subnet_distinct_agents_1h": 2]),
        ("person behind Tor", ["tor_exit": 1, "no_pointer_movement": 0, "touch": 0, "time_to_click_ms": 5000, "dwell_ms": 20_000, "instant_bounce": 0]),
        ("keyboard user, counted without keys", ["no_pointer_movement": 1, "touch": 0, "time_to_click_ms": 7000, "dwell_ms": 30_000, "instant_bounce": 0, "visitor_ad_clicks_1h": 1]),
        ("keyboard user who slips back once", ["no_pointer_movement": 1, "touch": 0, "time_to_click_ms": 7000, "instant_bounce": 1, "visitor_ad_clicks_1h": 1]),
        ("phone whose touch signal was stripped", ["no_pointer_movement": 1, "time_to_click_ms": 100]),
        ("back button by mistake", ["instant_bounce": 1, "dwell_ms": 600, "time_to_click_ms": 3000, "visitor_ad_clicks_1h": 1, "user_clicks_1h": 2]),
        ("retry after a failed load", ["visitor_ad_seconds_since_last": 6, "visitor_ad_clicks_1h": 2, "user_clicks_1h": 2]),
        ("two people of one campus on one ad", ["visitor_ad_seconds_since_last": 1, "ip_distinct_agents_1h": 40, "ip_clicks_1m": 60, "ip_distinct_users_1h": 45]),
        ("commuter", ["device_distinct_ips_1h": 4, "device_distinct_subnets_1h": 4, "travel_speed_kmh": 0, "travel_jumps_1h": 0, "timezone_mismatch_min": 60]),
        ("popular phone with a weak fingerprint", ["device_distinct_ips_1h": 60, "device_distinct_subnets_1h": 55, "device_clicks_1h": 70, "user_clicks_1h": 1, "touch": 1, "pointer_moves": 0, "no_pointer_movement": 0, "travel_speed_kmh": 5000, "travel_jumps_1h": 20, "device_gap_cv": 1, "device_equal_gap_share": 0.2, "visitor_ad_clicks_1h": 1]),
        ("comparison shopper", ["visitor_ad_clicks_1h": 3, "user_clicks_1h": 8, "user_clicks_1m": 3, "subnet_advertiser_clicks_1h": 4, "subnet_distinct_ips_1h": 1, "ip_distinct_users_1h": 1, "ip_distinct_ads_1h": 5]),
        ("comparison shopper who comes back and back", ["visitor_ad_clicks_1h": 6, "user_clicks_1h": 9, "dwell_ms": 9000, "time_to_click_ms": 4000, "device_equal_gap_share": 0.25, "device_gap_cv": 0.7]),
        ("advertiser's staff of three", ["subnet_advertiser_clicks_1h": 17, "subnet_distinct_ips_1h": 1, "ip_distinct_users_1h": 3, "ip_distinct_ads_1h": 4]),
        ("voice control through a company VPN", ["hosting_address": 1, "no_pointer_movement": 1, "touch": 0, "time_to_click_ms": 5000, "subnet_distinct_agents_1h": 5, "subnet_distinct_ips_1h": 4, "visitor_ad_clicks_1h": 1]),
        ("voice control of a comparison shopper", ["no_pointer_movement": 1, "touch": 0, "time_to_click_ms": 5000, "visitor_ad_clicks_1h": 5, "dwell_ms": 20_000]),
        ("mistaken touch in a game, through a privacy relay", ["hosting_address": 1, "touch": 1, "instant_bounce": 1, "time_to_click_ms": 700, "visitor_ad_clicks_1h": 1]),
        ("third try of a page that fails to load", ["instant_bounce": 1, "visitor_ad_clicks_1h": 3, "user_clicks_1h": 3, "time_to_click_ms": 9000]),
        ("popular phone, few people awake", ["device_distinct_ips_1h": 5, "device_distinct_subnets_1h": 5, "user_clicks_1h": 2, "travel_speed_kmh": 9000, "travel_jumps_1h": 4, "timezone_mismatch_min": 30]),
        ("shopper on a bad site", ["publisher_suspect_share_1h": 0.6, "visitor_ad_clicks_1h": 3, "user_clicks_1h": 5, "time_to_click_ms": 4000]),
        ("advertiser's staff checking", ["subnet_advertiser_clicks_1h": 10, "subnet_distinct_ips_1h": 1, "ip_distinct_users_1h": 3, "ip_distinct_ads_1h": 3]),
        ("good visitor of a bad site", ["publisher_suspect_share_1h": 0.8, "no_pointer_movement": 0, "touch": 0, "time_to_click_ms": 5000]),
        ("viral site", ["publisher_rate_ratio": 30, "publisher_clicks_1m": 3000, "device_age_s": 0]),
        ("western China at Beijing time", ["timezone_mismatch_min": 195, "device_distinct_subnets_1h": 1]),
        ("GeoIP error between home and mobile", ["travel_speed_kmh": 1800, "travel_jumps_1h": 2, "device_distinct_ips_1h": 2, "device_distinct_subnets_1h": 2, "visitor_ad_clicks_1h": 1, "timezone_mismatch_min": 70]),
        ("quick burst of honest reloads", ["device_seconds_since_last": 0.5, "device_equal_gap_share": 1, "device_gap_cv": 0.02]),
        ("human pointer path", ["pointer_moves": 300, "pointer_duration_ms": 9000, "pointer_straightness": 0.2, "pointer_speed_cv": 0.9, "pointer_distance_px": 2000]),
    ]

    @Test("the honest look-alike stays valid", arguments: honest)
    func lookAlike(name: String, values: [String: Float]) throws {
        let verdict = try judge(values)
        #expect(verdict.decided == nil, "\(name): \(verdict.fired)")
    }

    @Test("weak signs alone are noted, not judged", arguments: [
        ("hosting_address", 1, "note_hosting"), ("tor_exit", 1, "note_tor"), ("instant_bounce", 1, "note_bounce"),
        ("time_to_click_ms", 90, "note_fast_click"), ("travel_speed_kmh", 5000, "note_travel"),
        ("timezone_mismatch_min", 500, "note_timezone"), ("publisher_suspect_share_1h", 0.9, "note_publisher_suspect"),
        ("visitor_ad_clicks_1h", 3, "note_repeat"),
    ] as [(String, Float, String)])
    func weak(feature: String, value: Float, rule: String) throws {
        let verdict = try judge([feature: value])
        #expect(verdict.decided == nil)
        #expect(verdict.fired == [rule])
    }
}

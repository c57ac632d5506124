/// Honest traffic that looks like fraud, named as the threat model names it: the hard negatives of the replay suite.
///
/// The name goes into the truth (`look_alike`) and nowhere else: scoring never reads it.
package enum LookAlike: UInt8, CaseIterable, Sendable {
    // Habits of people, and where they are
    case unusualBrowser, appWebView
    case companyVPN, cloudDesktop, privacyRelay
    case carrierNAT, office, campus
    case popularPhone, sharedDevice, ipv6Privacy
    case vpnSwitch, geoipError, commuter
    case touchUser, keyboardUser, voiceControl
    case adBlocker, unmeasuredBeacon, clockSkew, mistakenBack
    // Sessions
    case retryAfterFailure, pageReload, comparisonShopper
    // Groups with an occasion
    case stadium, schoolNAT, tvSpot, viralSite
    case kioskRefresh, smallLoyalAudience, advertiserStaff, cheapPlacement
    // Accidents of delivery
    case clientRetry, slowNetwork

    /// What a share of a look-alike is a share of.
    package enum Unit: String, Sendable {
        /// People it may apply to, e.g. company VPNs to people at a desktop.
        case people
        /// Honest sessions.
        case sessions
        /// Honest clicks.
        case clicks
        /// Not drawn by a share of its own: it follows from the rest (touch screens, carriers, delivery).
        case derived
    }

    /// The value in the `look_alike` field, e.g. `company_vpn`.
    package var name: String { staticName.description }

    /// The look-alike with this name, or nil.
    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    var staticName: StaticString {
        switch self {
        case .unusualBrowser: "unusual_browser"
        case .appWebView: "app_web_view"
        case .companyVPN: "company_vpn"
        case .cloudDesktop: "cloud_desktop"
        case .privacyRelay: "privacy_relay"
        case .carrierNAT: "carrier_nat"
        case .office: "office"
        case .campus: "campus"
        case .popularPhone: "popular_phone"
        case .sharedDevice: "shared_device"
        case .ipv6Privacy: "ipv6_privacy"
        case .vpnSwitch: "vpn_switch"
        case .geoipError: "geoip_error"
        case .commuter: "commuter"
        case .touchUser: "touch_user"
        case .keyboardUser: "keyboard_user"
        case .voiceControl: "voice_control"
        case .adBlocker: "ad_blocker"
        case .unmeasuredBeacon: "unmeasured_beacon"
        case .clockSkew: "clock_skew"
        case .mistakenBack: "mistaken_back"
        case .retryAfterFailure: "retry_after_failure"
        case .pageReload: "page_reload"
        case .comparisonShopper: "comparison_shopper"
        case .stadium: "stadium"
        case .schoolNAT: "school_nat"
        case .tvSpot: "tv_spot"
        case .viralSite: "viral_site"
        case .kioskRefresh: "kiosk_refresh"
        case .smallLoyalAudience: "small_loyal_audience"
        case .advertiserStaff: "advertiser_staff"
        case .cheapPlacement: "cheap_placement"
        case .clientRetry: "client_retry"
        case .slowNetwork: "slow_network"
        }
    }

    /// The family of fraud it is mistaken for; nil where the threat model names it as honest variety only.
    package var resembles: AttackFamily? {
        switch self {
        case .unusualBrowser, .appWebView: .declaredCrawler
        case .companyVPN, .cloudDesktop, .privacyRelay: .hosting
        case .retryAfterFailure, .pageReload: .doubleClick
        case .clientRetry: .replay
        case .stadium, .schoolNAT, .tvSpot: .ipBurst
        case .kioskRefresh: .metronome
        case .smallLoyalAudience: .slowDrip
        case .commuter, .popularPhone: .fingerprintFarm
        case .carrierNAT, .office, .campus: .deviceFarm
        case .vpnSwitch, .geoipError: .impossibleTravel
        case .comparisonShopper, .advertiserStaff: .competitor
        case .viralSite: .publisherInflation
        case .unmeasuredBeacon: .hiddenAd
        case .touchUser, .keyboardUser, .voiceControl: .noMovement
        case .mistakenBack: .instantBounce
        case .cheapPlacement: .attributionFlood
        case .sharedDevice, .ipv6Privacy, .adBlocker, .clockSkew, .slowNetwork: nil
        }
    }

    package var unit: Unit {
        switch self {
        case .retryAfterFailure, .pageReload, .comparisonShopper, .commuter, .vpnSwitch: .sessions
        case .stadium, .schoolNAT, .tvSpot, .viralSite, .kioskRefresh, .smallLoyalAudience, .advertiserStaff, .cheapPlacement: .clicks
        case .touchUser, .clientRetry, .slowNetwork: .derived
        default: .people
        }
    }

    /// Share by default, of what `unit` says.
    package var defaultShare: Double {
        switch self {
        case .unusualBrowser: 0.008
        case .appWebView: 0.12
        case .companyVPN: 0.025
        case .cloudDesktop: 0.01
        case .privacyRelay: 0.03
        case .carrierNAT: 0.7
        case .office: 0.42
        case .campus: 0.05
        case .popularPhone: 0.02
        case .sharedDevice: 0.12
        case .ipv6Privacy: 0.3
        case .geoipError: 0.012
        case .keyboardUser: 0.02
        case .voiceControl: 0.004
        case .adBlocker: 0.1
        case .unmeasuredBeacon: 0.03
        case .clockSkew: 0.01
        case .mistakenBack: 0.03
        case .vpnSwitch: 0.003
        case .commuter: 0.006
        case .retryAfterFailure: 0.004
        case .pageReload: 0.005
        case .comparisonShopper: 0.006
        case .stadium, .schoolNAT: 0.004
        case .tvSpot, .viralSite: 0.006
        case .kioskRefresh, .smallLoyalAudience, .advertiserStaff: 0.002
        case .cheapPlacement: 0.01
        case .touchUser, .clientRetry, .slowNetwork: 0
        }
    }
}

/// Several look-alikes: a person in an office may use the keyboard.
package struct LookAlikeSet: Hashable, Sendable, BitwiseCopyable {
    private var bits: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { bits == 0 }
    package func contains(_ one: LookAlike) -> Bool { bits >> UInt64(one.rawValue) & 1 != 0 }
    package mutating func insert(_ one: LookAlike) { bits |= 1 << UInt64(one.rawValue) }

    /// The members, in the order of `LookAlike.allCases`.
    package var members: [LookAlike] { LookAlike.allCases.filter(contains) }
    /// Their names, separated by spaces: the value of the `look_alike` field.
    package var names: String { members.map(\.name).joined(separator: " ") }
}

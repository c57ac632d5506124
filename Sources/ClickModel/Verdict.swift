/// What a click is.
public enum Label: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case valid = 1
    case fraud = 2

    public var name: String { self == .valid ? "valid" : "fraud" }
}

/// Class of invalid traffic, in the MRC's terms: *general* is found by lists and parameter checks, *sophisticated* by analytics.
public enum InvalidTraffic: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case none = 0
    case givt = 1
    case sivt = 2

    public var name: String {
        switch self {
        case .none: "none"
        case .givt: "givt"
        case .sivt: "sivt"
        }
    }
}

/// Where a received event ended. Each ends in exactly one of the first four (`counted` being valid or fraud);
/// `notAClick` marks impressions, conversions and engagements, which are not received clicks.
public enum EventStatus: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case counted = 0
    case duplicate = 1
    case late = 2
    case rejected = 3
    case notAClick = 4

    public var name: String {
        switch self {
        case .counted: "counted"
        case .duplicate: "duplicate"
        case .late: "late"
        case .rejected: "rejected"
        case .notAClick: "not_a_click"
        }
    }
}

/// Why a click was called fraud: a short lower-case code that an auditor and a partner can be told.
public struct ReasonCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    /// The model alone decided; its strongest features are the explanation.
    public static let modelScore = ReasonCode(rawValue: "model_score")
}

/// The scorer's answer for one click. Plain bytes: no allocation.
public struct Verdict: Hashable, Sendable, BitwiseCopyable {
    public var label: Label
    public var ivt: InvalidTraffic
    /// Probability of fraud by the model, 0–1.
    public var score: Float
    /// Bit i is set when rule i of the rule set fired.
    public var rules: UInt64
    /// Index of the rule that decided; `Verdict.noRule` for none, `Verdict.model` when the model did.
    public var decidingRule: Int16

    public static let noRule: Int16 = -1
    public static let model: Int16 = -2

    @inlinable
    public init(label: Label, ivt: InvalidTraffic, score: Float, rules: UInt64, decidingRule: Int16) {
        self.label = label
        self.ivt = ivt
        self.score = score
        self.rules = rules
        self.decidingRule = decidingRule
    }
}

package import ClickModel
internal import Storage

/// A counted click with what the scorer said of it: flagged, with all its evidence, or from the archive, with its input.
package struct ScoredClick: Sendable {
    package let clickID: String
    package let time: EventTime
    package let advertiser: String
    package let campaign: String
    package let ad: String
    /// The other stored fields by name, in the table's order; unknown ones are left out.
    package internal(set) var details: [(name: String, value: String)]
    package let cost: Money
    package let score: Double
    package let ivt: String
    /// The rule that decided, `model`, `engagement`, or empty for a click that nothing spoke against.
    package let decidingRule: String
    package let reasons: [String]
    /// Ids of the rules that fired; empty for a click from the archive, which has `firedRules`.
    package let rules: [String]
    /// Bit i is set when rule i of the rule set fired; nil when the rules are known by name.
    package internal(set) var firedRules: UInt64?
    /// Feature values in catalogue order of the program that scored; NaN is unknown. Empty when they were not kept: only those
    /// of clicks that the scorer flagged are.
    package let features: [Float]
    package let modelID: String
    package let rulesetID: String
    /// What the scorer called it.
    package let scoredLabel: Label
    /// What it is called now, after engagements, reviews and reconciliations.
    package internal(set) var label: Label

    /// The rule that is named when a visitor left at once.
    static let engagement = LabelChange.Cause.engagement.rawValue

    package func detail(_ name: String) -> String? { details.first { $0.name == name }?.value }
}

// MARK: - Flagged clicks

extension ScoredClick {
    /// Columns of `ReviewQueue.flaggedClicks`.
    static let flaggedColumns = """
        click_id, ts, advertiser_id, campaign_id, ad_id, cost, score::DOUBLE AS score, ivt, deciding_rule, reasons, rules, \
        features, model_id, ruleset_id, label, publisher_id, placement_id, creative_id, audience_id, user_id, device_fingerprint, \
        ip, country, user_agent, referrer, source, source_offset
        """
    private static let firstDetail = 15

    init(flagged row: [Value], columns: [String]) {
        func text(_ index: Int) -> String { row[index].text ?? "" }
        clickID = text(0)
        time = row[1].time ?? EventTime(milliseconds: 0)
        advertiser = text(2)
        campaign = text(3)
        ad = text(4)
        cost = row[5].money ?? .zero
        score = row[6].double ?? 0
        ivt = text(7)
        decidingRule = text(8)
        reasons = (row[9].list ?? []).compactMap(\.text)
        rules = (row[10].list ?? []).compactMap(\.text)
        firedRules = nil
        features = (row[11].list ?? []).map { Float($0.double ?? .nan) }
        modelID = text(12)
        rulesetID = text(13)
        scoredLabel = decidingRule == Self.engagement ? .valid : .fraud
        label = row[14].text == Label.valid.name ? .valid : .fraud
        details = Self.details(row, columns, Array(Self.firstDetail..<columns.count))
    }

    private static func details(_ row: [Value], _ columns: [String], _ chosen: [Int]) -> [(name: String, value: String)] {
        chosen.compactMap { i in row[i].shown.map { (columns[i], $0) } }
    }
}

// MARK: - Archived clicks

extension ScoredClick {
    private static let ownFields: Set<String> = ["click_id", "ts", "advertiser_id", "campaign_id", "ad_id", "cost"]

    /// From a row with the columns of `ClickArchive`; nil for an event that was not scored.
    init?(archived row: [Value], columns: [String]) {
        func cell(_ name: String) -> Value { columns.firstIndex(of: name).map { row[$0] } ?? .null }
        guard let verdict = Label.allCases.first(where: { $0.name == cell("verdict_label").text }) else { return nil }
        clickID = cell("click_id").text ?? ""
        time = cell("ts").time ?? EventTime(milliseconds: 0)
        advertiser = cell("advertiser_id").text ?? ""
        campaign = cell("campaign_id").text ?? ""
        ad = cell("ad_id").text ?? ""
        cost = cell("cost").money ?? .zero
        score = cell("score").double ?? 0
        ivt = cell("ivt").text ?? ""
        decidingRule = cell("deciding_rule").text ?? ""
        reasons = (cell("reasons").list ?? []).compactMap(\.text)
        rules = []
        firedRules = UInt64(bitPattern: cell("rules").int ?? 0)
        features = []
        modelID = cell("model_id").text ?? ""
        rulesetID = cell("ruleset_id").text ?? ""
        scoredLabel = verdict
        label = verdict
        // The input comes first, then the outcome, of which only the origin is not shown elsewhere.
        let input = columns.prefix { $0 != "status" }
        let origin = ["watermark", "source", "source_offset"].compactMap { columns.firstIndex(of: $0) }
        details = Self.details(row, columns, input.indices.filter { !Self.ownFields.contains(columns[$0]) } + origin)
    }
}

extension Value {
    /// A cell in words; nil when there is nothing to show.
    fileprivate var shown: String? {
        switch self {
        case .text(let text): text.isEmpty ? nil : text
        case .int(let number): String(number)
        case .double(let number): Float(number).description
        case .bool(let flag): flag ? "true" : "false"
        case .time(let time): time.description
        case .date(let date): date.description
        case .money(let money): money.description
        case .null, .blob, .list: nil
        }
    }
}

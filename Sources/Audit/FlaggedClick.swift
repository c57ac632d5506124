package import ClickModel
internal import Storage

/// A click the scorer called fraud, with its evidence, as stored.
package struct FlaggedClick: Sendable {
    package let clickID: String
    package let time: EventTime
    package let advertiser: String
    package let campaign: String
    package let ad: String
    /// The other stored fields by name, in the table's order; unknown ones are left out.
    package let details: [(name: String, value: String)]
    package let cost: Money
    package let score: Double
    package let ivt: String
    package let decidingRule: String
    package let reasons: [String]
    package let rules: [String]
    /// Feature values in catalogue order of the program that scored; NaN is unknown.
    package let features: [Float]
    package let modelID: String
    package let rulesetID: String

    static let columns = """
        click_id, ts, advertiser_id, campaign_id, ad_id, cost, score::DOUBLE AS score, ivt, deciding_rule, reasons, rules, \
        features, model_id, ruleset_id, publisher_id, placement_id, creative_id, audience_id, user_id, device_fingerprint, \
        ip, country, user_agent, referrer, source, source_offset
        """
    private static let firstDetail = 14

    init(_ row: [Value], columns: [String]) {
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
        features = (row[11].list ?? []).map { Float($0.double ?? .nan) }
        modelID = text(12)
        rulesetID = text(13)
        details = (Self.firstDetail..<columns.count).compactMap { i in
            switch row[i] {
            case .text(let value) where !value.isEmpty: (columns[i], value)
            case .int(let value): (columns[i], String(value))
            default: nil
            }
        }
    }

    package func detail(_ name: String) -> String? { details.first { $0.name == name }?.value }
}

/// An auditor's decision on a flagged click.
package struct Review: Sendable {
    package let label: Label
    package let reviewer: String
    package let note: String
    package let time: EventTime
}

/// What an auditor asked for cannot be done.
package struct AuditError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

internal import ClickModel
internal import Rules
internal import Scoring
internal import Storage

/// What a verdict is called in rows: its rules, its reasons and what decided, without allocating.
final class VerdictNames: Sendable {
    /// Of each rule its id, its reason; the model's last.
    let texts: FlaggedNames
    /// Equal numbers, equal reasons; the model's last.
    private let numbers: [UInt8]

    init(_ scorer: Scorer) {
        let codes = scorer.ruleSet.rules.map(\.reason) + [ReasonCode.modelScore]
        texts = FlaggedNames(
            reasons: codes.map(\.rawValue), rules: scorer.ruleIDs, deciders: scorer.ruleIDs + ["model"],
            trafficClasses: InvalidTraffic.allCases.map(\.name), modelID: scorer.modelID, rulesetID: scorer.rulesetID)
        numbers = codes.map { code in UInt8(codes.firstIndex(of: code)!) }
    }

    /// The rule that decided, or the place of the model behind all rules.
    func decider(_ verdict: Verdict) -> Int { verdict.decidingRule >= 0 ? Int(verdict.decidingRule) : numbers.count - 1 }

    /// Rules that fired and whose reason neither the decider nor an earlier one gave: with the decider before them, the reasons
    /// as `Scorer.reasons` gives them.
    func furtherReasons(_ verdict: Verdict) -> UInt64 {
        var seen: UInt128 = 1 << UInt128(numbers[decider(verdict)])
        var further: UInt64 = 0
        var rest = verdict.rules
        while rest != 0 {
            let rule = rest.trailingZeroBitCount
            rest &= rest - 1
            let bit: UInt128 = 1 << UInt128(numbers[rule])
            if seen & bit == 0 { further |= 1 << UInt64(rule) }
            seen |= bit
        }
        return further
    }
}

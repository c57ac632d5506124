internal import ClickModel
internal import Rules
internal import Scoring
internal import Storage

/// What a verdict is called in rows: its rules, its reasons and what decided, without allocating.
struct VerdictNames {
    let rules: NameBytes
    /// Of each rule its reason; the model's last.
    let reasons: NameBytes
    /// Of each rule its id; `model` last.
    let deciders: NameBytes
    let classes = NameBytes(InvalidTraffic.allCases.map(\.name))
    /// Equal numbers, equal reasons; as `reasons`.
    private let numbers: [UInt8]

    init(_ scorer: Scorer) {
        let codes = scorer.ruleSet.rules.map(\.reason) + [ReasonCode.modelScore]
        rules = NameBytes(scorer.ruleIDs)
        reasons = NameBytes(codes.map(\.rawValue))
        deciders = NameBytes(scorer.ruleIDs + ["model"])
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

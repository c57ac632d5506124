internal import ClickModel
internal import Simulation

/// Every counted click of a replay with its verdict and its truth: what the quality report is made of.
struct QualityTally {
    /// What happened to the clicks of one class (a family, a look-alike).
    struct Class {
        var clicks = 0
        /// Labelled fraud by the whole verdict, rules and model.
        var flagged = 0
        /// Of them, by a rule.
        var byRules = 0
        /// Scored at or over a threshold by the model, rules aside.
        var byModelAlone = 0
        /// Flagged by deciding rule; the last place is the model.
        var deciders: [Int]
    }

    /// One scored click.
    struct Row {
        let score: Float
        let attack: AttackFamily?
        let lookAlikes: LookAlikeSet
        let isFlagged: Bool
        /// Index of the deciding rule; the number of rules when the model decided.
        let decider: Int
    }

    let ruleIDs: [String]
    private(set) var rows: [Row] = []
    private(set) var lines = 0
    /// Retries of honest clients sent, and those counted as clicks of their own: there should be none.
    private(set) var retries = 0
    private(set) var retriesCounted = 0

    init(ruleIDs: [String]) { self.ruleIDs = ruleIDs }

    mutating func add(_ summary: SimulationSummary, retries sent: Int) {
        lines += summary.lines
        retries += sent
    }

    mutating func add(_ verdict: Verdict, _ truth: ClickTruth, isRepeat: Bool) {
        guard !isRepeat else {
            if truth.attack == nil { retriesCounted += 1 }
            return
        }
        rows.append(Row(
            score: verdict.score, attack: truth.attack, lookAlikes: truth.lookAlikes, isFlagged: verdict.label == .fraud,
            decider: verdict.decidingRule >= 0 ? Int(verdict.decidingRule) : ruleIDs.count))
    }

    /// The rows of a class, counted; `threshold` is where the model alone flags.
    /// - Complexity: O(rows).
    func count(threshold: Float, where belongs: (Row) -> Bool) -> Class {
        var one = Class(deciders: Array(repeating: 0, count: ruleIDs.count + 1))
        for row in rows where belongs(row) {
            one.clicks += 1
            if row.score >= threshold { one.byModelAlone += 1 }
            guard row.isFlagged else { continue }
            one.flagged += 1
            if row.decider < ruleIDs.count { one.byRules += 1 }
            one.deciders[row.decider] += 1
        }
        return one
    }
}

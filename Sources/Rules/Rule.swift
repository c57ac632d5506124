package import ClickModel

/// What a rule does to a click when it fires.
package enum RuleAction: String, Sendable, CaseIterable {
    /// Labels the click fraud.
    case fraud
    /// Leaves the label alone; the reason is kept beside the verdict for auditors.
    case note
}

/// One rule of a set, as an auditor reads it.
package struct Rule: Hashable, Sendable {
    /// Unique in its set, `[a-z0-9_]+`.
    package let id: String
    package let description: String
    /// The condition in canonical spelling: the same for every way to write the same tree.
    package let when: String
    /// Catalogue indices of the features the condition reads, ascending: the evidence to show.
    package let features: [Int]
    package let action: RuleAction
    /// Class of a click this rule labels; `.none` for a note.
    package let ivt: InvalidTraffic
    package let reason: ReasonCode
    /// Line of the rule in its file, from 1.
    package let line: Int
}

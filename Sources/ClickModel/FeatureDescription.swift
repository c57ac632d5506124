/// What one feature means, for people and for the checks between model, rules and code.
public struct FeatureDescription: Hashable, Sendable {
    /// Lower-case name, as rules and model files spell it.
    public let name: String
    /// `count`, `ms`, `s`, `px`, `km/h`, `min`, `ratio`, `flag` (0 or 1) or `share` (0–1).
    public let unit: String
    public let meaning: String
    /// When the value is unknown (NaN). Empty: it is always known.
    public let missing: String

    public init(name: String, unit: String, meaning: String, missing: String) {
        self.name = name
        self.unit = unit
        self.meaning = meaning
        self.missing = missing
    }
}

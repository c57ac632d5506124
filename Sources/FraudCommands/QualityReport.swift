internal import Foundation
internal import Simulation
internal import Training

/// The tables of `fraud quality`: recall by family, false alarms by honest look-alike. Synthetic, and says so.
struct QualityReport {
    private let tally: QualityTally
    private let scenarios: [String]
    private let point: OperatingPoint
    private let families: [(name: String, counts: QualityTally.Class)]
    private let lookAlikes: [(name: String, resembles: String, counts: QualityTally.Class)]
    private let fraud: QualityTally.Class
    private let honest: QualityTally.Class

    /// - Parameter falsePositiveRate: over all honest clicks; it sets the threshold at which the model alone is judged.
    init(_ tally: QualityTally, falsePositiveRate: Double, scenarios: [String]) {
        self.tally = tally
        self.scenarios = scenarios
        point = OperatingPoint.best(
            scores: tally.rows.map(\.score), labels: tally.rows.map { $0.attack != nil }, falsePositiveRate: falsePositiveRate)
        let threshold = point.threshold
        families = AttackFamily.allCases.map { family in (family.name, tally.count(threshold: threshold) { $0.attack == family }) }
            .filter { $0.counts.clicks > 0 }
        var kinds = LookAlike.allCases.map { one in
            (one.name, one.resembles?.name ?? "", tally.count(threshold: threshold) { $0.lookAlikes.contains(one) })
        }
        kinds.append(("(none of them)", "", tally.count(threshold: threshold) { $0.attack == nil && $0.lookAlikes.isEmpty }))
        lookAlikes = kinds.filter { $0.2.clicks > 0 }
        fraud = tally.count(threshold: threshold) { $0.attack != nil }
        honest = tally.count(threshold: threshold) { $0.attack == nil }
    }

    var text: String {
        let rate = String(format: "%g %%", 100 * point.falsePositiveRate)
        var out = "SYNTHETIC traffic: \(scenarios.joined(separator: ", ")); \(ProgressBar.grouped(tally.rows.count)) counted clicks, "
        out += "\(ProgressBar.grouped(fraud.clicks)) of them fraud\n"
        out += "model alone: score of \(String(format: "%.4f", point.threshold)) and more, where it flags \(rate) of the honest clicks\n\n"
        var table = OutputTable(columns: ["family", "clicks", "model alone", "rules alone", "rules + model", "decided mostly by"])
        for (name, counts) in families + [("all fraud", fraud)] {
            table.rows.append([
                .text(name), .integer(counts.clicks), share(counts.byModelAlone, counts.clicks), share(counts.byRules, counts.clicks),
                share(counts.flagged, counts.clicks), .text(deciders(counts)),
            ])
        }
        out += "Recall by family of fraud (SYNTHETIC)\n" + table.text
        table = OutputTable(columns: ["honest look-alike", "of", "clicks", "model alone", "flagged", "rate", "at most", "decided mostly by"])
        for (name, resembles, counts) in lookAlikes + [("all honest", "", honest)] {
            table.rows.append([
                .text(name), .text(resembles), .integer(counts.clicks), .integer(counts.byModelAlone), .integer(counts.flagged),
                percent(counts.flagged, counts.clicks), .number(Self.percent(Self.upperBound(counts.flagged, of: counts.clicks))),
                .text(deciders(counts)),
            ])
        }
        out += "\nFalse alarms by honest look-alike (SYNTHETIC); \"at most\" is the upper end of the 95 % interval\n" + table.text
        return out + "\nclient_retry, of replay: \(tally.retries) repeated lines of honest clients, \(tally.retriesCounted) counted a second time\n"
    }

    var json: String {
        func object(_ counts: QualityTally.Class, _ more: [(String, String)]) -> String {
            let byDecider = counts.deciders.enumerated().filter { $0.element > 0 }.map { (decider($0.offset), "\($0.element)") }
            return JSONOutput.object(more + [
                ("clicks", "\(counts.clicks)"), ("flagged", "\(counts.flagged)"), ("flagged_by_rules", "\(counts.byRules)"),
                ("flagged_by_model_alone", "\(counts.byModelAlone)"),
                ("flagged_share_at_most", "\(Self.upperBound(counts.flagged, of: counts.clicks))"), ("deciders", JSONOutput.object(byDecider)),
            ])
        }
        let byFamily = families.map { ($0.name, object($0.counts, [])) }
        let byLookAlike = lookAlikes.map { ($0.name, object($0.counts, [("resembles", $0.resembles.isEmpty ? "null" : JSONOutput.string($0.resembles))])) }
        return JSONOutput.object([
            ("synthetic", "true"), ("scenarios", "[" + scenarios.map(JSONOutput.string).joined(separator: ", ") + "]"),
            ("lines", "\(tally.lines)"), ("model_threshold", "\(point.threshold)"), ("model_false_positive_rate", "\(point.falsePositiveRate)"),
            ("model_recall", "\(point.recall)"), ("fraud", object(fraud, [])), ("honest", object(honest, [])),
            ("families", JSONOutput.object(byFamily)), ("look_alikes", JSONOutput.object(byLookAlike)),
            ("client_retries", "\(tally.retries)"), ("client_retries_counted", "\(tally.retriesCounted)"),
        ])
    }

    private func share(_ part: Int, _ whole: Int) -> Cell { .number(String(format: "%.4f", Double(part) / Double(max(1, whole)))) }

    private static func percent(_ share: Double) -> String { String(format: "%.2f%%", 100 * share) }

    private func percent(_ part: Int, _ whole: Int) -> Cell { .number(Self.percent(Double(part) / Double(max(1, whole)))) }

    /// Upper end of Wilson's 95 % interval of a share (E. B. Wilson, JASA 22, 1927). Clicks of one group are not
    /// independent, so it is a lower limit of the doubt.
    static func upperBound(_ part: Int, of whole: Int) -> Double {
        guard whole > 0 else { return 1 }
        let n = Double(whole)
        let p = Double(part) / n
        let z = 1.959_964
        let middle = p + z * z / (2 * n)
        let spread = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        return min(1, (middle + spread) / (1 + z * z / n))
    }

    private func decider(_ index: Int) -> String { index < tally.ruleIDs.count ? tally.ruleIDs[index] : "model" }

    /// The two most frequent deciders.
    private func deciders(_ counts: QualityTally.Class) -> String {
        counts.deciders.enumerated().filter { $0.element > 0 }.sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(2)
            .map { "\(decider($0.offset)) \($0.element)" }.joined(separator: ", ")
    }
}

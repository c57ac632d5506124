internal import Foundation

extension ModelDifference {
    var isEmpty: Bool { settings.isEmpty && terms.isEmpty && metrics.allSatisfy { $0.before == $0.after } }

    func text(limit: Int) -> String {
        guard !isEmpty else { return "the two hold the same\n" }
        var out = ""
        if !settings.isEmpty {
            let table = OutputTable(columns: ["setting", "before", "after"], rows: settings.map { [.text($0.name), $0.before.map { .text($0) } ?? .null, $0.after.map { .text($0) } ?? .null] }, widestCell: 70)
            out += "Settings that differ\n" + table.text + "\n"
        }
        let figures = metrics.map { metric -> [Cell] in
            func cell(_ value: Double?) -> Cell { value.map { .number(String(format: "%.6g", $0)) } ?? .null }
            let change = metric.before.flatMap { before in metric.after.map { $0 - before } }
            return [.text(metric.name), cell(metric.before), cell(metric.after), change.map { .number(String(format: "%+.6g", $0)) } ?? .null]
        }
        if !figures.isEmpty { out += "Metrics\n" + OutputTable(columns: ["metric", "before", "after", "change"], rows: figures).text + "\n" }
        let counts = [Term.Change.added, .removed, .changed].map { change in "\(terms.count { $0.change == change }) \(change.rawValue)" }
        out += "Terms: \(counts.joined(separator: ", ")), \(sameTerms) the same" + (terms.count > limit ? "; the \(limit) that differ most" : "") + "\n"
        return terms.isEmpty ? out : out + table(limit: limit).text
    }

    private func table(limit: Int) -> OutputTable {
        OutputTable(
            columns: ["term", "kind", "change", "log-odds", "where", "before", "after"],
            rows: terms.prefix(limit).map { term in
                func cell(_ value: Double?) -> Cell { value.map { .number(String(format: "%+.4f", $0)) } ?? .null }
                return [.text(term.name), .text(term.kind), .text(term.change.rawValue), cell(term.largest), .text(term.place), cell(term.before), cell(term.after)]
            }, widestCell: 120)
    }

    var json: String {
        func text(_ value: String?) -> String { value.map(JSONOutput.string) ?? "null" }
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
        let settings = settings.map { JSONOutput.object([("name", JSONOutput.string($0.name)), ("before", text($0.before)), ("after", text($0.after))]) }
        let metrics = metrics.map { JSONOutput.object([("name", JSONOutput.string($0.name)), ("before", number($0.before)), ("after", number($0.after))]) }
        let terms = terms.map { term in
            JSONOutput.object([
                ("term", JSONOutput.string(term.name)), ("kind", JSONOutput.string(term.kind)), ("change", JSONOutput.string(term.change.rawValue)),
                ("log_odds", number(term.largest)), ("where", JSONOutput.string(term.place)), ("before", number(term.before)), ("after", number(term.after)),
            ])
        }
        return JSONOutput.object([
            ("settings", "[" + settings.joined(separator: ", ") + "]"), ("metrics", "[" + metrics.joined(separator: ", ") + "]"),
            ("terms", "[" + terms.joined(separator: ", ") + "]"), ("same_terms", "\(sameTerms)"),
        ])
    }
}

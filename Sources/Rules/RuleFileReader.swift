internal import ClickModel
internal import Yams

/// Reads a rule file into rules and their conditions, and collects everything wrong with it on the way.
struct RuleFileReader {
    struct Entry {
        let rule: Rule
        let condition: Condition
    }

    static let ruleKeys = ["id", "description", "when", "action", "ivt", "reason"]
    /// Keys every rule must have; `ivt` is asked of fraud rules only.
    static let requiredKeys = ["id", "description", "when", "action", "reason"]
    static let maxNameLength = 64
    static let maxDescriptionLength = 2000

    private(set) var diagnostics: [RuleDiagnostic] = []
    private(set) var entries: [Entry] = []

    private let file: String
    private let lines: [[Unicode.Scalar]]
    private let names: [String]
    private let indices: [String: Int]
    private var linesOfIDs: [String: Int] = [:]

    init(text: String, file: String, names: [String]) {
        self.file = file
        self.names = names
        lines = ScalarPositions.lines(of: text)
        indices = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        readDocument(text)
    }

    private mutating func readDocument(_ text: String) {
        do {
            guard let root = try Yams.compose(yaml: text) else {
                report(nil, "the file is empty; expected \"version: 1\" and \"rules:\"")
                return
            }
            readRoot(root)
        } catch let error as YamlError {
            report(error)
        } catch {
            report(nil, "not YAML: \(error)")
        }
    }

    private mutating func readRoot(_ root: Node) {
        guard let fields = fields(of: root, allowed: ["version", "rules"], in: "the file") else { return }
        if let version = fields["version"] {
            if version.scalar?.string != "1" { report(version.mark, "unknown version; this program reads version 1") }
        } else {
            report(root.mark, "missing key \"version\"")
        }
        guard let list = fields["rules"] else {
            report(root.mark, "missing key \"rules\"")
            return
        }
        guard let rules = list.sequence else {
            report(list.mark, "\"rules\" must be a list")
            return
        }
        if rules.count > RuleSet.maxRules {
            report(rules[RuleSet.maxRules].mark, "\(rules.count) rules; at most \(RuleSet.maxRules) are allowed")
        }
        for node in rules.prefix(RuleSet.maxRules) { readRule(node) }
    }

    private mutating func readRule(_ node: Node) {
        let before = diagnostics.count
        guard let fields = fields(of: node, allowed: Self.ruleKeys, in: "a rule") else { return }
        for key in Self.requiredKeys where fields[key] == nil {
            report(node.mark, "missing key \"\(key)\"")
        }
        let id = fields["id"].flatMap { identifier($0, "id") } ?? ""
        if let mark = fields["id"]?.mark, !id.isEmpty {
            if let line = linesOfIDs[id] { report(mark, "the id \"\(id)\" is taken by the rule on line \(line)") }
            linesOfIDs[id] = linesOfIDs[id] ?? mark.line
        }
        let description = fields["description"].flatMap { text($0, "description", limit: Self.maxDescriptionLength) } ?? ""
        let reason = fields["reason"].flatMap { identifier($0, "reason") } ?? ""
        let action = fields["action"].flatMap { choice($0, "action", among: RuleAction.allCases.map { ($0.rawValue, $0) }) }
        let ivt = trafficClass(fields["ivt"], action: action, at: node.mark)
        let condition = fields["when"].flatMap { parsedCondition($0) }
        guard diagnostics.count == before, let condition, let action else { return }
        var features: Set<Int> = []
        condition.eachFeature { features.insert($0) }
        let rule = Rule(
            id: id, description: description, when: condition.spelled(names), features: features.sorted(),
            action: action, ivt: ivt, reason: ReasonCode(rawValue: reason), line: node.mark?.line ?? 0)
        entries.append(Entry(rule: rule, condition: condition))
    }

    private mutating func trafficClass(_ node: Node?, action: RuleAction?, at mark: Mark?) -> InvalidTraffic {
        guard let node else {
            if action == .fraud { report(mark, "missing key \"ivt\": a fraud rule says givt or sivt") }
            return .none
        }
        let names = InvalidTraffic.allCases.map { ($0.name, $0) }
        guard let ivt = choice(node, "ivt", among: names), let action else { return .none }
        if action == .fraud, ivt == .none { report(node.mark, "a fraud rule's ivt is givt or sivt, not none") }
        if action == .note, ivt != .none { report(node.mark, "a note labels no click, so its ivt is none; leave the key out") }
        return ivt
    }

    private mutating func parsedCondition(_ node: Node) -> Condition? {
        guard let scalar = node.scalar else {
            report(node.mark, "\"when\" must be an expression")
            return nil
        }
        switch ExpressionParser.parse(scalar.string, catalogue: indices) {
        case .success(let condition): return condition
        case .failure(let problems):
            let positions = ScalarPositions(of: scalar, in: lines)
            for problem in problems.list {
                let place = positions[problem.offset]
                report(line: place.line, column: place.column, problem.message)
            }
            return nil
        }
    }

    // MARK: Values

    /// The values of a mapping by key, or nil when the node is none; unknown keys are reported.
    private mutating func fields(of node: Node, allowed: [String], in owner: String) -> [String: Node]? {
        guard let mapping = node.mapping else {
            report(node.mark, "expected \(owner) to have keys: \(allowed.joined(separator: ", "))")
            return nil
        }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, allowed.contains(name) else {
                let name = key.scalar?.string ?? "…"
                report(key.mark, "unknown key \"\(name)\"\(NameSuggestion.phrase(for: name, among: allowed))")
                continue
            }
            fields[name] = value
        }
        return fields
    }

    private mutating func text(_ node: Node, _ key: String, limit: Int) -> String? {
        guard let text = node.scalar?.string else {
            report(node.mark, "\"\(key)\" must be text")
            return nil
        }
        guard !text.isEmpty, text.unicodeScalars.count <= limit else {
            report(node.mark, "\"\(key)\" must have 1 to \(limit) characters")
            return nil
        }
        return text
    }

    private mutating func identifier(_ node: Node, _ key: String) -> String? {
        guard let text = text(node, key, limit: Self.maxNameLength) else { return nil }
        guard text.utf8.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789_".utf8.contains($0) }) else {
            report(node.mark, "\"\(key)\" may have lower-case letters, digits and _ only")
            return nil
        }
        return text
    }

    private mutating func choice<Value>(_ node: Node, _ key: String, among choices: [(String, Value)]) -> Value? {
        let text = node.scalar?.string ?? "…"
        if let found = choices.first(where: { $0.0 == text }) { return found.1 }
        let names = choices.map(\.0).joined(separator: " or ")
        report(node.mark, "\"\(key)\" is \(names), not \"\(text)\"")
        return nil
    }

    // MARK: Reporting

    private mutating func report(_ mark: Mark?, _ message: String) {
        report(line: mark?.line ?? 0, column: mark?.column ?? 0, message)
    }

    private mutating func report(line: Int, column: Int, _ message: String) {
        diagnostics.append(RuleDiagnostic(file: file, line: line, column: column, message: message))
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            report(mark, "not YAML: \(context.map { $0.text + ": " } ?? "")\(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            report(context.mark, "the key \(keys.map { "\"\($0)\"" }.joined(separator: ", ")) is given twice")
        case .reader(let problem, _, _, _):
            report(nil, "not YAML: \(problem)")
        default:
            report(nil, "not YAML: \(error)")
        }
    }
}
